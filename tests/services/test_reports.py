"""Printing: who may, what is in it, what the audit remembers. The document is drawn by the real process."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlmodel import Session, col, select

from core import database
from core.documents.papers import Credentials, StudentAccountInfo
from core.errors import Conflict, FreshCodeRequired, InputProblem, NotAllowed, NotFound
from core.models import Account, AccountRole, AuditEntry, Enrolment, Person
from core.permissions import Actor, Role
from core.rules.handing_over import SlipSecret
from core.rules.report_parameters import NO_CLASS, CredentialParameters
from core.services import (
    accounts,
    initial_passwords,
    invitations,
    printed_accounts,
    reports,
    selections,
    selections_beside,
)
from core.services.printed_accounts import Printed
from core.services.reports import Prepared
from core.tables import selection_rows, slips
from core.tables.filters import AccountFilter, StudentFilter
from tests import cast as tests_cast
from tests.cast import Cast
from tests.conftest import Clock
from tests.documents import papers

pytestmark = pytest.mark.both_databases

KIND = "student-account-info"


def _show_all(db: Session, actor: Actor, list_name: str = "students") -> int:
    asked = StudentFilter() if list_name == "students" else AccountFilter()
    view = selections.current(db, actor, list_name=list_name)
    selections.show(db, actor, list_name=list_name, filter=asked)
    db.flush()
    return selections.current(db, actor, list_name=list_name).id or view.id


def _prepare(actor: Actor, *, expected: int, scope: str = "shown", list_name: str = "students") -> Prepared:
    with database.transaction() as db:
        selection_id = _show_all(db, actor, list_name)
    with database.transaction() as db:
        return reports.prepare(db, actor, kind=KIND, selection_id=selection_id, scope=scope, expected=expected)


def _text(prepared: Prepared) -> str:
    return "\n".join(papers.pages(reports.draw(prepared).content))


def test_all_shown_students_are_printed_by_class(cast: Cast, clock: Clock) -> None:
    prepared = _prepare(cast.olga.actor, expected=3)
    assert prepared.name == "Student Account Info 2026-11-23.pdf"
    text = _text(prepared)
    assert text.index("7B\n") < text.index("Max") < text.index("Sam") < text.index("8A\n") < text.index("Otto")
    assert "Athena School" in text and "Academic period 2026-2027" in text
    assert "All shown: 3 students" in text and "Olga Orlova · 23 Nov 2026, 11:00" in text
    assert "sam.sideris" in text and cast.sam.person.personal_email in text


def test_only_the_ticked_ones_are_printed_and_the_header_says_of_how_many(cast: Cast) -> None:
    with database.transaction() as db:
        selection_id = _show_all(db, cast.olga.actor)
        ids = [cast.sam.person.id or 0, cast.max.person.id or 0, cast.otto.person.id or 0]
        selections.tick(db, cast.olga.actor, list_name="students", on=ids[:2])
    with database.transaction() as db:
        prepared = reports.prepare(
            db, cast.olga.actor, kind=KIND, selection_id=selection_id, scope="selected", expected=2
        )
    text = _text(prepared)
    assert "2 selected of 3" in text and "Otto" not in text


def test_a_coordinator_prints_her_classes_only_and_contacts_are_masked(cast: Cast) -> None:
    text = _text(_prepare(cast.cora.actor, expected=2))
    assert "Sam" in text and "Otto" not in text
    assert cast.sam.person.personal_email not in text and "p…@mail.example" in text
    assert "are shortened" in text


def test_a_teacher_may_not_print(cast: Cast) -> None:
    with pytest.raises(NotAllowed), database.transaction() as db:
        reports.prepare(db, cast.tom.actor, kind=KIND, selection_id=1, scope="shown", expected=1)


def test_somebody_elses_selection_is_not_there(cast: Cast) -> None:
    with database.transaction() as db:
        selection_id = _show_all(db, cast.olga.actor)
    with pytest.raises(NotFound), database.transaction() as db:
        reports.prepare(db, cast.ada.actor, kind=KIND, selection_id=selection_id, scope="shown", expected=3)


def test_a_report_that_does_not_exist_is_refused(cast: Cast) -> None:
    with pytest.raises(NotFound, match="no such report"), database.transaction() as db:
        reports.prepare(db, cast.olga.actor, kind="passwords", selection_id=1, scope="shown", expected=3)


def test_a_list_that_has_changed_is_refused_with_the_new_number(cast: Cast) -> None:
    with pytest.raises(Conflict, match="now has 3 entries, not 2"):
        _prepare(cast.olga.actor, expected=2)


def test_nobody_is_refused_with_a_sentence(cast: Cast) -> None:
    with pytest.raises(InputProblem, match="Nobody matches"):
        _prepare(cast.olga.actor, expected=0, scope="selected")


def test_accounts_of_others_are_left_out_and_only_others_are_refused(cast: Cast) -> None:
    with database.reading() as db:
        everybody = len(db.exec(select(tests_cast.Account)).all())
    prepared = _prepare(cast.olga.actor, expected=everybody, list_name="accounts")
    assert isinstance(prepared.paper, StudentAccountInfo)
    assert sum(group.count for group in prepared.paper.classes) == 3
    with database.transaction() as db:
        selection_id = _show_all(db, cast.olga.actor, "accounts")
        ids = [cast.gina.account.id or 0]
        selections.tick(db, cast.olga.actor, list_name="accounts", on=ids)
    with pytest.raises(InputProblem, match="No student"), database.transaction() as db:
        reports.prepare(db, cast.olga.actor, kind=KIND, selection_id=selection_id, scope="selected", expected=1)


def test_the_audit_remembers_how_many_and_a_digest_of_whom(cast: Cast) -> None:
    _prepare(cast.olga.actor, expected=3)
    with database.reading() as db:
        entry = db.exec(select(AuditEntry).where(AuditEntry.action == "report.printed")).one()
    assert entry.details["kind"] == KIND and entry.details["count"] == 3
    assert len(str(entry.details["people"])) == 64


def test_states_and_dates_are_those_of_the_list_in_the_schools_zone(cast: Cast, clock: Clock) -> None:
    with database.transaction() as db:
        cast.sam.account.verified_at = cast.sam.account.first_sign_in_at = clock.now
        cast.sam.account.last_sign_in_at = clock.now.replace(hour=23)  # one o'clock of the next day in Athens
        cast.max.account.invited_at = clock.now
        cast.max.account.invitation_ends_at = clock.now.replace(day=30)
        db.add(cast.sam.account)
        db.add(cast.max.account)
    lines = _text(_prepare(cast.olga.actor, expected=3)).splitlines()
    sam = next(line for line in lines if " S1 " in line)
    max_ = next(line for line in lines if " S2 " in line)
    assert sam.endswith("Yes Yes – 24 Nov 2026 Signed in")
    assert max_.endswith("Yes No 23 Nov 2026 – Invited")


def test_people_without_an_account_or_a_class_are_printed_too(cast: Cast) -> None:
    with database.transaction() as db:
        tests_cast.person(db, first_name="Nora", last_name="New", source_id="S9")
    text = _text(_prepare(cast.olga.actor, expected=4))
    assert "Without class" in text and "No account" in text
    assert text.index("Otto") < text.index("Nora")


def test_grades_are_in_the_order_of_numbers(cast: Cast) -> None:
    with database.transaction() as db:
        for grade in ("10", "9"):
            made = tests_cast.section(db, period=cast.period, title=f"{grade}A", grade=grade)
            tests_cast.person(db, in_section=made)
    prepared = _prepare(cast.olga.actor, expected=5)
    assert isinstance(prepared.paper, StudentAccountInfo)
    assert [group.title for group in prepared.paper.classes] == ["7B", "8A", "9A", "10A"]


def test_printing_changes_nothing_but_the_audit(cast: Cast) -> None:
    with database.reading() as db:
        before = [account.model_dump() for account in db.exec(select(tests_cast.Account))]
    _prepare(cast.olga.actor, expected=3)
    with database.reading() as db:
        assert [account.model_dump() for account in db.exec(select(tests_cast.Account))] == before


def _just_signed_in(actor: Actor) -> None:
    with database.transaction() as db:
        tests_cast.just_signed_in(db, actor)


def _credentials(
    actor: Actor, *members: tests_cast.Member, list_name: str = "students", **asked: object
) -> Credentials:
    """Printed for the students (or accounts) of these members, ticked in the list. Olga has just signed in."""
    _just_signed_in(actor)
    ids = [(each.person.id if list_name == "students" else each.account.id) or 0 for each in members]
    with database.transaction() as db:
        selection_id = _show_all(db, actor, list_name)
        selections.clear(db, actor, list_name=list_name)
        selections.tick(db, actor, list_name=list_name, on=ids)
    parameters = CredentialParameters(**asked)  # type: ignore[arg-type]
    with database.transaction() as db:
        prepared = reports.prepare(
            db,
            actor,
            kind="credentials",
            selection_id=selection_id,
            scope="selected",
            expected=len(ids),
            parameters=parameters,
        )
    assert isinstance(prepared.paper, Credentials)
    return prepared.paper


def _slips(paper: Credentials) -> list[tuple[object, ...]]:
    return [row for group in paper.groups for part in group.load() for row in zip(*part, strict=True)]


def _names(paper: Credentials) -> list[object]:
    return [row[0] for row in _slips(paper)]


def test_parents_of_the_students_chosen_are_printed_where_they_are_asked_for(cast: Cast) -> None:
    olga, gina = cast.olga.actor, "Gina " + cast.gina.person.last_name
    assert sorted(map(str, _names(_credentials(olga, cast.sam)))) == sorted([gina, "Sam Sideris"])
    assert _names(_credentials(olga, cast.sam, whose="students")) == ["Sam Sideris"]
    assert _names(_credentials(olga, cast.sam, cast.max, whose="parents")) == [gina]
    assert _names(_credentials(olga, cast.gina, list_name="accounts", whose="parents")) == [gina]
    with pytest.raises(InputProblem, match="Nobody chosen is among the students"):
        _credentials(olga, cast.gina, list_name="accounts", whose="students")


def test_of_those_chosen_the_classes_named_are_printed_with_the_parents_of_their_students(cast: Cast) -> None:
    olga, gina = cast.olga.actor, "Gina " + cast.gina.person.last_name
    of_7b, of_8a = (cast.class_7b.id or 0,), (cast.class_8a.id or 0,)
    both = _credentials(olga, cast.sam, cast.otto, section_ids=of_7b)
    assert sorted(map(str, _names(both))) == sorted([gina, "Sam Sideris"])
    assert _names(_credentials(olga, cast.sam, cast.otto, section_ids=of_8a, whose="students")) == [_full(cast.otto)]
    assert _names(_credentials(olga, cast.gina, list_name="accounts", section_ids=of_7b)) == [gina]
    with pytest.raises(InputProblem, match="Nobody chosen of these classes"):
        _credentials(olga, cast.sam, section_ids=of_8a)


def test_a_parent_of_two_is_printed_under_the_class_that_was_named(cast: Cast) -> None:
    """Zoe is in 7B; her sister Anna, who comes first by name, in 8A and for one course in 7B."""
    with database.transaction() as db:
        anna = tests_cast.person(db, in_section=cast.class_8a, first_name="Anna", last_name="Ioannou")
        zoe = tests_cast.person(db, in_section=cast.class_7b, first_name="Zoe", last_name="Ioannou")
        mother = tests_cast.person(db, kind="guardian", first_name="Maria", last_name="Ioannou")
        owned = {who.first_name: tests_cast.account(db, person=who) for who in (anna, zoe, mother)}
        for student in (anna, zoe):
            tests_cast.guardianship(db, student=student, guardian=mother)
        db.add(Enrolment(person_id=anna.id or 0, section_id=cast.class_7b.id or 0, kind="learner"))
    of_7b, olga = (cast.class_7b.id or 0,), cast.olga.actor
    family = [tests_cast.Member(who, owned[who.first_name], olga) for who in (anna, zoe)]
    printed = _credentials(olga, *family, section_ids=of_7b)
    assert [group.title for group in printed.groups] == ["7B"]
    assert sorted(map(str, _names(printed))) == ["Maria Ioannou", "Zoe Ioannou"]


def _full(member: tests_cast.Member) -> str:
    return f"{member.person.first_name} {member.person.last_name}"


def test_the_classes_offered_are_those_of_the_people_chosen_and_of_nobody_else(cast: Cast) -> None:
    with database.transaction() as db:
        chosen = _show_all(db, cast.olga.actor, "accounts")
        asked: dict[str, Any] = {"selection_id": chosen, "scope": "shown"}
        everybody = printed_accounts.classes(db, cast.olga.actor, **asked)
        assert list(everybody.values()) == ["7B", "8A"]
        selections.tick(db, cast.olga.actor, list_name="accounts", on=[cast.gina.account.id or 0])
        of_gina = printed_accounts.classes(db, cast.olga.actor, selection_id=chosen, scope="selected")
    assert list(of_gina.values()) == ["7B"]


def test_who_has_no_class_is_a_choice_beside_the_classes(cast: Cast) -> None:
    """Nia has none; her father, and Ola who answers for nobody, stand with her on paper. Members of staff do not."""
    with database.transaction() as db:
        nia = tests_cast.person(db, first_name="Nia", last_name="Neou")
        father = tests_cast.person(db, kind="guardian", first_name="Fanis", last_name="Neos")
        alone = tests_cast.person(db, kind="guardian", first_name="Ola", last_name="Monou")
        for who in (nia, father, alone):
            tests_cast.account(db, person=who)
        tests_cast.guardianship(db, student=nia, guardian=father)
        tests_cast.guardianship(db, student=cast.max.person, guardian=father)
        chosen, olga = _show_all(db, cast.olga.actor, "accounts"), cast.olga.actor
        offered = printed_accounts.classes(db, olga, selection_id=chosen, scope="shown")
        assert list(offered.values()) == ["7B", "8A", "Without class"]
        for whose, number in (("both", 3), ("students", 1), ("parents", 2)):
            asked = CredentialParameters(whose=whose, section_ids=(NO_CLASS,))
            assert printed_accounts.count(db, olga, Printed(chosen, "shown", asked)) == number
    _just_signed_in(olga)
    with database.transaction() as db:
        size = selection_rows.size(db, olga, selection_id=chosen, scope="shown")
        where: dict[str, Any] = {"selection_id": chosen, "scope": "shown", "expected": size}
        asked = CredentialParameters(section_ids=(NO_CLASS,))
        paper = reports.prepare(db, olga, kind="credentials", parameters=asked, **where).paper
    assert isinstance(paper, Credentials) and [group.title for group in paper.groups] == ["Without class"]
    assert sorted(map(str, _names(paper))) == ["Fanis Neos", "Nia Neou", "Ola Monou"]


def test_one_account_beside_the_lists_means_nobody_else(cast: Cast) -> None:
    _just_signed_in(cast.olga.actor)
    with database.transaction() as db:
        one = selections_beside.of_one(db, cast.olga.actor, account_id=cast.sam.account.id or 0)
        asked = CredentialParameters()
        prepared = reports.prepare(
            db, cast.olga.actor, kind="credentials", selection_id=one, scope="selected", expected=1, parameters=asked
        )
    assert isinstance(prepared.paper, Credentials) and _names(prepared.paper) == ["Sam Sideris"]
    assert prepared.paper.head.scope == "1 account"


def test_credentials_say_of_how_many_people_and_for_how_many_accounts(cast: Cast) -> None:
    olga = cast.olga.actor
    with database.reading() as db:
        accounts = db.scalar(sa.select(sa.func.count()).select_from(Account))
    assert _credentials(olga, cast.sam, cast.max).head.scope == "2 selected of 3 · 3 accounts"
    assert _credentials(olga, cast.otto, whose="students").head.scope == "1 selected of 3 · 1 account"
    gina = _credentials(olga, cast.gina, list_name="accounts", whose="parents")
    assert gina.head.scope == f"επιλογή 1 από {accounts} · 1 λογαριασμός"
    with database.transaction() as db:
        shown = _show_all(db, olga)
        asked = CredentialParameters(whose="students")
        prepared = reports.prepare(
            db, olga, kind="credentials", selection_id=shown, scope="shown", expected=3, parameters=asked
        )
    assert prepared.paper.head.scope == "All shown: 3 students · 3 accounts"  # type: ignore[union-attr]


def test_a_family_has_one_letter_with_whoever_is_asked_first(cast: Cast) -> None:
    paper = _credentials(cast.olga.actor, cast.sam, cast.max, cast.otto, layout="letter", one_per_family=True)
    letters: dict[object, list[object]] = {}
    for row in _slips(paper):
        letters.setdefault(row[13], []).append(row[0])
    assert ["Gina " + cast.gina.person.last_name, "Max Sideris", "Sam Sideris"] in letters.values()
    assert sum(map(len, letters.values())) == len(_slips(paper))
    with pytest.raises(InputProblem, match="letters only"):
        _credentials(cast.olga.actor, cast.sam, one_per_family=True)


def test_order_and_page_breaks_are_as_asked_for(cast: Cast) -> None:
    chosen = (cast.sam, cast.max, cast.otto)
    with database.transaction() as db:
        for member, code in zip(chosen, ("S10", "S9", "S2"), strict=True):
            member.person.source_id = code
            db.add(member.person)
    by_class = _credentials(cast.olga.actor, *chosen, whose="students")
    assert [group.title for group in by_class.groups] == ["7B", "8A"]
    within = _credentials(cast.olga.actor, *chosen, whose="students", order="code")
    assert [row[1] for row in _slips(within)] == ["S9", "S10", "S2"]
    by_code = _credentials(cast.olga.actor, *chosen, whose="students", order="code", page_per_class=False)
    assert [row[1] for row in _slips(by_code)] == ["S2", "S9", "S10"]
    assert [group.title for group in by_code.groups] == ["By student code"]


def test_those_who_signed_in_are_left_out_when_asked_and_nobody_is_a_sentence(cast: Cast, clock: Clock) -> None:
    with database.transaction() as db:
        cast.sam.account.first_sign_in_at = clock.now
        db.add(cast.sam.account)
    left = _credentials(cast.olga.actor, cast.sam, cast.max, whose="students", never_signed_in_only=True)
    assert _names(left) == ["Max Sideris"]
    with pytest.raises(InputProblem, match="has signed in"):
        _credentials(cast.olga.actor, cast.sam, whose="students", never_signed_in_only=True)


def test_links_only_shows_no_password_and_the_language_can_be_one_for_all(cast: Cast) -> None:
    with database.transaction() as db:
        chosen = selections_beside.of_one(db, cast.olga.actor, account_id=cast.sam.account.id or 0)
        initial_passwords.issue(db, cast.olga.actor, selection_id=chosen, expected=1, typed_count=None)
    shown = _slips(_credentials(cast.olga.actor, cast.sam, whose="students"))[0]
    assert shown[7] == "password" and shown[8]
    hidden = _slips(_credentials(cast.olga.actor, cast.sam, whose="students", show_passwords=False, language="el"))[0]
    assert hidden[7:9] == ("no_link", "") and hidden[12] == "el"


def test_a_document_in_one_language_is_of_that_language_and_a_table_of_the_office(cast: Cast) -> None:
    olga, asked = cast.olga.actor, {"list_name": "accounts", "layout": "letter"}
    with database.reading() as db:
        every = db.scalar(sa.select(sa.func.count()).select_from(Account))
    gina = _credentials(olga, cast.gina, **asked).head
    assert (gina.language, gina.scope) == ("el", f"επιλογή 1 από {every} · 1 λογαριασμός")
    assert gina.period == "Σχολική περίοδος 2026-2027"
    both = _credentials(olga, cast.gina, cast.sam, **asked).head
    assert (both.language, both.scope) == ("en", f"2 selected of {every} · 2 accounts")
    greek = _credentials(olga, cast.gina, cast.sam, language="el", **asked).head
    assert (greek.language, greek.scope) == ("el", f"επιλογή 2 από {every} · 2 λογαριασμοί")
    assert _credentials(olga, cast.gina, **asked | {"layout": "table"}, language="el").head.language == "en"


@pytest.mark.parametrize(
    ("asked", "said"),
    [({"extra_text": "x" * 151}, "room for 150"), ({"pdf_password": "short"}, "8 to 127")],
)
def test_what_no_page_or_file_can_take_is_refused(cast: Cast, asked: dict[str, str], said: str) -> None:
    with pytest.raises(InputProblem, match=said):
        _credentials(cast.olga.actor, cast.sam, **asked)


def test_user_account_info_lists_accounts_of_every_type_and_no_secret(cast: Cast) -> None:
    with database.transaction() as db:
        selection_id = _show_all(db, cast.olga.actor, "accounts")
    with database.transaction() as db:
        size = selection_rows.size(db, cast.olga.actor, selection_id=selection_id, scope="shown")
        prepared = reports.prepare(
            db,
            cast.olga.actor,
            kind="user-account-info",
            selection_id=selection_id,
            scope="shown",
            expected=size,
        )
    text = _text(prepared)
    at_school = prepared.paper.head.created.astimezone(ZoneInfo("Europe/Athens"))
    assert prepared.name == f"User Account Info {at_school:%Y-%m-%d}.pdf"
    assert f"All shown: {size} accounts" in text
    for title in ("Administrators", "Teachers", "Students · 7B", "Students · 8A", "Parents/Guardians"):
        assert f"\n{title}\n" in f"\n{text}"
    for member in (cast.ada, cast.tom, cast.sam, cast.otto, cast.gina):
        assert member.account.username in text


def test_r31_passwords_and_links_go_onto_paper_only_for_who_has_just_proved_who_they_are(cast: Cast) -> None:
    with database.transaction() as db:
        one = selections_beside.of_one(db, cast.olga.actor, account_id=cast.sam.account.id or 0)

    def ask(actor: Actor, **asked: bool) -> None:
        with database.transaction() as db:
            reports.prepare(
                db,
                actor,
                kind="credentials",
                selection_id=one,
                scope="selected",
                expected=1,
                parameters=CredentialParameters(**asked),  # type: ignore[arg-type]
            )

    for show_passwords in (True, False):
        with pytest.raises(FreshCodeRequired):
            ask(replace(cast.olga.actor, fresh_until=None), show_passwords=show_passwords)
        ask(cast.olga.actor, show_passwords=show_passwords)


def _user_account_info(actor: Actor) -> str:
    with database.transaction() as db:
        selection_id = _show_all(db, actor, "accounts")
    with database.transaction() as db:
        size = selection_rows.size(db, actor, selection_id=selection_id, scope="shown")
        asked = {"kind": "user-account-info", "selection_id": selection_id, "expected": size}
        return _text(reports.prepare(db, actor, scope="shown", **asked))  # type: ignore[arg-type]


def test_user_account_info_says_roles_address_failures_what_waits_and_who_created_it(cast: Cast, clock: Clock) -> None:
    with database.transaction() as db:
        for one, values in (
            (cast.sam, {"failed_sign_ins": 12, "suspended_at": clock.now}),
            (cast.otto, {"pending_provider_at": clock.now}),
        ):
            db.execute(sa.update(Account).where(col(Account.id) == one.account.id).values(**values))
        tests_cast.role(db, account=cast.tom.account, role=Role.OFFICE)
        held = sa.update(AccountRole).where(col(AccountRole.role) == Role.OFFICE)
        db.execute(held.where(col(AccountRole.account_id) == cast.tom.account.id).values(period_id=cast.period.id))
        new = tests_cast.person(
            db, kind="guardian", first_name="Nora", last_name="New", contact_email="nora@new.example"
        )
        whom = {"person_ids": [new.id or 0]}
        accounts.create(db, cast.olga.actor, seen=accounts.preview(db, cast.olga.actor, **whom).seen, **whom)
    text = _user_account_info(cast.olga.actor)
    assert "Office 2026-2027, Teacher" in text and "Parent/Guardian" in text
    assert cast.sam.person.personal_email in text and "nora@new.example" in text
    assert text.count("12 failed sign-ins, locked") == 1
    assert text.count("Waits for Microsoft 365 since 23 Nov 2026") == 1
    assert text.count("Created by Olga Orlova") == 1 and "Creator not recorded" in text


def test_user_account_info_names_no_address_that_a_student_does_not_want_used(cast: Cast) -> None:
    with database.transaction() as db:
        theirs = sa.update(Person).where(col(Person.id) == cast.sam.person.id)
        db.execute(theirs.values(use_personal_email=False))
    assert cast.sam.person.personal_email not in _user_account_info(cast.olga.actor)


def test_r61_user_account_info_masks_addresses_for_a_coordinator(cast: Cast) -> None:
    text, address = _user_account_info(cast.cora.actor), cast.sam.person.personal_email
    assert address not in text and f"{address[0]}…@{address.partition('@')[2]}" in text
    assert "E-mail addresses are shortened" in text


def test_user_account_info_says_how_many_of_those_shown_are_selected(cast: Cast) -> None:
    with database.transaction() as db:
        selection_id = _show_all(db, cast.olga.actor, "accounts")
        shown = selection_rows.size(db, cast.olga.actor, selection_id=selection_id, scope="shown")
        ids = [cast.sam.account.id or 0, cast.gina.account.id or 0]
        selections.tick(db, cast.olga.actor, list_name="accounts", on=ids)
    with database.transaction() as db:
        asked = {"kind": "user-account-info", "selection_id": selection_id, "expected": 2}
        prepared = reports.prepare(db, cast.olga.actor, scope="selected", **asked)  # type: ignore[arg-type]
    assert prepared.paper.head.scope == f"2 selected of {shown}"


@pytest.mark.parametrize("shown", [True, False])
def test_the_window_counts_what_the_slips_will_say(cast: Cast, shown: bool) -> None:
    parameters = CredentialParameters(show_passwords=shown)
    with database.transaction() as db:
        tests_cast.just_signed_in(db, cast.olga.actor)
        initial_passwords.issue(db, cast.olga.actor, account_id=cast.sam.account.id or 0, expected=1)
        for account in (cast.sam.account, cast.max.account):
            invitations.issue_link(db, account_id=account.id or 0, channel="copied", address="", days=7)
        db.get_one(Account, cast.otto.account.id).sign_in_method = "microsoft"
        db.get_one(Account, cast.gina.account.id).password_hash = "chosen"
    everybody = sa.select(col(Account.id))
    for actor in (cast.olga.actor, cast.ada.actor):
        with database.reading() as db:
            groups = slips.of_accounts(db, actor, account_ids=everybody, parameters=parameters)
            said = Counter(SlipSecret(row[7]) for group in groups for row in group.rows)
            counted = slips.count(db, actor, account_ids=everybody, parameters=parameters)
        assert {secret: number for secret, number in counted.items() if number} == said
        assert said[SlipSecret.PASSWORD if shown else SlipSecret.LINK] and said[SlipSecret.MICROSOFT] == 1
