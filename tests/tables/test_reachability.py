"""Who can be invited, in Python and in SQL: every combination, on both databases."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product

import pytest
import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock, database
from core.models import Account, Guardianship, OptOut, Person
from core.rules import reachability as rule
from core.rules.reachability import Refusal
from core.tables import reachability, sms_numbers
from core.tables.person_facts import account_side, contact
from tests import cast as make

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("database")]

OFF = rule.Policy(allowed_regions=frozenset({"GR"}))
ON = replace(OFF, microsoft_user_types=frozenset({"student", "teacher"}))

ADDRESSES = ("", "not an address", "kid@mail.example")
MOBILES = ("", "12", "+306912345678", "+14155550123")


@dataclass(frozen=True)
class Case:
    """One person; `account`: none, fresh, deactivated, signed in, or bounced at one of two addresses."""

    user_type: str
    status: str
    use_personal: bool
    personal: str
    contact: str
    account: str


ACCOUNTS = ("none", "fresh", "deactivated", "signed_in", "bounced kid@mail.example", "bounced old@mail.example")
CASES = [
    Case(*values)
    for values in product(
        ("student", "guardian", "teacher"),
        ("registered", "active", "left"),
        (True, False),
        ADDRESSES,
        ADDRESSES,
        ACCOUNTS,
    )
]


def expected(case: Case, *, microsoft: bool) -> rule.Verdict:
    """DESIGN §5 once more, in other words: the table that both must agree with."""
    if case.account == "none":
        return rule.Verdict(refusal=Refusal.NO_ACCOUNT)
    if case.account in ("deactivated", "signed_in"):
        return rule.Verdict(refusal=Refusal(case.account))
    if case.status != ("registered" if case.user_type == "student" else "active"):
        return rule.Verdict(refusal=Refusal.STATUS)
    if case.user_type == "student" and not microsoft:
        if not case.use_personal:
            return rule.Verdict(refusal=Refusal.PERSONAL_EMAIL_OFF)
        address, missing = case.personal, Refusal.NO_PERSONAL_EMAIL
    else:
        address, missing = case.contact, Refusal.NO_CONTACT_EMAIL
    if not address:
        return rule.Verdict(refusal=missing)
    if "@" not in address:
        return rule.Verdict(refusal=Refusal.ADDRESS_NOT_VALID)
    return rule.Verdict(refusal=Refusal.BOUNCED) if case.account == f"bounced {address}" else rule.Verdict(address)


def _store(db: Session, case: Case, mobile: str = "") -> int:
    kind = {"teacher": "staff"}.get(case.user_type, case.user_type)
    person = make.person(
        db,
        kind=kind,
        status=case.status,
        use_personal_email=case.use_personal,
        personal_email=case.personal,
        contact_email=case.contact,
        mobile=mobile,
    )
    facts = {"deactivated": {"deactivated_at": person.created_at}, "signed_in": {"first_sign_in_at": person.created_at}}
    if case.account.startswith("bounced"):
        failed = {"delivery": "failed", "delivery_reason": "bounced", "delivery_address": case.account.split()[1]}
        make.account(db, person=person, user_type=case.user_type, **failed)
    elif case.account != "none":
        make.account(db, person=person, user_type=case.user_type, **facts.get(case.account, {}))
    assert person.id
    return person.id


def _in_sql(db: Session, policy: rule.Policy) -> dict[int, tuple[str | None, str]]:
    columns = (reachability.email_refusal(policy), reachability.email_address(policy))
    query = sa.select(col(Person.id), *columns, reachability.can_be_invited(policy))
    joined = query.outerjoin(Account, col(Account.person_id) == col(Person.id))
    found = {}
    for row_id, refusal, address, is_free in db.execute(joined):
        assert bool(is_free) == (refusal is None), refusal
        found[row_id] = (refusal, address)
    return found


@pytest.mark.parametrize("policy", [OFF, ON], ids=["without Microsoft 365", "with Microsoft 365"])
def test_every_combination_has_the_verdict_of_the_table_in_python_and_in_sql(policy: rule.Policy) -> None:
    with database.transaction() as db:
        stored = {_store(db, case): case for case in CASES}
        people = {person.id: person for person in db.scalars(sa.select(Person))}
        accounts = {account.person_id: account for account in db.scalars(sa.select(Account))}
        found = _in_sql(db, policy)
    for row_id, case in stored.items():
        wanted = expected(case, microsoft=bool(policy.microsoft_user_types))
        account = accounts.get(row_id)
        said = rule.by_email(contact(people[row_id], account, policy), account_side(account), policy)
        refusal, address = found[row_id]
        assert said == wanted, case
        assert (refusal, address if refusal is None else "") == (wanted.refusal, wanted.address), case


def test_mobile_numbers_have_the_same_verdict_in_python_and_in_sql() -> None:
    with database.transaction() as db:
        cases = [replace(case, personal="", contact="") for case in CASES if case.personal == case.contact == ""]
        stored = [_store(db, case, mobile) for case in cases for mobile in MOBILES]
        columns = (reachability.sms_refusal(OFF), reachability.can_get_sms(OFF), reachability.reachable(OFF))
        query = sa.select(Person, Account, *columns)
        rows = db.execute(query.outerjoin(Account, col(Account.person_id) == col(Person.id))).all()
        assert len(rows) == len(stored)
        for person, account, refusal, is_free, reachable in rows:
            said = rule.by_sms(contact(person, account, OFF), account_side(account), OFF)
            assert refusal == said.refusal
            assert bool(is_free) == (refusal is None)
            assert bool(reachable) == rule.reachable(contact(person, account, OFF), OFF)


@dataclass(frozen=True)
class Around:
    """The numbers around a student: their own, the home phone, the guardian's, and what stands against an SMS."""

    mobile: str
    phone: str
    guardian: str
    may_sms: bool
    grade: str
    stopped: str


GREEK, OTHER, AMERICAN = "+306912345678", "+306912345679", "+14155550123"
AROUND = [
    Around(*values)
    for values in product(
        ("", "12", GREEK, AMERICAN),
        ("", OTHER, "2101234567"),
        ("", OTHER, AMERICAN),
        (True, False),
        ("7", "8"),
        ("", "opted_out", "bounced"),
    )
]
POLICIES = [
    replace(OFF, sms_order=order, guardian_grades=grades)
    for order in (("student", "guardian", "home"), ("guardian", "student"), ("home",))
    for grades in (frozenset(), frozenset({"7"}))
]


def _surround(db: Session, case: Around, policy: rule.Policy) -> None:
    student = make.person(
        db, kind="student", status="registered", mobile=case.mobile, phone=case.phone, grade=case.grade
    )
    if case.guardian:
        guardian = make.person(db, kind="guardian", status="active", mobile=case.guardian)
        db.add(Guardianship(student_id=student.id or 0, guardian_id=guardian.id or 0, may_sms=case.may_sms))
    account = make.account(db, person=student, user_type="student")
    db.flush()
    number = rule.mobile_number(_contact(db, student, account, policy), policy).address
    if case.stopped == "bounced":
        account.delivery, account.delivery_reason, account.delivery_address = "failed", "bad_address", number
        db.add(account)


def _contact(db: Session, person: Person, account: Account, policy: rule.Policy) -> rule.Contact:
    return contact(person, account, policy, guardian_mobile=sms_numbers.of(db, person, policy).guardian)


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: f"{policy.sms_order}{sorted(policy.guardian_grades)}")
@pytest.mark.parametrize("opted_out", [False, True])
def test_r107_whose_number_gets_an_sms_is_the_same_in_python_and_in_sql(policy: rule.Policy, opted_out: bool) -> None:
    with database.transaction() as db:
        for case in AROUND:
            if (case.stopped == "opted_out") == opted_out:
                _surround(db, case, policy)
        if opted_out:
            db.add(OptOut(channel="sms", address=OTHER, since=clock.now()))
        db.flush()
        columns = (
            *(reachability.sms_refusal(policy), reachability.can_get_sms(policy), reachability.sms_address(policy)),
            reachability.reachable(policy),
        )
        missed = sa.not_(reachability.reachable(policy)) & sa.not_(reachability.perhaps_not(policy))
        query = sa.select(Person, Account, *columns, missed).join(Account, col(Account.person_id) == col(Person.id))
        rows = db.execute(query).all()
        assert rows
        for person, account, refusal, is_free, address, reachable, is_missed in rows:
            assert bool(is_free) == (refusal is None)
            numbers = sms_numbers.of(db, person, policy)
            facts = _contact(db, person, account, policy)
            said = rule.by_sms(facts, account_side(account, opted_out=numbers.opted_out), policy)
            assert (refusal, address if refusal is None else "") == (said.refusal, said.address), facts
            assert bool(reachable) == rule.reachable(facts, policy)
            assert not is_missed, "perhaps_not leaves nobody out who cannot be reached"
