"""The audit as people read it: who did what to whom, when, from where; newest first."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import Session, col

from core.models import Account, AuditEntry, Person
from core.permissions import Actor, Permission
from core.rules import audit_words
from core.rules.search_text import sought
from core.tables import audit_about, audit_names, frames, school, search
from core.tables.filters import AuditFilter, Page

if TYPE_CHECKING:
    import pandas as pd

COUNTED = 100_000  # further than that nobody counts: "100,000+"
_COLUMNS = (
    *("seq", "at", "actor", "account_id", "role", "action", "object_kind", "object_id", "result", "reason"),
    *("details", "ip", "session", "request"),
)


@dataclass(frozen=True)
class Shown:
    """One page, and how many match. What was done to several before `read_back_to` was not looked at."""

    rows: pd.DataFrame
    total: int
    read_back_to: datetime | None


def shown(db: Session, actor: Actor, *, filter: AuditFilter, page: Page, most: int = COUNTED) -> Shown:
    """One page of entries, and how many there are, counted up to one more than `most`."""
    actor.require(Permission.SEE_AUDIT)
    asked = _asked(db, actor, filter)
    return Shown(_entries(db, asked, page), _count(db, asked, most), asked.read_back_to)


def entries(db: Session, actor: Actor, *, filter: AuditFilter, page: Page) -> pd.DataFrame:
    """One page of entries, with the names that they only know as numbers."""
    actor.require(Permission.SEE_AUDIT)
    return _entries(db, _asked(db, actor, filter), page)


def _entries(db: Session, asked: _Asked, page: Page) -> pd.DataFrame:
    query = sa.select(*(getattr(AuditEntry, name) for name in _COLUMNS)).where(*asked.all)
    rows = db.execute(query.order_by(col(AuditEntry.seq).desc()).limit(page.size).offset(page.offset)).all()
    found = frames.table(rows, _COLUMNS)
    names = audit_names.of(db, rows)
    return found.assign(
        who=[names.actor(row.actor, row.account_id) for row in rows],
        what=[audit_words.said(row.action) for row in rows],
        whom=[names.thing(row) for row in rows],
        more=[audit_words.more(names.told(row.details)) for row in rows],
    )


def count(db: Session, actor: Actor, *, filter: AuditFilter, most: int = COUNTED) -> int:
    """How many entries match, counted up to one more than `most`."""
    actor.require(Permission.SEE_AUDIT)
    return _count(db, _asked(db, actor, filter), most)


def _count(db: Session, asked: _Asked, most: int) -> int:
    matching = sa.select(col(AuditEntry.seq)).where(*asked.all).limit(most + 1).subquery()
    return db.scalar(sa.select(sa.func.count()).select_from(matching)) or 0


def newest_at(db: Session) -> datetime | None:
    """When the newest entry says that it was written."""
    return db.scalar(sa.select(col(AuditEntry.at)).order_by(col(AuditEntry.seq).desc()).limit(1))


def actors(db: Session, actor: Actor) -> dict[int, str]:
    """Everybody of the staff who ever did something, by account: the filter *Who*."""
    actor.require(Permission.SEE_AUDIT)
    did = sa.select(col(AuditEntry.account_id)).where(col(AuditEntry.account_id) == col(Account.id)).exists()
    query = sa.select(col(Account.id), col(Person.last_name), col(Person.first_name))
    query = query.join(Person, col(Person.id) == col(Account.person_id)).where(did, col(Person.kind) == "staff")
    rows = db.execute(query.order_by(col(Person.sort_name), col(Account.id)))
    return {row.id: f"{row.last_name} {row.first_name}" for row in rows}


def moments(filter: AuditFilter, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    """From the beginning of the first day to the end of the last, as moments."""
    first, last = _day(filter.since), _day(filter.until)
    until = datetime.combine(last + timedelta(days=1), time(), zone) if last else None
    return datetime.combine(first, time(), zone) if first else None, until


@dataclass(frozen=True)
class _Asked:
    all: list[sa.ColumnElement[bool]]
    read_back_to: datetime | None


def _asked(db: Session, actor: Actor, filter: AuditFilter) -> _Asked:
    since, until = moments(filter, ZoneInfo(school.settings(db).time_zone))
    asked = [col(AuditEntry.at) >= since] if since else []
    asked += [col(AuditEntry.at) < until] if until else []
    read_back_to = None
    if filter.person_id is not None:
        done_to = audit_about.done_to(db, filter.person_id, when=list(asked), newest=True)
        read_back_to = done_to.read_back_to
        asked.append(done_to.holds)
    if filter.account_id is not None:
        asked.append(col(AuditEntry.account_id) == filter.account_id)
    if filter.kinds or filter.actions:
        asked.append(col(AuditEntry.action).in_([*audit_words.of_kinds(filter.kinds), *filter.actions]))
    if filter.results:
        asked.append(col(AuditEntry.result).in_(filter.results))
    if filter.campaign_id is not None:
        asked.append(_is("campaign", [filter.campaign_id]))
    if filter.text:
        asked.append(_mentions(db, actor, filter.text))
    return _Asked(asked, read_back_to)


def _is(kind: str, ids: Collection[int] | sa.Select[Any]) -> sa.ColumnElement[bool]:
    return sa.and_(col(AuditEntry.object_kind) == kind, col(AuditEntry.object_id).in_(ids))


def _about(people: sa.Select[Any]) -> sa.ColumnElement[bool]:
    """Done to one of these people, or to their account."""
    return sa.or_(_is("person", people), _is("account", _accounts(people)))


def _accounts(people: sa.Select[Any]) -> sa.Select[Any]:
    return sa.select(col(Account.id)).where(col(Account.person_id).in_(people))


def _mentions(db: Session, actor: Actor, text: str) -> sa.ColumnElement[bool]:
    """A name of who did it or to whom, an address it came from, the number of an entry, of a session, of a request."""
    plain = text.strip()
    people = sa.select(search.found(db, actor, sought(plain)).subquery().c[0])
    words = [_about(people), col(AuditEntry.account_id).in_(_accounts(people))]
    words += [column == plain for column in (AuditEntry.ip, AuditEntry.session, AuditEntry.request)]  # type: ignore[misc]
    if plain.isascii() and plain.isdecimal() and len(plain) < 10:
        words.append(col(AuditEntry.seq) == int(plain))
    else:
        words.append(col(AuditEntry.actor).contains(plain, autoescape=True))
    return sa.or_(*words)


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text) if text else None
    except ValueError:
        return None
    return day if day and 2000 <= day.year < 2200 else None
