"""Own views and columns of a list: kept for one account, and nobody else's."""

from __future__ import annotations

import pytest
from sqlmodel import select

from core import database
from core.errors import InputProblem, LimitReached, NotAllowed, NotFound
from core.models import AuditEntry
from core.rules.list_views import BUILT_IN, LONGEST_NAME, MOST_VIEWS
from core.services import list_views
from core.tables import list_views as table
from core.tables.filters import AccountFilter, StudentFilter
from tests.cast import Cast, Member

pytestmark = pytest.mark.both_databases
OF_7B = StudentFilter(text="sid", grades=("7",), in_period=True)


def _save(who: Member, name: str = "Mine") -> int:
    with database.transaction() as db:
        return list_views.save(db, who.actor, list_name="students", name=name, filter=OF_7B)


def _names(who: Member, list_name: str = "students") -> list[str]:
    with database.reading() as db:
        return [view.name for view in table.own(db, who.actor, list_name=list_name)]


def test_a_view_keeps_the_filter_for_its_owner_and_its_list(cast: Cast) -> None:
    _save(cast.olga, "  Seven   of mine ")
    with database.reading() as db:
        view = table.own(db, cast.olga.actor, list_name="students")[0]
        assert table.count(db, cast.olga.actor, list_name="students", stored=view.filter) == 2
    assert (view.name, StudentFilter.from_json(view.filter)) == ("Seven of mine", OF_7B)
    assert _names(cast.olga, "accounts") == _names(cast.ada) == []


def test_a_view_is_renamed_deleted_and_brought_back(cast: Cast) -> None:
    view_id = _save(cast.olga)
    with database.transaction() as db:
        list_views.rename(db, cast.olga.actor, view_id=view_id, name="Other")
    assert _names(cast.olga) == ["Other"]
    with database.transaction() as db:
        gone = list_views.delete(db, cast.olga.actor, view_id=view_id)
    assert _names(cast.olga) == []
    with database.transaction() as db:
        kept = StudentFilter.from_json(gone.filter)
        list_views.save(db, cast.olga.actor, list_name="students", name=gone.name, filter=kept)
    assert (_names(cast.olga), kept) == (["Other"], OF_7B)


@pytest.mark.parametrize("name", ["", "  ", "MINE", "Bounced", "x" * (LONGEST_NAME + 1), "a\x00b"])
def test_a_name_that_is_empty_long_or_taken_is_refused(cast: Cast, name: str) -> None:
    _save(cast.olga)
    with database.transaction() as db, pytest.raises(InputProblem):
        list_views.save(db, cast.olga.actor, list_name="students", name=name, filter=OF_7B)
    assert _names(cast.olga) == ["Mine"]


def test_a_view_may_be_renamed_to_its_own_name_in_other_letters(cast: Cast) -> None:
    view_id = _save(cast.olga)
    with database.transaction() as db:
        list_views.rename(db, cast.olga.actor, view_id=view_id, name="mine")
    assert _names(cast.olga) == ["mine"]


def test_nobody_changes_the_views_of_another(cast: Cast) -> None:
    view_id = _save(cast.olga)
    for act in (
        lambda db: list_views.rename(db, cast.ada.actor, view_id=view_id, name="Stolen"),
        lambda db: list_views.delete(db, cast.ada.actor, view_id=view_id),
    ):
        with database.transaction() as db, pytest.raises(NotFound):
            act(db)
    assert _names(cast.olga) == ["Mine"]


def test_who_may_not_see_a_list_keeps_no_view_of_it(cast: Cast) -> None:
    with database.transaction() as db, pytest.raises(NotAllowed):
        list_views.save(db, cast.tom.actor, list_name="accounts", name="Mine", filter=AccountFilter())
    with database.transaction() as db, pytest.raises(NotAllowed):
        list_views.choose_columns(db, cast.sam.actor, list_name="students", columns=["name"])


def test_there_is_an_end_to_views(cast: Cast) -> None:
    for number in range(MOST_VIEWS):
        _save(cast.olga, f"View {number}")
    with pytest.raises(LimitReached):
        _save(cast.olga, "One more")


def test_what_is_done_to_views_is_audited_without_their_names(cast: Cast) -> None:
    view_id = _save(cast.olga, "Secret name")
    with database.transaction() as db:
        list_views.rename(db, cast.olga.actor, view_id=view_id, name="Another name")
        list_views.delete(db, cast.olga.actor, view_id=view_id)
    with database.reading() as db:
        entries = db.exec(select(AuditEntry).where(AuditEntry.object_kind == "saved_view")).all()
    assert [entry.action for entry in entries] == ["list_view.saved", "list_view.renamed", "list_view.deleted"]
    assert not any("name" in str(entry.details) for entry in entries)


def test_columns_are_kept_in_their_order_for_each_list_and_account(cast: Cast) -> None:
    for chosen in (["state", "name"], ["name", "state", "name"]):
        with database.transaction() as db:
            list_views.choose_columns(db, cast.olga.actor, list_name="students", columns=chosen)
    with database.reading() as db:
        assert table.columns(db, cast.olga.actor, list_name="students") == ["name", "state"]
        assert table.columns(db, cast.olga.actor, list_name="accounts") == []
        assert table.columns(db, cast.ada.actor, list_name="students") == []
    with database.transaction() as db:
        list_views.choose_columns(db, cast.olga.actor, list_name="students", columns=[])
    with database.reading() as db:
        assert table.columns(db, cast.olga.actor, list_name="students") == []


def test_every_built_in_view_counts_within_the_scope(cast: Cast) -> None:
    with database.reading() as db:
        of_olga = [table.count(db, cast.olga.actor, list_name="accounts", stored=view.filter) for view in BUILT_IN]
        of_cora = [table.count(db, cast.cora.actor, list_name="accounts", stored=view.filter) for view in BUILT_IN]
    assert (of_olga[0], of_cora[0]) == (8, 3)  # all were never invited: Sam, Max and Gina are in Cora's class
    assert sum(of_olga[1:]) == sum(of_cora[1:]) == 0
