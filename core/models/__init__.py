"""The tables. `metadata` is what migrations and tests compare with the database."""

from sqlmodel import SQLModel

from core.models import accounts, messaging, people, records
from core.models.accounts import (
    Account,
    AccountRole,
    Invitation,
    Purpose,
    SetupToken,
    SignInMethod,
    SignInSession,
    Superseded,
    UserType,
)
from core.models.messaging import (
    Campaign,
    CampaignKind,
    CampaignStatus,
    Channel,
    FailureReason,
    Message,
    MessageAccount,
    MessageStatus,
    Wording,
)
from core.models.people import (
    COUNTING_STATUSES,
    AcademicPeriod,
    Enrolment,
    EnrolmentKind,
    Guardianship,
    Person,
    PersonKind,
    PersonStatus,
    Section,
)
from core.models.records import AuditEntry, ImportRun, SchoolSettings, Selection, SelectionItem

metadata = SQLModel.metadata

__all__ = [
    "COUNTING_STATUSES",
    "AcademicPeriod",
    "Account",
    "AccountRole",
    "AuditEntry",
    "Campaign",
    "CampaignKind",
    "CampaignStatus",
    "Channel",
    "Enrolment",
    "EnrolmentKind",
    "FailureReason",
    "Guardianship",
    "ImportRun",
    "Invitation",
    "Message",
    "MessageAccount",
    "MessageStatus",
    "Person",
    "PersonKind",
    "PersonStatus",
    "Purpose",
    "SchoolSettings",
    "Section",
    "Selection",
    "SelectionItem",
    "SetupToken",
    "SignInMethod",
    "SignInSession",
    "Superseded",
    "UserType",
    "Wording",
    "accounts",
    "messaging",
    "metadata",
    "people",
    "records",
]
