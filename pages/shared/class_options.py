"""The classes that the filters offer."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from core import database
from core.permissions import Actor, Scope
from core.tables import options

FRESH_S = 15  # a new class is offered at most so late


def of(actor: Actor) -> Mapping[int, str]:
    """The classes of the current period by id: read once for all who see the same classes. Not to be changed."""
    return _read(str(database.engine().url), actor.scope, _actor=actor)


@st.cache_resource(ttl=FRESH_S, show_spinner=False, max_entries=200)
def _read(database_url: str, scope: Scope, _actor: Actor) -> Mapping[int, str]:
    with database.reading() as db:
        return options.sections(db, _actor)
