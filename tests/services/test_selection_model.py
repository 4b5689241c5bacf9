"""Filters, pages, orders, ticks and edits in any order: who is selected is always who a plain model says."""

from __future__ import annotations

import operator
import os
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlmodel import SQLModel, col

from core import clock as core_clock
from core import database
from core.models import Account, Person, Section
from core.permissions import Role
from core.rules import person_facts
from core.rules.search_text import fold
from core.services import selections
from core.tables import selection_rows, students
from core.tables.filters import Page, StudentFilter
from tests import cast as make
from tests.conftest import Clock

LONG = os.environ.get("FIRSTKEY_CHAOS") == "long"
SIZE = 4  # a page so short that a small school has many
NAMES = ("Anna", "Άννα", "Zoë", "Μαρία", "Bo", "O'Neil", "Ánh", "50%_")
CLASSES = ("7A", "7B", "8A")
FACTS = ("verified_at", "deactivated_at", "suspended_at", "first_sign_in_at", "invited_at")
# From the strongest fact to the weakest, as an account's one state is told.
STATES = ("deactivated_at", "suspended_at", "first_sign_in_at", "verified_at", "invited_at")
WORDS = dict(zip(STATES, ("deactivated", "locked", "signed_in", "verified", "invited"), strict=True))


@dataclass
class Pupil:
    """One person as a plain model knows them."""

    first_name: str
    last_name: str
    code: str
    section: str
    facts: set[str] = field(default_factory=set)

    @property
    def state(self) -> str:
        return next((WORDS[fact] for fact in STATES if fact in self.facts), "ready")


Ask = dict[str, Any]


def _matches(pupil: Pupil, ask: Ask) -> bool:
    """What a filter means, told without a database."""
    if ask.get("class") and pupil.section != ask["class"]:
        return False
    if ask.get("state") and pupil.state != ask["state"]:
        return False
    known = " " + fold(" ".join((pupil.first_name, pupil.last_name, pupil.code)))
    return all((word if len(word) > 2 else f" {word}") in known for word in fold(ask.get("text", "")).split())


NAMES_TYPED = st.sampled_from(["ann", "ΜΑΡΊ", "zoe", "neil", "code1"])
ASKS = st.fixed_dictionaries(
    {},
    optional={
        "text": st.sampled_from(["a", "ann", "ΜΑΡΊ", "zoe", "bo", "%", "_", "50%", "neil", "code1", "nobody"]),
        "class": st.sampled_from(CLASSES),
        "state": st.sampled_from([*WORDS.values(), "ready"]),
    },
)
WHO = st.integers(0, 11)


class Choosing(RuleBasedStateMachine):
    """Somebody in the office chooses students while others edit them."""

    def __init__(self) -> None:
        super().__init__()
        self.pupils: dict[int, Pupil] = {}
        self.asked: Ask = {}
        self.page = Page(size=SIZE)
        self.ticked: set[int] = set()
        self.all_of: Ask | None = None
        self.excepted: set[int] = set()

    @initialize()
    def school(self) -> None:
        with database.transaction() as db:
            for table in reversed(SQLModel.metadata.sorted_tables):
                db.execute(sa.delete(table))
            year = make.period(db)
            self.sections = {title: make.section(db, period=year, title=title).id for title in CLASSES}
            olga = make.person(db, kind="staff", first_name="Olga", last_name="Orlova")
            self.actor = make.actor(make.account(db, person=olga), Role.OFFICE)
            for number in range(12):
                self._enrol(db, number)
            selections.show(db, self.actor, list_name="students", filter=StudentFilter())

    def _enrol(self, db: Any, number: int) -> None:
        title = CLASSES[number % 3]
        section = db.get_one(Section, self.sections[title])
        pupil = Pupil(NAMES[number % len(NAMES)], NAMES[(number * 5 + 3) % len(NAMES)], f"CODE{number}", title)
        names = {"first_name": pupil.first_name, "last_name": pupil.last_name, "source_id": pupil.code}
        person = make.person(db, personal_email="x@y.example", **names)
        db.execute(sa.update(Person).where(col(Person.id) == person.id).values(section_id=section.id))
        make.account(db, person=person, username=f"user.{number}")
        self.pupils[person.id or 0] = pupil

    # What the person at the list does.

    @rule(ask=ASKS)
    def search(self, ask: Ask) -> None:
        self.asked, self.page = ask, Page(1, self.page.sort, self.page.descending, SIZE)
        with database.transaction() as db:
            selections.show(db, self.actor, list_name="students", filter=self._filter(ask))

    @rule(number=st.integers(1, 4))
    def leaf(self, number: int) -> None:
        self.page = Page(number, self.page.sort, self.page.descending, SIZE)

    @rule(sort=st.sampled_from(sorted(students.SORTS)), descending=st.booleans())
    def order(self, sort: str, descending: bool) -> None:
        self.page = Page(1, sort, descending, SIZE)

    @rule(chosen=st.sets(st.integers(0, SIZE - 1)))
    def tick_rows(self, chosen: set[int]) -> None:
        shown = self._shown()
        self._tick(shown, {row for place, row in enumerate(shown) if place in chosen})

    @rule()
    def tick_the_page(self) -> None:
        self._tick(self._shown(), set(self._shown()))

    @rule()
    def untick_the_page(self) -> None:
        self._tick(self._shown(), set())

    @rule(ask=ASKS, on=st.sets(WHO), off=st.sets(WHO))
    def tick_in_another_tab(self, ask: Ask, on: set[int], off: set[int]) -> None:
        """It shows what it drew a while ago, and says only what was done in it."""
        people = list(self.pupils)
        self._change(ask, {people[who] for who in on}, {people[who] for who in off - on})

    @rule()
    def select_all(self) -> None:
        with database.transaction() as db:
            selections.everything(db, self.actor, list_name="students", filter=self._filter(self.asked))
        if others := self._chosen() - self._matching(self.asked):
            self.ticked, self.all_of, self.excepted = others | self._matching(self.asked), None, set()
        else:
            self.ticked, self.all_of, self.excepted = set(), dict(self.asked), set()

    @rule(text=NAMES_TYPED, then=NAMES_TYPED)
    def select_all_of_one_search_and_look_for_others(self, text: str, then: str) -> None:
        self.search({"text": text})
        self.select_all()
        self.search({"text": then})

    @rule()
    def clear(self) -> None:
        with database.transaction() as db:
            selections.clear(db, self.actor, list_name="students")
        self.ticked, self.all_of, self.excepted = set(), None, set()

    # What others do meanwhile.

    @rule(who=WHO, first_name=st.sampled_from(NAMES), last_name=st.sampled_from(NAMES))
    def rename(self, who: int, first_name: str, last_name: str) -> None:
        person_id, pupil = list(self.pupils.items())[who]
        pupil.first_name, pupil.last_name = first_name, last_name
        with database.transaction() as db:
            person = db.get_one(Person, person_id)
            person.first_name, person.last_name = first_name, last_name
            for name, value in person_facts.derived(person.model_dump(), default_region="GR").items():
                setattr(person, name, value)
            db.add(person)

    @rule(who=WHO, section=st.sampled_from(CLASSES))
    def move(self, who: int, section: str) -> None:
        person_id, pupil = list(self.pupils.items())[who]
        pupil.section = section
        self._update(Person, col(Person.id) == person_id, section_id=self.sections[section])

    @rule(who=WHO, fact=st.sampled_from(FACTS), holds=st.booleans())
    def happen(self, who: int, fact: str, holds: bool) -> None:
        person_id, pupil = list(self.pupils.items())[who]
        pupil.facts = pupil.facts | {fact} if holds else pupil.facts - {fact}
        self._update(Account, col(Account.person_id) == person_id, **{fact: core_clock.now() if holds else None})

    # What must hold after each of these.

    @invariant()
    def the_same_people_are_selected(self) -> None:
        chosen = self._chosen()
        with database.reading() as db:
            selection_id = selections.current(db, self.actor, list_name="students").id
            assert selection_id is not None
            ids = db.scalars(selection_rows.person_ids(db, self.actor, selection_id=selection_id)).all()
            assert len(ids) == len(set(ids)), "nobody is selected twice"
            assert set(ids) == chosen
            assert selection_rows.size(db, self.actor, selection_id=selection_id) == len(chosen)
            hidden = selection_rows.sizes(db, self.actor, selection_id=selection_id)[1]
            assert hidden == len(chosen - self._matching(self.asked))
            only_these = StudentFilter(selected=True)
            assert students.count(db, self.actor, filter=only_these) == len(chosen)

    @invariant()
    def the_list_shows_who_matches(self) -> None:
        matching = self._matching(self.asked)
        with database.reading() as db:
            assert students.count(db, self.actor, filter=self._filter(self.asked)) == len(matching)
            parts = [self._read(db, number) for number in range(1, 5)]
            ids = reduce(operator.add, parts)
            assert len(ids) == len(set(ids)), "nobody stands on two pages"
            assert set(ids) == matching

    def _chosen(self) -> set[int]:
        return self.ticked if self.all_of is None else self._matching(self.all_of) - self.excepted

    def _matching(self, ask: Ask) -> set[int]:
        return {person_id for person_id, pupil in self.pupils.items() if _matches(pupil, ask)}

    def _filter(self, ask: Ask) -> StudentFilter:
        sections = (self.sections[ask["class"]],) if "class" in ask else ()
        states = (ask["state"],) if "state" in ask else ()
        return StudentFilter(text=ask.get("text", ""), section_ids=sections, states=states)

    def _shown(self) -> list[int]:
        with database.reading() as db:
            return self._read(db, self.page.number)

    def _read(self, db: Any, number: int) -> list[int]:
        page = Page(number, self.page.sort, self.page.descending, SIZE)
        rows = students.page(db, self.actor, filter=self._filter(self.asked), page=page)
        return [int(row_id) for row_id in rows["id"]]

    def _tick(self, shown: list[int], ticked: set[int]) -> None:
        drawn = self._chosen() & set(shown)
        self._change(self.asked, ticked - drawn, drawn - ticked)

    def _change(self, ask: Ask, on: set[int], off: set[int]) -> None:
        if self.all_of is not None and self.all_of != ask:
            self.ticked, self.all_of, self.excepted = self._chosen(), None, set()
        if self.all_of is None:
            self.ticked = (self.ticked - off) | on
        else:
            self.excepted = (self.excepted - on) | off
        with database.transaction() as db:
            selections.tick(db, self.actor, list_name="students", on=on, off=off, filter=self._filter(ask))

    def _update(self, table: type[SQLModel], where: Any, **values: Any) -> None:
        with database.transaction() as db:
            db.execute(sa.update(table).where(where).values(**values))


def _run(examples: int, steps: int) -> None:
    run_state_machine_as_test(
        Choosing,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.both_databases
def test_whatever_is_done_in_whatever_order_the_selection_means_who_the_model_says(
    database: None, clock: Clock, database_kind: str
) -> None:
    _run(*((200, 50) if LONG else (10, 30) if database_kind == "sqlite" else (3, 20)))
