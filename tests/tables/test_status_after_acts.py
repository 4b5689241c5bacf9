"""Whatever has been done in a school, in whatever order: every number on every chart is that of the list behind it.

FIRSTKEY_CHAOS=long looks at many more schools.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from itertools import takewhile
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from sqlmodel import select

from core import config, database
from core.errors import AppError
from core.models import AcademicPeriod, Section, UserType
from core.permissions import Actor, Scope
from core.services import wordings
from core.tables.filters import StatusFilter
from tests import cast as make
from tests.cast import Cast
from tests.conftest import Clock
from tests.tables.acts import OF_MESSAGES, Happening, Now, refusal
from tests.tables.acts_of_accounts import OF_ACCOUNTS, TENANT
from tests.tables.acts_of_people import OF_PEOPLE
from tests.tables.status_numbers import agree

pytestmark = pytest.mark.both_databases
LONG = os.environ.get("FIRSTKEY_CHAOS") == "long"
SCHOOLS, ACTS_IN_A_ROW = (300, 40) if LONG else (5, 14)
NUMBERS = 12
KNOWN: dict[str, Happening] = {**OF_MESSAGES, **OF_ACCOUNTS, **OF_PEOPLE}
TYPES = ("all", *(user_type.value for user_type in UserType))
# Each act once, in an order in which each can happen.
STORY = (
    *("student joined", "guardian joined", "invites by itself", "created", "mobile", "linked", "invited", "came back"),
    *("another e-mail", "redeemed", "signed in", "all invited", "hours pass", "unknown", "found to have arrived"),
    *("days pass", "unknown", "sent again", "refused at once", "days pass", "cancelled", "texted", "text arrived"),
    *("text lost", "text refused", "opted out", "slip printed", "link copied", "locked", "unlocked"),
    *("require_password_change", "undone", "void_links", "personal_email_off", "personal_email_on", "give_role"),
    *("deactivate", "activate", "no mobile", "phone at home", "no e-mail", "guardians get the texts", "far east"),
    *("inactive", "inactive counts", "registered", "changed class", "year begun", "year undone", "imported"),
    *("imported, the missing left", "import undone", "uses Microsoft", "waits for Microsoft", "made at Microsoft"),
    *("address at Microsoft", "to_microsoft", "came by Microsoft", "student joined", "created", "waits for Microsoft"),
    *("stopped at Microsoft", "to_local", "no more Microsoft", "parted", "left", "erased", "invitations deleted"),
    *("leavers deleted",),
)


class Living:
    """The school that a test looks at, and who looks."""

    def __init__(self, clock: Clock, cast: Cast) -> None:
        self.clock, self.cast = clock, cast

    def do(self, name: str, number: int) -> AppError | None:
        """What was refused, and why."""
        return refusal(KNOWN[name], Now(self.clock, self.cast, number))

    def do_somewhere(self, name: str) -> list[AppError]:
        """To the first of all with whom it can happen; what was refused before that."""
        tries = (self.do(name, number) for number in range(NUMBERS))
        return list(takewhile(lambda why: why is not None, tries))

    def lookers(self) -> list[Actor]:
        """Who sees everybody, one class, all classes of a grade, and students only."""
        cast = self.cast
        with database.reading() as db:
            of_grade = frozenset(id_ for id_ in db.exec(select(Section.id).where(Section.grade == "8")) if id_)
        grade = replace(cast.cora.actor, label="Cora of grade 8", scope=Scope(section_ids=of_grade))
        both = frozenset({cast.class_7b.id or 0, cast.class_8a.id or 0})
        two = replace(cast.cora.actor, label="Cora of 7B and 8A", scope=Scope(section_ids=both))
        return [cast.olga.actor, cast.cora.actor, grade, two, cast.tom.actor]

    def agrees(self, who: int, **asked: Any) -> set[str]:
        lookers = self.lookers()
        return agree(lookers[who % len(lookers)], self.filter(**asked))

    def filter(self, *, user_type: str, grades: tuple[str, ...], classes: tuple[int, ...], year: int) -> StatusFilter:
        """Classes and years are chosen by number among those that are there; year 0 asks for none."""
        with database.reading() as db:
            sections = sorted(id_ for id_ in db.exec(select(Section.id)) if id_)
            years = [None, *sorted(id_ for id_ in db.exec(select(AcademicPeriod.id)) if id_), 999]
        ids = tuple({sections[place % len(sections)]: None for place in classes})
        return StatusFilter(user_type, years[year % len(years)], grades, ids)


@pytest.fixture
def at_microsoft(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("TENANT_ID", TENANT), ("CLIENT_ID", TENANT), ("CLIENT_SECRET", "not asked for")):
        monkeypatch.setenv(f"FIRSTKEY_MICROSOFT_{name}", value)
    config.settings.cache_clear()


@pytest.fixture
def new_school(at_microsoft: None, database: None, clock: Clock) -> Callable[[], Living]:
    """Makes the school of the cast anew, on the morning on which all begins."""

    def begin() -> Living:
        clock.set(Clock().now)
        make.empty()
        with database_transaction() as db:
            cast = make.school(db)
            wordings.ensure_defaults(db)
            for number, member in enumerate((cast.sam, cast.max, cast.otto, cast.gina)):
                member.person.mobile, member.person.mobile_region = f"+30691234567{number}", "GR"
                db.add(member.person)
            make.just_signed_in(db, cast.ada.actor)
        return Living(clock, cast)

    return begin


database_transaction = database.transaction


def test_every_kind_of_act_happens_and_every_number_is_that_of_its_list(
    new_school: Callable[[], Living], database_kind: str
) -> None:
    school, looks, seen = new_school(), 1 if database_kind == "sqlite" or LONG else 3, set[str]()
    assert set(STORY) == set(KNOWN)
    for place, name in enumerate(STORY):
        refused = school.do_somewhere(name)
        assert len(refused) < NUMBERS, f"{name} does not happen: {refused[0]}, {refused[-1]}"
        if place % looks == 0:
            asked = {"user_type": TYPES[place % 4], "year": place % 3}
            seen |= school.agrees(place // looks, grades=(), classes=(), **asked)
    assert {"grades No grade", "classes No class"} <= {name.rpartition(" ")[0] for name in seen}


ASKED = {
    "user_type": st.sampled_from(("all", "student", "guardian", *TYPES)),
    "grades": st.sampled_from(((), (), ("7",), ("8",), ("8", ""), ("7", "8", "none"))),
    "classes": st.sampled_from(((), (), (0,), (1,), (0, 2), (3,))),
    "year": st.integers(0, 4),
}
SOMEBODY = st.integers(0, NUMBERS - 1)


def test_after_any_sequence_of_acts_every_number_is_that_of_its_list(
    new_school: Callable[[], Living], database_kind: str
) -> None:
    class AnySequence(RuleBasedStateMachine):
        """A school in which anything happens, and people of all kinds look at it in between."""

        def __init__(self) -> None:
            super().__init__()
            self.school, self.acts = new_school(), 0

        @rule(name=st.sampled_from(sorted(OF_MESSAGES)), number=SOMEBODY)
        def of_messages(self, name: str, number: int) -> None:
            self.acts += self.school.do(name, number) is None

        @rule(name=st.sampled_from(sorted(OF_ACCOUNTS)), number=SOMEBODY)
        def of_accounts(self, name: str, number: int) -> None:
            self.acts += self.school.do(name, number) is None

        @rule(name=st.sampled_from(sorted(OF_PEOPLE)), number=SOMEBODY)
        def of_people(self, name: str, number: int) -> None:
            self.acts += self.school.do(name, number) is None

        @precondition(lambda self: self.acts)
        @rule(who=SOMEBODY, **ASKED)
        def look(self, who: int, **asked: Any) -> None:
            self.school.agrees(who, **asked)

        def teardown(self) -> None:
            for user_type in ("all", "student"):
                self.school.agrees(self.acts, user_type=user_type, grades=(), classes=(), year=0)

    checked = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
    schools = SCHOOLS if database_kind == "sqlite" else SCHOOLS // 2
    wanted = settings(max_examples=schools, stateful_step_count=ACTS_IN_A_ROW, suppress_health_check=checked)
    run_state_machine_as_test(AnySequence, settings=settings(wanted, derandomize=not LONG))
