"""The roll follows what the database notes: who has changed, when too much has, and when nobody changes anything."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock as core_clock
from core import database
from core.delivery import housekeeping
from core.models import (
    AcademicPeriod,
    Account,
    Enrolment,
    EnrolmentKind,
    Guardianship,
    OptOut,
    Person,
    PersonChange,
    Section,
)
from core.permissions import Actor, Scope
from core.services import change_notes
from core.tables import accounts, narrow, students
from core.tables.filters import AccountFilter, Page, StudentFilter
from core.tables.roll import answers, changes, facts, held, keeper, listed, texts
from core.tables.roll.keeper import Keeper
from tests import cast as make
from tests.cast import Cast
from tests.conftest import Clock

pytestmark = pytest.mark.both_databases
ANYBODY = StudentFilter()
NUMBER = "+306900000077"


@pytest.fixture(name="kept")
def _kept(clock: Clock, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Keeper:
    """A roll of the school with both lists by name."""
    monkeypatch.setattr(keeper, "PAUSES", 0)
    monkeypatch.setattr(answers, "_keeper", Keeper())
    kept = answers._keeper
    _keep_up(kept)
    _names(cast.olga.actor)
    _usernames(cast.olga.actor)
    _keep_up(kept)
    return kept


def _keep_up(kept: Keeper) -> None:
    while kept.keep_up():
        pass


def _names(actor: Actor, *, db: Session | None = None, **asked: Any) -> list[str]:
    """By the list itself, whoever answers it."""
    if db is None:
        with database.reading() as db:
            return _names(actor, db=db, **asked)
    return list(students.page(db, actor, filter=StudentFilter(**asked), page=Page())["first_name"])


def _usernames(actor: Actor, **asked: Any) -> list[str]:
    with database.reading() as db:
        return list(accounts.page(db, actor, filter=AccountFilter(**asked), page=Page(sort="username"))["username"])


def _tells(actor: Actor, filter: StudentFilter = ANYBODY) -> int | None:
    """How many, where the roll answers."""
    with database.reading() as db:
        return answers.count(db, actor, filter, students.conditions.given(db))


def _move(student: Person, section_id: int | None) -> None:
    """Into another class, on the list and as a learner."""
    with database.transaction() as db:
        db.execute(sa.update(Person).where(col(Person.id) == student.id).values(section_id=section_id))
        mine = col(Enrolment.person_id) == student.id, col(Enrolment.kind) == EnrolmentKind.LEARNER
        db.execute(sa.update(Enrolment).where(*mine).values(section_id=section_id))


def _rename(person: Person, name: str) -> None:
    with database.transaction() as db:
        named = sa.update(Person).where(col(Person.id) == person.id)
        db.execute(named.values(first_name=name, sort_name=f"a {name.lower()}", search_text=f" {name.lower()}"))


def test_a_changed_name_stands_at_its_new_place_at_once(cast: Cast, kept: Keeper) -> None:
    before = _names(cast.olga.actor)
    _rename(cast.otto.person, "Aaron")
    assert _names(cast.olga.actor) == ["Aaron", *(name for name in before if name != "Otto")]
    assert _tells(cast.olga.actor, StudentFilter(text="aaron")) == 1


def test_who_joins_and_who_is_gone_is_seen_at_once(cast: Cast, kept: Keeper) -> None:
    with database.transaction() as db:
        newcomer = make.person(db, first_name="Zzz", last_name="Zz")
    assert _names(cast.olga.actor)[-1] == "Zzz"
    with database.transaction() as db:
        db.execute(sa.delete(Enrolment).where(col(Enrolment.person_id) == newcomer.id))
        db.execute(sa.delete(Person).where(col(Person.id) == newcomer.id))
    assert "Zzz" not in _names(cast.olga.actor)
    assert _tells(cast.olga.actor) == len(_names(cast.olga.actor))


def test_a_username_that_changes_stands_at_its_new_place_at_once(cast: Cast, kept: Keeper) -> None:
    with database.transaction() as db:
        db.execute(
            sa.update(Account).where(col(Account.id) == cast.sam.account.id).values(username="0", username_key="0")
        )
    assert _usernames(cast.olga.actor)[0] == "0"
    assert kept.roll is not None
    assert all(len(order.moved) for order in kept.roll.orders.values())


def test_what_happens_to_an_account_moves_nobody_in_an_order_of_people(cast: Cast, kept: Keeper) -> None:
    with database.reading() as db:
        accounts.found(db, cast.olga.actor, filter=AccountFilter(), page=Page(sort="created_at"))
    _keep_up(kept)
    with database.transaction() as db:
        db.execute(sa.update(Account).values(invited_at=core_clock.now()))
    _usernames(cast.olga.actor)
    assert kept.roll is not None
    moved = {key.sort: len(order.moved) for key, order in kept.roll.orders.items()}
    assert moved["name"] == moved["username"] == 0 < moved["created_at"]


CHANGES: dict[str, Callable[[Cast], sa.Executable]] = {
    "an enrolment is another": lambda _cast: sa.update(Enrolment).values(kind="teacher"),
    "an enrolment ends": lambda cast: sa.delete(Enrolment).where(col(Enrolment.person_id) == cast.sam.person.id),
    "a guardian goes": lambda _cast: sa.delete(Guardianship),
    "a guardian may not get texts": lambda _cast: sa.update(Guardianship).values(may_sms=False),
    "an account is deactivated": lambda _cast: sa.update(Account).values(deactivated_at=core_clock.now()),
    "a class is called otherwise": lambda _cast: sa.update(Section).values(title="9Z"),
    "a year is over": lambda _cast: sa.update(AcademicPeriod).values(is_current=False),
    "somebody with a number wants no texts": lambda _cast: sa.insert(OptOut).values(
        channel="sms", address=NUMBER, since=core_clock.now()
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_the_database_notes_a_change_whoever_makes_it(cast: Cast, what: str) -> None:
    with database.transaction() as db:
        at_home = {"phone": NUMBER, "phone_region": "GR"} if what.startswith("somebody") else {}
        db.execute(sa.update(Person).where(col(Person.id) == cast.otto.person.id).values(first_name="Otto", **at_home))
    with database.reading() as db:
        seen = changes.mark(db)
    with database.transaction() as db:
        db.execute(CHANGES[what](cast))
    with database.reading() as db:
        changed = changes.since(db, seen, at_most=1_000)
    concerns_many = what in ("a class is called otherwise", "a year is over")
    assert (changed is None) == concerns_many
    assert changed is None or changed.people or changed.accounts


def test_a_guess_at_a_password_is_nothing_that_a_list_looks_at(cast: Cast) -> None:
    with database.reading() as db:
        seen = changes.mark(db)
    with database.transaction() as db:
        db.execute(sa.update(Account).values(failed_sign_ins=3, next_try_at=core_clock.now()))
    with database.reading() as db:
        changed = changes.since(db, seen, at_most=1_000)
    assert changed is not None
    assert not changed.accounts


def test_old_notes_are_forgotten_and_who_missed_them_reads_everything_again(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(change_notes, "KEPT", 2)
    with database.reading() as db:
        seen = changes.mark(db)
    with database.transaction() as db:
        db.execute(sa.update(Person).values(status="left"))
    with database.reading() as db:
        assert changes.since(db, seen, at_most=1_000) is not None
    assert housekeeping.forget_changes() > 0
    with database.reading() as db:
        assert db.scalar(sa.select(sa.func.count(col(PersonChange.id)))) == 2
        assert changes.since(db, seen, at_most=1_000) is None
    assert housekeeping.forget_changes() == 0


def test_when_thousands_have_changed_sql_answers_until_the_keeper_has_read_them(
    cast: Cast, kept: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held, "AT_ONCE", 1)
    with database.transaction() as db:
        db.execute(sa.update(Person).values(status="left"))
    assert _tells(cast.olga.actor) is None
    assert len(_names(cast.olga.actor, statuses=("left",))) == 3
    _keep_up(kept)
    assert _tells(cast.olga.actor, StudentFilter(statuses=("left",))) == 3


def test_an_order_in_which_many_have_moved_is_read_again(
    cast: Cast, kept: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held, "LATE_AT_MOST", 1)
    assert kept.roll is not None
    for member, name in ((cast.otto, "Bbb"), (cast.sam, "Aaa")):
        _rename(member.person, name)
    assert _names(cast.olga.actor)[:2] == ["Aaa", "Bbb"]
    assert "name" in {key.sort for key in kept.roll.missed}
    _keep_up(kept)
    assert not kept.roll.missed
    assert _names(cast.olga.actor)[:2] == ["Aaa", "Bbb"]


def test_a_link_that_ends_is_told_though_nobody_changes_anything(cast: Cast, kept: Keeper, clock: Clock) -> None:
    ends = core_clock.now() + timedelta(hours=1)
    with database.transaction() as db:
        invited = sa.update(Account).where(col(Account.id) == cast.sam.account.id)
        db.execute(invited.values(invited_at=core_clock.now(), invitation_ends_at=ends))
    assert _names(cast.olga.actor, states=("invited",)) == ["Sam"]
    clock.forward(hours=2)
    assert _tells(cast.olga.actor, StudentFilter(states=("link_expired",))) == 1
    assert _names(cast.olga.actor, states=("link_expired",)) == ["Sam"]


def test_the_next_day_everything_is_read_again(cast: Cast, kept: Keeper, clock: Clock) -> None:
    clock.forward(hours=25)
    assert _tells(cast.olga.actor) is None
    _keep_up(kept)
    assert _tells(cast.olga.actor) == 3


def test_what_a_writer_has_not_stored_is_never_known(cast: Cast, kept: Keeper) -> None:
    with database.transaction() as db:
        db.execute(sa.update(Person).where(col(Person.id) == cast.otto.person.id).values(sort_name="zz"))
        assert answers.count(db, cast.olga.actor, ANYBODY, students.conditions.given(db)) is None
        assert _names(cast.olga.actor, db=db)[-1] == "Otto"
        db.rollback()
    assert _names(cast.olga.actor)[-1] != "Otto"


def test_who_sees_some_classes_only_is_told_of_these_people_and_of_changes_at_once(cast: Cast, kept: Keeper) -> None:
    assert _tells(cast.cora.actor) == len(_names(cast.cora.actor)) == 2
    section = cast.sam.person.section_id
    _move(cast.otto.person, section)
    assert _tells(cast.cora.actor) == 3 and "Otto" in _names(cast.cora.actor)
    _move(cast.otto.person, cast.otto.person.section_id)
    assert _tells(cast.cora.actor) == 2 and "Otto" not in _names(cast.cora.actor)


def test_a_guardian_is_seen_with_the_student_and_goes_with_the_tie(cast: Cast, kept: Keeper) -> None:
    before = _usernames(cast.cora.actor)
    assert cast.gina.account.username in before
    with database.transaction() as db:
        db.execute(sa.delete(Guardianship).where(col(Guardianship.guardian_id) == cast.gina.person.id))
    assert set(before) - set(_usernames(cast.cora.actor)) == {cast.gina.account.username}
    assert kept.roll is not None and kept.roll.scopes._kept


def test_whom_an_early_reader_sees_is_told_to_nobody_else(cast: Cast, kept: Keeper) -> None:
    with database.reading() as early:
        early.execute(sa.text("SELECT count(*) FROM person"))
        _move(cast.otto.person, cast.sam.person.section_id)
        seen = "Otto" in _names(cast.cora.actor, db=early)
        assert seen != database.is_sqlite()  # which keeps to the moment at which a reader began
    assert "Otto" in _names(cast.cora.actor)


def test_an_order_by_students_whom_others_see_is_left_to_sql(
    cast: Cast, kept: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Page(sort="students")
    with database.reading() as db:
        given = students.conditions.given(db)
        for actor, is_told in ((cast.olga.actor, True), (cast.cora.actor, False)):
            answers.found(db, actor, accounts._LISTED, AccountFilter(), page, given)
            _keep_up(kept)
            assert (answers.found(db, actor, accounts._LISTED, AccountFilter(), page, given) is not None) == is_told


def test_what_somebody_began_to_read_before_a_change_takes_nothing_back(cast: Cast, kept: Keeper) -> None:
    with database.reading() as early:
        early.execute(sa.select(col(Person.id)).limit(1))
        _rename(cast.otto.person, "Aaron")
        assert _names(cast.olga.actor)[0] == "Aaron"
        _names(cast.olga.actor, db=early)
    assert _names(cast.olga.actor)[0] == "Aaron"
    assert _tells(cast.olga.actor, StudentFilter(text="aaron")) == 1


def test_beside_somebody_who_reads_changes_sql_answers(cast: Cast, kept: Keeper) -> None:
    assert kept.roll is not None
    _rename(cast.otto.person, "Aaron")
    busy = held.threading.Thread(target=_hold, args=(kept.roll, 1.0))
    busy.start()
    time.sleep(0.2)
    began = time.monotonic()
    assert _tells(cast.olga.actor) is None
    assert _names(cast.olga.actor)[0] == "Aaron"
    assert time.monotonic() - began < 0.7
    busy.join()


def _hold(roll: held.Roll, seconds: float) -> None:
    with roll.lock:
        time.sleep(seconds)


def test_a_page_between_rows_that_moved_is_the_page_of_the_whole(cast: Cast, kept: Keeper) -> None:
    with database.transaction() as db:
        people = [make.person(db, first_name=f"P{number:02}", last_name="Q") for number in range(30)]
    assert kept.roll is not None
    kept.roll.missed.update(kept.roll.orders)
    _keep_up(kept)
    for place in (3, 11, 19, 27):
        _rename(people[place], f"{'zb'[place % 2]}{place}")
    with database.reading() as db:
        whole = students.ids(db, cast.olga.actor, filter=ANYBODY, page=Page(size=100))
        pages = [students.ids(db, cast.olga.actor, filter=ANYBODY, page=Page(n, size=4)) for n in range(1, 10)]
        by_name = sa.select(col(Person.id)).where(col(Person.kind) == "student").order_by(col(Person.sort_name))
        assert whole == list(db.scalars(by_name.order_by(col(Person.id))))
    assert [row for page in pages for row in page] == whole
    assert {len(order.moved) for key, order in kept.roll.orders.items() if key.listed is students._LISTED} == {4}


def test_the_thread_reads_the_roll_and_ends(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "EACH_S", 0.05)
    answers.begin()
    try:
        assert _comes(lambda: _tells(cast.olga.actor) == 3)
    finally:
        answers.end()
    assert _tells(cast.olga.actor) is None


def test_after_a_fault_of_the_database_the_thread_begins_again(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "EACH_S", 0.05)
    monkeypatch.setattr(keeper, "AFTER_FAULT_S", 0.2)
    faults = iter([sa.exc.OperationalError("", {}, Exception("gone"))])
    read = keeper.people.read

    def fails_once(*asked: Any) -> Any:
        for fault in faults:
            raise fault
        return read(*asked)

    monkeypatch.setattr(keeper.people, "read", fails_once)
    answers.begin()
    try:
        assert _comes(lambda: _tells(cast.olga.actor) == 3)
    finally:
        answers.end()


def _comes(holds: Callable[[], bool]) -> bool:
    """Whether it comes true in good time."""
    until = time.monotonic() + 20
    while not (true := holds()) and time.monotonic() < until:
        time.sleep(0.02)
    return true


def test_a_change_that_is_stored_after_a_later_one_is_not_missed(cast: Cast, kept: Keeper, database_kind: str) -> None:
    """PostgreSQL numbers notes before they are stored; SQLite lets one write at a time."""
    if database_kind == "sqlite":
        _rename(cast.otto.person, "Aaron")
    else:
        with database.transaction() as slow:
            named = sa.update(Person).where(col(Person.id) == cast.otto.person.id)
            slow.execute(named.values(first_name="Aaron", sort_name="a aaron", search_text=" aaron"))
            _rename(cast.sam.person, "Zacharias")
            assert "Zacharias" in _names(cast.olga.actor)
            _keep_up(kept)
    assert _tells(cast.olga.actor) == 3
    assert _names(cast.olga.actor)[0] == "Aaron"


def test_who_moves_while_an_order_is_read_stands_at_the_new_place(
    cast: Cast, kept: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert kept.roll is not None
    in_order = students._LISTED.in_order

    def slowly(*asked: Any) -> Any:
        found = in_order(*asked)
        if asked[2] is None:
            _rename(cast.otto.person, "Aaron")
            with database.reading() as db:
                kept.roll.up_to_date(db, students.conditions.given(db))  # type: ignore[union-attr]
        return found

    slow = replace(students._LISTED, in_order=slowly)
    monkeypatch.setattr(students, "_LISTED", slow)
    _names(cast.olga.actor)
    _keep_up(kept)
    assert len(kept.roll.orders[listed.Key(slow, "name", False)].moved) > 0
    assert _names(cast.olga.actor)[0] == "Aaron"


def test_who_changes_while_a_word_is_read_is_found(cast: Cast, kept: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "RARE", 0)
    read = texts.read

    def slowly(db: Session, text: texts.Text) -> Any:
        found = read(db, text)
        _rename(cast.otto.person, "Sammy")
        with database.reading() as later:
            kept.roll.up_to_date(later, students.conditions.given(later))  # type: ignore[union-attr]
        return found

    monkeypatch.setattr(keeper.texts, "read", slowly)
    assert _names(cast.olga.actor, text="sam") == ["Sam"]
    _keep_up(kept)
    assert _tells(cast.olga.actor, StudentFilter(text="sam")) == 2
    assert sorted(_names(cast.olga.actor, text="sam")) == ["Sam", "Sammy"]


def test_what_an_early_reader_finds_is_told_to_nobody_else(
    cast: Cast, kept: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(texts, "RARE", 0)
    _names(cast.olga.actor, text="sam")
    _keep_up(kept)
    with database.reading() as early:
        early.execute(sa.select(col(Person.id)).limit(1))
        _rename(cast.otto.person, "Sammy")
        assert len(_names(cast.olga.actor, text="sam")) == 2
        _names(cast.olga.actor, db=early, text="sam")
    assert _tells(cast.olga.actor, StudentFilter(text="sam")) == 2
    assert len(_names(cast.olga.actor, text="sam")) == 2


def test_who_leafs_on_in_what_was_found_is_told_from_memory_and_of_changes(
    cast: Cast, kept: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, look_up = list[texts.Text](), texts.Texts.looked_up

    def noted(self: texts.Texts, db: Session, text: texts.Text) -> Any:
        asked.append(text)
        return look_up(self, db, text)

    monkeypatch.setattr(texts.Texts, "looked_up", noted)
    for _page in range(2):
        assert _names(cast.olga.actor, text="sam") == ["Sam"]
    _rename(cast.otto.person, "Sammy")
    assert sorted(_names(cast.olga.actor, text="sam")) == ["Sam", "Sammy"]
    _rename(cast.otto.person, "Otto")
    assert _names(cast.olga.actor, text="sam") == ["Sam"]
    assert len(asked) == 1


def test_r61_who_sees_no_contacts_finds_nobody_by_what_another_has_looked_for(cast: Cast, kept: Keeper) -> None:
    blind = replace(cast.cora.actor, scope=Scope(everybody=True))
    address, other = cast.sam.person.personal_email, cast.max.person.personal_email
    for actor, text, found in (
        *((cast.olga.actor, address, ["Sam"]), (blind, address, [])),
        *((blind, other, []), (cast.olga.actor, other, ["Max"])),
        *((blind, "sideris", ["Max", "Sam"]), (blind, address, [])),
    ):
        assert sorted(_names(actor, text=text)) == found
    assert kept.roll is not None
    assert len(kept.roll.texts._kept) == 5  # all of them were told by the roll


@pytest.mark.parametrize("rare", [0, texts.RARE])
def test_r55_what_people_look_for_is_not_kept(
    cast: Cast, kept: Keeper, monkeypatch: pytest.MonkeyPatch, rare: int
) -> None:
    monkeypatch.setattr(texts, "RARE", rare)
    assert _names(cast.olga.actor, text="max sideris") == ["Max"]
    _keep_up(kept)
    assert _names(cast.olga.actor, text="max sideris") == ["Max"]
    assert kept.roll is not None
    assert len(kept.roll.texts._kept) == 1
    assert "sideris" not in repr(kept).casefold()


def test_what_was_found_before_somebody_changed_is_not_kept(
    cast: Cast, kept: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_up = texts.Texts.looked_up

    def slowly(self: texts.Texts, db: Session, text: texts.Text) -> Any:
        found = look_up(self, db, text)
        _rename(cast.otto.person, "Sammy")
        with database.reading() as later:
            kept.roll.up_to_date(later, students.conditions.given(later))  # type: ignore[union-attr]
        return found

    monkeypatch.setattr(texts.Texts, "looked_up", slowly)
    _names(cast.olga.actor, text="sam")
    monkeypatch.setattr(texts.Texts, "looked_up", look_up)
    assert sorted(_names(cast.olga.actor, text="sam")) == ["Sam", "Sammy"]


@pytest.mark.parametrize(("limit", "room"), [("KEPT", 2), ("ROOM", 2)])
def test_of_what_was_looked_for_the_latest_is_kept(
    cast: Cast, kept: Keeper, monkeypatch: pytest.MonkeyPatch, limit: str, room: int
) -> None:
    monkeypatch.setattr(texts, limit, room)
    for text in ("sam", "max", "sam", "otto"):
        assert len(_names(cast.olga.actor, text=text)) == 1
    assert kept.roll is not None
    assert 1 <= len(kept.roll.texts._kept) <= room


def test_a_day_that_begins_while_everybody_is_read_is_not_taken_for_the_day_of_what_was_read(
    cast: Cast, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts_of = facts.accounts

    def until_tomorrow(db: Session) -> Any:
        clock.forward(hours=20)
        return accounts_of(db)

    monkeypatch.setattr(facts, "accounts", until_tomorrow)
    with database.reading() as db:
        given = students.conditions.given(db)
        read = keeper.people.read(db, given)
    assert read.today < core_clock.today()


def test_every_column_at_which_a_fact_or_an_order_of_accounts_looks_is_noted(cast: Cast) -> None:
    """Of people every change is noted, of accounts that of these columns."""
    with database.reading() as db:
        given = students.conditions.given(db)
    looked_at = [asked(given.policy) for asked in facts.FACTS.values()]
    parts = [part for table in (students, accounts) for sort in table.SORTS.values() for part in sort(given)]
    looked_at += [asked for part in parts for asked in (*part.columns, *part.holds)]
    of_accounts = {column.name for column in narrow.columns(looked_at, "account")}
    migration = importlib.import_module("data.migrations.versions.0025_whose_facts_changed")
    made_of_them = {"standing", "has_password"}
    noted = {*migration.OF_ACCOUNT, *migration.NAMES, *made_of_them, "id"}
    assert of_accounts <= noted
    assert {"username_key", "standing", "delivery_address"} <= of_accounts


def test_the_keeper_reads_nothing_again_because_somebody_else_has_followed_further(
    cast: Cast, kept: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = kept.roll
    with database.reading() as early:
        early.execute(sa.select(col(Person.id)).limit(1))
        _rename(cast.otto.person, "Aaron")
        assert _names(cast.olga.actor)[0] == "Aaron"
        assert kept.roll is not None
        assert kept._follow(early, kept.roll, students.conditions.given(early))
    assert kept.roll is before


def test_orders_in_use_are_there_again_after_everybody_was_read_anew(cast: Cast, kept: Keeper) -> None:
    assert kept.roll is not None
    before, orders = kept.roll, set(kept.roll.orders)
    with database.transaction() as db:
        db.execute(sa.update(Section).values(title="9Z"))
    _keep_up(kept)
    assert kept.roll is not before
    assert set(kept.roll.orders) == orders
    assert not kept.roll.missed


def test_an_order_of_which_nobody_has_asked_for_a_while_is_forgotten(
    cast: Cast, kept: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert kept.roll is not None
    monkeypatch.setattr(held, "LATELY_S", 0)
    kept.roll.forget()
    assert not kept.roll.orders
    assert _names(cast.olga.actor)


def test_an_order_that_cannot_be_read_leaves_the_rest(
    cast: Cast, kept: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert kept.roll is not None

    def fails(*_asked: Any) -> Any:
        raise sa.exc.OperationalError("", {}, Exception("gone"))

    broken = replace(students._LISTED, in_order=fails)
    kept.roll.missed.add(listed.Key(broken, "name", False))
    with pytest.raises(sa.exc.OperationalError):
        _keep_up(kept)
    assert not kept.roll.being_read
    assert _tells(cast.olga.actor) == 3
