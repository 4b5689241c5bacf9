"""User Account Credentials, read and put together for paper: all of them, or those that stand first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import sqlalchemy as sa
from sqlmodel import Session

from core import clock
from core.documents.papers import ClassRows, Credentials, Letterhead
from core.errors import InputProblem
from core.models import AccountChangeItem
from core.models.columns import json_type
from core.permissions import Actor
from core.rules import credential_checks, slip_words
from core.rules.account_acts import Edit
from core.services import account_effects, printed_accounts, report_papers, selections
from core.services.printed_accounts import Printed
from core.services.report_papers import Contents, Told, tell_nobody
from core.tables import first_slips, people, reports, school, slips
from core.tables.slips import SlipGroup


def remember(db: Session, actor: Actor, printed: Printed) -> None:
    """So that the timeline of each of them says who printed it, and when."""
    accounts = printed_accounts.accounts(db, actor, printed)
    change = account_effects.begin(db, actor, act=Edit.SLIP_PRINTED, at=clock.now())
    chosen = accounts.subquery()
    items = sa.select(sa.literal(change.id), chosen.c[0], sa.literal({}, json_type()))
    db.execute(sa.insert(AccountChangeItem).from_select(["change_id", "account_id", "before"], items))


@dataclass(frozen=True)
class First:
    """The slips that stand first, and how many there are in all."""

    contents: Contents
    of: int


def credentials(db: Session, actor: Actor, printed: Printed, told: Told = tell_nobody) -> Contents:
    """Credentials in the form asked for: what is live is derived, nothing is issued."""
    accounts = printed_accounts.accounts(db, actor, printed)
    groups = slips.of_accounts(db, actor, account_ids=accounts, parameters=printed.parameters)
    return _slips(db, actor, printed, groups, told)


def first(db: Session, actor: Actor, printed: Printed, *, most: int) -> First:
    """The same, of no more than so many: nobody else's secrets are read."""
    accounts, parameters = printed_accounts.accounts(db, actor, printed), printed.parameters
    number = printed_accounts.count(db, actor, printed)
    if number > most:
        accounts = first_slips.of(db, actor, account_ids=accounts, parameters=parameters, most=most)
    groups = slips.of_accounts(db, actor, account_ids=accounts, parameters=parameters)
    return First(_slips(db, actor, printed, _cut(groups, most), tell_nobody, of=number), number)


def _cut(groups: Iterable[SlipGroup], most: int) -> Iterator[SlipGroup]:
    """The slips that stand first, in their groups."""
    for group in groups:
        if most <= 0:
            return
        yield SlipGroup(group.title, group.account_ids[:most], group.rows[:most])
        most -= len(group.rows)


def _slips(
    db: Session, actor: Actor, printed: Printed, found: Iterable[SlipGroup], told: Told, *, of: int | None = None
) -> Contents:
    parameters = printed.parameters
    credential_checks.check(parameters)
    groups, ids = [], list[int]()
    for group in found:
        ids += group.account_ids
        groups.append(ClassRows.of(group.title, group.rows))
        told(len(group.rows))
    number = sum(group.count for group in groups)
    if not number:
        raise InputProblem(credential_checks.nobody(parameters))
    base = school.place(school.settings(db)).base_url
    head = _head(db, actor, printed, of or number)
    paper = Credentials(head, tuple(groups), f"{base}/sign-in", f"{base}/i/", parameters)
    return Contents(paper, number, people.of_accounts(db, ids))


def _head(db: Session, actor: Actor, printed: Printed, number: int) -> Letterhead:
    language = _one_language(db, actor, printed)
    said, period = slip_words.words(language), reports.current_period(db)
    accounts = said.one if number == 1 else said.many % f"{number:,}"
    scope = _scope(db, actor, printed, accounts, language)
    head = report_papers.letterhead(db, actor, title=said.title, scope=scope, language=language)
    return replace(head, period=said.period % period if period else "")


def _one_language(db: Session, actor: Actor, printed: Printed) -> str:
    """That of the document: of its slips where they share one, else ours. A table is a list of the office."""
    asked = printed.parameters
    if asked.layout == "table":
        return "en"
    spoken = {asked.language} if asked.language else _spoken(db, actor, printed)
    shared = min(spoken) if len(spoken) == 1 else "en"
    return shared if shared in slip_words.LANGUAGES else "en"


def _spoken(db: Session, actor: Actor, printed: Printed) -> set[str]:
    return slips.languages(db, account_ids=printed_accounts.accounts(db, actor, printed))


def _scope(db: Session, actor: Actor, printed: Printed, accounts: str, language: str) -> str:
    """23 selected of 240 · 46 accounts: the rows of the list, and the accounts of these people and their parents."""
    listed = selections.list_of(db, actor, selection_id=printed.selection_id)
    if listed not in ("students", "accounts"):
        return accounts
    rows = report_papers.rows_of_selection(db, actor, selection_id=printed.selection_id, scope=printed.scope)
    if language != "en":
        chosen = rows.shown is not None and rows.shown >= rows.size
        selected = slip_words.words(language).selected % (f"{rows.size:,}", f"{rows.shown:,}") if chosen else ""
        return f"{selected} · {accounts}" if selected else accounts
    said = report_papers.scope_words(rows, rows.size, noun=listed.removesuffix("s"))
    return said if said.endswith(f": {accounts}") else f"{said} · {accounts}"
