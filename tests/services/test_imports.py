"""Imports into a real database: check, apply, all or nothing."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session, col, select

from core import clock, database, models
from core.config import ROOT
from core.errors import Conflict, NotAllowed, RowProblems
from core.models import (
    AcademicPeriod,
    Account,
    AuditEntry,
    Campaign,
    Enrolment,
    Guardianship,
    ImportRun,
    Invitation,
    Message,
    Person,
    Section,
)
from core.permissions import Role, command_line
from core.rules.imports import reading
from core.rules.imports.plan import Counts
from core.rules.spreadsheets import PAGE_LIMITS, Upload
from core.services import audit, import_undo, imports, invitations, wordings
from core.services.imports import Leave
from core.tables import audit as audit_table
from core.tables import search, subject
from core.tables.filters import AuditFilter, Page
from tests import cast as people

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("database", "clock")]

ACTOR = command_line("tester")
LIST = (
    "Student code;Last name;First name;Grade;Class;Personal e-mail;Use Personal E-mail;Mobile;Guardian;"
    "Guardian mobile;Guardian e-mail;Password;Role\r\n"
    "S1;Σιδέρης;Μάξιμος;7;7B;max@mail.example;ναι;6921234567;Σιδέρη Γεωργία;6927654321;gina@mail.example;x;admin\r\n"
    "S2;Σιδέρη;Σοφία;8;8A;;;210 6543210;Σιδέρη Γεωργία;6927654321;gina@mail.example;x;admin\r\n"
    "S3;Nguyễn;Đức;7;7B;duc@mail.example;no;;;;;x;admin\r\n"
)
SETS = {
    "SDS_v2": (22, 7, 0),
    "SDS_v2.1": (4, 2, 2),
    "SDS_Format_100_Users": (86, 12, 0),
    "UK_Format_25_Users": (22, 2, 0),
}
SAMPLES = ROOT / "tests" / "data" / "sds"
ORIGINALS = ROOT.parent / "shared" / "data" / "sds"  # the same files as they came, where they are at hand


def _uploads(text: str, name: str = "list.csv") -> list[Upload]:
    return [Upload(name, text.encode())]


def _check(uploads: list[Upload]) -> imports.Check:
    intake = reading.read(reading.sheets(uploads, limits=PAGE_LIMITS))
    with database.reading() as db:
        return imports.check(db, ACTOR, intake=intake)


def _import(uploads: list[Upload], **options: Any) -> ImportRun:
    check = _check(uploads)
    with database.transaction() as db:
        return imports.apply(db, ACTOR, seen=check, uploads=uploads, **options).run


def _count(db: Session, model: type) -> int:
    return db.scalar(sa.select(sa.func.count()).select_from(model)) or 0


def _folder(path: Path) -> list[Upload]:
    return [Upload(file.name, file.read_bytes()) for file in sorted(path.glob("*.csv"))]


def _person(db: Session, code: str, kind: str = "student") -> Person:
    return db.exec(select(Person).where(Person.source_id == code, Person.kind == kind)).one()


def test_a_list_becomes_students_guardians_and_classes() -> None:
    run = _import(_uploads(LIST))
    assert (run.created, run.changed, run.unchanged, run.left) == (4, 0, 0, 0)
    with database.reading() as db:
        maximos = _person(db, "S1")
        assert (maximos.status, maximos.mobile, maximos.mobile_region) == ("registered", "+306921234567", "GR")
        assert (maximos.use_personal_email, maximos.personal_email_valid) == (True, True)
        assert maximos.sort_name == "σιδερησ μαξιμοσ"
        assert db.get(Section, maximos.section_id).title == "7B"
        assert {section.title for section in db.exec(select(Section))} == {"7B", "8A"}
        assert [period.title for period in db.exec(select(AcademicPeriod))] == ["2026-2027"]
        assert (_count(db, Enrolment), _count(db, Guardianship)) == (3, 2)
        gina = db.exec(select(Person).where(Person.kind == "guardian")).one()
        assert (gina.last_name, gina.contact_email, gina.status) == ("Σιδέρη", "gina@mail.example", "active")


def test_an_import_mails_nobody_and_makes_no_account() -> None:
    _import(_uploads(LIST))
    with database.reading() as db:
        assert (_count(db, Account), _count(db, Message), _count(db, Invitation)) == (0, 0, 0)


def test_r101_passwords_and_roles_of_a_file_are_nowhere_in_the_database() -> None:
    _import(_uploads(LIST.replace(";x;admin", ";CANARY-PASSWORD;CANARY-ROLE")))
    with database.reading() as db:
        for table in models.metadata.sorted_tables:
            assert "CANARY" not in str(db.execute(sa.select(table)).all())
        if search.is_sqlite(db):
            assert db.execute(sa.text("SELECT rowid FROM search_person WHERE search_person MATCH 'canary'")).all() == []


def test_the_same_file_twice_changes_nothing() -> None:
    _import(_uploads(LIST))
    with database.reading() as db:
        before = db.execute(sa.select(Person.__table__).order_by(Person.id)).all()
    check = _check(_uploads(LIST))
    assert check.plan.counts.nothing
    run = _import(_uploads(LIST))
    assert (run.created, run.changed, run.unchanged) == (0, 0, 4)
    with database.reading() as db:
        assert db.execute(sa.select(Person.__table__).order_by(Person.id)).all() == before


def test_a_change_is_shown_before_and_after_and_only_that_is_written() -> None:
    _import(_uploads(LIST))
    changed = LIST.replace("max@mail.example", "maximos@mail.example").replace(";7B;duc", ";8A;duc")
    check = _check(_uploads(changed))
    assert [(c.before["source_id"], c.fields) for c in check.plan.changed] == [
        ("S1", ["personal_email", "search_text"]),
        ("S3", ["section"]),
    ]
    _import(_uploads(changed))
    with database.reading() as db:
        assert _person(db, "S1").personal_email == "maximos@mail.example"
        assert "maximos@mail.example" in _person(db, "S1").search_text
        duc = _person(db, "S3")
        assert db.get(Section, duc.section_id).title == "8A"
        assert [e.section_id for e in db.exec(select(Enrolment).where(Enrolment.person_id == duc.id))] == [
            duc.section_id
        ]


def test_an_empty_cell_and_a_missing_column_change_nothing() -> None:
    _import(_uploads(LIST))
    _import(_uploads("Code,Surname,Name,E-mail\r\nS1,Σιδέρης,Μάξιμος,\r\n"))
    with database.reading() as db:
        assert _person(db, "S1").personal_email == "max@mail.example"
        assert _person(db, "S1").section_id is not None


def test_people_who_are_missing_stay_unless_they_are_to_be_marked_as_left() -> None:
    _import(_uploads(LIST))
    short = "".join(LIST.splitlines(keepends=True)[:2])
    assert sorted(row["source_id"] for row in _check(_uploads(short)).plan.missing) == ["S2", "S3"]
    _import(_uploads(short))
    with database.reading() as db:
        assert _person(db, "S2").status == "registered"
    assert _import(_uploads(short), leave=Leave.WHO_IS_MISSING).left == 2
    with database.reading() as db:
        assert [_person(db, code).status for code in ("S1", "S2", "S3")] == ["registered", "left", "left"]
    assert _check(_uploads(LIST)).plan.counts.returning == 2, "who left with a file comes back with one"
    with database.transaction() as db:
        left = sa.update(Person).where(col(Person.source_id) == "S2")
        db.execute(left.values(updated_at=clock.now() + timedelta(hours=1)))
    check = _check(_uploads(LIST))
    notes = [problem.message for problem in check.problems if "has this person as Left" in problem.message]
    assert (check.plan.counts.returning, len(notes)) == (1, 1), "and not who was changed by hand since"


def test_a_corrected_guardian_is_found_again_and_keeps_the_corrected_name() -> None:
    _import(_uploads(LIST))
    with database.transaction() as db:
        gina = db.exec(select(Person).where(Person.kind == "guardian")).one()
        gina.first_name, gina.last_name = "Σιδέρη", "Γεωργία"
        db.add(gina)
    run = _import(_uploads(LIST.replace("gina@mail.example", "georgia@mail.example")))
    assert (run.created, run.changed) == (0, 1)
    with database.reading() as db:
        gina = db.exec(select(Person).where(Person.kind == "guardian")).one()
        assert (gina.last_name, gina.contact_email) == ("Γεωργία", "georgia@mail.example")


def test_errors_block_the_import_and_nothing_is_written() -> None:
    uploads = _uploads(LIST + "S1;Again;Ann;;;;;;;;;;\r\n")
    check = _check(uploads)
    assert [(p.row, p.column) for p in check.problems if p.severity == "error"] == [(5, "Student code")]
    with pytest.raises(RowProblems, match="Nothing was changed"), database.transaction() as db:
        imports.apply(db, ACTOR, seen=check, uploads=uploads)
    with database.reading() as db:
        assert (_count(db, Person), _count(db, ImportRun)) == (0, 0)


def test_an_unusable_number_is_a_note_and_kept_as_typed() -> None:
    uploads = _uploads("Code,Surname,Name,Mobile\r\nS1,Smith,Ann,ask the aunt\r\n")
    assert [(p.row, p.column, p.value, str(p.severity)) for p in _check(uploads).problems] == [
        (2, "Mobile", "ask the aunt", "warning")
    ]
    _import(uploads)
    with database.reading() as db:
        assert (_person(db, "S1").mobile, _person(db, "S1").mobile_region) == ("ask the aunt", "")


def test_the_world_moving_between_check_and_import_is_a_conflict() -> None:
    check = _check(_uploads(LIST))
    with database.transaction() as db:
        people.person(db, source_id="S1", first_name="Μάξιμος", last_name="Σιδέρης")
    with pytest.raises(Conflict, match="since the check"), database.transaction() as db:
        imports.apply(db, ACTOR, seen=check, uploads=_uploads(LIST))
    with database.reading() as db:
        assert _count(db, Person) == 1


def test_a_move_that_leaves_the_counts_as_they_were_does_not_stop_the_import() -> None:
    check = _check(_uploads(LIST))
    with database.transaction() as db:
        people.person(db, kind="staff", source_id="T1")
    with database.transaction() as db:
        assert imports.apply(db, ACTOR, seen=check, uploads=_uploads(LIST)).run.created == 4


def test_a_failure_in_the_middle_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_details: object) -> None:
        raise RuntimeError("no audit, no act")

    monkeypatch.setattr(audit, "record", refuse)
    with pytest.raises(RuntimeError):
        _import(_uploads(LIST))
    with database.reading() as db:
        assert (_count(db, Person), _count(db, Section), _count(db, ImportRun)) == (0, 0, 0)


def test_an_import_is_audited_with_counts_and_without_names() -> None:
    run = _import(_uploads(LIST))
    with database.reading() as db:
        entry = db.exec(select(AuditEntry).order_by(col(AuditEntry.seq).desc())).first()
        assert (entry.action, entry.object_id, entry.details["created"]) == ("import.applied", run.id, 4)
        assert "Σιδέρη" not in str(entry.details)
        assert audit.verify(db).broken_at is None


def _imports_of(code: str, kind: str = "student") -> list[str]:
    with database.reading() as db:
        person_id = _person(db, code, kind).id or 0
        found = audit_table.entries(db, ACTOR, filter=AuditFilter(person_id=person_id), page=Page())
        told = [row["what"] for row in subject.seen_by(db, person_id=person_id)]
        assert len(told) == len(found), "the export of what is held about them tells the same"
    return list(found["action"])


def test_r104_an_import_names_whom_it_created_changed_and_let_leave() -> None:
    _import(_uploads(LIST))
    assert [_imports_of(code) for code in ("S1", "S2", "S3")] == [["import.applied"]] * 3
    run = _import(_uploads("".join(LIST.splitlines(keepends=True)[:2]).replace("7B", "7C")), leave=Leave.WHO_IS_MISSING)
    assert [len(_imports_of(code)) for code in ("S1", "S2", "S3")] == [2, 2, 2]
    _import(_uploads("".join(LIST.splitlines(keepends=True)[:2]).replace("7B", "7C")))
    assert len(_imports_of("S1")) == 2, "a file that says nothing new is nothing done to them"
    with database.transaction() as db:
        import_undo.undo_leavers(db, ACTOR, run_id=run.id or 0)
    assert [_imports_of(code)[0] for code in ("S2", "S3")] == ["import.leavers_undone"] * 2
    assert _imports_of("S1") == ["import.applied"] * 2


def test_r104_who_is_in_another_class_or_family_by_an_import_is_named_too() -> None:
    uploads = _folder(SAMPLES / "SDS_v2.1")
    _import(uploads)
    with database.reading() as db:
        everybody = db.exec(select(Person.source_id, Person.kind)).all()
    assert everybody and all(_imports_of(*one) == ["import.applied"] for one in everybody)
    fewer = [
        Upload(u.name, b"".join(u.content.splitlines(keepends=True)[:-1])) if u.name == "enrollments.csv" else u
        for u in uploads
    ]
    with database.reading() as db:
        newest = sa.select(col(Enrolment.person_id)).order_by(col(Enrolment.id).desc()).limit(1)
        moved = db.execute(sa.select(Person.source_id, Person.kind).where(col(Person.id).in_(newest))).one()  # type: ignore[call-overload]
    _import(fewer)
    assert [one for one in everybody if len(_imports_of(*one)) == 2] == [tuple(moved)]


def test_only_those_who_may_import_can() -> None:
    with database.transaction() as db:
        tom = people.account(db, person=people.person(db, kind="staff"))
        check = imports.check(db, ACTOR, intake=reading.read(reading.sheets(_uploads(LIST), limits=PAGE_LIMITS)))
        for role in (Role.TEACHER, Role.COORDINATOR, Role.STUDENT, Role.GUARDIAN):
            actor = people.actor(tom, role)
            with pytest.raises(NotAllowed):
                imports.check(db, actor, intake=check.intake)
            with pytest.raises(NotAllowed):
                imports.apply(db, actor, seen=check, uploads=[])


def test_r17_r23_an_address_that_an_import_changes_opens_nothing_any_more_and_is_told() -> None:
    _import(_uploads(LIST))
    with database.transaction() as db:
        account = people.account(db, person=_person(db, "S1"))
        now = clock.now()
        account.invited_at = account.verified_at = now
        account.verified_address = "max@mail.example"
        db.add(account)
        wordings.ensure_defaults(db)
        for number, address in enumerate(("max@mail.example", "elsewhere@mail.example")):
            db.add(
                Invitation(
                    account_id=account.id,
                    purpose="link",
                    uid=f"u{number}",
                    kid="k",
                    token_hash=f"h{number}",
                    channel="email",
                    address=address,
                    issued_at=now,
                    expires_at=now + timedelta(days=7),
                )
            )
    _import(_uploads(LIST.replace("max@mail.example", "new@mail.example")))
    with database.reading() as db:
        ended = {row.address: row.superseded_because for row in db.exec(select(Invitation))}
        sent = {(row.kind, row.recipients) for row in db.exec(select(Campaign))}
        to = set(db.exec(select(Message.address)))
    assert ended == dict.fromkeys(("max@mail.example", "elsewhere@mail.example"), "address_changed")
    assert sent == {("address_changed", 1), ("confirm_address", 1)}
    assert to == {"max@mail.example", "new@mail.example"}


def test_r105_what_went_to_a_guardians_number_that_an_import_changes_opens_nothing_any_more() -> None:
    _import(_uploads(LIST))
    with database.transaction() as db:
        account = people.account(db, person=_person(db, "S2"))
        invitations.issue_link(db, account_id=account.id or 0, channel="sms", address="+306927654321", days=7)
    _import(_uploads(LIST.replace("6927654321", "6927654322")))
    with database.reading() as db:
        assert db.exec(select(Invitation)).one().superseded_because == "address_changed"


@pytest.mark.parametrize(
    "folder", [SAMPLES, *([ORIGINALS] if ORIGINALS.exists() else [])], ids=lambda path: path.parent.name
)
@pytest.mark.parametrize("name", SETS)
def test_the_sample_sets_of_school_data_sync_come_in_whole_and_twice_the_same(folder: Path, name: str) -> None:
    uploads = _folder(folder / name)
    check = _check(uploads)
    assert check.errors == 0
    assert tuple(check.plan.created_by_kind.get(kind, 0) for kind in ("student", "staff", "guardian")) == SETS[name]
    _import(uploads)
    again = _check(uploads).plan.counts
    assert again.nothing
    assert again.unchanged == sum(SETS[name])
    with database.reading() as db:
        texts = str(db.execute(sa.select(Person.__table__)).all())
        assert "P@ss" not in texts
        students = db.exec(select(Person).where(Person.kind == "student")).all()
        enrolled = {row.person_id for row in db.exec(select(Enrolment))}
        assert all((student.section_id is not None) == (student.id in enrolled) for student in students)


def test_version_2_1_brings_guardians_periods_and_grades() -> None:
    _import(_folder(SAMPLES / "SDS_v2.1"))
    with database.reading() as db:
        jack, jean = _person(db, "114001"), _person(db, "114002", "guardian")
        link = db.exec(select(Guardianship).where(Guardianship.student_id == jack.id)).one()
        assert (link.guardian_id, link.relation) == (jean.id, "guardian")
        assert (jack.grade, jack.external_email) == ("10", "jcraig@classrmtest31.org")
        assert (jean.contact_email, jean.mobile, jean.mobile_region) == ("jean.craig@outlook.com", "+11234567890", "")
        current = [period.source_id for period in db.exec(select(AcademicPeriod)) if period.is_current]
        assert current == ["FS2021HED"]


def test_a_zip_archive_is_the_same_as_its_files(tmp_path: Path) -> None:
    archive = shutil.make_archive(str(tmp_path / "set"), "zip", SAMPLES / "SDS_v2")
    check = _check([Upload(Path(archive).name, Path(archive).read_bytes())])
    assert check.plan.counts.created == 29


def test_who_leaves_a_class_in_the_files_leaves_it_here() -> None:
    uploads = _folder(SAMPLES / "SDS_v2")
    _import(uploads)
    fewer = [
        Upload(u.name, b"".join(u.content.splitlines(keepends=True)[:-1])) if u.name == "enrollments.csv" else u
        for u in uploads
    ]
    counts = _check(fewer).plan.counts
    assert isinstance(counts, Counts)
    assert (counts.enrolments_created, counts.enrolments_ended) == (0, 1)
