"""What people ask of the Students List: every field, every kind of search, every order, near and deep pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

import sqlalchemy as sa
from sqlmodel import col

from core import database
from core.models import Person, PersonKind
from core.permissions import Actor
from core.rules.account_state import AccountState
from core.tables import options, students
from core.tables.filters import Page, StudentFilter

GREEK = ("Μαρ", "παπα", "ός", "ΕΛΕΝΗ", "α", "γιώργος", "κων")
COMMON = ("mail.example", "mail", "school", "ann", "pap", "+3069", "ar")


@dataclass(frozen=True)
class School:
    """What there is to ask for."""

    people: tuple[Person, ...]
    sections: tuple[int, ...]
    periods: tuple[int, ...]
    grades: tuple[str, ...]
    programmes: tuple[str, ...]
    languages: tuple[str, ...]


Question = Callable[[School, Random], StudentFilter]


def look_around(actor: Actor, chance: Random) -> School:
    """Some people of the school to search for, and what its filters offer."""
    with database.reading() as db:
        highest = db.scalar(sa.select(sa.func.max(col(Person.id)))) or 1
        ids = [chance.randrange(1, highest) for _ in range(400)]
        query = sa.select(Person).where(col(Person.id).in_(ids), col(Person.kind) == PersonKind.STUDENT)
        return School(
            people=tuple(db.scalars(query.order_by(col(Person.id)))),
            sections=tuple(options.sections(db, actor)),
            periods=tuple(options.periods(db)),
            grades=tuple(options.grades(db, actor)),
            programmes=tuple(options.programmes(db, actor)),
            languages=tuple(options.languages(db, actor)),
        )


def text(find: Callable[[Person], str]) -> Question:
    return lambda school, chance: StudentFilter(text=find(chance.choice(school.people)))


def words(choices: tuple[str, ...]) -> Question:
    return lambda _school, chance: StudentFilter(text=chance.choice(choices))


def flag(field: str) -> Question:
    return lambda _school, chance: StudentFilter(**{field: chance.random() < 0.5})


def both(*questions: Question) -> Question:
    """All of them at once."""

    def asked(school: School, chance: Random) -> StudentFilter:
        parts = [question(school, chance).as_json() for question in questions]
        return StudentFilter.from_json({name: value for part in parts for name, value in part.items()})

    return asked


def of_class(school: School, chance: Random) -> StudentFilter:
    return StudentFilter(section_ids=tuple(chance.sample(school.sections, min(len(school.sections), 2))))


def of_grade(school: School, chance: Random) -> StudentFilter:
    return StudentFilter(grades=(chance.choice(school.grades),))


def in_state(_school: School, chance: Random) -> StudentFilter:
    return StudentFilter(states=tuple(chance.sample(list(AccountState), chance.choice((1, 1, 2)))))


def of_period(school: School, chance: Random) -> StudentFilter:
    return StudentFilter(period_id=chance.choice(school.periods), in_period=chance.random() < 0.5)


KINDS: Mapping[str, Question] = {
    "nothing asked": lambda _school, _chance: StudentFilter(),
    "text: whole name": text(lambda person: f"{person.first_name} {person.last_name}"),
    "text: last name": text(lambda person: person.last_name),
    "text: part of a name": text(lambda person: person.last_name[1:5]),
    "text: e-mail": text(lambda person: person.personal_email or person.source_id),
    "text: code": text(lambda person: person.source_id),
    "text: phone": text(lambda person: person.mobile[-7:] or person.source_id),
    "text: common": words(COMMON),
    "text: one or two letters": words(("a", "s", "q", "ma", "zz", "th", "1")),
    "text: Greek": words(GREEK),
    "text: nobody": words(("qqzzxj", "nobody is called so", "\u00b5%_")),
    "class": of_class,
    "grade": of_grade,
    "state": in_state,
    "status": lambda _school, chance: StudentFilter(statuses=(chance.choice(("registered", "left", "applicant")),)),
    "programme": lambda school, chance: StudentFilter(programmes=(chance.choice(school.programmes or ("none",)),)),
    "language": lambda school, chance: StudentFilter(languages=(chance.choice(school.languages or ("en",)),)),
    "period": of_period,
    "in_period": flag("in_period"),
    "invitable": flag("invitable"),
    "invitable_by_sms": flag("invitable_by_sms"),
    "has_personal_email": flag("has_personal_email"),
    "has_contact_email": flag("has_contact_email"),
    "has_mobile": flag("has_mobile"),
    "has_guardian": flag("has_guardian"),
    "selected": flag("selected"),
    "class and state": both(of_class, in_state),
    "grade and state": both(of_grade, in_state),
    "part of a name and grade": both(text(lambda person: person.last_name[:3]), of_grade),
    "common text and state": both(words(COMMON), in_state),
    "state and no mobile": both(in_state, lambda _school, _chance: StudentFilter(has_mobile=False)),
}


SELDOM = ("first_name", "guardian", "guardian_mobile")  # columns that few have on screen
OFTEN = tuple(sort for sort in students.SORTS if sort not in SELDOM)


def pages(chance: Random, *, deepest: int) -> Page:
    """Any order from either end; every third question leafs on, every ninth to the depth of the list."""
    number = chance.choice((1, 1, 1, 1, 1, 1, 2, chance.randrange(2, 20), chance.randrange(1, max(2, deepest))))
    sort = chance.choice(SELDOM if chance.random() < 0.02 else OFTEN)
    return Page(number, sort, chance.random() < 0.5)
