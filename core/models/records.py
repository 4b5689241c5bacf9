"""What Firstkey remembers about its own use: settings of the school, selections, imports, the audit."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from core.models.columns import UtcDateTime, json_type


class SchoolSettings(SQLModel, table=True):
    """What the school decides. One row, id 1.

    `sms_number_order`: whose number gets an SMS for a student, the first that there is; for `sms_guardian_grades` only
    the guardian's (R107). `sms_price` is what one segment costs, `sms_spend_per_day` what a day may cost at most, in
    `sms_currency`. Above `fresh_code_above` recipients the sender proves anew who they are, above `typed_count_above`
    they type the number, and above `second_administrator_above` another administrator looks first (R32; 0: never). A
    campaign by e-mail pauses by itself after `pause_after_failures` failures in a row, one by SMS after
    `sms_pause_after_failures`.
    A session ends after so many minutes without use, and after so many hours in any case (R36). Of a sign-in on a new
    device staff and guardians are always told. `second_factor`: staff with a local password need a code of their phone
    too, from their next sign-in on (R25).
    With `reminders` unanswered invitations are sent again, `reminder_after_days` after the last one and
    `reminders_at_most` times, from `reminder_hour` on. The `keep_` settings say how long what has ended stays (R102).
    Messages go out in `languages` only. `password_lengths` and `default_roles` name user types that differ from the
    others; whose type is in `auto_invite` is invited as soon as their account is made. `portal_address` is where people
    go on to.
    Users of Microsoft are made under `microsoft_domain`, and put into `microsoft_licence_group` (the id of a group)
    where there is one; with `microsoft_only_on_creation` they are not changed afterwards.
    An import that would mark more than `leavers_percent` of the students, or of the staff, as left marks nobody; who is
    missing from a file of the import folder is marked with `folder_marks_leavers` only.
    """

    __tablename__ = "school_settings"

    id: int = Field(default=1, primary_key=True)
    school_name: str = "My school"
    is_demo: bool = False
    time_zone: str = "Europe/Athens"
    default_language: str = "en"
    default_region: str = "GR"
    allowed_regions: list[str] = Field(default_factory=lambda: ["CY", "DE", "FR", "GB", "GR"], sa_type=json_type())
    help_contact: str = ""
    microsoft: bool = False
    microsoft_user_types: list[str] = Field(
        default_factory=lambda: ["student", "teacher", "staff", "administrator"], sa_type=json_type()
    )
    link_days: int = 7
    password_length: int = 15
    staff_password_length: int = 15
    username_pattern: str = "FirstName(1)LastName"
    username_suffix: str = ""
    sms_number_order: list[str] = Field(default_factory=lambda: ["student", "guardian", "home"], sa_type=json_type())
    sms_guardian_grades: list[str] = Field(default_factory=list, sa_type=json_type())
    sms_password_days: int = 7
    sms_from_hour: int = 8
    sms_until_hour: int = 21
    sms_price: float = 0.06
    sms_currency: str = "EUR"
    sms_spend_per_day: float = 100.0
    sms_per_number_per_day: int = 5
    email_per_day: int = 100_000
    sms_per_day: int = 5_000
    fresh_code_above: int = 100
    typed_count_above: int = 1_000
    second_administrator_above: int = 0
    pause_after_failures: int = 10
    sms_pause_after_failures: int = 10
    administrator_idle_minutes: int = 15
    administrator_session_hours: int = 8
    idle_minutes: int = 30
    session_hours: int = 12
    tell_students_of_new_devices: bool = False
    second_factor: bool = True
    reminders: bool = False
    reminder_after_days: int = 5
    reminders_at_most: int = 2
    reminder_hour: int = 10
    keep_invitations_days: int = 30
    keep_outbox_days: int = 30
    keep_leavers_months: int = 12
    keep_audit_months: int = 24
    alert_address: str = ""
    languages: list[str] = Field(default_factory=lambda: ["en", "el"], sa_type=json_type())
    portal_address: str = ""
    show_first_password: bool = True
    password_expires_days: int = 0
    password_lengths: dict[str, int] = Field(default_factory=dict, sa_type=json_type())
    slip_days: int = 21
    auto_invite: list[str] = Field(default_factory=list, sa_type=json_type())
    registered_statuses: list[str] = Field(default_factory=lambda: ["registered"], sa_type=json_type())
    default_roles: dict[str, str] = Field(default_factory=dict, sa_type=json_type())
    microsoft_domain: str = ""
    microsoft_licence_group: str = ""
    microsoft_only_on_creation: bool = True
    leavers_percent: int = 10
    folder_marks_leavers: bool = False


class Selection(SQLModel, table=True):
    """Which rows of a list an account has chosen (DESIGN §6). One per account and list.

    `everything` false: the rows of SelectionItem. True: all that match `filter`, without the rows of SelectionItem.
    `shown_filter` is the filter of the latest Search; reports without a choice cover what it shows.
    """

    __table_args__ = (sa.UniqueConstraint("account_id", "list_name"),)

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="account.id")
    list_name: str
    everything: bool = False
    filter: dict[str, object] = Field(default_factory=dict, sa_type=json_type())
    shown_filter: dict[str, object] = Field(default_factory=dict, sa_type=json_type())
    changed_at: datetime = Field(sa_type=UtcDateTime)


class SelectionItem(SQLModel, table=True):
    """A row ticked (or, with `everything`, taken out)."""

    __tablename__ = "selection_item"

    selection_id: int = Field(foreign_key="selection.id", primary_key=True)
    row_id: int = Field(primary_key=True)


class SchoolLogo(SQLModel, table=True):
    """The picture on letters, slips and reports: a small PNG that was drawn anew from what was uploaded."""

    __tablename__ = "school_logo"

    id: int = Field(default=1, primary_key=True)
    content: bytes
    changed_at: datetime = Field(sa_type=UtcDateTime)


class SavedView(SQLModel, table=True):
    """A filter of a list that an account has kept under a name."""

    __tablename__ = "saved_view"
    __table_args__ = (sa.UniqueConstraint("account_id", "list_name", "name"),)

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="account.id")
    list_name: str
    name: str
    filter: dict[str, object] = Field(default_factory=dict, sa_type=json_type())
    created_at: datetime = Field(sa_type=UtcDateTime)


class ListColumns(SQLModel, table=True):
    """Which columns of a list an account wants to see, in this order."""

    __tablename__ = "list_columns"

    account_id: int = Field(foreign_key="account.id", primary_key=True)
    list_name: str = Field(primary_key=True)
    columns: list[str] = Field(default_factory=list, sa_type=json_type())


class AccountChange(SQLModel, table=True):
    """One act on one or many accounts that can be undone."""

    __tablename__ = "account_change"

    id: int | None = Field(default=None, primary_key=True)
    act: str
    made_by: int = Field(foreign_key="account.id", index=True)
    made_at: datetime = Field(sa_type=UtcDateTime)
    undone_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class AccountChangeItem(SQLModel, table=True):
    """What an account was before the act: names of columns and their values, never a secret."""

    __tablename__ = "account_change_item"

    change_id: int = Field(foreign_key="account_change.id", primary_key=True)
    account_id: int = Field(foreign_key="account.id", primary_key=True, index=True)
    before: dict[str, object] = Field(default_factory=dict, sa_type=json_type())


class PreviewPage(SQLModel, table=True):
    """A page of a report as a picture, sealed, for the session that asked, until it ends."""

    __tablename__ = "preview_page"

    preview: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    account_id: int = Field(foreign_key="account.id", index=True)
    session_id: str
    expires_at: datetime = Field(sa_type=UtcDateTime, index=True)
    kid: str
    sealed: bytes


class RequestStatus(StrEnum):
    """Where a file is that is made beside the pages. What was ready too long ago has ended, whatever stands here."""

    WAITING = "waiting"
    MAKING = "making"
    READY = "ready"
    FETCHED = "fetched"
    CANCELLED = "cancelled"
    FAILED = "failed"


class ReportRequest(SQLModel, table=True):
    """A long report or export that somebody asked for, made in a process of its own, fetched once (R44).

    `token` stands in its address; `asked` is sealed, for it may hold the password of the file. `roles` and `scope` are
    those it was asked with: with others nobody fetches it. `attempt` tells a process that makes it from an older one.
    """

    __tablename__ = "report_request"

    id: int | None = Field(default=None, primary_key=True)
    token: str = Field(unique=True)
    account_id: int = Field(foreign_key="account.id", index=True)
    session_id: str
    roles: list[str] = Field(default_factory=list, sa_type=json_type())
    scope: list[int] | None = Field(default=None, sa_type=json_type())
    selection_id: int | None = None
    kind: str
    title: str
    people: int
    kid: str
    asked: bytes
    status: str = Field(default=RequestStatus.WAITING, index=True)
    attempt: int = 0
    done: int = 0
    name: str = ""
    size: int = 0
    parts: int = 0
    refusal: str = ""
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ReportPart(SQLModel, table=True):
    """A piece of a file that is ready, sealed for its place; gone when the file was fetched."""

    __tablename__ = "report_part"

    request_id: int = Field(foreign_key="report_request.id", primary_key=True)
    number: int = Field(primary_key=True)
    sealed: bytes


class ImportRun(SQLModel, table=True):
    """An import that was applied."""

    __tablename__ = "import_run"

    id: int | None = Field(default=None, primary_key=True)
    applied_at: datetime = Field(sa_type=UtcDateTime)
    applied_by: str
    source: str
    format: str
    digest: str
    created: int
    changed: int
    unchanged: int
    left: int
    leavers_undone_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    returned: int = 0


class ImportLeaver(SQLModel, table=True):
    """Somebody who left with an import: what they were, and whether their account was switched off with it."""

    __tablename__ = "import_leaver"

    run_id: int = Field(foreign_key="import_run.id", primary_key=True)
    person_id: int = Field(foreign_key="person.id", primary_key=True, index=True)
    status: str
    deactivated: bool


class ImportReturn(SQLModel, table=True):
    """Somebody who came back with an import: their status before and after, and whether their account came on."""

    __tablename__ = "import_return"

    run_id: int = Field(foreign_key="import_run.id", primary_key=True)
    person_id: int = Field(foreign_key="person.id", primary_key=True, index=True)
    before: str
    after: str
    reopened: bool


class FolderImport(SQLModel, table=True):
    """A file of the import folder that was taken: applied, or refused for this reason.

    Without a run and a refusal it says what the one before said. `notes` are cells that were worth a look.
    """

    __tablename__ = "folder_import"

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)
    name: str
    digest: str
    run_id: int | None = Field(default=None, foreign_key="import_run.id")
    refusal: str = ""
    notes: int = 0


class AuditEntry(SQLModel, table=True):
    """Who did what to whom. Each entry seals the one before (R95-R100). Ids and counts only.

    `reason` is why something was refused; `request` is the same for all that one click or call did. The database itself
    refuses to change entries, and to delete them but for what AuditPruning allows (R63).
    """

    __tablename__ = "audit_entry"

    __table_args__ = (
        sa.Index("audit_by_object", "object_kind", "object_id", "seq"),
        sa.Index("audit_by_time", "at", "seq"),
    )

    seq: int = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)
    actor: str
    account_id: int | None = Field(default=None, index=True)
    role: str = ""
    action: str = Field(index=True)
    object_kind: str = ""
    object_id: int | None = None
    result: str = "done"
    details: dict[str, object] = Field(default_factory=dict, sa_type=json_type())
    ip: str = ""
    session: str = ""
    reason: str = ""
    request: str = ""
    kid: str
    previous_seal: str
    seal: str


class AuditPeople(SQLModel, table=True):
    """Whom an entry of the audit is about, where those are many: their ids packed, under the digest that it seals."""

    __tablename__ = "audit_people"

    digest: str = Field(primary_key=True)
    people: int
    packed: bytes


class AuditPruning(SQLModel, table=True):
    """Entries of the audit up to this one may be deleted in this transaction, which takes the row away again."""

    __tablename__ = "audit_pruning"

    upto: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})


class Alert(SQLModel, table=True):
    """Something that a person should look at: how much of it, and by which account where it is one's doing."""

    id: int | None = Field(default=None, primary_key=True)
    kind: str
    at: datetime = Field(sa_type=UtcDateTime, index=True)
    number: int
    account_id: int | None = None


class Fault(SQLModel, table=True):
    """An error that nobody expected, under the number that a person was shown: where, and of which classes."""

    reference: str = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime, index=True)
    place: str
    what: str
    request: str = ""
