"""Accounts, their roles, the invitations to them, and the sessions of those who have signed in."""

from datetime import date, datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from core.models.columns import UtcDateTime, json_type


class UserType(StrEnum):
    """What a person is: the eight of Classter."""

    ADMINISTRATOR = "administrator"
    STUDENT = "student"
    TEACHER = "teacher"
    PARTNER = "partner"
    STAFF = "staff"
    GUARDIAN = "guardian"
    ALUMNUS = "alumnus"
    AGENT = "agent"


class SignInMethod(StrEnum):
    """Where the password of an account lives."""

    LOCAL = "local"
    MICROSOFT = "microsoft"


# What of the state follows from the account alone, whatever the time: the database keeps it, and indexes it.
_STANDING = """CASE
WHEN deactivated_at IS NOT NULL THEN 'deactivated'
WHEN suspended_at IS NOT NULL THEN 'locked'
WHEN pending_provider_at IS NOT NULL THEN 'pending_provider'
WHEN first_sign_in_at IS NOT NULL THEN 'signed_in'
WHEN verified_at IS NOT NULL THEN 'verified'
WHEN delivery = 'failed' AND delivery_reason IN ('bounced', 'blocked', 'bad_address') THEN 'bounced'
WHEN invited_at IS NOT NULL THEN 'invited'
ELSE 'not_invited' END"""


class Account(SQLModel, table=True):
    """What signs in, for one person. Facts only: the account's state is derived by rules.account_state.

    `invited_at` is when the latest invitation was handed to a provider (or printed), `invitation_ends_at` its end;
    `delivery` and `delivery_reason` are what became of its latest message, and `delivery_address` where that one went.
    `username_key` is the username folded for comparing. `password_hash` is empty until the person chose a password.
    `verified_address` is the e-mail address at which the person was: by a link that went there.
    `verified_at` and `first_sign_in_at` speak of the present way in: a conversion ends it, and they begin anew.
    """

    __table_args__ = (
        sa.Index("account_by_type", "user_type", "person_id"),
        sa.Index("account_by_username", "username_key", "person_id"),
        sa.Index("account_by_standing", "standing", "invitation_ends_at", "person_id"),
        sa.Index("account_by_invitation", "invited_at", "person_id"),
        sa.Index("account_by_delivery", "delivery", "person_id"),
        sa.Index("account_by_method", "sign_in_method", "person_id"),
        sa.Index("account_by_creation", "created_at", "person_id"),
        sa.Index("account_by_verification", "verified_at", "person_id"),
        sa.Index("account_by_first_sign_in", "first_sign_in_at", "person_id"),
        sa.Index("account_by_end_of_link", "invitation_ends_at", "person_id"),
        sa.Index("account_by_times_invited", "times_invited", "person_id"),
        sa.Index("account_by_change_due", "must_change_password", "person_id"),
        sa.Index("account_by_last_sign_in", "last_sign_in_at", "person_id"),
        # All that Account status and the counts of lists ask of an account: it is read from end to end.
        sa.Index(
            "account_for_status",
            *("person_id", "user_type", "standing", "first_sign_in_at", "verified_at", "invited_at"),
            *("invitation_ends_at", "delivery", "delivery_reason", "created_at", "deactivated_at"),
            *("suspended_at", "pending_provider_at", "times_invited", "has_password", "id"),
        ),
        sa.UniqueConstraint("tenant_id", "object_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id", unique=True)
    user_type: str
    username: str
    username_key: str = Field(unique=True)
    sign_in_method: str = SignInMethod.LOCAL
    tenant_id: str | None = None
    object_id: str | None = None
    password_hash: str = ""
    password_changed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)
    verified_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    verified_address: str = ""
    first_sign_in_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_sign_in_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    sign_ins: int = 0
    failed_sign_ins: int = 0
    next_try_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    suspended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    deactivated_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    pending_provider_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    invited_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    invitation_ends_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    times_invited: int = 0
    delivery: str | None = None
    delivery_reason: str | None = None
    delivery_address: str | None = None
    must_change_password: bool = False
    standing: str | None = Field(default=None, sa_column=sa.Column(sa.String, sa.Computed(_STANDING, persisted=True)))
    has_password: bool | None = Field(
        default=None, sa_column=sa.Column(sa.Boolean, sa.Computed("password_hash <> ''", persisted=True))
    )


class AccountRole(SQLModel, table=True):
    """A role an account holds, for everybody or for some sections, between two dates.

    The sections are those named, and those of the current period that are of a grade or a school named: who coordinates
    a grade does so next year too.

    With `period_id` it holds while that academic period is the current one, without it in every period.
    """

    __tablename__ = "account_role"
    __table_args__ = (
        sa.UniqueConstraint("account_id", "role", "period_id"),
        sa.Index("account_role_by_role", "role", "account_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="account.id")
    role: str
    period_id: int | None = Field(default=None, foreign_key="academic_period.id")
    everybody: bool = False
    section_ids: list[int] = Field(default_factory=list, sa_type=json_type())
    grades: list[str] = Field(default_factory=list, sa_type=json_type())
    schools: list[str] = Field(default_factory=list, sa_type=json_type())
    starts_on: date | None = None
    ends_on: date | None = None


class Purpose(StrEnum):
    """What an invitation's secret opens."""

    LINK = "link"
    PASSWORD = "password"  # noqa: S105  (a word, not a password)
    ADDRESS = "address"
    RESET = "reset"


class Superseded(StrEnum):
    """Why an invitation ended before its time."""

    REPLACED = "replaced"
    PASSWORD_CHOSEN = "password_chosen"  # noqa: S105
    ADDRESS_CHANGED = "address_changed"
    DEACTIVATED = "deactivated"
    VOIDED = "voided"
    ROLE_CHANGED = "role_changed"
    GUESSED = "guessed"
    CAME_BACK = "came_back"


class Invitation(SQLModel, table=True):
    """One issue of a link or an initial password. The secret is derived from `uid` and the key `kid` (DESIGN §4).

    `issued_by` is the account of the member of staff who issued it by hand; what a campaign issues names its campaign.
    """

    __table_args__ = (
        sa.Index("invitation_by_account", "account_id", "purpose", "id"),
        sa.Index("invitation_by_channel", "account_id", "id", "purpose", "channel", "issued_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="account.id")
    purpose: str
    uid: str = Field(unique=True)
    kid: str
    token_hash: str = Field(unique=True)
    channel: str
    address: str = ""
    issued_at: datetime = Field(sa_type=UtcDateTime)
    issued_by: int | None = None
    expires_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    superseded_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    superseded_because: str | None = None


class SignInSession(SQLModel, table=True):
    """Somebody signed in on one browser. `id` may be shown inside the server, the token never (R34).

    `confirmed_at` is when they last proved anew who they are (R31).
    """

    __tablename__ = "sign_in_session"

    id: str = Field(primary_key=True)
    token_hash: str = Field(unique=True)
    account_id: int = Field(foreign_key="account.id", index=True)
    created_at: datetime = Field(sa_type=UtcDateTime)
    last_used_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ip: str = ""
    user_agent: str = ""


class ThrottleScope(StrEnum):
    """What is counted together."""

    EVERYBODY = "everybody"
    ADDRESS = "address"
    STAFF = "staff"
    DEVICE = "device"
    ASKED = "asked"
    ASKED_FROM = "asked_from"
    SET_OUT_FROM = "set_out_from"


class Throttle(SQLModel, table=True):
    """How often something failed, or was asked for, in one window of time (R08-R10). Never what was typed.

    `subject` is the network address or the device (or what stands for one), empty where all count. `alarmed_at`:
    administrators were told.
    """

    scope: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    began_at: datetime = Field(primary_key=True, sa_type=UtcDateTime)
    times: int = 0
    alarmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class SetupToken(SQLModel, table=True):
    """The one-time link that creates the first administrator; only its hash is kept (R30)."""

    __tablename__ = "setup_token"

    token_hash: str = Field(primary_key=True)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class MicrosoftFlow(SQLModel, table=True):
    """A sign-in with Microsoft that has begun: what must come back with it, sealed, for ten minutes and one use."""

    __tablename__ = "microsoft_flow"

    token_hash: str = Field(primary_key=True)
    expires_at: datetime = Field(sa_type=UtcDateTime, index=True)
    kid: str
    sealed: bytes


class SignInStep(SQLModel, table=True):
    """Between the right password and the second factor: a few minutes, and no session (R24, R25).

    `sealed` is the seed that is being set up on a phone, under the key `kid`; empty where only a code is asked.
    """

    __tablename__ = "sign_in_step"

    id: str = Field(primary_key=True)
    token_hash: str = Field(unique=True)
    account_id: int = Field(foreign_key="account.id", index=True)
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    target: str = "/"
    kid: str = ""
    sealed: bytes = b""


class TotpDevice(SQLModel, table=True):
    """The authenticator app of an account. Its seed is `sealed` under the key `kid`, for this row alone (R26, R90).

    `last_step` is the half minute of the code used last: neither it nor an earlier one is taken again.
    """

    __tablename__ = "totp_device"

    account_id: int = Field(foreign_key="account.id", primary_key=True)
    kid: str
    sealed: bytes
    enrolled_at: datetime = Field(sa_type=UtcDateTime)
    last_step: int = 0
    failed_tries: int = 0
    next_try_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class RecoveryCode(SQLModel, table=True):
    """One of ten codes on paper that stand in for the app, once each (R27). `hint`: the first letters, to find it."""

    __tablename__ = "recovery_code"
    __table_args__ = (sa.UniqueConstraint("account_id", "hint"),)

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="account.id")
    hint: str
    code_hash: str
    made_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
