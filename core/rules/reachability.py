"""Who can be invited by e-mail or SMS, at which address, and if not, why (DESIGN §5).

`tables.reachability` says the same in SQL; a property test holds the two equal.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Refusal(StrEnum):
    """Why somebody cannot be invited, in the order in which it is asked."""

    NO_ACCOUNT = "no_account"
    DEACTIVATED = "deactivated"
    SIGNED_IN = "signed_in"
    STATUS = "status"
    PERSONAL_EMAIL_OFF = "personal_email_off"
    NO_PERSONAL_EMAIL = "no_personal_email"
    NO_CONTACT_EMAIL = "no_contact_email"
    ADDRESS_NOT_VALID = "address_not_valid"
    BOUNCED = "bounced"
    NO_MOBILE = "no_mobile"
    MOBILE_NOT_VALID = "mobile_not_valid"
    REGION_NOT_ALLOWED = "region_not_allowed"


@dataclass(frozen=True)
class Contact:
    """What is known of a person. `counts`: the status counts as Registered (students) or Active (others)."""

    user_type: str
    counts: bool = True
    use_personal_email: bool = False
    personal_email: str = ""
    personal_email_valid: bool = False
    contact_email: str = ""
    contact_email_valid: bool = False
    external_email: str = ""
    mobile: str = ""
    mobile_region: str = ""


@dataclass(frozen=True)
class AccountSide:
    """What is known of the account. `bounced_address`: where the latest message failed for good."""

    deactivated: bool = False
    signed_in: bool = False
    bounced_address: str = ""


@dataclass(frozen=True)
class Policy:
    """What the school has decided. `microsoft_user_types` is empty when Microsoft 365 is off."""

    microsoft_user_types: frozenset[str] = frozenset()
    allowed_regions: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True)
class Verdict:
    """Where to write, or why not."""

    address: str = ""
    refusal: Refusal | None = None

    @property
    def yes(self) -> bool:
        return self.refusal is None


def by_email(contact: Contact, account: AccountSide | None, policy: Policy) -> Verdict:
    """Whether an initial invitation can go out by e-mail, and to which address."""
    refusal = _account_refusal(contact, account)
    if refusal:
        return Verdict(refusal=refusal)
    verdict = email_address(contact, policy)
    if verdict.yes and account and account.bounced_address == verdict.address:
        return Verdict(refusal=Refusal.BOUNCED)
    return verdict


def by_sms(contact: Contact, account: AccountSide | None, policy: Policy) -> Verdict:
    """Whether the initial credentials can go out by SMS, and to which number (E.164)."""
    refusal = _account_refusal(contact, account)
    return Verdict(refusal=refusal) if refusal else mobile_number(contact, policy)


def email_address(contact: Contact, policy: Policy) -> Verdict:
    """The address for an invitation, whatever the account says."""
    if contact.user_type == "student" and contact.user_type not in policy.microsoft_user_types:
        if not contact.use_personal_email:
            return Verdict(refusal=Refusal.PERSONAL_EMAIL_OFF)
        return _address(contact.personal_email, contact.personal_email_valid, Refusal.NO_PERSONAL_EMAIL)
    return _address(contact.contact_email, contact.contact_email_valid, Refusal.NO_CONTACT_EMAIL)


def mobile_number(contact: Contact, policy: Policy) -> Verdict:
    """The number for an SMS, whatever the account says."""
    if not contact.mobile:
        return Verdict(refusal=Refusal.NO_MOBILE)
    if not contact.mobile_region:
        return Verdict(refusal=Refusal.MOBILE_NOT_VALID)
    if contact.mobile_region not in policy.allowed_regions:
        return Verdict(refusal=Refusal.REGION_NOT_ALLOWED)
    return Verdict(contact.mobile)


def reachable(contact: Contact, policy: Policy) -> bool:
    """Whether there is any usable address: what makes an account Ready and not Not reachable."""
    return email_address(contact, policy).yes or mobile_number(contact, policy).yes


def opens_in_same_mailbox(contact: Contact) -> bool:
    """Contact e-mail equals the new Microsoft address: nobody can open that mailbox yet."""
    return bool(contact.external_email) and contact.contact_email.lower() == contact.external_email.lower()


def _account_refusal(contact: Contact, account: AccountSide | None) -> Refusal | None:
    if account is None:
        return Refusal.NO_ACCOUNT
    if account.deactivated:
        return Refusal.DEACTIVATED
    if account.signed_in:
        return Refusal.SIGNED_IN
    return None if contact.counts else Refusal.STATUS


def _address(text: str, valid: bool, missing: Refusal) -> Verdict:
    if not text:
        return Verdict(refusal=missing)
    return Verdict(text) if valid else Verdict(refusal=Refusal.ADDRESS_NOT_VALID)
