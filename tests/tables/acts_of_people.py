"""What happens to people, classes, years and rules of the school: the same kind of acts as in `acts`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import Any

from sqlmodel import col, select

from core import clock, database
from core.models import AcademicPeriod, Guardianship, ImportRun, Person, Section, YearChange
from core.rules.imports import reading
from core.rules.promotion import RolesFollow, propose
from core.rules.retention import Kept
from core.rules.spreadsheets import PAGE_LIMITS, Upload
from core.services import (
    erasure,
    guardianships,
    import_undo,
    imports,
    people,
    periods,
    retention,
    school,
    students,
    year_undo,
    years,
)
from core.services.imports import Leave
from core.services.people import Tie
from core.services.years import Plan
from core.tables import years as year_table
from tests.tables.acts import Happening, Now

LIST = (
    "Student code;Last name;First name;Grade;Class;Personal e-mail;Use Personal E-mail;Mobile;Guardian;"
    "Guardian e-mail\n"
    "S1;Sideris;Sam;8;8A;sam.new@mail.example;yes;6912345678;Sideri Gina;gina@mail.example\n"
    "S3;Other;Otto;8;8C;;;;;\n"
    "N{number};New;Nina;7;7B;nina{number}@mail.example;yes;;New Nora;nora@mail.example\n"
)


def _saved(now: Now, **fields: Any) -> None:
    person_id = now.person()
    with database.transaction() as db:
        seen = db.get_one(Person, person_id).updated_at
        students.save_profile(db, now.cast.ada.actor, person_id=person_id, seen=seen, **fields)


def _contact(now: Now, **fields: Any) -> None:
    """Of a student or a guardian."""
    person_id = now.person(("student", "student", "guardian")[now.number % 3])
    with database.transaction() as db:
        seen = db.get_one(Person, person_id).updated_at
        people.save(db, now.cast.ada.actor, person_id=person_id, seen=seen, **fields)


def _changed_class(now: Now) -> None:
    _saved(now, section_id=now.one(col(Section.id)), grade=("7", "8", "")[now.number % 3])


def _joined(kind: str, now: Now) -> None:
    """A new student in a class, or a new guardian of a student who is there."""
    code = f"J{now.number}{clock.now():%d%H%M}"
    of_kind: dict[str, Any] = {"section_id": now.one(col(Section.id)), "status": "registered", "grade": "7"}
    if kind == "guardian":
        of_kind = {"ties": [Tie(now.person())], "status": "active"}
    named = {"source_id": code, "first_name": "Jo", "last_name": code, "language": "en"}
    with database.transaction() as db:
        people.create(db, now.cast.ada.actor, kind=kind, **named, **of_kind)


def _linked(now: Now) -> None:
    tie = {"student_id": now.person(), "guardian_id": now.person("guardian")}
    with database.transaction() as db:
        guardianships.link(db, now.cast.ada.actor, **tie)


def _parted(now: Now) -> None:
    tie = now.one(col(Guardianship.id), col(Guardianship.ends_on).is_(None))
    with database.transaction() as db:
        guardianships.end(db, now.cast.ada.actor, guardianship_id=tie)


def _erased(now: Now) -> None:
    person_id = now.person(("student", "guardian")[now.number % 2])
    with database.transaction() as db:
        name = erasure.foresee(db, now.cast.ada.actor, person_id=person_id).name
        erasure.erase(db, now.cast.ada.actor, person_id=person_id, typed_name=name)


def _imported(leave: Leave, now: Now) -> None:
    uploads = [Upload("list.csv", LIST.format(number=now.number).encode())]
    intake = reading.read(reading.sheets(uploads, limits=PAGE_LIMITS))
    with database.transaction() as db:
        seen = imports.check(db, now.cast.ada.actor, intake=intake)
        imports.apply(
            db, now.cast.ada.actor, seen=seen, uploads=uploads, leave=leave, typed_leavers=len(seen.leavers())
        )


def _import_undone(now: Now) -> None:
    run_id = now.one(col(ImportRun.id), col(ImportRun.left) > 0, col(ImportRun.leavers_undone_at).is_(None))
    with database.transaction() as db:
        import_undo.undo_leavers(db, now.cast.ada.actor, run_id=run_id)


def _year_begun(now: Now) -> None:
    """The next year is made, and begins at once."""
    roles = (RolesFollow.TITLE, RolesFollow.STUDENTS, RolesFollow.STAY)[now.number % 3]
    with database.transaction() as db:
        current = db.exec(select(AcademicPeriod).where(AcademicPeriod.is_current)).one()
        first = (current.ends_on or date(2027, 6, 30)).year
        days = {"starts_on": date(first, 9, 1), "ends_on": date(first + 1, 6, 30)}
        year = periods.create(db, now.cast.ada.actor, title=f"{first}-{first + 1}", **days)
        plan = Plan(year, tuple(propose(year_table.classes(db, period_id=current.id or 0))), roles)
        seen = years.foresee(db, now.cast.ada.actor, plan=plan).seen
        years.begin(db, now.cast.ada.actor, plan=plan, seen=seen)


def _year_undone(now: Now) -> None:
    change_id = now.one(-col(YearChange.id), col(YearChange.undone_at).is_(None))
    with database.transaction() as db:
        year_undo.undo(db, now.cast.ada.actor, change_id=-change_id)


def _kept_long_enough(kept: Kept, now: Now) -> None:
    now.clock.forward(days=35 if kept is Kept.INVITATIONS else 400)
    with database.transaction() as db:
        retention.delete_slice(db, kept)


def _decided(now: Now, **changes: Any) -> None:
    with database.transaction() as db:
        school.change_settings(db, now.cast.ada.actor, changes=changes)


def _address_at_microsoft(now: Now) -> None:
    """By which they can be switched over."""
    _contact(now, external_email=f"somebody{now.number}@school.example")


OF_PEOPLE: Mapping[str, Happening] = {
    "mobile": partial(_contact, mobile="6971234567"),
    "no mobile": partial(_contact, mobile=""),
    "phone at home": partial(_contact, phone="6941234567"),
    "no e-mail": partial(_contact, personal_email="", contact_email=""),
    "another e-mail": partial(_contact, personal_email="other@mail.example", contact_email="home@mail.example"),
    "left": partial(_saved, status="left"),
    "inactive": partial(_saved, status="inactive"),
    "registered": partial(_saved, status="registered"),
    "changed class": _changed_class,
    "student joined": partial(_joined, "student"),
    "guardian joined": partial(_joined, "guardian"),
    "linked": _linked,
    "parted": _parted,
    "erased": _erased,
    "imported": partial(_imported, Leave.NOBODY),
    "imported, the missing left": partial(_imported, Leave.WHO_IS_MISSING),
    "import undone": _import_undone,
    "year begun": _year_begun,
    "year undone": _year_undone,
    "invitations deleted": partial(_kept_long_enough, Kept.INVITATIONS),
    "leavers deleted": partial(_kept_long_enough, Kept.LEAVERS),
    "uses Microsoft": partial(
        _decided, microsoft=True, microsoft_user_types=["student", "teacher"], microsoft_domain="school.example"
    ),
    "no more Microsoft": partial(_decided, microsoft=False),
    "address at Microsoft": _address_at_microsoft,
    "inactive counts": partial(_decided, registered_statuses=["registered", "inactive"]),
    "far east": partial(_decided, time_zone="Pacific/Auckland"),
    "invites by itself": partial(_decided, auto_invite=["student", "guardian"]),
    "guardians get the texts": partial(_decided, sms_guardian_grades=["7"]),
}
