"""Who is in a message that was queued, and is not to get it any more: asked once more when it is claimed."""

from __future__ import annotations

from typing import Any

from core.models import MessageStatus, PersonKind, SignInMethod
from core.rules.account_state import UNDELIVERABLE
from core.rules.delivery_status import ADDRESS_CHANGED
from core.rules.reachability import Refusal
from core.rules.words import REFUSAL
from core.services.delivery_texts import Form

NOT_NEEDED = "not needed any more"


def why_not(form: Form, person: Any, message: Any) -> str:
    """Why the person is not in the message any more; empty when they are.

    A key goes only to whom the check would give it now: between launch and claim lie up to 60 days, and a pause. And
    only where the rule would send it: numbers change in many places, guardians' too.
    """
    if not _needs_it(form, person, message.language):
        return NOT_NEEDED
    if form.opens_account and not _counts(form, person):
        return REFUSAL[Refusal.STATUS]
    if form.was_checked and _bounced_at(person) == message.address:
        return REFUSAL[Refusal.BOUNCED]
    return ADDRESS_CHANGED if form.is_for_one and person.goes_to != message.address else ""


def _counts(form: Form, person: Any) -> bool:
    return form.policy.counts(is_student=person.kind == PersonKind.STUDENT, status=person.status)


def _bounced_at(person: Any) -> str | None:
    failed = person.delivery == MessageStatus.FAILED and person.delivery_reason in UNDELIVERABLE
    return person.delivery_address if failed else None


def _needs_it(form: Form, person: Any, language: str) -> bool:
    """Deactivated or signed in since the launch, or a password chosen meanwhile: nobody needs it any more."""
    if form.asks_about_address:
        return not person.deactivated_at
    if form.resets:
        return not person.deactivated_at and person.sign_in_method == SignInMethod.LOCAL
    if not form.has_key:
        return True
    done = person.deactivated_at or person.first_sign_in_at
    return not done and not (person.password_hash and form.needs_password(person, language))
