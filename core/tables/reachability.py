"""rules.reachability in SQL, over Person and Account (outer join: a person may have no account)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from core.models import Account, Person, PersonKind, PersonStatus
from core.rules.account_state import UNDELIVERABLE
from core.rules.reachability import Policy, Refusal

Text = sa.ColumnElement[str]
Truth = sa.ColumnElement[bool]


def email_refusal(policy: Policy) -> sa.ColumnElement[str | None]:
    """Why the initial invitation cannot go to the person by e-mail (a Refusal), NULL when it can."""
    return sa.case(*_account_refusals(), *_email_refusals(policy), (_bounced(policy), _word(Refusal.BOUNCED)))


def sms_refusal(policy: Policy) -> sa.ColumnElement[str | None]:
    """Why initial credentials cannot go to the person by SMS (a Refusal), NULL when they can."""
    return sa.case(*_account_refusals(), *_mobile_refusals(policy))


def email_address(policy: Policy) -> Text:
    """The address that an invitation goes to; meaningful only where there is no refusal."""
    return sa.case((_uses_personal_email(policy), col(Person.personal_email)), else_=col(Person.contact_email))


def has_email_address(policy: Policy) -> Truth:
    """Whether there is a usable e-mail address, whatever the account says."""
    personal = sa.and_(
        col(Person.use_personal_email), col(Person.personal_email) != "", col(Person.personal_email_valid)
    )
    contact = sa.and_(col(Person.contact_email) != "", col(Person.contact_email_valid))
    uses_personal = _uses_personal_email(policy)
    return sa.or_(sa.and_(uses_personal, personal), sa.and_(sa.not_(uses_personal), contact))


def reachable(policy: Policy) -> Truth:
    """Whether there is any usable address: what makes an account Ready and not Not reachable."""
    return sa.or_(has_email_address(policy), has_mobile(policy))


def has_mobile(policy: Policy) -> Truth:
    """Whether there is a mobile number of an allowed country."""
    return col(Person.mobile_region).in_(sorted(policy.allowed_regions))


def perhaps_not(policy: Policy) -> Truth:
    """Holds for at least the persons who cannot be reached: asks one index of persons and no account.

    A student's account is nearly always of the type student; where it is not, the person is among them in any case.
    """
    other = sa.select(col(Account.person_id)).where(col(Account.user_type).in_(("alumnus", "agent", "partner")))
    personal = sa.and_(col(Person.use_personal_email), col(Person.personal_email_valid))
    of_student = col(Person.contact_email_valid) if "student" in policy.microsoft_user_types else personal
    by_email = sa.case((col(Person.kind) == PersonKind.STUDENT, of_student), else_=col(Person.contact_email_valid))
    return sa.or_(sa.and_(sa.not_(has_mobile(policy)), sa.not_(by_email)), col(Person.id).in_(other))


def user_type() -> Text:
    """What the person is; without an account, what an account of theirs would be."""
    return sa.func.coalesce(col(Account.user_type), col(Person.kind))


def counts() -> Truth:
    """Whether the status counts: Registered for students, Active for others."""
    registered = sa.and_(col(Person.kind) == PersonKind.STUDENT, col(Person.status) == PersonStatus.REGISTERED)
    return sa.or_(
        registered, sa.and_(col(Person.kind) != PersonKind.STUDENT, col(Person.status) == PersonStatus.ACTIVE)
    )


def _uses_personal_email(policy: Policy) -> Truth:
    return sa.false() if "student" in policy.microsoft_user_types else user_type() == "student"


def _account_refusals() -> list[tuple[Truth, Any]]:
    return [
        (col(Account.id).is_(None), _word(Refusal.NO_ACCOUNT)),
        (col(Account.deactivated_at).is_not(None), _word(Refusal.DEACTIVATED)),
        (col(Account.first_sign_in_at).is_not(None), _word(Refusal.SIGNED_IN)),
        (sa.not_(counts()), _word(Refusal.STATUS)),
    ]


def _email_refusals(policy: Policy) -> list[tuple[Truth, Any]]:
    personal = _uses_personal_email(policy)
    valid = sa.case((personal, col(Person.personal_email_valid)), else_=col(Person.contact_email_valid))
    return [
        (sa.and_(personal, sa.not_(col(Person.use_personal_email))), _word(Refusal.PERSONAL_EMAIL_OFF)),
        (sa.and_(personal, col(Person.personal_email) == ""), _word(Refusal.NO_PERSONAL_EMAIL)),
        (sa.and_(sa.not_(personal), col(Person.contact_email) == ""), _word(Refusal.NO_CONTACT_EMAIL)),
        (sa.not_(valid), _word(Refusal.ADDRESS_NOT_VALID)),
    ]


def _bounced(policy: Policy) -> Truth:
    failed = sa.and_(col(Account.delivery) == "failed", col(Account.delivery_reason).in_(sorted(UNDELIVERABLE)))
    return sa.and_(failed, col(Account.delivery_address) == email_address(policy))


def _mobile_refusals(policy: Policy) -> list[tuple[Truth, Any]]:
    return [
        (col(Person.mobile) == "", _word(Refusal.NO_MOBILE)),
        (col(Person.mobile_region) == "", _word(Refusal.MOBILE_NOT_VALID)),
        (col(Person.mobile_region).not_in(sorted(policy.allowed_regions)), _word(Refusal.REGION_NOT_ALLOWED)),
    ]


def _word(refusal: Refusal) -> sa.ColumnElement[str]:
    return sa.literal_column(f"'{refusal.value}'", sa.String())


def sms_address(policy: Policy) -> Text:
    """The number that an SMS goes to; meaningful only where there is no refusal."""
    return sa.type_coerce(col(Person.mobile), sa.String())
