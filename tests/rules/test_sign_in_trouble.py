"""Why somebody cannot sign in: every combination of facts has one answer to each question."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.rules import sign_in_trouble, words
from core.rules.sign_in_trouble import Question, Remedy, SignInFacts

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SOON, PAST = NOW + timedelta(minutes=5), NOW - timedelta(minutes=5)
FINE = SignInFacts(chosen=True, signed_in=True)
MOMENTS = st.sampled_from([None, SOON, PAST])
FACTS = st.builds(
    SignInFacts,
    **{name: st.booleans() for name in ("active", "has_role", "suspended", "provider_pending", "microsoft", "chosen")},
    **{name: st.booleans() for name in ("invited", "undelivered", "counts", "must_change_password", "signed_in")},
    waits_until=MOMENTS,
    link_ends_at=MOMENTS,
    shared_with=st.integers(0, 3),
)


def _first(facts: SignInFacts) -> Question | None:
    found = sign_in_trouble.hindrance(sign_in_trouble.findings(facts, now=NOW))
    return found.question if found else None


def test_whoever_has_signed_in_before_and_lost_nothing_can_sign_in() -> None:
    assert _first(FINE) is None


@pytest.mark.parametrize(
    ("change", "question", "remedy"),
    [
        ({"active": False}, Question.ACTIVE, Remedy.ACTIVATE),
        ({"has_role": False}, Question.ROLE, Remedy.GIVE_ROLE),
        ({"suspended": True}, Question.LOCKED, Remedy.UNLOCK),
        ({"waits_until": SOON}, Question.WAITING, Remedy.UNLOCK),
        ({"provider_pending": True}, Question.PROVIDER, Remedy.TO_LOCAL),
        ({"chosen": False, "signed_in": False}, Question.PASSWORD, Remedy.INVITE),
        ({"chosen": False}, Question.PASSWORD, Remedy.INVITE),
    ],
)
def test_each_hindrance_is_named_with_its_remedy(
    change: dict[str, object], question: Question, remedy: Remedy | None
) -> None:
    found = sign_in_trouble.hindrance(sign_in_trouble.findings(replace(FINE, **change), now=NOW))  # type: ignore[arg-type]
    assert found is not None
    assert (found.question, found.remedy) == (question, remedy)


def test_a_wait_that_is_over_holds_nobody_up() -> None:
    assert _first(replace(FINE, waits_until=PAST)) is None


@pytest.mark.parametrize("chosen", [True, False])
def test_nothing_is_said_of_passwords_where_somebody_signs_in_with_microsoft(chosen: bool) -> None:
    found = sign_in_trouble.findings(SignInFacts(microsoft=True, chosen=chosen), now=NOW)
    said = [words.trouble(one.question, microsoft=True) for one in found]
    sentences = [answer.ticked if one.fine else answer.crossed for one, answer in zip(found, said, strict=True)]
    assert "Microsoft 365 account is " + ("linked" if chosen else "not linked") in " ".join(sentences)
    assert not [sentence for sentence in sentences if "a password" in sentence or "change of password" in sentence]


def test_the_link_is_asked_for_only_where_no_password_was_chosen() -> None:
    new = SignInFacts(invited=True, link_ends_at=SOON)
    answers = {found.question: found.fine for found in sign_in_trouble.findings(new, now=NOW)}
    assert answers[Question.LINK]
    answers = {
        found.question: found.fine for found in sign_in_trouble.findings(replace(new, link_ends_at=PAST), now=NOW)
    }
    assert not answers[Question.LINK]
    assert Question.LINK not in {found.question for found in sign_in_trouble.findings(FINE, now=NOW)}


@given(FACTS)
def test_whatever_blocks_has_a_remedy(facts: SignInFacts) -> None:
    blocking = [found for found in sign_in_trouble.findings(facts, now=NOW) if found.blocks]
    assert all(found.remedy for found in blocking)


@given(FACTS)
def test_every_question_has_one_answer_and_only_crosses_have_remedies(facts: SignInFacts) -> None:
    found = sign_in_trouble.findings(facts, now=NOW)
    assert len({finding.question for finding in found}) == len(found)
    for finding in found:
        assert finding.question in words.TROUBLE
        assert not (finding.fine and (finding.blocks or finding.remedy))
    free = facts.active and facts.has_role and not facts.suspended and facts.waits_until != SOON
    can = free and not facts.provider_pending and facts.chosen
    assert (sign_in_trouble.hindrance(found) is None) == can
