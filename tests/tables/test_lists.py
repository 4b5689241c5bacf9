"""The two lists: what they find, count, sort, mask, and whom they never show."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest
from sqlmodel import select

from core import clock, database
from core.errors import InputProblem, NotAllowed, NotFound
from core.models import Account, AccountRole
from core.permissions import Actor
from core.tables import account_card, accounts, options, student_card, students
from core.tables.filters import AccountFilter, Page, StudentFilter
from tests import cast as make
from tests.cast import Cast

pytestmark = pytest.mark.both_databases


def _students(actor: Actor, page: Page | None = None, **asked: Any) -> list[str]:
    wanted = StudentFilter(**asked)
    with database.reading() as db:
        found = students.page(db, actor, filter=wanted, page=page or Page())
        assert students.count(db, actor, filter=wanted) == len(found)
        matching = set(db.scalars(students.matching(db, actor, filter=wanted)))
    assert matching == set(found["id"])
    return list(found["first_name"])


def _accounts(actor: Actor, **asked: Any) -> pd.DataFrame:
    wanted = AccountFilter(**asked)
    with database.reading() as db:
        found = accounts.page(db, actor, filter=wanted, page=Page())
        assert accounts.count(db, actor, filter=wanted) == len(found)
        matching = set(db.scalars(accounts.matching(db, actor, filter=wanted)))
    assert matching == set(found["id"])
    return found


def test_the_office_sees_every_student_by_name(cast: Cast) -> None:
    assert _students(cast.olga.actor) == ["Otto", "Max", "Sam"]


@pytest.mark.parametrize("who", ["tom", "cora"])
def test_otto_is_never_seen_by_those_of_7b(cast: Cast, who: str) -> None:
    actor = getattr(cast, who).actor
    assert _students(actor) == ["Max", "Sam"]
    assert _students(actor, text="otto") == []
    assert _students(actor, section_ids=(cast.class_8a.id,)) == []
    assert _students(actor, states=("ready", "no_account")) == ["Max", "Sam"]
    with database.reading() as db:
        assert list(options.sections(db, actor).values()) == ["7B"]
        assert options.grades(db, actor) == ["7"]
        with pytest.raises(NotFound):
            student_card.read(db, actor, person_id=cast.otto.person.id or 0)


def test_a_coordinator_sees_the_accounts_of_her_students_and_their_guardians(cast: Cast) -> None:
    assert set(_accounts(cast.cora.actor)["first_name"]) == {"Sam", "Max", "Gina"}
    assert _accounts(cast.cora.actor, text="otto").empty
    with database.reading() as db, pytest.raises(NotFound):
        account_card.read(db, cast.cora.actor, account_id=cast.otto.account.id or 0)


def test_a_teacher_may_not_list_accounts_and_a_student_may_list_nothing(cast: Cast) -> None:
    with database.reading() as db:
        with pytest.raises(NotAllowed):
            accounts.page(db, cast.tom.actor, filter=AccountFilter(), page=Page())
        for listed in (students.page, accounts.page):
            with pytest.raises(NotAllowed):
                listed(db, cast.sam.actor, filter=StudentFilter(), page=Page())  # type: ignore[operator]


def test_contacts_are_masked_for_whom_they_are_not_meant(cast: Cast) -> None:
    with database.reading() as db:
        hers = students.page(db, cast.cora.actor, filter=StudentFilter(), page=Page())
        card = student_card.read(db, cast.tom.actor, person_id=cast.sam.person.id or 0)
    assert set(hers["personal_email"]) == {"p…@mail.example"}
    assert card.personal_email == "p…@mail.example"
    assert card.verdict().yes
    assert _accounts(cast.cora.actor, text="sam")["address"].tolist() == ["p…@mail.example"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("SÍDERIS", ["Max", "Sam"]),
        ("sam sid", ["Sam"]),
        ("deris", ["Max", "Sam"]),
        ("S1", ["Sam"]),
        ("sam.sideris", ["Sam"]),
        ("%", []),
        ("_am", []),
        ("\\", []),
        ("' OR 1=1 --", []),
        ("   ", ["Otto", "Max", "Sam"]),
    ],
)
def test_a_search_finds_any_part_and_reads_signs_as_letters(cast: Cast, text: str, found: list[str]) -> None:
    assert _students(cast.olga.actor, text=text) == found


def test_greek_is_found_with_and_without_accents_and_phones_by_their_digits(cast: Cast) -> None:
    with database.transaction() as db:
        make.person(db, first_name="Μαρία", last_name="Παπαδοπούλου", mobile="6912345678")
    assert _students(cast.olga.actor, text="ΠΑΠΑΔΟΠΟΥΛΟΥ μαρια") == ["Μαρία"]
    assert _students(cast.olga.actor, text="691234") == ["Μαρία"]


def test_each_filter_narrows_the_list(cast: Cast) -> None:
    with database.transaction() as db:
        make.person(db, first_name="Nora", last_name="New", status="applicant", use_personal_email=False)
    olga = cast.olga.actor
    assert _students(olga, section_ids=(cast.class_7b.id,)) == ["Max", "Sam"]
    assert _students(olga, statuses=("applicant",)) == ["Nora"]
    assert _students(olga, states=("no_account",)) == ["Nora"]
    assert _students(olga, in_period=False) == ["Nora"]
    assert _students(olga, invitable=False) == ["Nora"]
    assert len(_students(olga, invitable=True)) == 3


def test_user_accounts_has_the_filters_of_the_manual(cast: Cast) -> None:
    olga = cast.olga.actor
    assert set(_accounts(olga, user_types=("student",))["first_name"]) == {"Sam", "Max", "Otto"}
    assert set(_accounts(olga, roles=("guardian",))["first_name"]) == {"Gina"}
    assert _accounts(olga, active=False).empty
    assert len(_accounts(olga, verified=False, login="never")) == 8
    assert _accounts(olga, login="has").empty
    assert _accounts(olga, text="gina")["students"].tolist() == ["Max Sideris, Sam Sideris"]


def test_only_known_orders_are_accepted(cast: Cast) -> None:
    with database.reading() as db, pytest.raises(InputProblem):
        students.page(db, cast.olga.actor, filter=StudentFilter(), page=Page(sort="password_hash"))


@pytest.mark.parametrize("sort", [*students.SORTS])
def test_every_order_of_students_works_both_ways(cast: Cast, sort: str) -> None:
    forward = _students(cast.olga.actor, Page(sort=sort))
    turned = _students(cast.olga.actor, Page(sort=sort, descending=True))
    assert turned == ([*forward[:2][::-1], "Otto"] if sort == "guardian" else forward[::-1])  # Otto has none


@pytest.mark.parametrize("sort", [*accounts.SORTS])
def test_every_order_of_accounts_works_both_ways(cast: Cast, sort: str) -> None:
    with database.reading() as db:
        pages = [
            accounts.page(db, cast.olga.actor, filter=AccountFilter(), page=Page(sort=sort, descending=descending))
            for descending in (False, True)
        ]
    forward, turned = (list(page["id"]) for page in pages)
    if sort in ("section", "students"):  # who has no class, or nobody to answer for, stays at the end
        classed = len(pages[0]) - int((pages[0][sort].fillna("") == "").sum())
        assert turned == forward[:classed][::-1] + forward[classed:][::-1]
    else:
        assert turned == forward[::-1]


def test_filters_come_back_from_storage_as_they_were_and_nonsense_is_left_out() -> None:
    asked = AccountFilter(text="x", user_types=("student",), section_ids=(3, 4), active=False, login="never")
    assert AccountFilter.from_json(asked.as_json()) == asked
    assert StudentFilter().as_json() == {}
    nonsense = {"section_ids": ["1; DROP", 5, True], "login": "sometimes", "active": 1, "text": ["x"], "other": 1}
    assert AccountFilter.from_json(nonsense) == AccountFilter(section_ids=(5,))


def test_who_has_no_value_stands_last_whichever_way_the_order_goes(cast: Cast) -> None:
    with database.transaction() as db:
        cast.sam.account.last_sign_in_at = cast.sam.account.created_at
        cast.max.account.last_sign_in_at = cast.sam.account.created_at + timedelta(days=1)
        db.add(cast.sam.account)
        db.add(cast.max.account)
    with database.reading() as db:
        first = [
            accounts.page(
                db, cast.olga.actor, filter=AccountFilter(), page=Page(sort="last_sign_in_at", descending=turned)
            )
            for turned in (False, True)
        ]
    assert [list(page["first_name"])[:2] for page in first] == [["Sam", "Max"], ["Max", "Sam"]]


def test_verified_e_mail_is_ordered_by_what_it_shows(cast: Cast) -> None:
    with database.transaction() as db:
        for member, address in ((cast.sam, cast.sam.person.personal_email), (cast.ada, "old@mail.example")):
            account = db.get_one(Account, member.account.id)
            account.verified_at, account.verified_address = clock.now(), address
            db.add(account)
    with database.reading() as db:
        rows = accounts.page(db, cast.olga.actor, filter=AccountFilter(), page=Page(sort="verified"))
    assert list(rows["email_verified"].astype(bool)) == [True, *[False] * (len(rows) - 1)]


def test_a_role_that_has_ended_or_belongs_to_another_year_is_no_role_today(cast: Cast) -> None:
    olga = cast.olga.actor
    everybody = len(_accounts(olga, roles=("student",)))
    assert len(_accounts(olga, roles=("none",))) == 0
    with database.transaction() as db:
        role = db.exec(select(AccountRole).where(AccountRole.account_id == cast.sam.account.id)).one()
        role.ends_on = date(2026, 1, 31)
        db.add(role)
    assert len(_accounts(olga, roles=("student",))) == everybody - 1
    assert list(_accounts(olga, roles=("none",))["first_name"]) == ["Sam"]
    assert _accounts(olga, text="Sam")["roles"].tolist() == [""]
