"""All sending is held: why, and *Go* for administrators; and the button that holds it in an emergency."""

from __future__ import annotations

import streamlit as st

from core import database
from core.delivery import engine
from core.models import SendingHold
from core.permissions import Actor, Permission
from core.services import sending_hold
from core.tables import school, unfinished
from core.tables import sending_hold as table
from pages.shared import cells, feedback, fresh_code

LATER = "All sending is held: nothing leaves until an administrator says “Go”."


def draw(actor: Actor) -> None:
    """Nothing while sending goes on."""
    with database.reading() as db:
        hold = table.read(db)
        doubtful = table.doubtful(db, hold) if hold else 0
        zone = school.settings(db).time_zone
    if hold is None:
        return
    with st.container(border=True, key="sending-held"):
        st.markdown(f":material/front_hand: **All sending is held.** {_why(hold, zone)}")
        if doubtful:
            st.markdown(_doubt(doubtful))
        if actor.may(Permission.CHANGE_SETTINGS):
            _go(actor)
        else:
            st.caption("An administrator lets it go on.")


def offer(actor: Actor) -> None:
    """The emergency stop, where nothing is held."""
    with database.reading() as db:
        if table.read(db) is not None:
            return
    with st.popover("Hold all sending", icon=":material/front_hand:"):
        st.markdown("Nothing more leaves, in no campaign, until an administrator says *Go*. What is gone is gone.")
        if st.button("Hold it now", type="primary", key="held.begin"):
            with feedback.refusals_shown(), database.transaction() as db:
                sending_hold.begin(db, actor)
            feedback.later("All sending is held.")
            st.rerun()


def _why(hold: SendingHold, zone: str) -> str:
    if hold.restored_from is None:
        return f"{feedback.plain(hold.by_label)} stopped it on {cells.moment_words(hold.since, zone)}."
    backup, since = cells.moment_words(hold.restored_from, zone), cells.moment_words(hold.since, zone)
    return (
        f"This school was restored on {since} from the backup of {backup}; what happened in between is not known here."
    )


def _doubt(number: int) -> str:
    messages = "1 message" if number == 1 else f"{number:,} messages"
    return (
        f"{messages} waited when the backup was made and may have gone out since. *Go* does not send what waited then, "
        "but marks it as *May have been sent*: you decide in each campaign."
    )


def _go(actor: Actor) -> None:
    pressed = st.button("Go", icon=":material/play_arrow:", type="primary", key="held.go")
    fresh = fresh_code.proved(actor, pressed, key="held.go", act="Go")
    if fresh is None:
        return
    with feedback.refusals_shown():
        with database.transaction() as db:
            doubtful = sending_hold.release(db, fresh)
        with database.reading() as db:
            campaigns = unfinished.running_campaigns(db)
    engine.start(*campaigns)
    decide = f" You decide about what waited in the backup ({doubtful:,})." if doubtful else ""
    feedback.later(f"Sending goes on.{decide}")
    st.rerun()
