"""Who may do what: roles map to permissions, an actor carries them with a scope. Deny by default."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core import clock
from core.errors import FreshCodeRequired, NotAllowed


class Permission(StrEnum):
    """One named thing one may do."""

    SEE_STATUS = "see_status"
    SEE_STUDENTS = "see_students"
    EDIT_STUDENTS = "edit_students"
    SEE_ACCOUNTS = "see_accounts"
    CREATE_ACCOUNTS = "create_accounts"
    MANAGE_ACCOUNTS = "manage_accounts"
    MANAGE_ROLES = "manage_roles"
    SEE_CONTACTS = "see_contacts"
    SEND = "send"
    APPROVE_CAMPAIGNS = "approve_campaigns"
    PRINT_REPORTS = "print_reports"
    REVEAL_CREDENTIALS = "reveal_credentials"
    IMPORT = "import"
    CHANGE_SETTINGS = "change_settings"
    USE_OWN_ACCOUNT = "use_own_account"
    ANSWER_RIGHTS = "answer_rights"
    SEE_AUDIT = "see_audit"
    MANAGE_PERIODS = "manage_periods"
    MANAGE_DIRECTORY = "manage_directory"


class Role(StrEnum):
    """What an account may do."""

    ADMINISTRATOR = "administrator"
    OFFICE = "office"
    COORDINATOR = "coordinator"
    TEACHER = "teacher"
    STUDENT = "student"
    GUARDIAN = "guardian"


_OWN = frozenset({Permission.USE_OWN_ACCOUNT})
_LISTS = _OWN | {Permission.SEE_STATUS, Permission.SEE_STUDENTS, Permission.SEE_ACCOUNTS, Permission.PRINT_REPORTS}

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.ADMINISTRATOR: frozenset(Permission),
    Role.OFFICE: _LISTS
    | {Permission.EDIT_STUDENTS, Permission.CREATE_ACCOUNTS, Permission.MANAGE_ACCOUNTS}
    | {Permission.SEE_CONTACTS, Permission.SEND}
    | {Permission.REVEAL_CREDENTIALS, Permission.IMPORT},
    Role.COORDINATOR: _LISTS,
    Role.TEACHER: _OWN | {Permission.SEE_STATUS, Permission.SEE_STUDENTS},
    Role.STUDENT: _OWN,
    Role.GUARDIAN: _OWN,
}
STAFF_ROLES = frozenset({Role.ADMINISTRATOR, Role.OFFICE, Role.COORDINATOR, Role.TEACHER})


@dataclass(frozen=True)
class Scope:
    """The rows an actor may see: everybody, or the people of some sections."""

    everybody: bool = False
    section_ids: frozenset[int] = frozenset()

    def __or__(self, other: Scope) -> Scope:
        return Scope(self.everybody or other.everybody, self.section_ids | other.section_ids)


@dataclass(frozen=True)
class Actor:
    """Who does this now. `session_id` is the row id of the sign-in, never its token.

    `fresh_until`: how long what they last typed to prove who they are still counts (R31).
    """

    label: str
    account_id: int | None = None
    person_id: int | None = None
    roles: frozenset[Role] = frozenset()
    scope: Scope = Scope()
    session_id: str | None = None
    ip: str | None = None
    fresh_until: datetime | None = None

    @property
    def permissions(self) -> frozenset[Permission]:
        return frozenset().union(*(ROLE_PERMISSIONS[role] for role in self.roles))

    @property
    def is_staff(self) -> bool:
        return bool(self.roles & STAFF_ROLES)

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions

    def require(self, permission: Permission) -> None:
        """Refuse unless the actor has the permission; every service begins with it."""
        if not self.may(permission):
            sentence = "Your role does not include this. An administrator can change your role."
            raise NotAllowed(sentence, by=self, permission=permission.value)

    @property
    def is_fresh(self) -> bool:
        """Whether they proved a moment ago who they are. Whoever may run commands on this machine has proved more."""
        return self.account_id is None or (self.fresh_until is not None and self.fresh_until > clock.now())

    def require_fresh(self) -> None:
        """Refuse an act that nobody should do at an unwatched screen until they prove anew who they are (R31)."""
        if not self.is_fresh:
            raise FreshCodeRequired()


def visitor(ip: str | None = None) -> Actor:
    """Somebody who has not signed in."""
    return Actor(label="visitor", ip=ip)


def command_line(user: str) -> Actor:
    """Whoever may run commands on this machine may do everything; the audit names the system's user."""
    return Actor(label=f"command line, {user}", roles=frozenset({Role.ADMINISTRATOR}), scope=Scope(everybody=True))


def system(part: str) -> Actor:
    """Firstkey itself, for instance the delivery engine. It has no permissions of its own."""
    return Actor(label=f"system, {part}")


def standing_order(part: str) -> Actor:
    """Firstkey carrying out what an administrator has switched on: it may send, as the office may."""
    return Actor(label=f"system, {part}", roles=frozenset({Role.OFFICE}), scope=Scope(everybody=True))
