"""Every status in the words that people read: one map for pages, HTML and PDFs."""

from __future__ import annotations

from dataclasses import dataclass

from core.models.accounts import Purpose, SignInMethod, Superseded, UserType
from core.models.messaging import CampaignKind, CampaignStatus, Channel, FailureReason, MessageStatus
from core.models.people import PersonStatus
from core.models.records import RequestStatus
from core.permissions import Role
from core.rules.account_acts import Act, Edit, LeftOut
from core.rules.account_state import AccountState
from core.rules.account_steps import Step
from core.rules.handing_over import NoPassword
from core.rules.likeness import Likeness
from core.rules.new_accounts import AccountRefusal
from core.rules.passwords import Objection
from core.rules.reachability import Refusal
from core.rules.reminders import NotReminded
from core.rules.retention import Kept
from core.rules.sign_in_trouble import Question


@dataclass(frozen=True)
class StateWords:
    """How a state looks: a word, a colour for light and dark grounds, a Material symbol, a sentence."""

    label: str
    colour: str
    icon: str
    meaning: str


ACCOUNT_STATE: dict[AccountState, StateWords] = {
    AccountState.DEACTIVATED: StateWords("Deactivated", "#d9730d", "block", "Switched off by staff."),
    AccountState.LOCKED: StateWords("Locked", "#c0352b", "lock", "Sign-in is suspended after many wrong passwords."),
    AccountState.PENDING_PROVIDER: StateWords(
        "Pending provider", "#7a5ba6", "cloud_sync", "Microsoft has not created or updated the account yet."
    ),
    AccountState.SIGNED_IN: StateWords("Signed in", "#1e7d46", "check_circle", "Has signed in to the portal."),
    AccountState.VERIFIED: StateWords(
        "Verified", "#58a55c", "verified_user", "Has chosen a password but never signed in."
    ),
    AccountState.BOUNCED: StateWords("Bounced", "#a8201a", "unsubscribe", "The last message could not be delivered."),
    AccountState.LINK_EXPIRED: StateWords("Link expired", "#b98500", "timer_off", "The last invitation has ended."),
    AccountState.INVITED: StateWords("Invited", "#9a7fd1", "outgoing_mail", "Has a live invitation."),
    AccountState.READY: StateWords("Ready", "#2f6fb3", "mark_email_unread", "Can be invited, was not yet."),
    AccountState.NOT_REACHABLE: StateWords(
        "Not reachable", "#cfa23a", "contact_support", "Has an account but no usable address."
    ),
    AccountState.NO_ACCOUNT: StateWords("No account", "#8a9499", "person_off", "Only a person, no account yet."),
}

STEP: dict[Step, str] = {
    Step.CREATED: "Created",
    Step.INVITED: "Invited",
    Step.DELIVERED: "Delivered",
    Step.VERIFIED: "Verified",
    Step.SIGNED_IN: "Signed in",
}

REFUSAL: dict[Refusal, str] = {
    Refusal.NO_ACCOUNT: "no account yet",
    Refusal.DEACTIVATED: "the account is deactivated",
    Refusal.SIGNED_IN: "has already signed in",
    Refusal.STATUS: "the status does not count as Registered or Active",
    Refusal.PERSONAL_EMAIL_OFF: "Use Personal E-mail is off",
    Refusal.NO_PERSONAL_EMAIL: "no personal e-mail",
    Refusal.NO_CONTACT_EMAIL: "Contact e-mail is missing",
    Refusal.ADDRESS_NOT_VALID: "the e-mail address is not valid",
    Refusal.BOUNCED: "the last message to this address bounced",
    Refusal.PASSWORD_CHOSEN: "has chosen a password already",
    Refusal.NO_MOBILE: "no mobile number",
    Refusal.MOBILE_NOT_VALID: "the mobile number is not valid",
    Refusal.REGION_NOT_ALLOWED: "the number's country is not allowed",
    Refusal.NO_GUARDIAN_MOBILE: "no guardian with a mobile who may get SMS",
    Refusal.OPTED_OUT: "the owner of the number wants no SMS",
}

SENT_LATELY, SENT_SINCE = "sent_lately", "sent_since"
GETS_NOTHING: dict[str, str] = {
    **{str(why): said for why, said in REFUSAL.items()},
    SENT_LATELY: "was sent the same in the 24 hours before",
    SENT_SINCE: "was sent the same since it failed",
}

LEFT_OUT_OF_CAMPAIGN = "Left out"

ACCOUNT_REFUSAL: dict[AccountRefusal, str] = {
    AccountRefusal.HAS_ONE: "they have an account already",
    AccountRefusal.STATUS: "their status does not count as Registered or Active",
    AccountRefusal.NO_MICROSOFT_ADDRESS: "they have no Microsoft 365 address",
    AccountRefusal.ADDRESS_TAKEN: "another account has their Microsoft 365 address as its username",
}

ACCOUNT_ACT: dict[Act, str] = {
    Act.ACTIVATE: "Activate",
    Act.DEACTIVATE: "Deactivate",
    Act.REQUIRE_PASSWORD_CHANGE: "Require password change",
    Act.VOID_LINKS: "Void open links",
    Act.TO_MICROSOFT: "Convert to Microsoft account",
    Act.TO_LOCAL: "Convert to local account",
    Act.PERSONAL_EMAIL_ON: "Use Personal E-mail on",
    Act.PERSONAL_EMAIL_OFF: "Use Personal E-mail off",
    Act.GIVE_ROLE: "Assign role for period",
}


@dataclass(frozen=True)
class Answer:
    """What is said of a question about signing in: when all is well, and when not."""

    ticked: str
    crossed: str


TROUBLE: dict[Question, Answer] = {
    Question.ACTIVE: Answer("The account is active.", "the account is deactivated."),
    Question.ROLE: Answer("There is a role for the current period.", "the account has no role in the current period."),
    Question.LOCKED: Answer("The account is not locked.", "the account is locked after many wrong passwords."),
    Question.WAITING: Answer("No wrong passwords hold it up.", "after wrong passwords it waits until {until}."),
    Question.PROVIDER: Answer("Nothing is outstanding with Microsoft 365.", "Microsoft 365 has not made it yet."),
    Question.PASSWORD: Answer("A password was chosen.", "no password was chosen yet."),
    Question.LINK: Answer("The last invitation is valid until {ends}.", "there is no live invitation."),
    Question.DELIVERY: Answer("The last message was not returned.", "the last message could not be delivered."),
    Question.STATUS: Answer(
        "The status counts as Registered or Active.", "the status does not count as Registered or Active."
    ),
    Question.ADDRESS: Answer("The e-mail in use was confirmed.", "The e-mail in use was not confirmed yet."),
    Question.SHARED: Answer(
        "Nobody else gets messages at this address.", "Other people at the same e-mail address: {others}."
    ),
    Question.CHANGE_DUE: Answer(
        "No change of password is due.", "A new password has to be chosen at the next sign-in."
    ),
    Question.SIGNED_IN: Answer("Signed in last on {last}.", "No sign-in yet."),
}
_TIED = Answer(
    "Their Microsoft 365 account is linked to this one.",
    "their Microsoft 365 account is not linked to this one yet. The link of an invitation does it.",
)


def trouble(question: Question, *, microsoft: bool) -> Answer:
    """Who signs in with Microsoft chooses no password here: asked is whether the two accounts are linked."""
    return _TIED if microsoft and question is Question.PASSWORD else TROUBLE[question]


ACCOUNT_EDIT: dict[str, str] = {
    Edit.CREATED: "Account created",
    Edit.USERNAME: "Username changed",
    Edit.ROLE_SCOPE: "Classes or days of a role changed",
    Edit.ROLE_ENDED: "Role ended",
    Edit.UNDO: "An act was undone",
    Edit.SLIP_PRINTED: "Slip printed",
}


def account_change(act: str) -> str:
    """What was done to accounts: an act, or another change."""
    return ACCOUNT_ACT[Act(act)] if act in set(Act) else ACCOUNT_EDIT.get(act, act)


ISSUED: dict[Purpose, str] = {
    Purpose.LINK: "Link",
    Purpose.PASSWORD: "Initial password",
    Purpose.ADDRESS: "Question about the e-mail",
    Purpose.RESET: "Link for a forgotten password",
}

SUPERSEDED: dict[str, str] = {
    Superseded.REPLACED: "a newer one was issued",
    Superseded.PASSWORD_CHOSEN: "a password was chosen",
    Superseded.ADDRESS_CHANGED: "the address was changed",
    Superseded.DEACTIVATED: "the account was deactivated",
    Superseded.VOIDED: "staff voided it",
    Superseded.ROLE_CHANGED: "a role of staff was given, changed or ended",
    Superseded.GUESSED: "somebody tried to guess it",
    Superseded.CAME_BACK: "the e-mail that carried it came back",
}

# What the timeline and the export of a person tell from the audit; other acts stand there by their own facts.
AUDITED: dict[str, str] = {
    "person.saved": "Changed",
    "person.classes_saved": "Classes taught changed",
    "student.profile_saved": "Changed",
    "student.contact_saved": "Changed",
    "account.email_changed": "E-mail changed",
    "account.unlocked": "Unlocked",
    "address.confirmed": "Confirmed the e-mail address",
    "password.changed": "Changed the password",
    "initial_password.revealed": "Initial password shown to staff",
    "language.chosen": "Chose a language",
    "invitation.asked_again": "Asked for a new link",
    "initial_password.typed": "Typed the initial password",
    "recovery.asked": "Somebody said that they forgot the password",
    "password.reset": "Chose a new password with a link",
    "sessions.ended": "Signed out of devices",
    "person.exported": "All personal data taken as a file",
    "import.applied": "Created, changed or marked as left by an import",
    "import.leavers_undone": "An import's marking as left or as back was undone",
    "directory.creation_launched": "Was to be created in Microsoft 365",
    "directory.created": "Created in Microsoft 365",
    "directory.update_launched": "Was to be changed in Microsoft 365",
    "directory.updated": "Changed in Microsoft 365",
}

LEFT_OUT: dict[LeftOut, str] = {
    LeftOut.STAFF: "they hold a role of staff: only an administrator changes them",
    LeftOut.OWN_ACCOUNT: "it is your own account: somebody else has to do that",
    LeftOut.ALREADY_ACTIVE: "they are active already",
    LeftOut.ALREADY_DEACTIVATED: "they are deactivated already",
    LeftOut.MICROSOFT: "they sign in with Microsoft 365",
    LeftOut.LOCAL: "they sign in with a local password already",
    LeftOut.NO_PASSWORD: "they have no password yet: send an invitation instead",
    LeftOut.ALREADY_ASKED: "they will be asked for a new password already",
    LeftOut.NO_OPEN_LINK: "they have no open link or initial password",
    LeftOut.NOT_IN_MICROSOFT: "the school's settings give accounts of this type a local password",
    LeftOut.NO_MICROSOFT_ADDRESS: "they have no Microsoft 365 address that can be a username",
    LeftOut.ADDRESS_TAKEN: "another account has the same Microsoft 365 address",
    LeftOut.NOT_A_STUDENT: "they are no students: their invitations go to the contact e-mail",
    LeftOut.ALREADY_ON: "it is on already",
    LeftOut.ALREADY_OFF: "it is off already",
    LeftOut.ROLE_DOES_NOT_FIT: "this role is not for accounts of their type",
    LeftOut.ALREADY_HELD: "they hold this role already",
    LeftOut.NO_ACCOUNT: "they have no account yet: choose Create user accounts first",
}

USER_TYPE: dict[UserType, str] = {
    UserType.ADMINISTRATOR: "Administrator",
    UserType.STUDENT: "Student",
    UserType.TEACHER: "Teacher",
    UserType.PARTNER: "Partner/Employer",
    UserType.STAFF: "Staff/Employee",
    UserType.GUARDIAN: "Parent/Guardian",
    UserType.ALUMNUS: "Alumnus",
    UserType.AGENT: "Agent",
}

# The filter *User Types*: the eight as Classter lists them.
USER_TYPES: dict[UserType, str] = {
    UserType.ADMINISTRATOR: "Administrators",
    UserType.STUDENT: "Students",
    UserType.TEACHER: "Teachers",
    UserType.PARTNER: "Partners/Employers",
    UserType.STAFF: "Staff/Employees",
    UserType.GUARDIAN: "Parents/Guardians",
    UserType.ALUMNUS: "Alumni",
    UserType.AGENT: "Agents",
}

SIGN_IN_METHOD: dict[SignInMethod, str] = {
    SignInMethod.LOCAL: "Local",
    SignInMethod.MICROSOFT: "Microsoft 365",
}

PERSON_STATUS: dict[PersonStatus, str] = {
    PersonStatus.REGISTERED: "Registered",
    PersonStatus.APPLICANT: "Applicant",
    PersonStatus.ACTIVE: "Active",
    PersonStatus.INACTIVE: "Inactive",
    PersonStatus.LEFT: "Left",
}

ROLE: dict[Role, str] = {
    Role.ADMINISTRATOR: "Administrator",
    Role.OFFICE: "Office",
    Role.COORDINATOR: "Coordinator",
    Role.TEACHER: "Teacher",
    Role.STUDENT: "Student",
    Role.GUARDIAN: "Parent/Guardian",
}

ROLE_MEANS: dict[Role, str] = {
    Role.ADMINISTRATOR: "May do everything, for everybody: roles, settings and the audit too.",
    Role.OFFICE: "Registers people, makes accounts, sends and prints; not roles, settings or the audit.",
    Role.COORDINATOR: "Sees charts and lists, contacts shortened; never passwords, and sends nothing.",
    Role.TEACHER: "Sees charts and the students of the classes, contacts shortened.",
    Role.STUDENT: "Their own account only.",
    Role.GUARDIAN: "Their own account only.",
}

MESSAGE_STATUS: dict[MessageStatus, str] = {
    MessageStatus.QUEUED: "Waiting",
    MessageStatus.SENDING: "Being sent",
    MessageStatus.SENT: "Sent",
    MessageStatus.WRITTEN: "Written to the outbox, not sent",
    MessageStatus.DELIVERED: "Delivered",
    MessageStatus.FAILED: "Failed",
    MessageStatus.UNKNOWN: "May have been sent",
    MessageStatus.CANCELLED: "Cancelled",
}

CHANNEL: dict[Channel, str] = {
    Channel.EMAIL: "By e-mail",
    Channel.SMS: "By SMS",
    Channel.PAPER: "On paper",
    Channel.COPIED: "Link copied by staff",
}

NO_PASSWORD: dict[NoPassword, str] = {
    NoPassword.DEACTIVATED: "their account is deactivated",
    NoPassword.MICROSOFT: "they sign in with Microsoft 365",
    NoPassword.HAS_CHOSEN: "they have chosen a password already",
    NoPassword.STATUS: "their status does not count as Registered or Active",
    NoPassword.STAFF: "they are members of staff: only an administrator issues theirs",
    NoPassword.NO_ACCOUNT: "they have no account yet: choose Create user accounts first",
}

CAMPAIGN_KIND: dict[str, str] = {
    CampaignKind.INITIAL_INVITATION: "Initial invitation",
    CampaignKind.FAMILY_INVITATION: "Invitation of a family",
    CampaignKind.INITIAL_CREDENTIALS: "Initial user credentials",
    CampaignKind.INITIAL_CREDENTIALS_MICROSOFT: "Initial user credentials, Microsoft 365",
    CampaignKind.TEST: "Test to oneself",
    CampaignKind.NEW_LINK: "New link, asked for by the person",
    CampaignKind.ADDRESS_CHANGED: "Told the old address that it was changed",
    CampaignKind.CONFIRM_ADDRESS: "Asked to confirm the new address",
    CampaignKind.RESET_PASSWORD: "Forgotten password, asked for by the person",
    CampaignKind.PASSWORD_CHANGED: "Told that the password was changed",
    CampaignKind.NEW_DEVICE: "Told of a sign-in on a new device",
    CampaignKind.SIGN_IN_ALARM: "Told administrators of many wrong sign-ins",
    CampaignKind.SECOND_FACTOR_SET: "Told that a second factor was set up",
    CampaignKind.SECOND_FACTOR_REMOVED: "Told that the second factor was removed",
    CampaignKind.REMINDER: "Reminder of an invitation",
    CampaignKind.ALERT: "Alert to the address of the settings",
}
_CAMPAIGN_STATUS = {CampaignStatus.PAUSED: "Paused", CampaignStatus.CANCELLED: "Cancelled"}


def campaign_status(status: CampaignStatus, *, waiting: int) -> str:
    """A campaign that runs and has nothing left is finished: that is counted, not stored."""
    return _CAMPAIGN_STATUS.get(status, "Under way" if waiting else "Finished")


FAILURE_REASON: dict[FailureReason, str] = {
    FailureReason.BOUNCED: "the mailbox does not accept mail",
    FailureReason.BLOCKED: "the provider blocked it",
    FailureReason.BAD_ADDRESS: "the address does not exist",
    FailureReason.OVER_LIMIT: "too many tries",
    FailureReason.NUMBER_FULL: "this number had got as many text messages as are allowed on one day",
    FailureReason.REPLACED: "replaced by a newer message",
    FailureReason.CONFIGURATION: "the settings for sending do not work",
    FailureReason.OPTED_OUT: "the owner of the number wants no messages",
    FailureReason.UNREACHABLE: "the phone could not be reached",
    FailureReason.CARRIER: "the network did not deliver it",
    FailureReason.UNWRITABLE: "Firstkey could not write it",
}

LANGUAGE = {"": "Not known", "en": "English", "el": "Greek"}

OBJECTION: dict[Objection, str] = {
    Objection.TOO_SHORT: "This password is too short. Put three or four words together that only you would choose.",
    Objection.TOO_LONG: "This password is too long. Use up to 256 characters.",
    Objection.COMMON: "This password is on the lists that people try first. Choose words that do not belong together.",
    Objection.ABOUT_YOU: "Others know your name and your school. Choose words that have nothing to do with you.",
    Objection.REPEATED: "This password repeats itself. Put three or four different words together.",
}

LIKENESS: dict[Likeness, str] = {
    Likeness.NAME: "the same name",
    Likeness.EMAIL: "the same e-mail",
    Likeness.MOBILE: "the same mobile",
}

# The fields of wordings, as the page on which they are written explains them.
WORDING_FIELD: dict[str, str] = {
    "school": "the school's name",
    "first_name": "the person's first name",
    "student": "the person's full name",
    "username": "the username",
    "sign_in": "a sentence on how to go on, for local and Microsoft 365 accounts",
    "link": "the person’s own link; in an e-mail, between empty lines, it becomes a button",
    "password": "the initial password",
    "ends_on": "when the link or password ends",
    "portal": "the address of the sign-in page",
    "help": "the help contact of the settings",
    "people": "each person of the family with username and link, between empty lines",
}

REQUEST_STATUS: dict[RequestStatus, str] = {
    RequestStatus.WAITING: "Waits for its turn",
    RequestStatus.MAKING: "Being made",
    RequestStatus.READY: "Ready",
    RequestStatus.FETCHED: "Downloaded",
    RequestStatus.CANCELLED: "Cancelled",
    RequestStatus.FAILED: "Not made",
}

NOT_REMINDED: dict[NotReminded, str] = {
    NotReminded.TOO_SOON: "their invitation is not old enough yet",
    NotReminded.WAITING: "a message to them waits to be sent",
    NotReminded.OTHER_WAY: "they were not invited by e-mail",
    NotReminded.ENOUGH: "they were reminded as often as allowed",
}

KEPT: dict[Kept, str] = {
    Kept.INVITATIONS: "Links and initial passwords that have ended",
    Kept.OUTBOX: "Files of the outbox",
    Kept.LEAVERS: "People who left, and guardians who answered for nobody else",
    Kept.AUDIT: "Entries of the audit",
}
