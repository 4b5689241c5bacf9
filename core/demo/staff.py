"""Teachers, coordinators and the office of the demo school."""

from __future__ import annotations

from core.demo import contacts, names
from core.demo.register import Register, Row
from core.demo.sections import Layout
from core.models import EnrolmentKind, PersonKind
from core.permissions import Role

STUDENTS_PER_TEACHER, STUDENTS_PER_CLERK = 12, 1500


def fill(register: Register, layout: Layout, *, students: int) -> dict[int, tuple[Role, list[int]]]:
    """Enter the staff; gives each one's role and sections by the person's id."""
    held: dict[int, tuple[Role, list[int]]] = {}
    for _clerk in range(2 + students // STUDENTS_PER_CLERK):
        held[_member(register)["id"]] = (Role.OFFICE, [])
    for section_ids in layout.by_grade.values():
        held[_member(register)["id"]] = (Role.COORDINATOR, section_ids)
    everywhere = [section_id for ids in layout.by_grade.values() for section_id in ids]
    for _teacher in range(max(8, students // STUDENTS_PER_TEACHER)):
        teacher = _member(register)
        taught = sorted(register.chance.sample(everywhere, register.chance.randint(1, 4)))
        for section_id in taught:
            register.enrol(teacher, section_id, EnrolmentKind.TEACHER)
        held[teacher["id"]] = (Role.TEACHER, taught)
    return held


def _member(register: Register) -> Row:
    chance = register.chance
    culture = names.load().culture(chance)
    gender = chance.choice("ffm")
    first, last = chance.choice(culture.given[gender]), chance.choice(culture.family[gender])
    number = register.next_number(PersonKind.STAFF)
    fields = {
        "number": number,
        "status": chance.choices(("active", "inactive"), (96, 4))[0],
        "contact_email": contacts.email(first, last, number) if chance.random() < 0.95 else "",
        "external_email": contacts.school_email(first, last, number),
        "mobile": contacts.mobile(chance, culture) if chance.random() < 0.9 else "",
    }
    return register.add(PersonKind.STAFF, first, last, culture, **fields)
