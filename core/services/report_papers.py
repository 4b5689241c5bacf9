"""What reports print, read and put together for paper. Nothing is reset or issued by printing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import clock, config
from core.documents.papers import ClassRows, Letterhead, Paper, StudentAccountInfo, UserAccountInfo
from core.errors import InputProblem
from core.models import MessageStatus, Person, UserType
from core.permissions import Actor, Permission
from core.rules import words
from core.tables import reports, school, selection_rows
from core.tables.frames import masked
from core.tables.reports import StudentRow
from core.tables.selection_rows import RowScope

STATE_WORDS = {state.value: said.label for state, said in words.ACCOUNT_STATE.items()}
METHOD_WORDS = {method.value: said for method, said in words.SIGN_IN_METHOD.items()}
DELIVERY_WORDS = {status.value: said for status, said in words.MESSAGE_STATUS.items()}
DELIVERY_WORDS[MessageStatus.WRITTEN] = "In the outbox"
COLOURS = {state.value: said.colour for state, said in words.ACCOUNT_STATE.items()}
Told = Callable[[int], None]  # so many more rows are read
EMAIL, MOBILE, FIRST_OF_ROW = 7, 8, 2  # places in a row of tables.reports
USER_EMAIL = 18  # its place in a row of an account there


class ReportKind(StrEnum):
    """A report of the Reports menu; the value stands in its address."""

    STUDENT_ACCOUNT_INFO = "student-account-info"
    USER_ACCOUNT_INFO = "user-account-info"
    CREDENTIALS = "credentials"


TITLES = {
    ReportKind.STUDENT_ACCOUNT_INFO: "Student Account Info",
    ReportKind.USER_ACCOUNT_INFO: "User Account Info",
    ReportKind.CREDENTIALS: "User Account Credentials",
}


@dataclass(frozen=True)
class Contents:
    """What is printed about how many, and about whom: the ids of persons, for the audit."""

    paper: Paper
    people: int
    ids: list[int]


@dataclass(frozen=True)
class Rows:
    """Whom a list is about. `called` is how the header names them; `shown` is of how many they were selected."""

    people: sa.Select[Any]
    size: int
    called: str = "All shown"
    shown: int | None = None


def rows_of_selection(db: Session, actor: Actor, *, selection_id: int, scope: RowScope) -> Rows:
    """The rows selected, or all that the filter shows."""
    people = selection_rows.person_ids(db, actor, selection_id=selection_id, scope=scope)
    size = selection_rows.size(db, actor, selection_id=selection_id, scope=scope)
    shown = selection_rows.size(db, actor, selection_id=selection_id, scope="shown") if scope == "selected" else None
    return Rows(people, size, shown=shown)


def tell_nobody(_rows: int) -> None:
    """Nobody waits long enough to be told."""


def student_account_info(db: Session, actor: Actor, rows: Rows, told: Told = tell_nobody) -> Contents:
    settings = school.settings(db)
    found = reports.student_accounts(
        db,
        person_ids=rows.people,
        now=clock.now(),
        policy=school.policy(settings),
    )
    groups, ids = [], list[int]()
    for group in found:
        ids += [row[0] for row in group.rows]
        listed = _shown(group.rows, in_full=actor.may(Permission.SEE_CONTACTS))
        groups.append((group.order, ClassRows.of(group.title, listed)))
        told(len(listed))
    classes = tuple(one for _, one in sorted(groups, key=lambda pair: pair[0]))
    people = sum(group.count for group in classes)
    if not people:
        raise InputProblem("No student is among the accounts chosen. Set User Type to Student, search, and try again.")
    head = _letterhead(db, actor, ReportKind.STUDENT_ACCOUNT_INFO, scope_words(rows, people))
    paper = StudentAccountInfo(head, classes, STATE_WORDS, METHOD_WORDS, _notes(actor), COLOURS)
    return Contents(paper, people, ids)


def _shown(rows: list[StudentRow], *, in_full: bool) -> list[StudentRow]:
    """The rows without their ids, contacts masked for whom they are not meant (R61)."""
    if in_full:
        return [row[FIRST_OF_ROW:] for row in rows]
    return [(*row[FIRST_OF_ROW:EMAIL], masked(row[EMAIL]), masked(row[MOBILE]), *row[MOBILE + 1 :]) for row in rows]


def _notes(actor: Actor) -> tuple[str, ...]:
    if actor.may(Permission.SEE_CONTACTS):
        return ()
    return (
        "E-mail addresses and mobile numbers are shortened: the role of whoever printed this does not include them.",
    )


def _letterhead(db: Session, actor: Actor, kind: ReportKind, scope: str) -> Letterhead:
    return letterhead(db, actor, title=TITLES[kind], scope=scope)


def letterhead(db: Session, actor: Actor, *, title: str, scope: str, language: str = "") -> Letterhead:
    """What stands on every page of a document of this school."""
    settings, period = school.settings(db), reports.current_period(db)
    return Letterhead(
        school=settings.school_name,
        title=title,
        period=f"Academic period {period}" if period else "",
        scope=scope,
        printed_by=_name(db, actor),
        created=clock.now(),
        zone=settings.time_zone,
        language=language or "en",
        logo=school.logo(db),
        cjk_font=config.settings().cjk_font,
    )


def scope_words(rows: Rows, people: int, *, noun: str = "student") -> str:
    """23 selected of 240, or all 240 that the list shows."""
    said = f"1 {noun}" if people == 1 else f"{people:,} {noun}s"
    if rows.shown is None:
        return f"{rows.called}: {said}"
    if rows.shown < people:
        return f"{said} selected, {rows.shown:,} shown in the list"
    return f"{people:,} selected of {rows.shown:,}"


def _name(db: Session, actor: Actor) -> str:
    person = db.get(Person, actor.person_id) if actor.person_id else None
    return f"{person.first_name} {person.last_name}" if person else actor.label


def user_account_info(db: Session, actor: Actor, rows: Rows, told: Told = tell_nobody) -> Contents:
    """The technical status of the accounts chosen, whatever their user type. People without an account are counted."""
    found = reports.user_accounts(
        db,
        person_ids=rows.people,
        now=clock.now(),
        policy=school.policy(school.settings(db)),
    )
    groups, ids = [], list[int]()
    notes: tuple[str, ...]
    in_full = actor.may(Permission.SEE_CONTACTS)
    for group in found:
        ids += [row[0] for row in group.rows]
        kind = words.USER_TYPES[UserType(group.user_type)]
        title, under = (group.title, kind) if group.title else (kind, "")
        groups.append(ClassRows.of(title, _shown_users(group.rows, in_full=in_full), under=under))
        told(len(group.rows))
    people = sum(group.count for group in groups)
    if not people:
        raise InputProblem("Nobody chosen has an account, so there is nothing to print. Create their accounts first.")
    without = rows.size - people
    notes = () if in_full else ("E-mail addresses are shortened: the role of whoever printed this excludes them.",)
    if without > 0:
        notes = (f"{without:,} of those chosen have no account and are not listed.", *notes)
    said = scope_words(rows, people, noun="account")
    head = _letterhead(db, actor, ReportKind.USER_ACCOUNT_INFO, said)
    paper = UserAccountInfo(head, tuple(groups), STATE_WORDS, METHOD_WORDS, DELIVERY_WORDS, COLOURS, notes)
    return Contents(paper, people, ids)


def _shown_users(rows: list[tuple[Any, ...]], *, in_full: bool) -> list[tuple[Any, ...]]:
    """The same for accounts of any user type."""
    if in_full:
        return [row[1:] for row in rows]
    return [(*row[1:USER_EMAIL], masked(row[USER_EMAIL]), *row[USER_EMAIL + 1 :]) for row in rows]
