"""Orders by what stands in other tables: they follow what the cells show, and whoever has nothing there stands last."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from core import clock, database
from core.models import AccountRole, Campaign, Invitation, Message, Purpose
from core.permissions import Actor, Scope
from core.rules.search_text import fold_name
from core.tables import accounts, issued, list_columns, narrowing, students
from core.tables.filters import AccountFilter, Page, StudentFilter
from tests import cast as make
from tests.cast import Cast
from tests.services.text_messages import message

pytestmark = pytest.mark.both_databases


@pytest.fixture(name="school")
def _school(cast: Cast) -> Cast:
    """Students with several guardians, with one whose day is over, with none; accounts with many histories."""
    now = clock.now()
    with database.transaction() as db:
        people = [
            make.person(db, first_name=first, last_name=last, in_section=cast.class_7b)
            for first, last in (("Ζωή", "Αλεξίου"), ("Åsa", "Berg"), ("ada", "Zola"), ("Zoe", "Adams"), ("Ben", "Ek"))
        ]
        names = (("Zita", "Abel", "+306900000009"), ("Άννα", "Ω", ""), ("anna", "Beck", "+306900000001"))
        guardians = [
            make.person(db, kind="guardian", first_name=first, last_name=last, mobile=mobile)
            for first, last, mobile in names
        ]
        for guardian in guardians:
            make.account(db, person=guardian, username=f"guardian{guardian.id}", user_type="guardian")
        make.guardianship(db, student=people[0], guardian=guardians[0], priority=2)
        make.guardianship(db, student=people[0], guardian=guardians[1], priority=1)
        make.guardianship(db, student=people[1], guardian=guardians[2])
        make.guardianship(db, student=people[1], guardian=guardians[0])
        make.guardianship(db, student=people[2], guardian=guardians[2], ends_on=now.date() - timedelta(days=2))
        make.guardianship(db, student=people[3], guardian=people[2])  # a student answers for another
        make.guardianship(db, student=people[4], guardian=guardians[2])
        for person in people[:4]:
            make.account(db, person=person, username=f"pupil{person.id}")
        db.add(AccountRole(account_id=cast.sam.account.id, role="teacher"))
        db.add(AccountRole(account_id=cast.max.account.id, role="office", ends_on=date(2026, 1, 1)))
        _invited(db, cast)
    return cast


def _invited(db: Any, cast: Cast) -> None:
    """Sam by Olga with a password, Max by Ada after a campaign of Olga, Gina by a command."""
    for number, (who, by, purpose) in enumerate(
        [
            (cast.sam, cast.ada, Purpose.LINK),
            (cast.sam, cast.olga, Purpose.PASSWORD),
            (cast.max, cast.ada, Purpose.LINK),
        ]
    ):
        db.add(
            Invitation(
                account_id=who.account.id,
                purpose=purpose,
                uid=f"u{number}",
                kid="k",
                token_hash=f"h{number}",
                channel="paper",
                issued_at=clock.now(),
                issued_by=by.account.id,
                expires_at=clock.now() + timedelta(days=9),
            )
        )
        db.flush()


def _shown(actor: Actor, listed: Any, sort: str, *, descending: bool) -> list[str]:
    """What the cells of the column say, in the order by it."""
    asked = StudentFilter() if listed is students else AccountFilter()
    with database.reading() as db:
        rows = listed.page(db, actor, filter=asked, page=Page(sort=sort, descending=descending))
        if listed is accounts:
            rows = rows.assign(**issued.of_accounts(db, list(rows["id"])))
    known = list_columns.STUDENTS if listed is students else list_columns.ACCOUNTS
    return [str(cell) for cell in known[sort].cells(rows)]


OF_TEXTS = [
    *((students, sort) for sort in ("first_name", "guardian", "guardian_mobile")),
    *((accounts, sort) for sort in ("students", "roles", "invited_by")),
]


@pytest.mark.parametrize("cap", [narrowing.CAP, -1])
@pytest.mark.parametrize(("listed", "sort"), OF_TEXTS)
def test_the_order_is_that_of_what_the_cells_show_and_empty_ones_stand_last(
    school: Cast, monkeypatch: pytest.MonkeyPatch, listed: Any, sort: str, cap: int
) -> None:
    monkeypatch.setattr(narrowing, "CAP", cap)
    for actor in (
        school.olga.actor,
        replace(school.olga.actor, scope=Scope(False, frozenset({school.class_7b.id or 0}))),
    ):
        up, down = (_shown(actor, listed, sort, descending=turned) for turned in (False, True))
        filled = [cell for cell in up if cell]
        assert len(set(filled)) > 1
        if sort == "students":  # by the first of them
            up, down, filled = ([cell.split(",")[0] for cell in cells] for cells in (up, down, filled))
        assert up == [*sorted(filled, key=fold_name), *[""] * (len(up) - len(filled))]
        assert down == [*sorted(filled, key=fold_name, reverse=True), *[""] * (len(up) - len(filled))]


def test_who_has_an_initial_password_that_opens_stands_first(school: Cast) -> None:
    assert _shown(school.olga.actor, accounts, "initial_password", descending=False)[:2] == ["Yes", "No"]
    assert _shown(school.olga.actor, accounts, "initial_password", descending=True)[-1] == "Yes"


def test_r61_whoever_may_not_reveal_passwords_sees_no_order_by_them(school: Cast) -> None:
    with database.reading() as db:
        asked = [
            accounts.ids(db, school.cora.actor, filter=AccountFilter(), page=Page(sort=sort, descending=True))
            for sort in ("initial_password", "name")
        ]
    assert asked[0] == asked[1]


def test_a_campaign_names_its_launcher_where_nobody_invited_by_hand(school: Cast) -> None:
    for who, launcher, label in (
        (school.max, school.olga, "O"),
        (school.gina, None, "A command"),
        (school.otto, school.tom, "T"),
    ):
        sent = message(who.account)
        with database.transaction() as db:
            campaign = db.get_one(Campaign, db.get_one(Message, sent).campaign_id)
            campaign.launched_by, campaign.launched_by_label = launcher and launcher.account.id, label
            db.add(campaign)
    for turned in (False, True):
        shown = [cell for cell in _shown(school.olga.actor, accounts, "invited_by", descending=turned) if cell]
        assert shown == ["A command", "Ada Adams", "Olga Orlova", "Tom Thys"][:: -1 if turned else 1]
