"""User Account Credentials, read and put together for paper: all of them, or those on some pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import clock
from core.documents.papers import ClassRows, Credentials, Letterhead
from core.errors import InputProblem
from core.models import AccountChangeItem
from core.models.columns import json_type
from core.permissions import Actor
from core.rules import credential_checks, report_leaves, slip_words
from core.rules.account_acts import Edit
from core.rules.report_leaves import Leaf
from core.rules.report_parameters import CredentialParameters
from core.services import account_effects, printed_accounts, report_papers
from core.services.printed_accounts import Printed
from core.services.report_papers import Contents, Told, tell_nobody
from core.tables import first_slips, people, reports, school, selection_rows, slips
from core.tables.slips import SlipGroup


def remember(db: Session, actor: Actor, printed: Printed) -> None:
    """So that the timeline of each of them says who printed it, and when."""
    accounts = printed_accounts.accounts(db, actor, printed)
    change = account_effects.begin(db, actor, act=Edit.SLIP_PRINTED, at=clock.now())
    chosen = accounts.subquery()
    items = sa.select(sa.literal(change.id), chosen.c[0], sa.literal({}, json_type()))
    db.execute(sa.insert(AccountChangeItem).from_select(["change_id", "account_id", "before"], items))


@dataclass(frozen=True)
class Part:
    """What some pages show; `whole`: they can be any of the report."""

    contents: Contents
    whole: bool


def credentials(db: Session, actor: Actor, printed: Printed, told: Told = tell_nobody) -> Contents:
    """Credentials in the form asked for: what is live is derived, nothing is issued."""
    accounts = printed_accounts.accounts(db, actor, printed)
    groups = slips.of_accounts(db, actor, account_ids=accounts, parameters=printed.parameters)
    return _slips(db, actor, printed, groups, told)


def part(db: Session, actor: Actor, printed: Printed, *, first: int, pages: int, most: int) -> Part:
    """The same, of the slips on so many pages from `first` on: nobody else's secrets are read.

    Where only drawing tells what stands on which page: of all, if they are no more than `most`, else of the first.
    """
    accounts, parameters = printed_accounts.accounts(db, actor, printed), printed.parameters
    number = printed_accounts.count(db, actor, printed)
    leaf = _leaf(db, actor, accounts, parameters, first=first, pages=pages)
    begin, end = (leaf.begin, leaf.end) if leaf else (0, min(number, most))
    if end - begin < number:
        stretch = {"most": end - begin, "after": begin}
        accounts = first_slips.of(db, actor, account_ids=accounts, parameters=parameters, **stretch)
    groups = _cut(slips.of_accounts(db, actor, account_ids=accounts, parameters=parameters), end - begin)
    contents = _slips(db, actor, printed, groups, tell_nobody, of=number)
    assert isinstance(contents.paper, Credentials)  # noqa: S101  (what `_slips` puts together)
    paper = replace(contents.paper, part=(leaf.first - 1, leaf.of) if leaf else None)
    return Part(replace(contents, paper=paper), leaf is not None or end - begin == number)


def _leaf(
    db: Session, actor: Actor, accounts: sa.Select[Any], parameters: CredentialParameters, *, first: int, pages: int
) -> Leaf | None:
    """What stands on these pages; nothing where only drawing tells, or where there is nobody."""
    per_page = report_leaves.slips_per_page(parameters)
    counts = first_slips.counts(db, actor, account_ids=accounts, parameters=parameters) if per_page else []
    return report_leaves.leaf(counts, per_page=per_page, first=first, pages=pages) if sum(counts) else None


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
    groups, ids, language = [], list[int](), _one_language(db, actor, printed)
    for group in found:
        ids += group.account_ids
        groups.append(ClassRows.of(slip_words.group(language, group.title), group.rows))
        told(len(group.rows))
    number = sum(group.count for group in groups)
    if not number:
        raise InputProblem(credential_checks.nobody(parameters))
    base = school.place(school.settings(db)).base_url
    head = _head(db, actor, printed, of or number, language)
    paper = Credentials(head, tuple(groups), f"{base}/sign-in", f"{base}/i/", parameters)
    return Contents(paper, number, people.of_accounts(db, ids))


def _head(db: Session, actor: Actor, printed: Printed, number: int, language: str) -> Letterhead:
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
    listed = selection_rows.list_of(db, actor, selection_id=printed.selection_id)
    if listed not in ("students", "accounts"):
        return accounts
    rows = report_papers.rows_of_selection(db, actor, selection_id=printed.selection_id, scope=printed.scope)
    return slip_words.scope(language, listed, rows=rows.size, shown=rows.shown, accounts=accounts)
