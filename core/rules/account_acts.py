"""What staff can do to accounts, who is left out of it, and what may be undone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from core.errors import InputProblem
from core.permissions import STAFF_ROLES, Permission, Role
from core.rules import usernames

UNDO_WITHIN = timedelta(hours=24)
LONGEST_USERNAME = 100
EVERYBODY_ALWAYS = frozenset({Role.ADMINISTRATOR})


class Act(StrEnum):
    """What is done to one or many accounts."""

    ACTIVATE = "activate"
    DEACTIVATE = "deactivate"
    REQUIRE_PASSWORD_CHANGE = "require_password_change"  # noqa: S105  (a word, not a password)
    VOID_LINKS = "void_links"
    TO_MICROSOFT = "to_microsoft"
    TO_LOCAL = "to_local"
    PERSONAL_EMAIL_ON = "personal_email_on"
    PERSONAL_EMAIL_OFF = "personal_email_off"
    GIVE_ROLE = "give_role"


class Edit(StrEnum):
    """What else is done to accounts and can be undone like an act; and two that are only remembered."""

    CREATED = "created"
    USERNAME = "username"
    ROLE_SCOPE = "role_scope"
    ROLE_ENDED = "role_ended"
    UNDO = "undo"
    SLIP_PRINTED = "slip_printed"


class LeftOut(StrEnum):
    """Why an act passes an account by."""

    STAFF = "staff"
    OWN_ACCOUNT = "own_account"
    ALREADY_ACTIVE = "already_active"
    ALREADY_DEACTIVATED = "already_deactivated"
    MICROSOFT = "microsoft"
    LOCAL = "local"
    NO_PASSWORD = "no_password"  # noqa: S105
    ALREADY_ASKED = "already_asked"
    NO_OPEN_LINK = "no_open_link"
    NOT_IN_MICROSOFT = "not_in_microsoft"
    NO_MICROSOFT_ADDRESS = "no_microsoft_address"
    ADDRESS_TAKEN = "address_taken"
    NOT_A_STUDENT = "not_a_student"
    ALREADY_ON = "already_on"
    ALREADY_OFF = "already_off"
    ROLE_DOES_NOT_FIT = "role_does_not_fit"
    ALREADY_HELD = "already_held"
    NO_ACCOUNT = "no_account"


@dataclass(frozen=True)
class Reach:
    """For whom a role is held: for everybody, or the people of classes, of whole grades, of whole schools."""

    everybody: bool = False
    section_ids: tuple[int, ...] = ()
    grades: tuple[str, ...] = ()
    schools: tuple[str, ...] = ()

    def as_columns(self) -> dict[str, object]:
        """As a role stores it."""
        lists = {"section_ids": list(self.section_ids), "grades": list(self.grades), "schools": list(self.schools)}
        return {"everybody": self.everybody, **lists}


@dataclass(frozen=True)
class Gift:
    """A role to be given: in one academic period or, without, in every one; for whom; from when to when."""

    role: Role
    period_id: int | None = None
    everybody: bool = False
    section_ids: tuple[int, ...] = ()
    grades: tuple[str, ...] = ()
    schools: tuple[str, ...] = ()
    starts_on: date | None = None
    ends_on: date | None = None

    @property
    def reach(self) -> Reach:
        return reach(self.role, Reach(self.everybody, self.section_ids, self.grades, self.schools))

    def as_columns(self) -> dict[str, object]:
        """As a role stores it, days as text."""
        days = {"starts_on": self.starts_on, "ends_on": self.ends_on}
        said = {name: day.isoformat() for name, day in days.items() if day}
        return {"role": self.role.value, "period_id": self.period_id, **self.reach.as_columns(), **said}


_ROLE_TOLD = {"role": "role", "period_id": "period", "everybody": "everybody", "section_ids": "classes"}
_ROLE_TOLD |= {"grades": "grades", "schools": "schools", "starts_on": "from", "ends_on": "until"}
ROLE_CHANGES = (Act.GIVE_ROLE, Edit.ROLE_SCOPE, Edit.ROLE_ENDED)
_RELATED: tuple[tuple[Act | Edit, ...], ...] = (
    (Act.ACTIVATE, Act.DEACTIVATE),
    (Act.TO_MICROSOFT, Act.TO_LOCAL, Edit.USERNAME),
    (Act.PERSONAL_EMAIL_ON, Act.PERSONAL_EMAIL_OFF),
    ROLE_CHANGES,
)


def role_told(held: Mapping[str, object]) -> dict[str, object]:
    """A role as the audit tells it: which, in which year, for whom, from when until when. What is open is left out."""
    return {said: held[name] for name, said in _ROLE_TOLD.items() if held.get(name)}


def related(act: Act | Edit) -> tuple[Act | Edit, ...]:
    """The acts that change the same facts: after a later one of them, an earlier one is not undone."""
    return next((acts for acts in _RELATED if act in acts), (act,))


def known(act: str) -> Act | Edit:
    """The act of a stored change."""
    return Edit(act) if act in set(Edit) else Act(act)


def permission(act: Act | Edit) -> Permission:
    """What one must be allowed to do it, and to undo it."""
    if act in ROLE_CHANGES:
        return Permission.MANAGE_ROLES
    if act in (Act.PERSONAL_EMAIL_ON, Act.PERSONAL_EMAIL_OFF):
        return Permission.EDIT_STUDENTS
    return Permission.CREATE_ACCOUNTS if act is Edit.CREATED else Permission.MANAGE_ACCOUNTS


def reach(role: str, wanted: Reach) -> Reach:
    """For whom a role is held. Students and guardians hold theirs for themselves, administrators for everybody."""
    if role in EVERYBODY_ALWAYS or (role in STAFF_ROLES and wanted.everybody):
        return Reach(True)
    if role not in STAFF_ROLES:
        return Reach()
    if not (wanted.section_ids or wanted.grades or wanted.schools):
        raise InputProblem(
            "This role is for nobody yet. Choose classes, grades or schools, or everybody.", field="section_ids"
        )
    sections, grades, schools = sorted(set(wanted.section_ids)), sorted(set(wanted.grades)), sorted(set(wanted.schools))
    return Reach(False, tuple(sections), tuple(grades), tuple(schools))


def dates(starts_on: date | None, ends_on: date | None) -> None:
    """Refuse a role that would end before it begins."""
    if starts_on and ends_on and ends_on < starts_on:
        raise InputProblem("The last day of the role is before its first one.", field="ends_on")


def username(text: str) -> str:
    """A username as typed, without spaces around it; refuses what nobody could type at the sign-in."""
    written = text.strip()
    if not written:
        raise InputProblem("The username is empty. Type the new one.", field="username")
    if len(written) > LONGEST_USERNAME:
        hint = f"At most {LONGEST_USERNAME} letters."
        raise InputProblem("The username is too long.", field="username", hint=hint)
    if not written.isprintable() or any(letter.isspace() for letter in written) or not usernames.key(written):
        hint = "Letters, digits and signs such as . - _ @ are fine."
        raise InputProblem("The username holds a space or a hidden character.", field="username", hint=hint)
    return written
