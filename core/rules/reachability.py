"""Who can be invited by e-mail or SMS, at which address, and if not, why (DESIGN §5).

`tables.reachability` says the same in SQL; a property test holds the two equal.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from core.models.people import PersonStatus


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
    PASSWORD_CHOSEN = "password_chosen"  # noqa: S105  (a word, not a password)
    NO_MOBILE = "no_mobile"
    MOBILE_NOT_VALID = "mobile_not_valid"
    REGION_NOT_ALLOWED = "region_not_allowed"
    NO_GUARDIAN_MOBILE = "no_guardian_mobile"
    OPTED_OUT = "opted_out"


@dataclass(frozen=True)
class Contact:
    """What is known of a person. `counts`: the status counts as Registered (students) or Active (others).

    `guardian_mobile`: the number of the first guardian in force who may get SMS and has one of an allowed country.
    """

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
    phone: str = ""
    phone_region: str = ""
    is_student: bool = False
    grade: str = ""
    guardian_mobile: str = ""


@dataclass(frozen=True)
class AccountSide:
    """What is known of the account. `bounced_address`: where the latest message failed for good.

    `password_chosen`: a local password that the person knows; `opted_out`: numbers whose owners want no SMS.
    """

    deactivated: bool = False
    signed_in: bool = False
    bounced_address: str = ""
    password_chosen: bool = False
    opted_out: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Policy:
    """What the school has decided. `microsoft_user_types` is empty when Microsoft 365 is off.

    `sms_order`: whose number gets a student's SMS, the first that there is; of `guardian_grades` only the guardian's.
    `registered`: the statuses of students that count as Registered.
    """

    microsoft_user_types: frozenset[str] = frozenset()
    allowed_regions: frozenset[str] = field(default_factory=frozenset)
    sms_order: tuple[str, ...] = ("student", "guardian", "home")
    guardian_grades: frozenset[str] = frozenset()
    registered: frozenset[str] = frozenset({PersonStatus.REGISTERED})

    def counts(self, *, is_student: bool, status: str) -> bool:
        """Whether somebody of this status may have an account and be written to."""
        return status in self.registered if is_student else status == PersonStatus.ACTIVE


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
    if account and not refusal and account.password_chosen:
        refusal = Refusal.PASSWORD_CHOSEN
    if refusal:
        return Verdict(refusal=refusal)
    verdict = mobile_number(contact, policy)
    if verdict.yes and account and verdict.address in account.opted_out:
        return Verdict(refusal=Refusal.OPTED_OUT)
    if verdict.yes and account and account.bounced_address == verdict.address:
        return Verdict(refusal=Refusal.BOUNCED)
    return verdict


def email_address(contact: Contact, policy: Policy) -> Verdict:
    """The address for an invitation, whatever the account says."""
    if contact.user_type == "student" and contact.user_type not in policy.microsoft_user_types:
        if not contact.use_personal_email:
            return Verdict(refusal=Refusal.PERSONAL_EMAIL_OFF)
        return _address(contact.personal_email, contact.personal_email_valid, Refusal.NO_PERSONAL_EMAIL)
    return _address(contact.contact_email, contact.contact_email_valid, Refusal.NO_CONTACT_EMAIL)


def mobile_number(contact: Contact, policy: Policy) -> Verdict:
    """The number for an SMS, whatever the account says: a student's by the school's order, else their own."""
    if contact.is_student and contact.grade in policy.guardian_grades:
        if contact.guardian_mobile:
            return Verdict(contact.guardian_mobile)
        return Verdict(refusal=Refusal.NO_GUARDIAN_MOBILE)
    for number in _numbers(contact, policy):
        if number:
            return Verdict(number)
    if not contact.mobile:
        return Verdict(refusal=Refusal.NO_MOBILE)
    if not contact.mobile_region:
        return Verdict(refusal=Refusal.MOBILE_NOT_VALID)
    return Verdict(refusal=Refusal.REGION_NOT_ALLOWED)


def _numbers(contact: Contact, policy: Policy) -> list[str]:
    """The numbers that could be used, in the order in which they are."""
    own = {
        "student": contact.mobile if contact.mobile_region in policy.allowed_regions else "",
        "guardian": contact.guardian_mobile,
        "home": contact.phone if contact.phone_region in policy.allowed_regions else "",
    }
    if contact.is_student:
        return [own[whose] for whose in policy.sms_order]
    return [own["student"], own["home"] if "home" in policy.sms_order else ""]


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
