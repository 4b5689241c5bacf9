"""The demo school: the same for the same numbers, plausible, and nobody can enter it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session, select

from core import clock, database, demo, keys
from core.demo import names
from core.errors import Conflict
from core.models import (
    Account,
    AccountRole,
    AuditEntry,
    Enrolment,
    Guardianship,
    Invitation,
    Person,
    SchoolSettings,
    Section,
)
from core.rules import initial_credentials, person_facts, reachability
from core.rules.account_state import AccountFacts, AccountState, account_state
from core.tables.school import policy
from tests import cast
from tests.conftest import Clock

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("database", "clock")]

TABLES = (Person, Section, Enrolment, Guardianship, Account, AccountRole, Invitation)


def _seed(students: int = 240, seed: int = 1) -> demo.Counts:
    with database.transaction() as db:
        return demo.seed(db, students=students, seed=seed)


def _everything() -> list[Any]:
    with database.reading() as db:
        return [db.execute(sa.select(model.__table__).order_by(sa.text("1, 2"))).all() for model in TABLES]


def _states(db: Session) -> Counter[AccountState]:
    rules = policy(db.get(SchoolSettings, 1))
    found: Counter[AccountState] = Counter()
    accounts = {account.person_id: account for account in db.exec(select(Account))}
    for person in db.exec(select(Person)):
        account = accounts.get(person.id)
        facts = None
        if account:
            contact = reachability.Contact(
                user_type=account.user_type,
                **{
                    name: getattr(person, name)
                    for name in reachability.Contact.__dataclass_fields__
                    if hasattr(person, name)
                },
            )
            same = {n: getattr(account, n) for n in AccountFacts.__dataclass_fields__ if n != "reachable"}
            facts = AccountFacts(**same, reachable=reachability.reachable(contact, rules))
        found[account_state(facts, now=clock.now())] += 1
    return found


def test_the_same_numbers_on_the_same_day_give_the_same_school(clock: Clock) -> None:
    _seed(60, 7)
    first = _everything()
    cast.empty()
    clock.forward(hours=5)
    _seed(60, 7)
    assert _everything() == first
    cast.empty()
    _seed(60, 8)
    assert _everything() != first


def test_every_state_is_there_and_most_have_come_far() -> None:
    _seed()
    with database.reading() as db:
        states = _states(db)
    assert set(states) == set(AccountState)
    assert states[AccountState.SIGNED_IN] == max(states.values())
    assert states[AccountState.LOCKED] < states[AccountState.INVITED]


def test_the_school_has_what_real_schools_have() -> None:
    counts = _seed()
    with database.reading() as db:
        people = db.exec(select(Person)).all()
        students = [person for person in people if person.kind == "student"]
        assert (counts.students, len(students)) == (240, 240)
        assert counts.guardians > 100
        assert {section.title for section in db.exec(select(Section))} >= {"7A", "7B", "12A"}
        assert any(student.section_id is None for student in students)
        assert any(not student.personal_email for student in students)
        assert any(student.personal_email and not student.personal_email_valid for student in students)
        assert any(student.personal_email and not student.use_personal_email for student in students)
        assert any(student.mobile and not student.mobile_region for student in students)
        shared = Counter(student.personal_email for student in students if student.personal_email_valid)
        assert max(shared.values()) >= 2
        assert max(Counter(s.mobile for s in students if s.mobile_region).values()) >= 2
        assert {person.language for person in people} == {"en", "el"}
        letters = "".join(person.last_name + person.first_name for person in people)
        assert all(any(low <= c <= high for c in letters) for low, high in (("Α", "ω"), ("ạ", "ỹ"), ("ا", "ي")))
        roles = {row.role for row in db.exec(select(AccountRole))}
        assert roles == {"student", "guardian", "teacher", "coordinator", "office"}


def test_all_addresses_are_under_reserved_domains_and_no_name_is_without_letters() -> None:
    _seed()
    with database.reading() as db:
        for person in db.exec(select(Person)):
            for address in (person.personal_email, person.contact_email, person.external_email):
                assert not address or address == "-" or address.endswith(".example")
    for culture in names.load().cultures:
        assert set(culture.given) == set(culture.family) == {"f", "m"}


def test_the_facts_of_people_are_those_of_the_rules() -> None:
    _seed(80)
    with database.reading() as db:
        for person in db.exec(select(Person)):
            values = person.model_dump()
            assert person_facts.derived(values, default_region="GR").items() <= values.items()


def test_invitations_are_genuine_and_their_dates_fit() -> None:
    _seed()
    now, secret = clock.now(), keys.current().secret
    with database.reading() as db:
        accounts = {account.id: account for account in db.exec(select(Account))}
        invitations = db.exec(select(Invitation)).all()
        assert len({row.account_id for row in invitations}) == sum(a.invited_at is not None for a in accounts.values())
        for row in invitations:
            account = accounts[row.account_id]
            token = initial_credentials.link_token(secret, row.uid)
            assert row.token_hash == initial_credentials.token_hash(token)
            assert account.created_at < row.issued_at == account.invited_at < row.expires_at
            assert (row.used_at is not None) == (account.verified_at is not None)
            if account.verified_at:
                assert row.issued_at < account.verified_at < row.expires_at
            if account.first_sign_in_at and account.last_sign_in_at:
                assert account.verified_at < account.first_sign_in_at <= account.last_sign_in_at <= now


def test_nobody_can_enter_with_a_password_that_came_with_the_demo() -> None:
    _seed()
    with database.reading() as db:
        assert {account.password_hash for account in db.exec(select(Account))} == {"", "!"}


def test_a_second_demo_and_a_real_school_are_refused_with_what_to_do() -> None:
    _seed(20)
    with pytest.raises(Conflict, match="start-own-school"):
        _seed(20)
    with database.transaction() as db:
        db.get(SchoolSettings, 1).is_demo = False
    with pytest.raises(Conflict, match="belongs to a school"):
        _seed(20)


def test_people_can_be_added_after_the_demo() -> None:
    _seed(20)
    with database.transaction() as db:
        added = cast.account(db, person=cast.person(db))
    assert added.id is not None


def test_making_the_demo_is_audited_once_and_marks_the_school() -> None:
    _seed(20)
    with database.reading() as db:
        assert [entry.action for entry in db.exec(select(AuditEntry))] == ["demo.made"]
        assert db.get(SchoolSettings, 1).is_demo


def test_a_school_of_one_is_possible() -> None:
    assert _seed(1).students == 1
