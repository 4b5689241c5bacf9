"""The state of an account, in Python and in SQL: the same for any facts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import col

from core import database
from core.models import Account, Person, Section
from core.rules.account_state import AccountState, account_state
from core.rules.account_steps import latest
from core.rules.reachability import Policy
from core.tables import account_state as in_sql
from core.tables import account_steps
from core.tables.person_facts import account_facts
from tests import cast as make
from tests.conftest import Clock

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("database")]

POLICY = Policy(allowed_regions=frozenset({"GR"}))
NOW = Clock().now
MOMENT = st.one_of(st.none(), st.sampled_from([NOW - timedelta(days=1), NOW, NOW + timedelta(microseconds=1)]))
ACCOUNT = st.fixed_dictionaries(
    {
        "deactivated_at": st.sampled_from([None, None, None, NOW]),
        "suspended_at": st.sampled_from([None, None, None, NOW]),
        "pending_provider_at": st.sampled_from([None, None, None, NOW]),
        "first_sign_in_at": st.sampled_from([None, None, NOW]),
        "verified_at": st.sampled_from([None, None, NOW]),
        "delivery": st.sampled_from([None, "sent", "failed", "unknown"]),
        "delivery_reason": st.sampled_from([None, "bounced", "bad_address", "over_limit"]),
        "invited_at": MOMENT,
        "invitation_ends_at": MOMENT,
        "user_type": st.sampled_from(["student", "guardian"]),
    }
)
PERSON = st.fixed_dictionaries(
    {
        "use_personal_email": st.booleans(),
        "personal_email": st.sampled_from(["", "bad", "kid@mail.example"]),
        "contact_email": st.sampled_from(["", "bad", "home@mail.example"]),
        "mobile": st.sampled_from(["", "+306912345678", "+14155550123"]),
    }
)
CASES = st.lists(st.tuples(PERSON, st.one_of(st.none(), ACCOUNT)), min_size=1, max_size=25)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cases=CASES)
def test_the_list_and_the_card_name_the_same_state(
    clock: Clock, cases: list[tuple[dict[str, Any], dict[str, Any] | None]]
) -> None:
    with database.transaction() as db:
        for table in (Account, Person, Section):
            db.execute(sa.delete(table))
        for number, (person_fields, account_fields) in enumerate(cases):
            person = make.person(db, **person_fields)
            if account_fields is not None:
                make.account(db, person=person, username=f"u{number}", **account_fields)
        query = sa.select(Person, Account, in_sql.state(NOW, POLICY), account_steps.latest())
        rows = db.execute(query.outerjoin(Account, col(Account.person_id) == col(Person.id))).all()
        assert len(rows) == len(cases)
        for person, account, said, step in rows:
            facts = account_facts(person, account, POLICY)
            assert AccountState(said) == account_state(facts, now=NOW)
            assert step == (latest(facts) if facts else None)
