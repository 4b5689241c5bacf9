"""When it goes, the proof that one may send so much, and the button that sends what the check shows."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import streamlit as st

from core import clock, database
from core.delivery import engine
from core.models import Channel
from core.permissions import Actor
from core.rules.launch_limits import AHEAD
from core.services import campaigns
from core.services.campaigns import Check, Draft
from core.tables import school
from pages.shared import check_skipped, feedback, fresh_password

LAUNCHED = "campaign.launched"


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
    starts_at = _when()
    why = f"**{check.receive:,} people are many.** Type your password again, so that nobody else sends."
    if check.fresh_code_wanted and fresh_password.ask(actor, why, key="check.fresh"):
        st.rerun()
    typed = _typed(check)
    ready = typed == check.receive and not check.fresh_code_wanted and (check.sms is None or check.sms.is_covered)
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Cancel"):
            st.switch_page(back)
        st.button(
            label(draft, check),
            type="primary",
            disabled=not ready,
            icon=":material/send:",
            on_click=_launch,
            args=(actor, draft, check.fingerprint, typed, starts_at),
        )


def label(draft: Draft, check: Check) -> str:
    """Send 142 invitations."""
    one, many = ("text message", "text messages") if draft.channel is Channel.SMS else ("invitation", "invitations")
    noun = one if check.messages == 1 else many
    return f"Send {check.messages:,} {noun}" if check.sends else f"Write {check.messages:,} {noun} to the outbox"


def _when() -> datetime | None:
    """None: as soon as may be."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        later = st.segmented_control("When", ["Now", "At a time"], default="Now", key="check.when") == "At a time"
        if not later:
            return None
        with database.reading() as db:
            zone = ZoneInfo(school.settings(db).time_zone)
        here = clock.now().astimezone(zone)
        day = st.date_input(
            "Day", here.date(), min_value=here.date(), max_value=(here + AHEAD).date(), format="DD/MM/YYYY", width=160
        )
        hour = (here + timedelta(hours=1)).replace(minute=0).time()
        at = st.time_input(f"Time ({zone.key})", hour, step=900, width=200)
    return datetime.combine(day, at or time(), zone)


def _typed(check: Check) -> int:
    if not check.typed_count_wanted:
        return check.receive
    text = st.text_input(f"So many at once? Type {check.receive} to go on.", key="typed_count")
    return int(text) if text.strip().isdecimal() and len(text) < 10 else 0


def _launch(actor: Actor, draft: Draft, seen: str, typed: int, starts_at: datetime | None) -> None:
    """Called with what was on screen when the button was drawn, and that is the key.

    A double click, another tab or a colleague with the same check get the one campaign.
    """
    with feedback.refusals_later():
        with database.transaction() as db:
            launched = campaigns.launch(
                db, actor, draft=draft, seen=seen, idempotency_key=seen, typed_count=typed, starts_at=starts_at
            )
        engine.start(launched.id or 0)
        st.session_state[LAUNCHED] = launched.id
