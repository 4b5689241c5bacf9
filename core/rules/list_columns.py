"""The columns of the two lists as they stand in a file: titles, and codes in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from core.permissions import Permission
from core.rules import words
from core.rules.account_state import AccountState
from core.rules.exports import Cell
from core.rules.reachability import Refusal


def plain(value: Any) -> Cell:
    """As it is: a text, a number or a moment."""
    cell: Cell = value
    return cell


@dataclass(frozen=True)
class ListColumn:
    """A title, the column of the database below it, and how its values read. `needs`: else it is left out."""

    title: str
    source: str
    cell: Callable[[Any], Cell] = plain
    needs: Permission | None = None


def _said(mapping: Mapping[Any, str]) -> Callable[[Any], Cell]:
    known = {str(key): word for key, word in mapping.items()}
    return lambda code: known.get(code, code or "")


def _invitable(refusal: str | None) -> str:
    return "Yes" if refusal is None else f"No: {words.REFUSAL[Refusal(refusal)]}"


def _yes_no(value: Any) -> str:
    return "Yes" if value else "No"


def _state(state: str) -> str:
    return words.ACCOUNT_STATE[AccountState(state)].label


def _roles(held: str) -> str:
    say = _said(words.ROLE)
    return ", ".join(str(say(role)) for role in held.split())


CONTACTS = Permission.SEE_CONTACTS
STUDENTS: Mapping[str, ListColumn] = {
    "source_id": ListColumn("Student code", "source_id"),
    "name": ListColumn("Name", "name"),
    "last_name": ListColumn("Last name", "last_name"),
    "first_name": ListColumn("First name", "first_name"),
    "grade": ListColumn("Grade", "grade"),
    "section": ListColumn("Class", "section"),
    "programme": ListColumn("Programme", "programme"),
    "status": ListColumn("Status", "status", _said(words.PERSON_STATUS)),
    "state": ListColumn("State", "state", _state),
    "email_refusal": ListColumn("Can be invited by e-mail", "email_refusal", _invitable),
    "sms_refusal": ListColumn("Can be invited by SMS", "sms_refusal", _invitable),
    "invited_at": ListColumn("Last invitation", "invited_at"),
    "username": ListColumn("Username", "username"),
    "personal_email": ListColumn("Personal e-mail", "personal_email", needs=CONTACTS),
    "use_personal_email": ListColumn("Use Personal E-mail", "use_personal_email", lambda on: "On" if on else "Off"),
    "contact_email": ListColumn("Contact e-mail", "contact_email", needs=CONTACTS),
    "external_email": ListColumn("O365 address", "external_email", needs=CONTACTS),
    "mobile": ListColumn("Mobile", "mobile", needs=CONTACTS),
    "guardian": ListColumn("Guardian", "guardian"),
    "guardian_mobile": ListColumn("Guardian mobile", "guardian_mobile", needs=CONTACTS),
    "language": ListColumn("Language", "language", _said({**words.LANGUAGE, "": ""})),
    "updated_at": ListColumn("Last change", "updated_at"),
}
ACCOUNTS: Mapping[str, ListColumn] = {
    "name": ListColumn("Name", "name"),
    "user_type": ListColumn("User type", "user_type", _said(words.USER_TYPE)),
    "section": ListColumn("Class", "section"),
    "students": ListColumn("Linked student(s)", "students"),
    "username": ListColumn("Username", "username"),
    "state": ListColumn("State", "state", _state),
    "invited_at": ListColumn("Invited on", "invited_at"),
    "invitation_ends_at": ListColumn("Valid until", "invitation_ends_at"),
    "last_sign_in_at": ListColumn("Last login", "last_sign_in_at"),
    "first_sign_in_at": ListColumn("First login", "first_sign_in_at"),
    "sign_in_method": ListColumn("Sign-in method", "sign_in_method", _said(words.SIGN_IN_METHOD)),
    "address": ListColumn("Invitation address", "address", needs=CONTACTS),
    "mobile": ListColumn("Mobile", "mobile", needs=CONTACTS),
    "email_refusal": ListColumn("Can be invited by e-mail", "email_refusal", _invitable),
    "sms_refusal": ListColumn("Can be invited by SMS", "sms_refusal", _invitable),
    "roles": ListColumn("Role(s) in period", "roles", _roles),
    "active": ListColumn("Active", "deactivated_at", lambda at: _yes_no(at is None)),
    "verified": ListColumn("Verified e-mail", "email_verified", _yes_no),
    "delivery": ListColumn("Delivery", "delivery", _said(words.MESSAGE_STATUS)),
    "times_invited": ListColumn("Times invited", "times_invited"),
    "invited_by": ListColumn("Invited by", "invited_by"),
    "must_change_password": ListColumn("Must change password", "must_change_password", _yes_no),
    # Whether there is a live one; the password itself goes onto paper only.
    "initial_password": ListColumn("Initial password", "initial_password", _yes_no, Permission.REVEAL_CREDENTIALS),
    "pending": ListColumn("Pending changes", "pending_provider_at", lambda at: _yes_no(at is not None)),
    "created_at": ListColumn("Created on", "created_at"),
}
