"""The columns of the two lists, on screen and in files alike: their titles, and codes in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from core.models import FailureReason
from core.permissions import Permission
from core.rules import words
from core.rules.account_state import AccountState
from core.rules.reachability import Refusal

CONTACTS = Permission.SEE_CONTACTS
Rows = Mapping[str, Any]  # a DataFrame will do


@dataclass(frozen=True)
class ListColumn:
    """A title and what stands below it, of rows as the list's table reads them. `needs`: else it is not offered.

    `names`: the columns of the table that it is made of.

    Moments are given as they are; whoever shows them knows the school's zone.
    """

    title: str
    names: tuple[str, ...]
    cells: Callable[[Rows], list[Any]]
    needs: Permission | None = None
    is_moment: bool = False


def _text(title: str, name: str, needs: Permission | None = None) -> ListColumn:
    """What the database says, nothing where it says nothing."""
    return ListColumn(title, (name,), lambda rows: ["" if value is None else value for value in rows[name]], needs)


def _moment(title: str, name: str) -> ListColumn:
    return ListColumn(title, (name,), lambda rows: list(rows[name]), is_moment=True)


def _each(title: str, name: str, word: Callable[[Any], str]) -> ListColumn:
    """Each value in words, which are looked up once for each code; `word` is also asked for what is missing."""

    def cells(rows: Rows) -> list[str]:
        said = {value: word(value) for value in set(rows[name])}
        return [said[value] for value in rows[name]]

    return ListColumn(title, (name,), cells)


def _said(mapping: Mapping[Any, str]) -> Callable[[Any], str]:
    """The word for a code; a code that this version does not know stays as it is."""
    known = {str(key): word for key, word in mapping.items()}
    return lambda code: known.get(code, code or "")


def _invitable(refusal: str | None) -> str:
    """Yes, or the reason a secretary can act on."""
    return "Yes" if refusal is None else f"No: {words.REFUSAL[Refusal(refusal)]}"


def _yes_no(value: object) -> str:
    return "Yes" if value else "No"


def _roles(held: str) -> str:
    say = _said(words.ROLE)
    return ", ".join(say(role) for role in held.split())


def _name(rows: Rows) -> list[str]:
    return [f"{last} {first}" for last, first in zip(rows["last_name"], rows["first_name"], strict=True)]


def _delivery(rows: Rows) -> list[str]:
    """What became of the latest message, with the reason when it failed."""
    status, reason = _said(words.MESSAGE_STATUS), _said({str(why): words.FAILURE_REASON[why] for why in FailureReason})
    pairs = zip(rows["delivery"], rows["delivery_reason"], strict=True)
    return [f"{status(what)}: {reason(why)}" if why else status(what) for what, why in pairs]


_STATE = _each("State", "state", lambda state: words.ACCOUNT_STATE[AccountState(state)].label)
_BY_EMAIL = _each("Can be invited by e-mail", "email_refusal", _invitable)
_BY_SMS = _each("Can be invited by SMS", "sms_refusal", _invitable)
STUDENTS: Mapping[str, ListColumn] = {
    "source_id": _text("Student code", "source_id"),
    "name": ListColumn("Name", ("last_name", "first_name"), _name),
    "last_name": _text("Last name", "last_name"),
    "first_name": _text("First name", "first_name"),
    "grade": _text("Grade", "grade"),
    "section": _text("Class", "section"),
    "programme": _text("Programme", "programme"),
    "status": _each("Status", "status", _said(words.PERSON_STATUS)),
    "state": _STATE,
    "email_refusal": _BY_EMAIL,
    "sms_refusal": _BY_SMS,
    "invited_at": _moment("Last invitation", "invited_at"),
    "username": _text("Username", "username"),
    "personal_email": _text("Personal e-mail", "personal_email", CONTACTS),
    "use_personal_email": _each("Use Personal E-mail", "use_personal_email", lambda on: "On" if on else "Off"),
    "contact_email": _text("Contact e-mail", "contact_email", CONTACTS),
    "external_email": _text("O365 address", "external_email", CONTACTS),
    "mobile": _text("Mobile", "mobile", CONTACTS),
    "guardian": _text("Guardian", "guardian"),
    "guardian_mobile": _text("Guardian mobile", "guardian_mobile", CONTACTS),
    "language": _each("Language", "language", _said({**words.LANGUAGE, "": ""})),
    "updated_at": _moment("Last change", "updated_at"),
}
ACCOUNTS: Mapping[str, ListColumn] = {
    "name": ListColumn("Name", ("last_name", "first_name"), _name),
    "user_type": _each("User type", "user_type", _said(words.USER_TYPE)),
    "section": _text("Class", "section"),
    "students": _text("Linked student(s)", "students"),
    "username": _text("Username", "username"),
    "state": _STATE,
    "invited_at": _moment("Invited on", "invited_at"),
    "invitation_ends_at": _moment("Valid until", "invitation_ends_at"),
    "last_sign_in_at": _moment("Last login", "last_sign_in_at"),
    "first_sign_in_at": _moment("First login", "first_sign_in_at"),
    "sign_in_method": _each("Sign-in method", "sign_in_method", _said(words.SIGN_IN_METHOD)),
    "address": _text("Invitation address", "address", CONTACTS),
    "mobile": _text("Mobile", "mobile", CONTACTS),
    "email_refusal": _BY_EMAIL,
    "sms_refusal": _BY_SMS,
    "roles": _each("Role(s) in period", "roles", _roles),
    "active": _each("Active", "deactivated_at", lambda since: _yes_no(since is None)),
    "verified": _each("Verified e-mail", "email_verified", _yes_no),
    "delivery": ListColumn("Delivery", ("delivery", "delivery_reason"), _delivery),
    "times_invited": _text("Times invited", "times_invited"),
    "invited_by": _text("Invited by", "invited_by"),
    "must_change_password": _each("Must change password", "must_change_password", _yes_no),
    # Whether there is a live one; the password itself goes onto paper only.
    "initial_password": ListColumn(
        "Initial password",
        ("initial_password",),
        lambda rows: [_yes_no(live) for live in rows["initial_password"]],
        Permission.REVEAL_CREDENTIALS,
    ),
    "pending": _each("Pending changes", "pending_provider_at", lambda since: _yes_no(since is not None)),
    "created_at": _moment("Created on", "created_at"),
}
