"""Rare answers are looked up by an index, common ones are walked past in the order of the list; both find the same."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
import sqlalchemy as sa
from sqlmodel import col

from core import clock, database, measures
from core.models import Person, PersonKind
from core.permissions import Actor, Scope
from core.rules.account_state import NEVER_INVITED, NEVER_SIGNED_IN, NEVER_WRITTEN_TO, AccountState
from core.rules.search_text import sought
from core.services import selections
from core.tables import accounts, conditions, leafing, narrowing, ordering, scope, search, short_walk, students
from core.tables.filters import AccountFilter, Page, StudentFilter
from tests import cast as make
from tests.cast import Cast
from tests.tables import query_plans

pytestmark = pytest.mark.both_databases

NAMES = ("Μαρία Παπαδοπούλου", "Maria Marin", "Ximena Quist", "Åsa Ørsted", "Ali O'Neil-Özdemir", "x y", "李 明")
TEXTS = ("mar", "μαρία", "ΠΑΠΑ", "x", "q", "o", "ob", "asa", "o'neil", "neil-oz", "%", "_", '"', "* OR", "mail.example")
NUMBERS = ("691", "6912345678", "+30 691 234 5678", "00306912345678", "691-234-5678", "00", "+", "(691) 23.45")
WORDS = (*TEXTS, *NUMBERS, "maria mar", "zz", "'", "o’neil", "oneil", "user", "li", "李", "sam sid", "ma q")


@pytest.fixture(name="olga")
def _olga(cast: Cast) -> Actor:
    """A school in which some names are rare and some are not."""
    with database.transaction() as db:
        for number in range(21):
            first, last = NAMES[number % len(NAMES)].split()
            fields: dict[str, Any] = {"first_name": first, "last_name": last, "grade": str(number % 3)}
            fields |= {"mobile": "6912345678"} if number % 4 == 0 else {"personal_email": ""} if number % 4 == 1 else {}
            person = make.person(db, in_section=cast.class_7b if number % 2 else None, **fields)
            if number % 3:
                make.account(db, person=person, username=f"user{number}", **_facts(number))
    return cast.olga.actor


def _facts(number: int) -> dict[str, Any]:
    now = clock.now()
    dates = ("deactivated_at", "suspended_at", "verified_at", "first_sign_in_at", "invited_at", "invited_at", "")
    facts: dict[str, Any] = {dates[number % 7]: now} if dates[number % 7] else {}
    ends = {"invitation_ends_at": now - timedelta(days=1)} if number % 7 == 4 else {}
    return facts | ends | ({"delivery": "failed", "delivery_reason": "bounced"} if number % 7 == 5 else {})


def _all_pages(
    listed: Any, actor: Actor, asked: Any, sort: str, *, descending: bool, counted: bool = False
) -> list[int]:
    found: list[int] = []
    with database.reading() as db:
        total = listed.count(db, actor, filter=asked) if counted else None
        for number in range(1, 20):
            page = Page(number, sort, descending, size=9, total=total)
            ids = listed.ids(db, actor, filter=asked, page=page)
            if not ids:
                break
            found += ids
    return found


def _both_ways(monkeypatch: pytest.MonkeyPatch, listed: Any, actor: Actor, asked: Any, sort: str = "name") -> None:
    with database.reading() as db:
        matching = sorted(db.scalars(listed.matching(db, actor, filter=asked)))
        assert listed.count(db, actor, filter=asked) == len(matching)
    for descending in (False, True):
        looked_up = _all_pages(listed, actor, asked, sort, descending=descending)
        with monkeypatch.context() as patch:
            patch.setattr(narrowing, "CAP", 0)
            patch.setattr(narrowing, "SHORT_CAP", 0)
            walked = _all_pages(listed, actor, asked, sort, descending=descending)
            from_both_ends = _all_pages(listed, actor, asked, sort, descending=descending, counted=True)
        assert looked_up == walked == from_both_ends
        assert sorted(walked) == matching


@pytest.mark.parametrize("listed", [students, accounts])
def test_a_search_finds_the_same_by_index_and_by_walking(
    monkeypatch: pytest.MonkeyPatch, olga: Actor, listed: Any
) -> None:
    kind = StudentFilter if listed is students else AccountFilter
    for text in WORDS:
        _both_ways(monkeypatch, listed, olga, kind(text=text))


@pytest.mark.parametrize("near", [0, 20, leafing.NEAR])
@pytest.mark.parametrize("listed", [students, accounts])
def test_every_order_leafs_through_everybody_once_both_ways(
    monkeypatch: pytest.MonkeyPatch, olga: Actor, listed: Any, near: int
) -> None:
    """Near pages are read past what stands before them, for far ones whole parts are counted."""
    monkeypatch.setattr(leafing, "NEAR", near)
    kind = StudentFilter if listed is students else AccountFilter
    for sort in listed.SORTS:
        _both_ways(monkeypatch, listed, olga, kind(), sort)


@pytest.mark.parametrize("listed", [students, accounts])
def test_a_page_is_the_same_whether_or_not_a_short_walk_comes_to_it(
    monkeypatch: pytest.MonkeyPatch, olga: Actor, listed: Any
) -> None:
    kind = StudentFilter if listed is students else AccountFilter
    some = kind(states=("invited", "signed_in", "not_reachable", "ready"))
    monkeypatch.setattr(narrowing, "SHORT_CAP", 0)
    for sort in listed.SORTS:
        for descending in (False, True):
            found: list[list[int]] = []
            for ends_after in (1, 200, short_walk.STEPS):
                monkeypatch.setattr(short_walk, "STEPS", ends_after)
                found.append(_all_pages(listed, olga, some, sort, descending=descending))
            assert found[0] == found[1] == found[2]


def test_thousands_are_not_put_in_order_for_a_page_that_a_short_walk_finds(
    monkeypatch: pytest.MonkeyPatch, olga: Actor
) -> None:
    monkeypatch.setattr(leafing, "_put_in_order", lambda *_asked: pytest.fail("they were put in order"))
    monkeypatch.setattr(narrowing, "SHORT_CAP", 0)
    some, page = StudentFilter(grades=("1", "2")), Page(1, "name", size=2)
    with database.reading() as db:
        assert len(students.ids(db, olga, filter=some, page=page)) == 2


def test_a_walk_that_gives_up_leaves_no_trace(monkeypatch: pytest.MonkeyPatch, olga: Actor, database_kind: str) -> None:
    """It is no error of the database, what it had read is read again, and later statements have no limit."""
    monkeypatch.setattr(short_walk, "STEPS", 100)
    monkeypatch.setattr(short_walk, "MILLISECONDS", 20)
    long = sa.text("SELECT count(*) FROM person AS a, person AS b, person AS c, person AS d")
    if database_kind == "postgresql":
        long = sa.text("SELECT pg_sleep(0.2)")
    failed = measures.REGISTRY.get_sample_value
    before = [
        failed("firstkey_database_errors_total", {"kind": kind}) for kind in ("OperationalError", "QueryCanceled")
    ]
    with database.reading() as db:
        for _ in range(2):
            with pytest.raises(short_walk.TooLong), short_walk.short(db):
                db.connection().execute(long)
        assert db.connection().execute(long).all()
        assert students.count(db, olga, filter=StudentFilter()) > 3
    after = [failed("firstkey_database_errors_total", {"kind": kind}) for kind in ("OperationalError", "QueryCanceled")]
    assert before == after


def test_another_error_within_a_short_walk_is_one(olga: Actor) -> None:
    failed = measures.DATABASE_ERRORS.collect
    before = sum(sample.value for sample in failed()[0].samples)
    with database.reading() as db, pytest.raises(sa.exc.DBAPIError), short_walk.short(db):
        db.connection().execute(sa.text("SELECT nothing FROM nowhere"))
    assert sum(sample.value for sample in failed()[0].samples) > before


def test_a_database_that_goes_away_within_a_short_walk_is_told_as_what_it_is(olga: Actor) -> None:
    gone = sa.exc.OperationalError("SELECT 1", {}, Exception("the connection was lost"))
    with pytest.raises(sa.exc.OperationalError), database.reading() as db, short_walk.short(db):
        db.connection().invalidate()
        raise gone


def test_a_walk_may_take_as_many_steps_however_often_its_statement_was_asked_before(
    olga: Actor, database_kind: str
) -> None:
    if database_kind != "sqlite":
        return  # PostgreSQL is given a time
    walk = sa.text("SELECT count(*) FROM person AS a, person AS b, person AS c WHERE a.id + b.id > c.id")
    with database.reading() as db:
        for _ in range(20):
            with short_walk.short(db):
                db.connection().execute(walk)


def test_counts_read_no_whole_rows_of_people_or_accounts(olga: Actor, database_kind: str) -> None:
    if database_kind != "sqlite":
        return  # PostgreSQL reads whole tables quickly, and counts with several cores
    narrow = (
        {"states": ("invited", "no_account")},
        {"grades": ("7",), "states": ("signed_in",)},
        {"in_period": False},
        {"has_guardian": True},
    )
    for asked in narrow:
        with database.reading() as db, query_plans.noted(db.connection(), of="person_for_status") as said:
            students.count(db, olga, filter=StudentFilter(**asked))
        assert any("COVERING INDEX person_for_status" in line for line in said), (asked, said)
    for asked in ({"invitable": True}, {"invitable_by_sms": False}):  # an address is looked at where a message failed
        with database.reading() as db, query_plans.noted(db.connection(), of="person_for_status") as said:
            students.count(db, olga, filter=StudentFilter(**asked))
        assert any("person USING INDEX person_for_status" in line for line in said), (asked, said)
        assert not any("sqlite_autoindex_account" in line for line in said), (asked, said)


def test_a_walk_begins_where_its_part_of_the_order_begins(olga: Actor, database_kind: str) -> None:
    if database_kind != "sqlite":
        return  # PostgreSQL has truth values, and a test of its own for walks
    begins = {"mobile": "(mobile>?)", "programme": "(kind=? AND programme>?)", "grade": "(kind=? AND sort_grade>?"}
    for sort, index in begins.items():
        asked = StudentFilter(grades=("1", "2")) if sort == "grade" else StudentFilter()
        with (
            mock.patch.object(narrowing, "CAP", -1),
            mock.patch.object(narrowing, "SHORT_CAP", -1),
            database.reading() as db,
            query_plans.noted(db.connection(), of="ORDER BY person.") as said,
        ):
            students.ids(db, olga, filter=asked, page=Page(sort=sort))
        assert index in said[0], said


def test_every_filter_of_students_finds_the_same_both_ways(
    monkeypatch: pytest.MonkeyPatch, olga: Actor, cast: Cast
) -> None:
    for name, values in {
        **_flags(StudentFilter),
        "states": [("bounced",), ("ready",), ("no_account", "locked")],
    }.items():
        for value in values:
            _both_ways(monkeypatch, students, olga, StudentFilter(**{name: value}))
    writes = ({"invitable": True}, {"invitable_by_sms": True}, {"invitable": True, "states": ("signed_in",)})
    asked: dict[str, Any]
    for asked in (*writes, {"grades": ("1",)}, {"statuses": ("registered",)}, {"section_ids": (cast.class_7b.id,)}):
        _both_ways(monkeypatch, students, olga, StudentFilter(**asked), "state")
    _both_ways(monkeypatch, students, olga, StudentFilter(period_id=cast.period.id, text="mar", invitable=True))


def test_every_filter_of_accounts_finds_the_same_both_ways(
    monkeypatch: pytest.MonkeyPatch, olga: Actor, cast: Cast
) -> None:
    named = {"states": [("invited",), ("link_expired", "verified"), ("not_reachable",)], "login": ["has", "never"]}
    lists = {"roles": [("none",), ("student",)], "deliveries": [("none",), ("failed",)], "user_types": [("guardian",)]}
    days = {"invited_after": ["2020-01-01", "2100-01-01"], "invited_before": ["2020-01-01"], "link_ends_within": [3]}
    for name, values in {**_flags(AccountFilter), **named, **lists, **days}.items():
        for value in values:
            _both_ways(monkeypatch, accounts, olga, AccountFilter(**{name: value}))
    _both_ways(
        monkeypatch, accounts, olga, AccountFilter(grades=("7",), section_ids=(cast.class_7b.id or 0,)), "section"
    )


def test_rare_words_are_looked_up_and_common_ones_are_not(monkeypatch: pytest.MonkeyPatch, olga: Actor) -> None:
    monkeypatch.setattr(narrowing, "CAP", 3)
    with database.reading() as db:
        given = conditions.given(db)

        def few(text: str) -> int | None:
            answer = narrowing.by_text(db, olga, sought(text), students_only=True)
            answers = narrowing.students(db, olga, StudentFilter(), given)
            found = narrowing.few(db, answers, cap=narrowing.cap(db), text=answer)
            return found.number if found else None

        assert few("quist") == 3
        assert few("zz") == 0
        assert few("mail") is None
        assert few("q") == 3  # one letter that begins few words is rare too
        assert few("") is None
        monkeypatch.setattr(narrowing, "_CAP_FOR", 1)
        monkeypatch.setattr(narrowing, "_CAPS", 100)
        assert (few("mail") or 0) > 3  # of a district more are looked up


def test_who_is_found_by_name_and_by_username_counts_once(olga: Actor) -> None:
    """Else a name of 5,000 students is walked for, as if 8,000 had it."""
    with database.transaction() as db:
        make.account(db, person=make.person(db, last_name="Zyxwood"), username="a.zyxwood")
        make.account(db, person=make.person(db, last_name="Other"), username="b.zyxwood")
    with database.reading() as db:
        found = narrowing.by_text(db, olga, sought("zyxwood"), students_only=True)
        few = narrowing.few(db, [], cap=narrowing.CAP, text=found)
    assert few is not None
    assert few.number == 2


@pytest.mark.postgresql
def test_a_plan_is_kept_for_rows_by_their_ids_and_made_anew_for_each_word(olga: Actor) -> None:
    database.forget()  # one connection
    for _ in range(8):
        with database.reading() as db:
            students.page(db, olga, filter=StudentFilter(text="mar"), page=Page())
    with database.reading() as db:
        kept = "".join(db.scalars(sa.text("SELECT statement FROM pg_prepared_statements")))
    assert "guardianship.student_id = ANY" in kept
    assert "LIKE" not in kept


def test_nobody_is_looked_for_in_a_state_in_which_nobody_who_matches_can_be(olga: Actor) -> None:
    with database.reading() as db, mock.patch.object(ordering, "_of_state", wraps=ordering._of_state) as part:
        assert students.ids(db, olga, filter=StudentFilter(invitable=True), page=Page(sort="state"))
    assert {call.args[0] for call in part.call_args_list} == set(AccountState) - NEVER_WRITTEN_TO


def test_what_a_state_settles_is_so_for_everybody_in_it(olga: Actor) -> None:
    with database.reading() as db:
        people = students.page(db, olga, filter=StudentFilter(), page=Page(size=1_000))
        owners = accounts.page(db, olga, filter=AccountFilter(), page=Page(size=1_000))
    refused = people[people["state"].isin(NEVER_WRITTEN_TO)]
    assert set(refused["state"]) == NEVER_WRITTEN_TO
    assert refused[["email_refusal", "sms_refusal"]].notna().all(axis=None)
    uninvited = people[people["state"].isin(NEVER_INVITED)]
    assert set(uninvited["state"]) == NEVER_INVITED
    assert uninvited["invited_at"].isna().all()
    never_in = owners[owners["state"].isin(NEVER_SIGNED_IN)]
    assert len(set(never_in["state"])) > 3
    assert never_in[["first_sign_in_at", "last_sign_in_at"]].isna().all(axis=None)


def test_a_search_of_students_leaves_out_who_bears_the_same_name_but_is_none(olga: Actor, cast: Cast) -> None:
    with database.transaction() as db:
        for kind in ("guardian", "staff", "student"):
            make.account(db, person=make.person(db, kind=kind, last_name="Zyxwood"), username=f"zyx.{kind}")
    for text in ("zyxwood", "zyx.", "z", "zy"):
        with database.reading() as db:
            ids = students.ids(db, olga, filter=StudentFilter(text=text), page=Page())
            assert len(ids) == 1 == students.count(db, olga, filter=StudentFilter(text=text))
            assert accounts.count(db, olga, filter=AccountFilter(text=text)) == 3
    for kind, number in ((PersonKind.STUDENT, 3), (PersonKind.STAFF, 0)):
        with database.transaction() as db:
            db.execute(sa.update(Person).where(col(Person.last_name) == "Zyxwood").values(kind=kind))
        with database.reading() as db:
            for text in ("zyxwood", "zyx."):
                assert students.count(db, olga, filter=StudentFilter(text=text)) == number
                assert accounts.count(db, olga, filter=AccountFilter(text=text)) == 3


def test_the_scope_of_somebody_holds_for_the_same_persons_asked_in_each_way(cast: Cast, olga: Actor) -> None:
    with database.transaction() as db:
        make.guardianship(db, student=cast.sam.person, guardian=cast.max.person)  # a student answers for another
        make.person(db, kind="staff", in_section=cast.class_7b)
    everybody = sa.select(col(Person.id))
    with database.reading() as db:
        for sections in ((), (cast.class_7b.id,), (cast.class_8a.id,), (cast.class_7b.id, cast.class_8a.id)):
            actor = replace(cast.cora.actor, scope=Scope(section_ids=frozenset(section or 0 for section in sections)))
            together = set(db.scalars(everybody.where(scope.people(actor))))
            assert together == set(db.scalars(everybody.where(scope.each(actor))))
            assert together == set(db.scalars(scope.found(actor))) and bool(together) == bool(sections)
        assert set(db.scalars(everybody.where(scope.each(olga)))) == set(db.scalars(everybody))


@pytest.mark.parametrize("listed", [students, accounts])
def test_somebody_with_a_scope_leafs_through_their_people_once_both_ways(
    monkeypatch: pytest.MonkeyPatch, cast: Cast, olga: Actor, listed: Any
) -> None:
    mine = replace(olga, scope=Scope(section_ids=frozenset({cast.class_7b.id or 0})))
    kind = StudentFilter if listed is students else AccountFilter
    for sort in listed.SORTS:
        _both_ways(monkeypatch, listed, mine, kind(), sort)
    for text in ("mar", "q", "mail.example"):
        _both_ways(monkeypatch, listed, mine, kind(text=text))


def test_what_was_ticked_is_looked_up_and_so_is_all_of_a_filter(monkeypatch: pytest.MonkeyPatch, olga: Actor) -> None:
    for listed, kind, name in ((students, StudentFilter, "students"), (accounts, AccountFilter, "accounts")):
        asked: Any = kind(selected=True)
        with database.transaction() as db:
            ids = [int(row_id) for row_id in listed.page(db, olga, filter=kind(), page=Page())["id"]]
            selections.tick(db, olga, list_name=name, on=ids[:5])
        for sort in ("state", "name", "section"):
            _both_ways(monkeypatch, listed, olga, asked, sort)
        assert sorted(_all_pages(listed, olga, asked, "name", descending=False)) == sorted(ids[:5])
        with database.transaction() as db:
            selections.everything(db, olga, list_name=name, filter=kind())
            selections.tick(db, olga, list_name=name, on=(), off=ids[:5])
        _both_ways(monkeypatch, listed, olga, asked, "state")
        assert not {*ids[:5]} & {*_all_pages(listed, olga, asked, "name", descending=False)}


SETTLED: list[tuple[Any, str, dict[str, Any]]] = [
    (students, "email_refusal", {"invitable": True}),
    (students, "email_refusal", {"email_refusals": ("no_personal_email",)}),
    (students, "sms_refusal", {"invitable_by_sms": False}),
    (students, "sms_refusal", {"sms_refusals": ("no_mobile",)}),
    (students, "state", {"states": ("ready",)}),
    (students, "invited_at", {"states": ("ready", "no_account")}),
    (students, "username", {"states": ("no_account",)}),
    (accounts, "invited_at", {"states": ("ready", "not_reachable")}),
    (accounts, "email_refusal", {"email_refusals": ("no_personal_email",)}),
    (accounts, "user_type", {"user_types": ("student",)}),
]


@pytest.mark.parametrize(("listed", "sort", "asked"), SETTLED)
def test_a_column_in_which_all_say_the_same_is_the_order_of_names(
    monkeypatch: pytest.MonkeyPatch, olga: Actor, listed: Any, sort: str, asked: dict[str, Any]
) -> None:
    wanted = (StudentFilter if listed is students else AccountFilter)(**asked)
    said = [_all_pages(listed, olga, wanted, sort, descending=turned) for turned in (False, True)]
    assert said == [_all_pages(listed, olga, wanted, "name", descending=turned) for turned in (False, True)]
    monkeypatch.setattr(listed, "_settled", lambda _filter: {})
    assert said == [_all_pages(listed, olga, wanted, sort, descending=turned) for turned in (False, True)]
    assert said[0]


def test_a_page_past_the_end_that_was_counted_reads_nothing(monkeypatch: pytest.MonkeyPatch, olga: Actor) -> None:
    monkeypatch.setattr(leafing, "_walked", lambda *_asked, **_more: pytest.fail("it was read"))
    with database.reading() as db:
        assert students.ids(db, olga, filter=StudentFilter(), page=Page(3, size=10, total=20)) == []


def test_classes_are_walked_in_their_order_and_not_sorted(
    monkeypatch: pytest.MonkeyPatch, olga: Actor, database_kind: str
) -> None:
    """For a page by class SQLite would sort all students."""
    if database_kind != "sqlite":
        return  # PostgreSQL decides by the common values of a column
    with (
        database.reading() as db,
        query_plans.noted(db.connection(), of="ORDER BY section.sort_title") as said,
    ):
        for asked in (StudentFilter(), StudentFilter(in_period=True), StudentFilter(invitable=True)):
            said.clear()
            students.page(db, olga, filter=asked, page=Page(sort="section"))
            assert said[0] == "SCAN section USING COVERING INDEX section_by_title"
            assert (
                said[1].startswith("SEARCH person USING ") and "person_by_section (section_id=? AND kind=?)" in said[1]
            )


@pytest.mark.postgresql
@pytest.mark.parametrize("listed", [students, accounts])
def test_every_order_is_walked_along_an_index(monkeypatch: pytest.MonkeyPatch, olga: Actor, listed: Any) -> None:
    """PostgreSQL would read everybody, at times with three processes, and sort them for a page."""
    monkeypatch.setattr(narrowing, "SHORT_CAP", -1)
    monkeypatch.setattr(narrowing, "CAP", -1)  # nothing is rare enough to be looked up
    asked = StudentFilter() if listed is students else AccountFilter()
    with database.reading() as db:
        given = conditions.given(db)
    walked = [sort for sort, parts in listed.SORTS.items() if parts(given)[0].through != "value"]
    assert len(walked) >= len(listed.SORTS) - 2
    for sort in walked:
        with database.reading() as db, query_plans.noted(db.connection(), of="ORDER BY") as said:
            listed.ids(db, olga, filter=asked, page=Page(sort=sort, size=5))
        walk = [line for line in said if not line.startswith("   " * 4)]  # how a row is read stands farther in
        assert walk, sort
        assert not [line for line in walk if "Sort  (" in line and "Incremental" not in line], said
        assert not [line for line in said if "Gather" in line], said


@pytest.mark.postgresql
def test_a_walk_asks_row_by_row_who_answers_for_a_student_and_who_has_a_class(olga: Actor) -> None:
    """PostgreSQL would put together all who have one, before it looks at the first row."""
    for asked in (StudentFilter(has_guardian=True), StudentFilter(in_period=True)):
        with database.reading() as db, query_plans.noted(db.connection(), of="ORDER BY person.sort_name") as said:
            students.ids(db, olga, filter=asked, page=Page())
        plan = "\n".join(said)
        assert "SubPlan" in plan
        assert "_id = person.id" in plan


@pytest.mark.parametrize("words", ["papadopoulou maria", "+30 691 234 5678", "maria@mail.example"])
def test_words_are_looked_up_in_an_index_of_trigrams(olga: Actor, database_kind: str, words: str) -> None:
    with database.reading() as db:
        if not search.is_sqlite(db):
            if not db.scalar(sa.text("SELECT count(*) FROM pg_extension WHERE extname = 'pg_trgm'")):
                return  # then a search reads every row, and `doctor` says so
            db.execute(sa.text("SET LOCAL enable_seqscan = off"))  # of thirty people it would read all
        query = search.found(db, olga, sought(words))
        text = str(query.compile(db.get_bind(), compile_kwargs={"literal_binds": True})).replace("%%", "%")
        rows = db.connection().exec_driver_sql(f"EXPLAIN {_query_plan(db)} {text}".replace("%", "%%"))
        plan = " ".join(map(str, rows))
    indexes = [f"search_{table}_of_{whose}" for table in ("person", "account") for whose in ("students", "others")]
    for index in ("VIRTUAL TABLE INDEX",) if database_kind == "sqlite" else indexes:
        assert index in plan


def _query_plan(db: Any) -> str:
    return "QUERY PLAN" if search.is_sqlite(db) else ""


def _flags(kind: type) -> dict[str, list[Any]]:
    """Every field that is answered by yes or no."""
    return {field.name: [True, False] for field in dataclasses.fields(kind) if field.type == "bool | None"}
