"""What entries of the audit say, in the words that people read; and which of them show somebody's data to somebody."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from core.rules.account_acts import Act, Edit
from core.rules.setting_words import SETTINGS
from core.rules.words import ACCOUNT_ACT, ACCOUNT_EDIT


class Kind(StrEnum):
    """What sort of act it was."""

    SAW = "saw"
    TOOK = "took"
    SENT = "sent"
    HELD = "held"
    CHANGED = "changed"
    WAY_IN = "way_in"
    REFUSED = "refused"
    SCHOOL = "school"


KIND: dict[Kind, str] = {
    Kind.SAW: "Looked at data",
    Kind.TOOK: "Printed, exported, handed out",
    Kind.SENT: "Sent messages",
    Kind.HELD: "Paused, cancelled or held sending",
    Kind.CHANGED: "Changed people or accounts, imported",
    Kind.WAY_IN: "Signed in, passwords, links",
    Kind.REFUSED: "Was refused",
    Kind.SCHOOL: "Settings, years, the audit itself",
}
DISCLOSES = (Kind.SAW, Kind.TOOK, Kind.SENT)


@dataclass(frozen=True)
class Said:
    """An action in words, and its kind."""

    words: str
    kind: Kind


ACTION: dict[str, Said] = {
    "card.viewed": Said("Opened the card with contacts", Kind.SAW),
    "initial_password.revealed": Said("Was shown the initial password", Kind.SAW),
    "report.previewed": Said("Previewed a report", Kind.SAW),
    "outbox.read": Said("Read a message in the outbox", Kind.SAW),
    "report.printed": Said("Printed a report", Kind.TOOK),
    "list.exported": Said("Exported a list", Kind.TOOK),
    "outcome.exported": Said("Exported the outcome of a campaign", Kind.TOOK),
    "initial_passwords.issued": Said("Issued initial passwords", Kind.TOOK),
    "link.copied": Said("Copied a link to hand it over", Kind.TOOK),
    "campaign.launched": Said("Sent a campaign", Kind.SENT),
    "campaign.approved": Said("Let a campaign of somebody else leave", Kind.SENT),
    "campaign.running": Said("Resumed a campaign", Kind.SENT),
    "campaign.paused": Said("Paused a campaign", Kind.HELD),
    "campaign.cancelled": Said("Cancelled a campaign", Kind.HELD),
    "campaign.unknown_decided": Said("Decided about messages that may have been sent", Kind.SENT),
    "test.sent": Said("Sent a test to oneself", Kind.SENT),
    "person.created": Said("Registered a person", Kind.CHANGED),
    "person.saved": Said("Changed a person", Kind.CHANGED),
    "person.classes_saved": Said("Changed the classes taught", Kind.CHANGED),
    "student.profile_saved": Said("Changed a student's profile", Kind.CHANGED),
    "student.contact_saved": Said("Changed a student's contacts", Kind.CHANGED),
    "students.use_personal_email": Said("Switched Use Personal E-mail", Kind.CHANGED),
    "account.email_changed": Said("Changed the e-mail of an account", Kind.CHANGED),
    "account.unlocked": Said("Unlocked an account", Kind.CHANGED),
    "guardianship.linked": Said("Linked a guardian", Kind.CHANGED),
    "guardianship.changed": Said("Changed a guardianship", Kind.CHANGED),
    "guardianship.ended": Said("Ended a guardianship", Kind.CHANGED),
    "language.chosen": Said("Chose a language", Kind.CHANGED),
    "address.asked": Said("Had an address confirmed again", Kind.CHANGED),
    "address.confirmed": Said("Confirmed an e-mail address", Kind.WAY_IN),
    "sign_in.opened": Said("Signed in", Kind.WAY_IN),
    "sign_in.ended": Said("Signed out", Kind.WAY_IN),
    "sign_in.confirmed": Said("Proved anew who they are", Kind.WAY_IN),
    "sign_in.refused": Said("Could not sign in", Kind.REFUSED),
    "initial_password.typed": Said("Typed the initial password", Kind.WAY_IN),
    "password.must_change": Said("Had to choose a new password", Kind.WAY_IN),
    "initial_password.used": Said("Chose a password with the initial one", Kind.WAY_IN),
    "password.changed": Said("Changed the password", Kind.WAY_IN),
    "invitation.used": Said("Used an invitation", Kind.WAY_IN),
    "invitation.asked_again": Said("Asked for a new link", Kind.WAY_IN),
    "administrator.link_made": Said("Made a link for a new administrator", Kind.WAY_IN),
    "administrator.created": Said("Became an administrator by a one-time link", Kind.WAY_IN),
    "access.refused": Said("Asked for what is not theirs", Kind.REFUSED),
    "settings.changed": Said("Changed settings", Kind.SCHOOL),
    "logo.changed": Said("Changed the logo", Kind.SCHOOL),
    "logo.removed": Said("Removed the logo", Kind.SCHOOL),
    "wording.changed": Said("Changed a wording", Kind.SCHOOL),
    "school.started": Said("Removed the demo school", Kind.SCHOOL),
    "demo.made": Said("Made the demo school", Kind.SCHOOL),
    "import.applied": Said("Imported people", Kind.CHANGED),
    "import.refused": Said("Refused a file of the import folder", Kind.SCHOOL),
    "import.leavers_undone": Said("Undid that people left or came back with an import", Kind.CHANGED),
    "list_view.saved": Said("Saved a view of a list", Kind.SCHOOL),
    "list_view.renamed": Said("Renamed a view of a list", Kind.SCHOOL),
    "list_view.deleted": Said("Deleted a view of a list", Kind.SCHOOL),
    "audit.exported": Said("Exported the audit", Kind.SCHOOL),
    "audit.asked": Said("Asked who saw whom", Kind.SCHOOL),
    "audit.verified": Said("Checked that the audit is whole", Kind.SCHOOL),
    "audit.noted_anew": Said("Began new notes of the audit", Kind.SCHOOL),
    "backup.made": Said("Made a backup", Kind.SCHOOL),
    "backup.restored": Said("Restored a backup", Kind.SCHOOL),
    "school.moved": Said("Moved to PostgreSQL", Kind.SCHOOL),
    "sending.held": Said("Held all sending", Kind.HELD),
    "sending.released": Said("Let sending go on", Kind.HELD),
    "alert.raised": Said("An alert was raised", Kind.SCHOOL),
    "audit.pruned": Said("Deleted old entries of the audit behind a checkpoint", Kind.SCHOOL),
    "person.exported": Said("Took everything held about a person", Kind.TOOK),
    "person.erased": Said("Erased a person", Kind.CHANGED),
    "report_file.asked": Said("Asked for a long report or export", Kind.TOOK),
    "report_file.fetched": Said("Downloaded a long report or export", Kind.TOOK),
    "report_file.cancelled": Said("Cancelled a long report or export", Kind.TOOK),
    "second_factor.asked": Said("Was asked for a second factor", Kind.WAY_IN),
    "second_factor.accepted": Said("Showed a second factor", Kind.WAY_IN),
    "second_factor.refused": Said("Typed a wrong code", Kind.REFUSED),
    "second_factor.enrolled": Said("Set up an authenticator app", Kind.WAY_IN),
    "second_factor.removed": Said("Removed a second factor", Kind.CHANGED),
    "recovery_code.used": Said("Signed in with a recovery code", Kind.WAY_IN),
    "recovery_codes.renewed": Said("Made new recovery codes", Kind.WAY_IN),
    "recovery.asked": Said("Somebody said that they forgot the password", Kind.WAY_IN),
    "recovery.link_queued": Said("A link for a forgotten password was sent", Kind.SENT),
    "password.reset": Said("Chose a new password with a link", Kind.WAY_IN),
    "sessions.ended": Said("Signed out of devices", Kind.WAY_IN),
    "sign_in.alarm": Said("Many wrong sign-ins were noticed", Kind.REFUSED),
    "microsoft.tied": Said("Tied an account to its person at Microsoft", Kind.WAY_IN),
    "microsoft.tried": Said("Tried the connection to Microsoft", Kind.SCHOOL),
    "directory.looked_up": Said("Had Microsoft's directory looked up", Kind.SCHOOL),
    "directory.accepted": Said("Linked people to their Microsoft accounts", Kind.CHANGED),
    "directory.rejected": Said("Rejected proposals of Microsoft accounts", Kind.CHANGED),
    "directory.released": Said("Undid a link to a Microsoft account", Kind.CHANGED),
    "directory.creation_launched": Said("Began to create users in Microsoft 365", Kind.CHANGED),
    "directory.creation_stopped": Said("Stopped creating users in Microsoft 365", Kind.CHANGED),
    "directory.creation_resumed": Said("Went on creating users in Microsoft 365", Kind.CHANGED),
    "directory.created": Said("Created users in Microsoft 365", Kind.CHANGED),
    "directory.update_launched": Said("Began to change users in Microsoft 365", Kind.CHANGED),
    "directory.updated": Said("Changed users in Microsoft 365", Kind.CHANGED),
    "key.rotated": Said("Made a new secret key", Kind.SCHOOL),
    "key.lost": Said("Gave up a secret key that was lost", Kind.SCHOOL),
    "retention.ran": Said("Looked for what had ended long ago", Kind.SCHOOL),
    "retention.deleted": Said("Deleted what had ended long ago", Kind.SCHOOL),
    "year.created": Said("Created an academic year", Kind.SCHOOL),
    "year.corrected": Said("Corrected an academic year", Kind.SCHOOL),
    "year.removed": Said("Removed an academic year", Kind.SCHOOL),
    "year.begun": Said("Began an academic year", Kind.SCHOOL),
    "year.undone": Said("Undid the beginning of an academic year", Kind.SCHOOL),
}
for act in (*Act, *Edit):
    named = ACCOUNT_ACT[act] if isinstance(act, Act) else ACCOUNT_EDIT[act]
    ACTION[f"accounts.{act.value}"] = Said(f"Accounts: {named}", Kind.CHANGED)
    ACTION[f"accounts.{act.value}.undone"] = Said(f"Accounts: undid {named}", Kind.CHANGED)


def said(action: str) -> str:
    """The words of an action; one that this version does not know stays as it is."""
    return ACTION[action].words if action in ACTION else action


def of_kinds(kinds: tuple[str, ...]) -> list[str]:
    """The actions of these kinds."""
    return [action for action, about in ACTION.items() if about.kind in kinds]


RESULT = {"done": "Done", "refused": "Refused", "broken": "Broken"}

_NOT_FOR_PEOPLE = {"people", "digest", "reference", "columns", "service"}
_OF_YEARS = {"title": "name", "starts_on": "first day", "ends_on": "last day"}
_NUMBERS = {
    "count": "people",
    "rows": "rows",
    "recipients": "recipients",
    "issued": "issued",
    "done": "accounts",
    "created": "made",
}


def more(details: dict[str, Any]) -> str:
    """What else an entry says, in a few words: counts, fields, where."""
    return " · ".join(_parts(details))


def _parts(details: dict[str, Any]) -> list[str]:
    parts = []
    for name, value in details.items():
        if name in _NOT_FOR_PEOPLE or value in ({}, [], "", None):
            continue
        if name in _NUMBERS and isinstance(value, int):
            parts.append(f"{value:,} {_NUMBERS[name]}")
        elif name == "changes" and isinstance(value, dict):
            parts += [f"{_called(field)}: {_value(was)} → {_value(now)}" for field, (was, now) in value.items()]
        elif name == "fields" and isinstance(value, list):
            told = details.get("changes") or {}
            parts += [f"{'changed' if told else 'fields'}: {names}"] if (names := _fields(value, told)) else []
        elif name == "everybody":
            parts.append("for everybody")
        elif name == "before" and isinstance(value, dict):
            parts.append(f"before: {', '.join(_parts(value))}")
        elif name == "permission":
            parts.append(f"{_plain(name)}: {_plain(str(value))}")
        elif isinstance(value, list):
            parts.append(f"{_plain(name)}: {', '.join(_plain(str(one)) for one in value[:6])}")
        elif isinstance(value, dict):
            parts.append(f"{_plain(name)}: {', '.join(f'{_plain(str(key))} {one}' for key, one in value.items())}")
        else:
            parts.append(f"{_plain(name)}: {value}")
    return parts


def _fields(names: list[str], told: dict[str, Any]) -> str:
    """Those of which it is not told from what to what."""
    return ", ".join(_called(name) for name in names if name not in told)


def _called(name: str) -> str:
    return SETTINGS[name].label if name in SETTINGS else _OF_YEARS.get(name, _plain(name))


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, dict):
        value = [f"{_plain(key)} {one}" for key, one in value.items()]
    if isinstance(value, list):
        value = ", ".join(_plain(str(one)) for one in value)
    return "none" if value in ("", None) else f"{value:,}" if isinstance(value, int) else str(value)


def _plain(name: str) -> str:
    return name.replace("_", " ")
