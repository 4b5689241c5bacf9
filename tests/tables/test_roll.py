"""The roll says what SQL says, whatever happens in a school: the same rows in the same order, the same number."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from random import Random
from typing import Any

import pytest

from core import database
from core.models import MessageStatus, UserType
from core.permissions import Actor
from core.rules.account_state import AccountState
from core.rules.account_steps import Step
from core.rules.reachability import Refusal
from core.services import selections
from core.tables import accounts, students
from core.tables.filters import AccountFilter, Found, Page, StudentFilter
from core.tables.roll import answers, texts
from core.tables.roll.keeper import Keeper
from tests.cast import Cast
from tests.tables.test_status_after_acts import STORY, Living, at_microsoft, new_school

pytestmark = pytest.mark.both_databases
LONG = os.environ.get("FIRSTKEY_CHAOS") == "long"
SCHOOLS, QUESTIONS = (60, 20) if LONG else (1, 2)
FLAGS = (True, False)
OF_BOTH: dict[str, Any] = {
    "text": ("a", "ma", "anna", "example", "Μαρία", "nobody at all", "+30"),
    "states": ((AccountState.READY,), (AccountState.NO_ACCOUNT, AccountState.INVITED), tuple(AccountState)),
    "has_mobile": FLAGS,
    "has_email": FLAGS,
    "email_refusals": ((Refusal.NO_ACCOUNT, Refusal.SIGNED_IN), tuple(Refusal)),
    "sms_refusals": ((Refusal.NO_MOBILE, Refusal.PASSWORD_CHOSEN), tuple(Refusal)),
    "came_to": tuple(step.value for step in Step),
    "failures": (("bounced",), ("bounced", "over_limit")),
    "link_ends_within": (0, 3, 60),
    "invited_after": ("2026-01-01", "2027-03-01"),
    "signed_in_before": ("2026-01-01", "2029-03-01"),
    "selected": FLAGS,
}
OF_STUDENTS: dict[str, Any] = {
    **OF_BOTH,
    **dict.fromkeys(("in_period", "has_grade", "invitable", "invitable_by_sms", "has_guardian"), FLAGS),
    **dict.fromkeys(("has_personal_email", "has_contact_email"), FLAGS),
    "grades": (("7",), ("7", "8")),
    "statuses": (("registered",), ("left", "inactive")),
    "programmes": (("none",),),
    "languages": (("en",), ("el", "")),
    "period_id": (1, 2),
    "section_ids": ((1,), (1, 2)),
}
OF_ACCOUNTS: dict[str, Any] = {
    **OF_BOTH,
    **dict.fromkeys(("active", "verified", "pending", "locked", "must_change_password"), FLAGS),
    "user_types": tuple((one,) for one in UserType),
    "login": ("has", "never"),
    "deliveries": (("none",), (MessageStatus.SENT, "none"), tuple(MessageStatus)),
    "sign_in_methods": (("local",), ("microsoft",)),
    "section_ids": ((1,), (1, 2)),
}
__all__ = ["at_microsoft", "new_school"]  # fixtures
LISTS: dict[str, Any] = {
    "students": (students, StudentFilter, OF_STUDENTS),
    "accounts": (accounts, AccountFilter, OF_ACCOUNTS),
}


class Asking:
    """Somebody in the office and a coordinator of some classes, who ask anything of both lists."""

    def __init__(self, keeper: Keeper, actors: tuple[Actor, ...], monkeypatch: pytest.MonkeyPatch) -> None:
        self.keeper, self.actors, self.monkeypatch = keeper, actors, monkeypatch
        self.told = self.asked = 0
        by_roll = answers.found

        def counted(*asked: Any) -> Found | None:
            found = by_roll(*asked)
            self.told += found is not None
            return found

        monkeypatch.setattr(answers, "found", counted)

    def anything(self, chance: Random) -> None:
        name = chance.choice(sorted(LISTS))
        table, kind, fields = LISTS[name]
        wanted_of = chance.sample(sorted(fields), chance.choice((0, 1, 1, 2)))
        asked = kind(**{field: chance.choice(fields[field]) for field in wanted_of})
        sort, descending = chance.choice(sorted(table.SORTS)), chance.random() < 0.5
        page = Page(chance.choice((1, 1, 2, 3)), sort, descending, size=chance.choice((2, 3, 50)))
        self.same(table, asked, page)

    def same(self, table: Any, asked: Any, page: Page) -> None:
        """What was missed the first time is read, so the second answer is the roll's."""
        self.asked += 2 * len(self.actors)
        for actor in self.actors * 2:
            found, number = self.ask(actor, table, asked, page)
            said, counted = self._ask_sql(actor, table, asked, page)
            assert (found.ids[: page.size], number) == (said.ids[: page.size], counted), (actor.label, asked, page)
            assert found.total in (None, counted)
            while self.keeper.keep_up():
                pass

    def ask(self, actor: Actor, table: Any, asked: Any, page: Page) -> tuple[Found, int]:
        with database.reading() as db:
            found = table.found(db, actor, filter=asked, page=page)
            number = table.count(db, actor, filter=asked)
            assert table.count_up_to(db, actor, filter=asked, limit=1) in (number, min(number, 2))
        return replace(found, ids=list(found.ids)), number

    def _ask_sql(self, actor: Actor, table: Any, asked: Any, page: Page) -> tuple[Found, int]:
        with self.monkeypatch.context() as patch:
            patch.setattr(answers, "_keeper", None)
            return self.ask(actor, table, asked, page)


@pytest.fixture(name="keeper")
def _keeper(monkeypatch: pytest.MonkeyPatch) -> Keeper:
    """Keeps a roll when it is told to."""
    monkeypatch.setattr("core.tables.roll.keeper.PAUSES", 0)
    monkeypatch.setattr(texts, "RARE", 2)
    monkeypatch.setattr(answers, "_keeper", Keeper())
    return answers._keeper


def _asking(keeper: Keeper, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Asking:
    """Olga and Cora, who have ticked two people in each list."""
    actors = cast.olga.actor, cast.cora.actor
    with database.transaction() as db:
        for actor, member in product(actors, (cast.sam, cast.max)):
            selections.tick(db, actor, list_name="students", on=[member.person.id or 0])
            selections.tick(db, actor, list_name="accounts", on=[member.account.id or 0])
    keeper.keep_up()
    return Asking(keeper, actors, monkeypatch)


@pytest.mark.parametrize("seed", range(SCHOOLS))
def test_after_each_act_in_a_school_both_lists_say_the_same(
    new_school: Callable[[], Living], keeper: Keeper, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance, school = Random(seed), new_school()
    asking = _asking(keeper, school.cast, monkeypatch)
    for name in STORY:
        school.do_somewhere(name)
        for _question in range(QUESTIONS):
            asking.anything(chance)
    assert asking.told > 0.5 * asking.asked
