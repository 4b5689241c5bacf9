"""The number on a view, on the chart and over the list is the same number, for any school."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from random import Random

import pytest
from sqlmodel import Session

from core import clock, database
from core.permissions import Actor
from core.rules import list_views
from core.rules.account_state import AccountState
from core.tables import accounts, status, status_charts, status_people, students
from core.tables.filters import AccountFilter, Page, StatusFilter, StudentFilter
from tests import cast as make
from tests.cast import Cast

pytestmark = pytest.mark.both_databases

MOMENTS = ("deactivated_at", "suspended_at", "pending_provider_at", "first_sign_in_at", "verified_at", "invited_at")


def _fill(cast: Cast, chance: Random) -> None:
    """People in any state, some without an account, some without an address, in both classes and in none."""
    now = clock.now()
    with database.transaction() as db:
        for number in range(40):
            kind = chance.choice(["student", "student", "guardian"])
            section = chance.choice([cast.class_7b, cast.class_8a, None]) if kind == "student" else None
            address = chance.choice([{}, {"personal_email": "", "contact_email": ""}, {"mobile": "6912345678"}])
            person = make.person(db, kind=kind, in_section=section, first_name=f"N{number}", **address)
            if chance.random() < 0.8:
                facts = {name: now for name in MOMENTS if chance.random() < 0.15}
                ends = (
                    {"invitation_ends_at": now + timedelta(days=chance.choice([-1, 1]))}
                    if "invited_at" in facts
                    else {}
                )
                failed = {"delivery": "failed", "delivery_reason": chance.choice(["bounced", "over_limit"])}
                make.account(db, person=person, **facts, **ends, **(failed if chance.random() < 0.2 else {}))


@pytest.mark.parametrize("seed", range(3))
def test_views_charts_and_lists_agree(cast: Cast, seed: int) -> None:
    _fill(cast, Random(seed))
    for actor in (cast.olga.actor, cast.cora.actor):
        _agree(actor)


def _by_state(db: Session, actor: Actor) -> Counter[str]:
    people = status_people.read(db, actor, user_type="all")
    asked = status.ask(db, actor, people=people, filter=StatusFilter(user_type="all"), sections={})
    return Counter({mark.series: mark.number for mark in status_charts.states(asked).marks})


def _agree(actor: Actor) -> None:
    with database.reading() as db:
        chart = _by_state(db, actor)
        for view in list_views.BUILT_IN:
            asked = AccountFilter.from_json(view.filter)
            rows = accounts.page(db, actor, filter=asked, page=Page(size=500))
            number = accounts.count(db, actor, filter=asked)
            assert number == len(rows) == sum(chart[AccountState(state)] for state in asked.states)
            assert accounts.count_up_to(db, actor, filter=asked, limit=2) == min(number, 3)
            assert set(rows["state"]) <= set(asked.states)
            of_students = StudentFilter.from_json(view.filter)
            listed = students.page(db, actor, filter=of_students, page=Page(size=500))
            assert students.count(db, actor, filter=of_students) == len(listed)
            of_type = AccountFilter(states=asked.states, user_types=("student",))
            assert len(listed) == accounts.count(db, actor, filter=of_type)
        assert sum(chart.values()) - chart[AccountState.NO_ACCOUNT] == accounts.count(db, actor, filter=AccountFilter())
