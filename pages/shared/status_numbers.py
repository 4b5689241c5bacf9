"""The people of Account status as they were read: kept for a moment while nothing changes, for all who see the same."""

from __future__ import annotations

import streamlit as st

from core import database
from core.permissions import Actor, Permission, Scope
from core.tables import data_version, status, status_followed
from core.tables.filters import StatusFilter
from core.tables.status import Asked
from core.tables.status_people import People
from pages.shared import class_options

FRESH_S = 15  # a link that ends is seen so late; everything else that happens is seen at once


def ask(actor: Actor, asked: StatusFilter) -> Asked:
    """The numbers of a filter."""
    actor.require(Permission.SEE_STATUS)
    sections = class_options.of(actor, period_id=asked.period_id, asked=asked.section_ids)
    with database.reading() as db:
        seen = data_version.now(db)
    sees_accounts = actor.may(Permission.SEE_ACCOUNTS)
    people = _people(str(database.engine().url), seen, actor.scope, sees_accounts, asked.user_type, _actor=actor)
    with database.reading() as db:
        return status.ask(db, actor, people=people, filter=asked, sections=sections)


@st.cache_resource(ttl=FRESH_S, show_spinner=False, max_entries=8)
def _people(database_url: str, seen: str, scope: Scope, sees_accounts: bool, user_type: str, _actor: Actor) -> People:
    with database.reading() as db:
        return status_followed.people(db, _actor, user_type=user_type)
