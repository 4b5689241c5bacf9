"""What changed here and not yet in Microsoft 365: seen first, then updated there by one button."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core import database
from core.delivery import engine
from core.permissions import Actor
from core.rules import directory_updates as rules
from core.rules.directory_updates import Update
from core.services import directory_updates
from pages.shared import drawn, feedback, fresh_code

SHOWN = 200


def draw(actor: Actor) -> None:
    """Nothing where there is nothing to update, or the school syncs only on creation."""
    with database.reading() as db:
        found = directory_updates.foresee(db, actor)
    if not found:
        return
    seen = drawn.before("directory.update.seen", "found", rules.seen(found))
    with st.expander(f"Changed here, not yet in Microsoft 365: {len(found):,}", icon=":material/edit:", expanded=True):
        st.dataframe(_dress(found[:SHOWN]), hide_index=True, key="directory-table-updates", alt="What would be updated")
        if len(found) > SHOWN:
            st.caption(f"The first {SHOWN} of {len(found):,}.")
        label = f"Update {len(found):,} in Microsoft 365"
        pressed = st.button(label, icon=":material/cloud_upload:")
        st.caption(
            "Names are updated by themselves every night, up to 50; whoever left is switched off only from here."
        )
        if now_fresh := fresh_code.proved(actor, pressed, key=f"directory.update.{seen}", act=label):
            with feedback.refusals_shown(), database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
                directory_updates.launch(db, now_fresh, seen=seen)
            engine.start_directory()
            st.rerun()


def _dress(found: list[Update]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Microsoft account": [update.user.address for update in found],
            "Name there": [update.user.display_name for update in found],
            "Name to be": [f"{update.given_name} {update.surname}".strip() for update in found],
            "Sign-in there": [_on(update.user.is_enabled) for update in found],
            "Sign-in to be": [_on(update.is_enabled) for update in found],
        }
    )


def _on(is_enabled: bool) -> str:
    return "On" if is_enabled else "Off"
