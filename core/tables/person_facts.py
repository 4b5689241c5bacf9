"""Rows as the rules want them: what is known of a person and of an account."""

from __future__ import annotations

from core.models import Account, Person, PersonKind
from core.rules.account_state import UNDELIVERABLE, AccountFacts
from core.rules.reachability import AccountSide, Contact, Policy, email_address, reachable


def contact(person: Person, account: Account | None, policy: Policy, *, guardian_mobile: str = "") -> Contact:
    """How the person can be reached; without an account the user type is what theirs would be."""
    return Contact(
        user_type=account.user_type if account else person.kind,
        counts=policy.counts(is_student=person.kind == PersonKind.STUDENT, status=person.status),
        use_personal_email=person.use_personal_email,
        personal_email=person.personal_email,
        personal_email_valid=person.personal_email_valid,
        contact_email=person.contact_email,
        contact_email_valid=person.contact_email_valid,
        external_email=person.external_email,
        mobile=person.mobile,
        mobile_region=person.mobile_region,
        phone=person.phone,
        phone_region=person.phone_region,
        is_student=person.kind == PersonKind.STUDENT,
        grade=person.grade,
        guardian_mobile=guardian_mobile,
    )


def account_side(account: Account | None, *, opted_out: frozenset[str] = frozenset()) -> AccountSide | None:
    """What of the account decides whether an invitation may go out."""
    if account is None:
        return None
    failed = account.delivery == "failed" and account.delivery_reason in UNDELIVERABLE
    return AccountSide(
        deactivated=account.deactivated_at is not None,
        signed_in=account.first_sign_in_at is not None,
        bounced_address=(account.delivery_address or "") if failed else "",
        password_chosen=bool(account.password_hash),
        opted_out=opted_out,
    )


def account_facts(
    person: Person, account: Account | None, policy: Policy, *, guardian_mobile: str = ""
) -> AccountFacts | None:
    """What the account's state depends on."""
    if account is None:
        return None
    return AccountFacts(
        deactivated_at=account.deactivated_at,
        suspended_at=account.suspended_at,
        pending_provider_at=account.pending_provider_at,
        first_sign_in_at=account.first_sign_in_at,
        verified_at=account.verified_at,
        delivery=account.delivery,
        delivery_reason=account.delivery_reason,
        invited_at=account.invited_at,
        invitation_ends_at=account.invitation_ends_at,
        reachable=reachable(contact(person, account, policy, guardian_mobile=guardian_mobile), policy),
    )


def address(person: Person, account: Account | None, policy: Policy) -> str:
    """Where the person's messages go at this moment, if anywhere."""
    return email_address(contact(person, account, policy), policy).address


def is_address_verified(person: Person, account: Account, policy: Policy) -> bool:
    """Whether the person was verified at the e-mail address in use."""
    known = account.verified_at is not None and account.verified_address
    return bool(known) and account.verified_address == address(person, account, policy)
