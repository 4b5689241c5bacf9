"""What slips print: who gets which, with the live secrets derived at this moment and stored nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from core import keys
from core.models import Account, Guardianship, Invitation, Person, Purpose, SignInMethod
from core.permissions import Actor, Role
from core.rules import initial_credentials
from core.rules.handing_over import SlipSecret
from core.tables import handing_over, reports, school, scope

Row = tuple[str, ...]  # what core.documents.papers.SlipRow holds
_STAFF = "Staff"


@dataclass(frozen=True)
class SlipGroup:
    """The slips of a class: its students and those who answer for them."""

    title: str
    account_ids: list[int]
    rows: list[Row] = field(repr=False)


@dataclass(frozen=True)
class _Wards:
    """Whom a guardian answers for: the relation to the first, the names of all, the class of the first."""

    relation: str
    names: str
    section_id: int | None


def of_accounts(db: Session, actor: Actor, *, account_ids: sa.Select[Any]) -> Iterator[SlipGroup]:
    """A slip for each account, by class and then by name."""
    titles, wards = reports.classes(db), _wards(db, actor, account_ids)
    reader = _Reader(actor, school.settings(db).default_language)
    found: list[tuple[tuple[Any, ...], str, int, Row]] = []
    seen: set[int] = set()
    for row in db.execute(_query(account_ids)):
        if row.account_id not in seen:
            seen.add(row.account_id)
            of = wards.get(row.person_id)
            section_id = of.section_id if of else row.section_id
            title, order = titles.get(section_id or 0, ("Without class", (1,)))
            if row.kind == "staff":
                title, order = _STAFF, (2,)
            found.append(((order, title), title, row.account_id, reader.slip(row, title, of)))
    found.sort(key=lambda slip: slip[0])  # stable: within a class the query's order by name stays
    for (_order, title), slips in groupby(found, key=lambda slip: slip[0]):
        listed = list(slips)
        yield SlipGroup(title, [slip[2] for slip in listed], [slip[3] for slip in listed])


def count(db: Session, actor: Actor, *, account_ids: sa.Select[Any]) -> dict[SlipSecret, int]:
    """How many slips there would be, by what they would say about the way in."""
    reader, found, seen = _Reader(actor, ""), dict.fromkeys(SlipSecret, 0), set()
    for row in db.execute(_query(account_ids)):
        if row.account_id not in seen:
            seen.add(row.account_id)
            found[reader.secret(row)] += 1
    return found


class _Reader:
    """Reads slips for one actor: what belongs to members of staff is for administrators only."""

    def __init__(self, actor: Actor, language: str) -> None:
        self._keys = keys.known()
        self._all = Role.ADMINISTRATOR in actor.roles
        self._language = language

    def secret(self, row: Any) -> SlipSecret:
        if row.sign_in_method != SignInMethod.LOCAL:
            return SlipSecret.MICROSOFT
        if row.has_chosen:
            return SlipSecret.CHOSEN
        if row.is_staff and not self._all:
            return SlipSecret.STAFF
        if row.password_kid in self._keys:
            return SlipSecret.PASSWORD
        return SlipSecret.LINK if row.link_kid in self._keys else SlipSecret.NONE

    def slip(self, row: Any, title: str, of: _Wards | None) -> Row:
        secret = self.secret(row)
        password = until = token = ""
        if secret is SlipSecret.PASSWORD:
            password = initial_credentials.initial_password(self._keys[row.password_kid].secret, row.password_uid)
            until = f"{row.password_ends:%Y-%m-%d %H:%M}"
        if row.link_kid in self._keys and (self._all or not row.is_staff):
            token = initial_credentials.link_token(self._keys[row.link_kid].secret, row.link_uid)
            until = until or f"{row.link_ends:%Y-%m-%d %H:%M}"
        relation, names = (of.relation, of.names) if of else ("", "")
        name, language = f"{row.first_name} {row.last_name}".strip(), row.language or self._language
        code = row.source_id if row.kind == "student" else ""
        shown = (name, code, title, row.kind, relation, names, row.username)
        return *shown, secret.value, password, until, token, language


def _query(account_ids: sa.Select[Any]) -> sa.Select[Any]:
    password, link = aliased(Invitation), aliased(Invitation)
    columns: tuple[Any, ...] = (
        col(Account.id).label("account_id"),
        col(Person.id).label("person_id"),
        col(Person.kind),
        col(Person.source_id),
        col(Person.first_name),
        col(Person.last_name),
        col(Person.language),
        col(Person.section_id),
        col(Account.username),
        col(Account.sign_in_method),
        (col(Account.password_hash) != "").label("has_chosen"),
        handing_over.is_staff().label("is_staff"),
        *_columns(password, "password"),
        *_columns(link, "link"),
    )
    query = sa.select(*columns).select_from(Account).join(Person, col(Person.id) == col(Account.person_id))
    query = query.outerjoin(password, _live(password, Purpose.PASSWORD)).outerjoin(link, _live(link, Purpose.LINK))
    order = (col(Person.sort_name), col(Person.id), col(password.id).desc(), col(link.id).desc())
    return query.where(col(Account.id).in_(account_ids)).order_by(*order)


def _columns(invitation: Any, name: str) -> tuple[Any, ...]:
    return (
        invitation.uid.label(f"{name}_uid"),
        invitation.kid.label(f"{name}_kid"),
        invitation.expires_at.label(f"{name}_ends"),
    )


def _live(invitation: Any, purpose: Purpose) -> sa.ColumnElement[bool]:
    return sa.and_(
        invitation.account_id == col(Account.id), invitation.purpose == purpose, handing_over.live(invitation)
    )


def _wards(db: Session, actor: Actor, account_ids: sa.Select[Any]) -> dict[int, _Wards]:
    """By the person id of each guardian, within the actor's scope."""
    columns = (col(Guardianship.guardian_id), col(Guardianship.relation), col(Person.section_id))
    query = sa.select(*columns, col(Person.first_name), col(Person.last_name))
    query = query.join(Person, col(Person.id) == col(Guardianship.student_id))
    guardians = sa.select(col(Account.person_id)).where(col(Account.id).in_(account_ids))
    query = query.where(col(Guardianship.guardian_id).in_(guardians), scope.holds_today(), scope.wards(actor))
    found: dict[int, list[Any]] = {}
    for row in db.execute(query.order_by(col(Guardianship.guardian_id), col(Person.sort_name))):
        found.setdefault(row.guardian_id, []).append(row)
    return {
        guardian: _Wards(
            rows[0].relation, ", ".join(f"{row.first_name} {row.last_name}" for row in rows), rows[0].section_id
        )
        for guardian, rows in found.items()
    }
