"""The window of an act on accounts: what will happen to how many, who is left out and why, then the button."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import streamlit as st

from core import clock, database
from core.delivery import engine
from core.permissions import Actor
from core.rules import words
from core.rules.account_acts import ROLE_CHANGES, Act, Gift, LeftOut, permission
from core.services import account_acts, account_changes
from core.services.account_acts import Foreseen
from pages.shared import drawn, feedback, fresh_code, guarded, some_named, views
from pages.shared.act_words import SAID

CHANGE = "acts.change"
_SEEN, _SETTLED = "acts.seen", "acts.settled"


@dataclass(frozen=True)
class Made:
    """What was just done, in words. `undo` undoes it for whoever asks, and gives the words for that."""

    sentence: str
    undo: Callable[[Actor], str]
    asks: bool = False


@dataclass(frozen=True)
class Whom:
    """Those an act is for: a selection, or one account."""

    selection_id: int | None = None
    account_ids: tuple[int, ...] = ()


def of_selection(actor: Actor, act: Act, selection_id: int) -> None:
    """The window for the accounts of a selection."""
    _open(actor, act, Whom(selection_id=selection_id))


def of_account(actor: Actor, act: Act, account_id: int) -> None:
    """The window for one account."""
    _open(actor, act, Whom(account_ids=(account_id,)))


def ask(actor: Actor, act: Act, whom: Whom, gift: Gift | None = None) -> None:
    """Say what would happen, and do it on the button: exactly that, or nothing when it has changed meanwhile."""
    with feedback.refusals_shown(), database.reading() as db:
        now = account_acts.check(
            db, actor, act=act, selection_id=whom.selection_id, account_ids=whom.account_ids, gift=gift
        )
    foreseen: Foreseen = drawn.before(_SEEN, (act, whom, gift), now)
    _explain(act, now)
    label = SAID[act].button.format(accounts(now.will))
    pressed, asks = st.button(label, key=f"acts.do.{act}", type="primary", disabled=not now.will), act in ROLE_CHANGES
    acting = fresh_code.proved(actor, pressed, key=f"acts.do.{act}.{whom}", act=label) if asks else actor
    if acting is None or not (pressed or asks):
        return
    with feedback.refusals_shown(), database.transaction() as db:
        done = account_acts.carry_out(
            db,
            acting,
            act=act,
            selection_id=whom.selection_id,
            account_ids=whom.account_ids,
            gift=gift,
            seen=foreseen.seen,
        )
    engine.start(*done.notices)
    remember_change(done.change_id, SAID[act].after.format(accounts(done.done)), asks=asks)
    st.rerun()


def remember_change(change_id: int, sentence: str, *, asks: bool = False) -> None:
    """What was done is said on the page, with *Undo* beside it. `asks`: undoing it too takes a fresh code."""
    remember(Made(sentence, partial(undo, change_id), asks))


def remember(made: Made) -> None:
    """The same for what is undone in a way of its own."""
    st.session_state[CHANGE] = made
    views.forget("students")
    views.forget("accounts")


def settle() -> None:
    """What was done up to now is not offered to be undone any more, in this session."""
    st.session_state.pop(CHANGE, None)
    st.session_state[_SETTLED] = clock.now()


def is_settled(made_at: datetime) -> bool:
    """Whether an act of that moment was undone, or left so."""
    settled: datetime | None = st.session_state.get(_SETTLED)
    return settled is not None and made_at <= settled


def undo(change_id: int, actor: Actor) -> str:
    """Undo a change, and say for how many it is undone."""
    with database.transaction() as db:
        undone = account_changes.undo(db, actor, change_id=change_id)
    engine.start(*undone.notices)
    settle()
    views.forget("students")
    views.forget("accounts")
    alone = f" {accounts(undone.left_alone).capitalize()} changed since, or had to stay, and left alone."
    return f"Undone for {accounts(undone.done)}.{alone if undone.left_alone else ''}"


def accounts(number: int) -> str:
    """12 accounts."""
    return "1 account" if number == 1 else f"{number:,} accounts"


def _open(actor: Actor, act: Act, whom: Whom) -> None:
    guarded.dialog(permission(act), words.ACCOUNT_ACT[act])(ask)(actor, act, whom)


def _explain(act: Act, foreseen: Foreseen) -> None:
    st.markdown(f"**{accounts(foreseen.will)}** will be changed." if foreseen.will else "Nobody would be changed.")
    if foreseen.will:
        st.write(SAID[act].before)
    left_out(foreseen.left_out, foreseen.names)


def left_out(reasons: Mapping[LeftOut, int], names: Mapping[str, Sequence[str]]) -> None:
    """Who is passed by, and why."""
    if not reasons:
        return
    st.markdown(f"**{sum(reasons.values()):,}** left out:")
    for reason, number in sorted(reasons.items(), key=lambda one: -one[1]):
        st.caption(f"{number:,} because {words.LEFT_OUT[reason]}{some_named.some(names.get(reason, ()), number)}")
