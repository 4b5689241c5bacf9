"""What may be done to accounts from a list or a card: label to window, only what the role may."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import database
from core.permissions import Actor, Permission
from core.rules import account_acts, words
from core.rules.account_acts import Act
from core.services.selections import ListName
from core.tables import school, undoable
from pages.shared import (
    act_dialogs,
    cells,
    feedback,
    fresh_code,
    roles_dialog,
    second_factor_dialog,
    switch_personal_email,
    undo_dialog,
    username_dialog,
)

_OFFERED = tuple(act for act in Act if act is not Act.GIVE_ROLE)
_STUDENTS_LIST_HAS_ITS_OWN = (Act.PERSONAL_EMAIL_ON, Act.PERSONAL_EMAIL_OFF)


def bulk(actor: Actor, list_name: ListName) -> dict[str, Callable[[int], None]]:
    """The acts on a selection."""
    own = _STUDENTS_LIST_HAS_ITS_OWN if list_name == "students" else ()
    offered: dict[str, Callable[[int], None]] = {
        words.ACCOUNT_ACT[act]: partial(act_dialogs.of_selection, actor, act) for act in _may(actor) if act not in own
    }
    if actor.may(Permission.MANAGE_ROLES):
        offered[words.ACCOUNT_ACT[Act.GIVE_ROLE]] = partial(roles_dialog.give_to_selection, actor)
    return offered


def one(actor: Actor, account_id: int) -> dict[str, Callable[[], None]]:
    """The acts on one account."""
    offered: dict[str, Callable[[], None]] = {
        words.ACCOUNT_ACT[act]: partial(act_dialogs.of_account, actor, act, account_id) for act in _may(actor)
    }
    if actor.may(Permission.MANAGE_ACCOUNTS):
        offered["Add/Edit username"] = partial(username_dialog.edit, actor, account_id)
    if actor.may(Permission.MANAGE_ROLES):
        offered["Manage Roles/Periods"] = partial(roles_dialog.manage, actor, account_id)
    if second_factor_dialog.is_offered(actor, account_id):
        offered[second_factor_dialog.REMOVE] = partial(second_factor_dialog.remove, actor, account_id)
    return offered


def undo_offer(actor: Actor, *, newest: bool = False) -> None:
    """After an act: *Undo*, until it is used, waved off or followed by another act.

    `newest`: else for one's last act of a day, which the database still knows in another tab or after a new sign-in.
    """
    made: act_dialogs.Made | None = st.session_state.get(act_dialogs.CHANGE)
    if made is None:
        if newest:
            _newest_offer(actor)
        return
    with _line("undo-offer"):
        st.text(made.sentence, width="content")
        undone = st.button("Undo", icon=":material/undo:", key="acts.undo")
        _leave_it()
    acting = actor if undone and not made.asks else None
    if made.asks:
        acting = fresh_code.proved(actor, undone, key="acts.undo", act="Undo")
    if acting is not None:
        with feedback.refusals_later():  # refused, it is still offered: they may try again
            feedback.later(made.undo(acting))
            act_dialogs.settle()
        st.rerun()


def _newest_offer(actor: Actor) -> None:
    with database.reading() as db:
        change, switch = undoable.newest(db, actor), undoable.newest_switch(db, actor)
        time_zone = school.settings(db).time_zone
    if switch is not None and (change is None or change.made_at < switch.made_at):
        act = Act.PERSONAL_EMAIL_ON if switch.on else Act.PERSONAL_EMAIL_OFF
        undo = partial(switch_personal_email.confirm, actor, switch.selection_id, on=not switch.on, is_undo=True)
        _newest_line(act, switch.made_at, time_zone, undo)
    elif change is not None:
        _newest_line(change.act, change.made_at, time_zone, partial(undo_dialog.ask, actor, change.id or 0))


def _newest_line(act: str, made_at: datetime, time_zone: str, undo: Callable[[], None]) -> None:
    if act_dialogs.is_settled(made_at):
        return
    with _line("newest-undo-offer"):
        moment = cells.moment_words(made_at, time_zone)
        st.text(f"Your last act: {words.account_change(act)}, {moment}.", width="content")
        if st.button("Undo", icon=":material/undo:", key="acts.undo.newest"):
            undo()
        _leave_it()


def _line(key: str) -> DeltaGenerator:
    return st.container(horizontal=True, vertical_alignment="center", key=key, gap="small")


def _leave_it() -> None:
    if st.button("Leave it so", key="acts.leave", type="tertiary"):
        act_dialogs.settle()
        st.rerun()


def _may(actor: Actor) -> list[Act]:
    with database.reading() as db:
        microsoft = school.settings(db).microsoft
    return [
        act
        for act in _OFFERED
        if actor.may(account_acts.permission(act)) and (microsoft or act is not Act.TO_MICROSOFT)
    ]
