"""Who can be invited, in Python and in SQL: every combination, on both databases."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product

import pytest
import sqlalchemy as sa
from sqlmodel import Session, col

from core import database
from core.models import Account, Person
from core.rules import reachability as rule
from core.rules.reachability import Refusal
from core.tables import reachability
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
    query = sa.select(col(Person.id), reachability.email_refusal(policy), reachability.email_address(policy))
    joined = query.outerjoin(Account, col(Account.person_id) == col(Person.id))
    return {row_id: (refusal, address) for row_id, refusal, address in db.execute(joined)}


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
        said = rule.by_email(contact(people[row_id], account), account_side(account), policy)
        refusal, address = found[row_id]
        assert said == wanted, case
        assert (refusal, address if refusal is None else "") == (wanted.refusal, wanted.address), case


def test_mobile_numbers_have_the_same_verdict_in_python_and_in_sql() -> None:
    with database.transaction() as db:
        cases = [replace(case, personal="", contact="") for case in CASES if case.personal == case.contact == ""]
        stored = [_store(db, case, mobile) for case in cases for mobile in MOBILES]
        query = sa.select(Person, Account, reachability.sms_refusal(OFF), reachability.reachable(OFF))
        rows = db.execute(query.outerjoin(Account, col(Account.person_id) == col(Person.id))).all()
        assert len(rows) == len(stored)
        for person, account, refusal, reachable in rows:
            said = rule.by_sms(contact(person, account), account_side(account), OFF)
            assert refusal == said.refusal
            assert bool(reachable) == rule.reachable(contact(person, account), OFF)
