"""The classes and grades that the filters offer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import streamlit as st

from core import database
from core.permissions import Actor, Scope
from core.tables import options

FRESH_S = 15  # a new class is offered at most so late


def of(actor: Actor, *, period_id: int | None = None, asked: tuple[int, ...] = ()) -> Mapping[int, str]:
    """The classes of a period by id, of the current one when none is named, and those asked for. Not to be changed."""
    offered = _of_period(str(database.engine().url), actor.scope, period_id, _actor=actor)
    others = tuple(section_id for section_id in asked if section_id not in offered)
    return {**offered, **_named(str(database.engine().url), actor.scope, others, _actor=actor)} if others else offered


def grades(actor: Actor) -> Sequence[str]:
    """The grades of the students whom the actor may see. Not to be changed."""
    return _grades(str(database.engine().url), actor.scope, _actor=actor)


@st.cache_resource(ttl=FRESH_S, show_spinner=False, max_entries=200)
def _grades(database_url: str, scope: Scope, _actor: Actor) -> Sequence[str]:
    with database.reading() as db:
        return options.grades(db, _actor)


@st.cache_resource(ttl=FRESH_S, show_spinner=False, max_entries=200)
def _of_period(database_url: str, scope: Scope, period_id: int | None, _actor: Actor) -> Mapping[int, str]:
    """Read once for all who see the same classes."""
    with database.reading() as db:
        return _one_for_all(tuple(options.sections(db, _actor, period_id=period_id).items()))


@st.cache_resource(ttl=FRESH_S, show_spinner=False, max_entries=200)
def _named(database_url: str, scope: Scope, section_ids: tuple[int, ...], _actor: Actor) -> Mapping[int, str]:
    with database.reading() as db:
        return options.sections(db, _actor, named=section_ids)


@lru_cache(maxsize=20)
def _one_for_all(named: tuple[tuple[int, str], ...]) -> Mapping[int, str]:
    """Read alike, it is the same object: each session holds on to what its form was drawn with, hundreds of classes."""
    return dict(named)
