"""Why somebody cannot sign in: every question that decides it, answered, with what puts it right."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Question(StrEnum):
    """What is asked, in the order in which it decides."""

    ACTIVE = "active"
    ROLE = "role"
    LOCKED = "locked"
    WAITING = "waiting"
    PROVIDER = "provider"
    PASSWORD = "password"  # noqa: S105  (a word, not a password)
    LINK = "link"
    DELIVERY = "delivery"
    STATUS = "status"
    ADDRESS = "address"
    SHARED = "shared"
    CHANGE_DUE = "change_due"
    SIGNED_IN = "signed_in"


class Remedy(StrEnum):
    """What puts it right."""

    ACTIVATE = "activate"
    GIVE_ROLE = "give_role"
    UNLOCK = "unlock"
    INVITE = "invite"
    CHANGE_EMAIL = "change_email"
    TO_LOCAL = "to_local"
    CHANGE_STATUS = "change_status"
    ASK_ADDRESS = "ask_address"


@dataclass(frozen=True)
class SignInFacts:
    """What decides it. `chosen`: has a password of their own, or a Microsoft address that is bound.

    `address_verified`: at the e-mail in use; None where nobody is verified yet, or there is none.
    `shared_with`: how many other people get messages at the same address.
    """

    active: bool = True
    has_role: bool = True
    suspended: bool = False
    waits_until: datetime | None = None
    provider_pending: bool = False
    microsoft: bool = False
    chosen: bool = False
    invited: bool = False
    link_ends_at: datetime | None = None
    undelivered: bool = False
    counts: bool = True
    address_verified: bool | None = None
    shared_with: int = 0
    must_change_password: bool = False
    signed_in: bool = False


@dataclass(frozen=True)
class Finding:
    """An answer. `fine` false and `blocks`: nobody signs in before it is put right."""

    question: Question
    fine: bool
    blocks: bool = False
    remedy: Remedy | None = None


def findings(facts: SignInFacts, *, now: datetime) -> list[Finding]:
    """Every question with its answer."""
    waits = facts.waits_until is not None and facts.waits_until > now
    link_live = facts.link_ends_at is not None and facts.link_ends_at > now
    has_password = not facts.microsoft
    asked = [
        _answer(Question.ACTIVE, facts.active, Remedy.ACTIVATE),
        _answer(Question.ROLE, facts.has_role, Remedy.GIVE_ROLE),
        _answer(Question.LOCKED, not facts.suspended, Remedy.UNLOCK),
        *([_answer(Question.WAITING, not waits, Remedy.UNLOCK)] if waits or has_password else []),
        _answer(Question.PROVIDER, not facts.provider_pending, Remedy.TO_LOCAL),
        _answer(Question.PASSWORD, facts.chosen, Remedy.INVITE),
    ]
    if not facts.chosen:
        asked += [
            _answer(Question.LINK, facts.invited and link_live, Remedy.INVITE),
            _answer(Question.DELIVERY, not facts.undelivered, Remedy.CHANGE_EMAIL),
            _answer(Question.STATUS, facts.counts, Remedy.CHANGE_STATUS),
        ]
    if facts.address_verified is not None:
        fine = facts.address_verified
        asked.append(Finding(Question.ADDRESS, fine, remedy=None if fine else Remedy.ASK_ADDRESS))
    return [
        *asked,
        Finding(Question.SHARED, facts.shared_with == 0, remedy=Remedy.CHANGE_EMAIL if facts.shared_with else None),
        *([Finding(Question.CHANGE_DUE, not facts.must_change_password)] if has_password else []),
        Finding(Question.SIGNED_IN, facts.signed_in),
    ]


def hindrance(found: list[Finding]) -> Finding | None:
    """The first thing in the way, None when nothing is."""
    return next((finding for finding in found if finding.blocks), None)


def _answer(question: Question, fine: bool, remedy: Remedy | None) -> Finding:
    return Finding(question, fine, blocks=not fine, remedy=None if fine else remedy)
