"""rules.reachability in SQL, over Person and Account (outer join: a person may have no account)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import col

from core.models import Account, Channel, Guardianship, OptOut, Person, PersonKind, PersonStatus
from core.rules.account_state import UNDELIVERABLE
from core.rules.reachability import Policy, Refusal
from core.tables import scope
from core.tables.built import once_a_day

Text = sa.ColumnElement[str]
Truth = sa.ColumnElement[bool]


@once_a_day
def email_refusal(policy: Policy) -> sa.ColumnElement[str | None]:
    """Why the initial invitation cannot go to the person by e-mail (a Refusal), NULL when it can."""
    return sa.case(*_account_refusals(policy), *_email_refusals(policy), (_bounced(policy), _word(Refusal.BOUNCED)))


@once_a_day
def sms_refusal(policy: Policy) -> sa.ColumnElement[str | None]:
    """Why initial credentials cannot go to the person by SMS (a Refusal), NULL when they can."""
    number = sms_address(policy)
    return sa.case(
        *_account_refusals(policy),
        (_has_password(), _word(Refusal.PASSWORD_CHOSEN)),
        _no_number(policy),
        (wants_no_sms(number), _word(Refusal.OPTED_OUT)),
        (_failed_at(number), _word(Refusal.BOUNCED)),
    )


@once_a_day
def can_be_invited(policy: Policy) -> Truth:
    """Whether there is no refusal by e-mail: flags tell it, for what is valid is not empty."""
    return _none_of([*_accounts_refused(policy), sa.not_(has_email_address(policy)), _bounced(policy)])


@once_a_day
def can_get_sms(policy: Policy) -> Truth:
    """Whether there is no refusal by SMS: the number is made once, to be compared with none and with those of STOP."""
    number = sms_address(policy)
    none = sa.union_all(sa.select(sa.literal("")), sa.select(col(OptOut.address)).where(_by_sms()))
    unwanted = sa.func.coalesce(number, "").in_(none)
    return _none_of([*_accounts_refused(policy), _has_password(), unwanted, _failed_at(number)])


def wants_no_sms(number: sa.ColumnElement[Any] | sa.ScalarSelect[Any]) -> Truth:
    """Whether the owner of a number wrote STOP (R88)."""
    return sa.exists().where(_by_sms(), col(OptOut.address) == number)


def _by_sms() -> Truth:
    return col(OptOut.channel) == Channel.SMS.value


@once_a_day
def email_address(policy: Policy) -> Text:
    """The address that an invitation goes to; meaningful only where there is no refusal."""
    return sa.case((uses_personal_email(policy), col(Person.personal_email)), else_=col(Person.contact_email))


@once_a_day
def has_email_address(policy: Policy) -> Truth:
    """Whether there is a usable e-mail address, whatever the account says. What is valid is not empty."""
    return sa.case((uses_personal_email(policy), _has_personal_email()), else_=col(Person.contact_email_valid))


def has_email_address_by_kind(policy: Policy) -> Truth:
    """The same of the person alone: of a student as if the account were one of a student, of others as if not."""
    in_use = sa.false() if "student" in policy.microsoft_user_types else _is_student()
    return sa.case((in_use, _has_personal_email()), else_=col(Person.contact_email_valid))


@once_a_day
def verified_address(policy: Policy) -> Truth:
    """Whether the address in use is the one at which the person was verified."""
    known = sa.and_(col(Account.verified_at).is_not(None), col(Account.verified_address) != "")
    return sa.and_(known, col(Account.verified_address) == email_address(policy))


@once_a_day
def reachable(policy: Policy) -> Truth:
    """Whether there is any usable address: what makes an account Ready and not Not reachable."""
    return sa.or_(has_email_address(policy), has_sms_number(policy))


@once_a_day
def has_mobile(policy: Policy) -> Truth:
    """Whether the person has a mobile number of an allowed country."""
    return col(Person.mobile_region).in_(sorted(policy.allowed_regions))


@once_a_day
def has_sms_number(policy: Policy) -> Truth:
    """Whether there is a number for an SMS: own ones are asked first, and guardians only where those are missing."""
    guarded, by_guardian = _only_by_guardian(policy), _has_guardian_number(policy)
    own = sa.or_(_student_or(sa.literal("student" in policy.sms_order)) & has_mobile(policy), _has_home_phone(policy))
    if "guardian" in policy.sms_order:
        own = sa.or_(own, sa.and_(_is_student(), by_guardian))
    return sa.case((guarded, by_guardian), else_=own) if policy.guardian_grades else own


@once_a_day
def perhaps_not(policy: Policy) -> Truth:
    """Holds for at least the persons who cannot be reached: asks one index of persons and no account.

    A student's account is nearly always of the type student; where it is not, the person is among them in any case.
    """
    other = sa.select(col(Account.person_id)).where(col(Account.user_type).in_(("alumnus", "agent", "partner")))
    no_number = sa.not_(has_mobile(policy))
    if policy.guardian_grades:
        no_number = sa.or_(no_number, _only_by_guardian(policy))
    if "student" not in policy.sms_order:
        no_number = sa.or_(no_number, _is_student())
    return sa.or_(sa.and_(no_number, sa.not_(has_email_address_by_kind(policy))), col(Person.id).in_(other))


def user_type() -> Text:
    """What the person is; without an account, what an account of theirs would be."""
    return sa.func.coalesce(col(Account.user_type), col(Person.kind))


def counts(policy: Policy) -> Truth:
    """Whether the status counts: for students those that the school takes for Registered, Active for others."""
    registered = col(Person.status).in_(sorted(policy.registered))
    return sa.or_(
        sa.and_(col(Person.kind) == PersonKind.STUDENT, registered),
        sa.and_(col(Person.kind) != PersonKind.STUDENT, col(Person.status) == PersonStatus.ACTIVE),
    )


def uses_personal_email(policy: Policy) -> Truth:
    """Whether invitations go to the personal e-mail, once it is switched on; to the contact e-mail otherwise."""
    return sa.false() if "student" in policy.microsoft_user_types else user_type() == "student"


def _has_personal_email() -> Truth:
    return sa.and_(col(Person.use_personal_email), col(Person.personal_email_valid))


def _account_refusals(policy: Policy) -> list[tuple[Truth, Any]]:
    return [
        (col(Account.id).is_(None), _word(Refusal.NO_ACCOUNT)),
        (col(Account.deactivated_at).is_not(None), _word(Refusal.DEACTIVATED)),
        (col(Account.first_sign_in_at).is_not(None), _word(Refusal.SIGNED_IN)),
        (sa.not_(counts(policy)), _word(Refusal.STATUS)),
    ]


def _has_password() -> Truth:
    return col(Account.has_password).is_(True)


def _accounts_refused(policy: Policy) -> list[Truth]:
    return [refused for refused, _why in _account_refusals(policy)]


def _none_of(refused: list[Truth]) -> Truth:
    """Asked one after the other, and never unknown."""
    return sa.case(*((one, sa.false()) for one in refused), else_=sa.true())


def _email_refusals(policy: Policy) -> list[tuple[Truth, Any]]:
    personal = uses_personal_email(policy)
    valid = sa.case((personal, col(Person.personal_email_valid)), else_=col(Person.contact_email_valid))
    return [
        (sa.and_(personal, sa.not_(col(Person.use_personal_email))), _word(Refusal.PERSONAL_EMAIL_OFF)),
        (sa.and_(personal, col(Person.personal_email) == ""), _word(Refusal.NO_PERSONAL_EMAIL)),
        (sa.and_(sa.not_(personal), col(Person.contact_email) == ""), _word(Refusal.NO_CONTACT_EMAIL)),
        (sa.not_(valid), _word(Refusal.ADDRESS_NOT_VALID)),
    ]


def _bounced(policy: Policy) -> Truth:
    return _failed_at(email_address(policy))


def _failed_at(address: Text) -> Truth:
    failed = sa.and_(col(Account.delivery) == "failed", col(Account.delivery_reason).in_(sorted(UNDELIVERABLE)))
    return sa.and_(failed, col(Account.delivery_address) == address)


def _no_number(policy: Policy) -> tuple[Truth, Any]:
    """One CASE within the other: whether there is a number is asked once, for it may ask for all guardians."""
    guarded = [(_only_by_guardian(policy), _word(Refusal.NO_GUARDIAN_MOBILE))] if policy.guardian_grades else []
    why = sa.case(
        *guarded,
        (col(Person.mobile) == "", _word(Refusal.NO_MOBILE)),
        (col(Person.mobile_region) == "", _word(Refusal.MOBILE_NOT_VALID)),
        else_=_word(Refusal.REGION_NOT_ALLOWED),
    )
    return sa.not_(has_sms_number(policy)), why


@once_a_day
def sms_address(policy: Policy) -> Text:
    """The number that an SMS goes to; meaningful only where there is no refusal.

    It ends at the first that there is: guardians are looked up once, and only where the numbers before are missing.
    """
    guardian = guardian_number(policy)
    of = {
        "student": sa.case((has_mobile(policy), col(Person.mobile))),
        "home": sa.case((_phone_allowed(policy), col(Person.phone))),
        "guardian": guardian,
    }
    whens: list[tuple[Truth, Any]] = [(_only_by_guardian(policy), guardian)] if policy.guardian_grades else []
    others = [whose for whose in ("student", "home") if whose == "student" or whose in policy.sms_order]
    numbers = [sa.func.coalesce(*(of[whose] for whose in order), "") for order in (policy.sms_order, others)]
    return sa.case(*whens, (_is_student(), numbers[0]), else_=numbers[1])


def _is_student() -> Truth:
    return col(Person.kind) == PersonKind.STUDENT


def _student_or(holds: Truth) -> Truth:
    """Others have their own number whatever the order for students says."""
    return sa.or_(sa.not_(_is_student()), holds)


def _only_by_guardian(policy: Policy) -> Truth:
    return sa.and_(_is_student(), col(Person.grade).in_(sorted(policy.guardian_grades)))


def _phone_allowed(policy: Policy) -> Truth:
    return col(Person.phone_region).in_(sorted(policy.allowed_regions))


def _has_home_phone(policy: Policy) -> Truth:
    return _phone_allowed(policy) if "home" in policy.sms_order else sa.false()


@once_a_day
def guardian_number(policy: Policy) -> Text:
    """The mobile of the first guardian in force who may get SMS and has one of an allowed country; else NULL."""
    _guardian, tie, numbers = _guardian_numbers(policy)
    first: Text = numbers.order_by(col(tie.priority), col(tie.id)).limit(1).correlate(Person).scalar_subquery()
    return first


def _has_guardian_number(policy: Policy) -> Truth:
    """Whether there is any: which of them comes first costs more than this."""
    _guardian, _tie, numbers = _guardian_numbers(policy)
    return numbers.correlate(Person).exists()


def _guardian_numbers(policy: Policy) -> tuple[type[Person], type[Guardianship], sa.Select[Any]]:
    """The numbers, by the narrow index of people: the whole row of each guardian costs more."""
    guardian, tie = aliased(Person), aliased(Guardianship)
    numbers = sa.select(col(guardian.mobile)).join(tie, col(tie.guardian_id) == col(guardian.id))
    numbers = numbers.with_hint(guardian, "INDEXED BY person_for_status", "sqlite")
    mine = numbers.where(col(tie.student_id) == col(Person.id), col(tie.may_sms), scope.holds_today(tie))
    return guardian, tie, mine.where(col(guardian.mobile_region).in_(sorted(policy.allowed_regions)))


def _word(refusal: Refusal) -> sa.ColumnElement[str]:
    return sa.literal_column(f"'{refusal.value}'", sa.String())
