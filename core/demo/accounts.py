"""Accounts of the demo school: every state in plausible numbers, with genuine invitations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

from core.demo import histories
from core.demo.register import Row
from core.keys import Key
from core.models import Channel, PersonKind, Purpose
from core.permissions import Role
from core.rules import initial_credentials, reachability, username_pattern, usernames
from core.rules.account_state import AccountState as State

_COLUMNS: Row = {
    "sign_in_method": "local",
    "password_hash": "",
    "verified_address": "",
    "sign_ins": 0,
    "failed_sign_ins": 0,
    "times_invited": 0,
}
_PATTERN = username_pattern.read(username_pattern.DEFAULT)
_USER_TYPE = {Role.TEACHER: "teacher", Role.COORDINATOR: "staff", Role.OFFICE: "staff"}
_ROLE = {PersonKind.STUDENT: Role.STUDENT, PersonKind.GUARDIAN: Role.GUARDIAN}


@dataclass
class Ledger:
    """The accounts so far. `deals`: for each user type the states still to come."""

    chance: Random
    key: Key
    policy: reachability.Policy
    today: datetime
    held: dict[int, tuple[Role, list[int]]]
    accounts: list[Row] = field(default_factory=list)
    roles: list[Row] = field(default_factory=list)
    invitations: list[Row] = field(default_factory=list)
    taken: dict[str, int] = field(default_factory=dict)
    deals: dict[str, Iterator[State]] = field(default_factory=dict)

    def open_for(self, person: Row) -> None:
        """Give `person` an account, unless it is one of those without."""
        role, sections = self.held.get(person["id"]) or (_ROLE[person["kind"]], [])
        user_type = _USER_TYPE.get(role, role.value)
        state, address = self._state(person, user_type)
        if state == State.NO_ACCOUNT:
            return
        row = _COLUMNS | {"id": len(self.accounts) + 1, "person_id": person["id"], "user_type": user_type}
        row |= self._username(person) | histories.facts(state, self.chance, today=self.today, address=address)
        self.accounts.append(row)
        everybody = role == Role.OFFICE
        held: Row = {"account_id": row["id"], "role": role.value, "everybody": everybody, "section_ids": sections}
        self.roles.append(held)
        if "invited_at" in row:
            self._invite(row, address)

    def _state(self, person: Row, user_type: str) -> tuple[State, str]:
        if not self.policy.counts(is_student=person["kind"] == PersonKind.STUDENT, status=person["status"]):
            return (State.DEACTIVATED if person["status"] == "left" else State.NO_ACCOUNT), person["personal_email"]
        contact = _contact(person, user_type)
        verdict = reachability.email_address(contact, self.policy)
        if verdict.yes:
            deal = self.deals.setdefault(user_type, histories.deal(self.chance))
            return next(deal), verdict.address
        return (State.READY if self.chance.random() < 0.75 else State.NO_ACCOUNT), ""

    def _username(self, person: Row) -> Row:
        names = {"first_name": person["first_name"], "last_name": person["last_name"]}
        wanted = username_pattern.stem(_PATTERN, **names, code=person["source_id"])
        name = usernames.next_free(wanted, self.taken)
        return {"username": name, "username_key": usernames.key(name)}

    def _invite(self, account: Row, address: str) -> None:
        uid = f"{self.chance.getrandbits(128):032x}"
        token = initial_credentials.link_token(self.key.secret, uid)
        row = {
            "account_id": account["id"],
            "purpose": Purpose.LINK.value,
            "uid": uid,
            "kid": self.key.kid,
            "token_hash": initial_credentials.token_hash(token),
            "channel": Channel.EMAIL.value,
            "address": address,
            "issued_at": account["invited_at"],
            "expires_at": account["invitation_ends_at"],
        }
        self.invitations.append(row | histories.invitation_end(account))


def _contact(person: Row, user_type: str) -> reachability.Contact:
    columns: dict[str, Any] = {name: person[name] for name in _CONTACT}
    return reachability.Contact(user_type=user_type, **columns)


_CONTACT = (
    *("use_personal_email", "personal_email", "personal_email_valid", "contact_email", "contact_email_valid"),
    *("external_email", "mobile", "mobile_region"),
)
