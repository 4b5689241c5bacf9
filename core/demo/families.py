"""Families of the demo school: guardians, and siblings who share a phone or an e-mail."""

from __future__ import annotations

from dataclasses import dataclass

from core.demo import contacts, names
from core.demo.register import Register, Row
from core.demo.sections import GRADES, Layout
from core.models import EnrolmentKind, PersonKind

_RELATION = {"f": "mother", "m": "father"}


@dataclass(frozen=True)
class Home:
    """What the members of one family have in common; guardians by gender."""

    culture: names.Culture
    surname: int
    guardians: dict[str, Row]

    def last(self, gender: str) -> names.Name:
        return self.culture.family[gender][self.surname]

    def of_guardian(self, column: str) -> str:
        """The guardian's address or number, for a child who has none of its own."""
        return next((str(row[column]) for row in self.guardians.values() if row[column]), "")


def fill(register: Register, layout: Layout, *, students: int) -> None:
    """Enter families until the school has its students."""
    chance, pool = register.chance, names.load()
    while register.numbers.get(PersonKind.STUDENT, 0) < students:
        culture = pool.culture(chance)
        home = Home(culture, chance.randrange(len(culture.family["f"])), {})
        for gender in chance.choices(("", "f", "m", "fm", "fm", "fm"), (4, 26, 10, 30, 15, 15))[0]:
            home.guardians[gender] = _guardian(register, home, gender)
        wanted = chance.choices((1, 2, 3), (45, 42, 13))[0]
        for _child in range(min(wanted, students - register.numbers.get(PersonKind.STUDENT, 0))):
            _add_child(register, home, layout)


def _guardian(register: Register, home: Home, gender: str) -> Row:
    chance, culture = register.chance, home.culture
    first, last = chance.choice(culture.given[gender]), home.last(gender)
    number = register.next_number(PersonKind.GUARDIAN)
    luck = chance.random()
    address = contacts.email(first, last, number) if luck < 0.86 else home.of_guardian("contact_email")
    if luck > 0.985:
        address = contacts.bad_address(chance)
    mobile = contacts.mobile(chance, culture) if chance.random() < 0.92 else ""
    phone = contacts.landline(chance) if chance.random() < 0.3 else ""
    fields = {"contact_email": address, "mobile": mobile, "phone": phone, "number": number}
    return register.add(PersonKind.GUARDIAN, first, last, culture, **fields)


def _add_child(register: Register, home: Home, layout: Layout) -> None:
    chance = register.chance
    gender = chance.choice("fm")
    first, last = chance.choice(home.culture.given[gender]), home.last(gender)
    number = register.next_number(PersonKind.STUDENT)
    grade = chance.choice(GRADES)
    status = chance.choices(("registered", "applicant", "left", "inactive"), (940, 28, 22, 10))[0]
    placed = status == "registered" and chance.random() > 0.02
    section_id = chance.choice(layout.by_grade[grade]) if placed else None
    personal = _personal_email(register, home, first, last, number)
    student = register.add(
        PersonKind.STUDENT,
        first,
        last,
        home.culture,
        number=number,
        status=status,
        grade=grade,
        section_id=section_id,
        programme=chance.choice(("Sciences", "Humanities", "Economics")) if int(grade) > 10 else "",
        personal_email=personal,
        use_personal_email=bool(personal) and chance.random() < 0.86,
        contact_email=home.of_guardian("contact_email") if chance.random() < 0.3 else "",
        external_email=contacts.school_email(first, last, number) if chance.random() < 0.15 else "",
        mobile=_mobile(register, home),
    )
    if section_id:
        register.enrol(student, section_id, EnrolmentKind.LEARNER)
    for priority, (parent, guardian) in enumerate(home.guardians.items(), 1):
        register.answers_for(guardian, student, relation=_RELATION[parent], priority=priority)


def _personal_email(register: Register, home: Home, first: names.Name, last: names.Name, number: int) -> str:
    luck = register.chance.random()
    if luck < 0.72:
        return contacts.email(first, last, number)
    if luck < 0.84:
        return home.of_guardian("contact_email")
    return contacts.bad_address(register.chance) if luck < 0.87 else ""


def _mobile(register: Register, home: Home) -> str:
    luck = register.chance.random()
    if luck < 0.45:
        return contacts.mobile(register.chance, home.culture)
    if luck < 0.65:
        return home.of_guardian("mobile")
    if luck < 0.7:
        return contacts.landline(register.chance)
    return contacts.bad_number(register.chance) if luck < 0.73 else ""
