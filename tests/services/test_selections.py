"""Selections: stored, owned, resolved within the scope of whoever acts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlmodel import Session

from core import database
from core.errors import NotAllowed, NotFound
from core.permissions import Actor, command_line
from core.services import selections, selections_beside
from core.tables import selection_rows, students
from core.tables.filters import AccountFilter, StudentFilter
from tests.cast import Cast, Member
from tests.conftest import Clock
from tests.meanwhile import meanwhile

pytestmark = pytest.mark.both_databases


def _id(member: Member) -> int:
    assert member.person.id is not None
    return member.person.id


def _tick(
    db: Session, actor: Actor, shown: list[Member], ticked: list[Member], filter: StudentFilter | None = None
) -> int:
    """All rows shown are ticked or not, as in a page that one person has drawn and nobody else touched."""
    on, off = [_id(member) for member in ticked], [_id(member) for member in shown if member not in ticked]
    selections.tick(db, actor, list_name="students", on=on, off=off, filter=filter)
    return _selection(db, actor)


def _selection(db: Session, actor: Actor) -> int:
    selection_id = selections.current(db, actor, list_name="students").id
    assert selection_id is not None
    return selection_id


def _people(db: Session, actor: Actor, selection_id: int, scope: selection_rows.RowScope = "selected") -> set[int]:
    return set(db.scalars(selection_rows.person_ids(db, actor, selection_id=selection_id, scope=scope)))


def test_looking_at_a_list_stores_nothing(cast: Cast) -> None:
    with database.reading() as db:
        assert selections.current(db, cast.olga.actor, list_name="students").id is None


def test_ticks_of_several_pages_add_up_and_a_page_only_speaks_for_its_own_rows(cast: Cast) -> None:
    with database.transaction() as db:
        _tick(db, cast.olga.actor, [cast.sam, cast.max], [cast.sam])
        chosen = _tick(db, cast.olga.actor, [cast.otto], [cast.otto])
        assert _people(db, cast.olga.actor, chosen) == {_id(cast.sam), _id(cast.otto)}
        _tick(db, cast.olga.actor, [cast.sam, cast.max], [])
        assert _people(db, cast.olga.actor, chosen) == {_id(cast.otto)}


def test_a_selection_survives_another_search_and_says_what_is_not_visible(cast: Cast) -> None:
    with database.transaction() as db:
        chosen = _tick(db, cast.olga.actor, [cast.sam, cast.otto], [cast.sam, cast.otto])
        selections.show(db, cast.olga.actor, list_name="students", filter=StudentFilter(text="sideris"))
        assert selection_rows.size(db, cast.olga.actor, selection_id=chosen) == 2
        assert selection_rows.sizes(db, cast.olga.actor, selection_id=chosen)[1] == 1
        shown = _people(db, cast.olga.actor, chosen, "shown")
        assert shown == {_id(cast.sam), _id(cast.max)}


def test_all_of_one_search_are_hidden_under_another_and_stay_chosen_beside_all_of_that(cast: Cast) -> None:
    """Two searches in one question to the database."""
    actor, first, then = cast.olga.actor, StudentFilter(text="sideris"), StudentFilter(text="otto")
    with database.transaction() as db:
        selections.everything(db, actor, list_name="students", filter=first)
        chosen = selections.show(db, actor, list_name="students", filter=then).id or 0
        assert selection_rows.sizes(db, actor, selection_id=chosen) == (2, 2)
        for filter, number in ((first, 2), (then, 0)):
            assert students.count(db, actor, filter=replace(filter, selected=True)) == number
        selections.everything(db, actor, list_name="students", filter=then)
        assert _people(db, actor, chosen) == {_id(cast.sam), _id(cast.max), _id(cast.otto)}


@pytest.mark.parametrize(("selected", "hidden"), [(True, 0), (False, 1), (None, 0)])
def test_of_those_shown_as_selected_none_is_hidden_and_of_the_others_all(
    cast: Cast, selected: bool | None, hidden: int
) -> None:
    actor = cast.olga.actor
    with database.transaction() as db:
        selections.tick(db, actor, list_name="students", on=[cast.sam.person.id or 0])
        view = selections.show(db, actor, list_name="students", filter=StudentFilter(selected=selected))
        assert selection_rows.sizes(db, actor, selection_id=view.id or 0) == (1, hidden)


def test_everything_that_matches_less_what_is_taken_out(cast: Cast) -> None:
    sideris = StudentFilter(text="sideris")
    with database.transaction() as db:
        selections.show(db, cast.olga.actor, list_name="students", filter=sideris)
        selections.everything(db, cast.olga.actor, list_name="students", filter=sideris)
        chosen = _tick(db, cast.olga.actor, [cast.sam, cast.max], [cast.max], sideris)
        assert _people(db, cast.olga.actor, chosen) == {_id(cast.max)}
        assert selections.current(db, cast.olga.actor, list_name="students").everything
        among = selection_rows.among(db, cast.olga.actor, selection_id=chosen, rows=[_id(cast.sam), _id(cast.max)])
        assert among == {_id(cast.max)}


def test_a_tick_under_another_search_adds_to_everything_that_matched_the_first(cast: Cast) -> None:
    with database.transaction() as db:
        olga = cast.olga.actor
        selections.everything(db, olga, list_name="students", filter=StudentFilter(text="sideris"))
        selections.show(db, olga, list_name="students", filter=StudentFilter(text="otto"))
        chosen = _tick(db, olga, [cast.otto], [cast.otto])
        assert _people(db, olga, chosen) == {_id(cast.sam), _id(cast.max), _id(cast.otto)}


def test_clear_chooses_nobody(cast: Cast) -> None:
    with database.transaction() as db:
        selections.everything(db, cast.olga.actor, list_name="students", filter=StudentFilter())
        selections.clear(db, cast.olga.actor, list_name="students")
        assert selection_rows.size(db, cast.olga.actor, selection_id=_selection(db, cast.olga.actor)) == 0


def test_ids_from_a_browser_never_reach_beyond_the_scope(cast: Cast) -> None:
    with database.transaction() as db:
        chosen = _tick(db, cast.cora.actor, [cast.sam, cast.otto], [cast.sam, cast.otto])
        assert _people(db, cast.cora.actor, chosen) == {_id(cast.sam)}
        selections.everything(db, cast.cora.actor, list_name="students", filter=StudentFilter())
        assert _people(db, cast.cora.actor, chosen) == {_id(cast.sam), _id(cast.max)}


def test_nobody_uses_the_selection_of_somebody_else(cast: Cast) -> None:
    with database.transaction() as db:
        chosen = _tick(db, cast.olga.actor, [cast.sam], [cast.sam])
        with pytest.raises(NotFound):
            selection_rows.person_ids(db, cast.ada.actor, selection_id=chosen)
        with pytest.raises(NotFound):
            selection_rows.size(db, command_line("root"), selection_id=chosen)


def test_a_teacher_has_no_selection_of_accounts_and_a_student_none_at_all(cast: Cast) -> None:
    with database.transaction() as db:
        with pytest.raises(NotAllowed):
            selections.current(db, cast.tom.actor, list_name="accounts")
        with pytest.raises(NotAllowed):
            selections.current(db, cast.sam.actor, list_name="students")


def test_a_selection_of_accounts_means_their_people_and_the_other_way_round(cast: Cast) -> None:
    with database.transaction() as db:
        olga = cast.olga.actor
        students = AccountFilter(user_types=("student",))
        selections.everything(db, olga, list_name="accounts", filter=students)
        chosen = selections.current(db, olga, list_name="accounts").id
        assert chosen is not None
        assert _people(db, olga, chosen) == {_id(cast.sam), _id(cast.max), _id(cast.otto)}
        by_people = _tick(db, olga, [cast.sam], [cast.sam])
        accounts = list(db.scalars(selection_rows.account_ids(db, olga, selection_id=by_people)))
        assert accounts == [cast.sam.account.id]


def test_choosing_all_of_what_is_selected_chooses_no_more(cast: Cast) -> None:
    with database.transaction() as db:
        _tick(db, cast.olga.actor, [cast.sam, cast.max, cast.otto], [cast.sam, cast.otto])
        selections.everything(db, cast.olga.actor, list_name="students", filter=StudentFilter(selected=True))
        view = selections.current(db, cast.olga.actor, list_name="students")
        assert (view.everything, view.items) == (False, {_id(cast.sam), _id(cast.otto)})
        of_7b = StudentFilter(grades=("7",), selected=True)
        selections.everything(db, cast.olga.actor, list_name="students", filter=of_7b)
        assert _people(db, cast.olga.actor, _selection(db, cast.olga.actor)) == {_id(cast.sam)}


def test_ticks_beside_everything_are_kept_by_spelling_both_out(cast: Cast) -> None:
    olga, sideris = cast.olga.actor, StudentFilter(text="sideris")
    with database.transaction() as db:
        chosen = _tick(db, olga, [cast.otto], [cast.otto])
        assert selections.everything(db, olga, list_name="students", filter=sideris) == 0
        assert _people(db, olga, chosen) == {_id(cast.sam), _id(cast.max), _id(cast.otto)}
        assert selections.everything(db, olga, list_name="students", filter=StudentFilter()) == 0
        assert selections.current(db, olga, list_name="students").everything


def test_where_all_are_too_many_to_keep_others_beside_them_it_says_how_many_are_dropped(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    olga, sideris = cast.olga.actor, StudentFilter(text="sideris")
    monkeypatch.setattr(selections, "SPELLED_OUT", 2)
    with database.transaction() as db:
        chosen = _tick(db, olga, [cast.otto, cast.sam], [cast.otto, cast.sam])
        assert selections.everything(db, olga, list_name="students", filter=sideris) == 1
        assert _people(db, olga, chosen) == {_id(cast.sam), _id(cast.max)}


def test_all_guardians_of_the_selected_students_stay_when_other_students_are_selected(cast: Cast) -> None:
    olga = cast.olga.actor
    with database.transaction() as db:
        _tick(db, olga, [cast.sam], [cast.sam])
        guardians = AccountFilter(guardians_of_selected=True)
        selections.everything(db, olga, list_name="accounts", filter=guardians)
        selections.clear(db, olga, list_name="students")
        view = selections.current(db, olga, list_name="accounts")
        assert view.id is not None
        assert _people(db, olga, view.id) == {_id(cast.gina)}


@pytest.mark.parametrize("known", [True, False])
def test_r97_two_tabs_that_tick_at_once_wait_for_each_other(cast: Cast, known: bool) -> None:
    sam, otto = cast.sam.person.id or 0, cast.otto.person.id or 0
    if known:
        with database.transaction() as db:
            selections.clear(db, cast.olga.actor, list_name="students")

    def tick(ids: list[int]) -> Callable[[Session], None]:
        return lambda db: selections.tick(db, cast.olga.actor, list_name="students", on=ids)

    assert meanwhile(tick([sam]), tick([sam, otto])) == [None]
    with database.reading() as db:
        assert selections.current(db, cast.olga.actor, list_name="students").items == {sam, otto}


def test_r97_two_windows_of_one_account_at_once_share_its_selection(cast: Cast) -> None:
    def one(db: Session) -> int:
        return selections_beside.of_one(db, cast.olga.actor, account_id=cast.sam.account.id or 0)

    ids: list[int] = []
    came_to = meanwhile(lambda db: ids.append(one(db)), one)
    assert came_to == ids


def test_what_follows_from_one_campaign_keeps_its_people_when_another_is_looked_at(cast: Cast) -> None:
    sam, otto = cast.sam.account.id or 0, cast.otto.account.id or 0
    with database.transaction() as db:
        first = selections_beside.of_campaign(db, cast.olga.actor, account_ids=[sam])
        second = selections_beside.of_campaign(db, cast.olga.actor, account_ids=[otto])
        assert selections_beside.of_campaign(db, cast.olga.actor, account_ids=[sam]) == first
        assert set(_accounts(db, cast, first)) == {sam} and set(_accounts(db, cast, second)) == {otto}


def test_a_selection_of_people_that_nobody_asked_for_in_a_week_is_let_go(cast: Cast, clock: Clock) -> None:
    with database.transaction() as db:
        first = selections_beside.of_people(db, cast.olga.actor, person_ids=[_id(cast.sam)])
    clock.forward(days=8)
    with database.transaction() as db:
        second = selections_beside.of_people(db, cast.olga.actor, person_ids=[_id(cast.otto)])
        assert second > first and _people(db, cast.olga.actor, second) == {_id(cast.otto)}
        with pytest.raises(NotFound):
            _people(db, cast.olga.actor, first)


def _accounts(db: Session, cast: Cast, selection_id: int) -> list[int]:
    return list(db.scalars(selection_rows.account_ids(db, cast.olga.actor, selection_id=selection_id)))
