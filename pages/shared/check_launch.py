"""When it goes, the proof that one may send so much, and the button that sends what the check shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import streamlit as st

from core import clock, database
from core.delivery import engine
from core.errors import FreshCodeRequired
from core.models import Channel
from core.permissions import Actor
from core.rules.launch_limits import AHEAD
from core.rules.sending_hours import Hours
from core.services import campaigns
from core.services.campaigns import Check
from core.services.drafts import Draft
from core.tables import school, sending
from pages.shared import check_skipped, feedback, fresh_code

LAUNCHED, _WAITS = "campaign.launched", "campaign.waits"
_WHEN, _LATER, _DAY, _TIME = "check.when", "At a time", "check.day", "check.time"


@dataclass(frozen=True)
class _Clicked:
    """What was on screen when somebody pressed the button."""

    draft: Draft
    seen: str
    typed: int
    starts_at: datetime | None


def go_on_when_launched() -> None:
    """After the click: on to the campaign."""
    if launched := st.session_state.pop(LAUNCHED, None):
        st.switch_page("campaigns.py", query_params={"campaign": str(launched)})


def draw(actor: Actor, draft: Draft, check: Check, list_name: str) -> None:
    """The end of the page."""
    back = check_skipped.PAGES.get(list_name, "accounts.py")
    if not check.receive:
        st.info("Nobody in this selection can receive it. Repair the reasons above, or choose others.")
        st.page_link(back, label="Back to the list", icon=":material/arrow_back:")
        return
    starts_at = _when(draft.channel)
    typed = _typed(check)
    ready = typed == check.receive and (check.sms is None or check.sms.is_covered)
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Cancel"):
            st.switch_page(back)
        st.button(
            label(draft, check),
            type="primary",
            disabled=not ready,
            icon=":material/send:",
            on_click=_launch,
            args=(actor, _Clicked(draft, check.fingerprint, typed, starts_at)),
        )
    _go_on(actor, check.fingerprint, label(draft, check))


def label(draft: Draft, check: Check) -> str:
    """Send 142 invitations."""
    one, many = ("text message", "text messages") if draft.channel is Channel.SMS else ("invitation", "invitations")
    noun = one if check.messages == 1 else many
    return f"Send {check.messages:,} {noun}" if check.sends else f"Write {check.messages:,} {noun} to the outbox"


def planned() -> datetime | None:
    """The moment chosen at the end of the page, for what is said further up; None: as soon as may be."""
    day, at = st.session_state.get(_DAY), st.session_state.get(_TIME)
    if st.session_state.get(_WHEN) != _LATER or day is None:
        return None
    with database.reading() as db:
        zone = ZoneInfo(school.settings(db).time_zone)
    return datetime.combine(day, at or time(), zone)


def _when(channel: Channel) -> datetime | None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if st.segmented_control("When", ["Now", _LATER], default="Now", key=_WHEN) != _LATER:
            return None
        with database.reading() as db:
            hours = sending.hours(school.settings(db), channel)
        here, soon = clock.now().astimezone(hours.zone), _proposed(hours)
        first, last = here.date(), (here + AHEAD).date()
        day = st.date_input(
            "Day", soon.date(), min_value=first, max_value=last, format="DD/MM/YYYY", width=160, key=_DAY
        )
        at = st.time_input(f"Time ({hours.zone.key})", soon.time(), step=900, width=200, key=_TIME)
    return datetime.combine(day, at or time(), hours.zone)


def _proposed(hours: Hours) -> datetime:
    """The next full hour, tomorrow's first where that is late in the evening, or when messages may leave again."""
    soon = (clock.now() + timedelta(hours=1)).astimezone(hours.zone)
    return hours.opens(soon.replace(minute=0, second=0, microsecond=0))


def _typed(check: Check) -> int:
    if not check.typed_count_wanted:
        return check.receive
    text = st.text_input(f"So many at once? Type {check.receive} to go on.", key="typed_count", width=320)
    return int(text) if text.strip().isdecimal() and len(text) < 10 else 0


def _launch(actor: Actor, clicked: _Clicked) -> None:
    """Called with what was on screen when the button was drawn, and that is the key.

    A double click, another tab or a colleague with the same check get the one campaign. Where it needs a fresh code,
    exactly this waits for it.
    """
    try:
        with feedback.refusals_later():
            with database.transaction() as db:
                launched = campaigns.launch(
                    db,
                    actor,
                    draft=clicked.draft,
                    seen=clicked.seen,
                    idempotency_key=clicked.seen,
                    typed_count=clicked.typed,
                    starts_at=clicked.starts_at,
                )
            engine.start(launched.id or 0)
            st.session_state[LAUNCHED] = launched.id
    except FreshCodeRequired:
        st.session_state[_WAITS] = clicked


def _go_on(actor: Actor, seen: str, said: str) -> None:
    """The code for a click that waits, then exactly what was clicked; a check that changed since forgets it."""
    clicked: _Clicked | None = st.session_state.get(_WAITS)
    if clicked is None:
        return
    if clicked.seen != seen:
        del st.session_state[_WAITS]
        return
    acting = fresh_code.ask(actor, key="launch", act=said)
    if acting is not None:
        del st.session_state[_WAITS]
        _launch(acting, clicked)
        st.rerun()
