"""Expressions are built once a day for each policy of the school."""

from __future__ import annotations

from core.rules.reachability import Policy
from core.tables import reachability
from core.tables.built import once_a_day
from tests.conftest import Clock

GREEK, FRENCH = (Policy(allowed_regions=frozenset({region})) for region in ("GR", "FR"))


def test_the_same_policy_is_built_once_until_midnight(clock: Clock) -> None:
    asked: list[Policy] = []
    built = once_a_day(lambda policy: asked.append(policy) or policy)
    assert [built(GREEK), built(GREEK), built(FRENCH)] == [GREEK, GREEK, FRENCH]
    assert asked == [GREEK, FRENCH]
    clock.forward(days=1)
    built(GREEK)
    assert asked == [GREEK, FRENCH, GREEK]


def test_a_setting_that_changes_asks_another_question(clock: Clock) -> None:
    greek, french = (str(reachability.has_mobile(policy).compile().params) for policy in (GREEK, FRENCH))
    assert "GR" in greek and "FR" in french


def test_guardianships_of_another_day_are_another_question(clock: Clock) -> None:
    today = reachability.guardian_number(GREEK)
    assert reachability.guardian_number(GREEK) is today
    clock.forward(days=1)
    assert reachability.guardian_number(GREEK) is not today
