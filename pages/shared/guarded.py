"""Windows and parts of a page that run again by themselves: each run asks anew who is here (R36, R37).

Streamlit runs them again with the arguments of the last full run. An actor among those may have been signed out,
deactivated or given other roles since.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, Literal, ParamSpec

import streamlit as st

from core.permissions import Actor, Permission
from pages.shared import guard, noted, runs

P = ParamSpec("P")
Drawing = Callable[Concatenate[Actor, P], None]


def dialog(
    permission: Permission,
    title: str,
    *,
    width: Literal["small", "large"] = "small",
    on_dismiss: Literal["ignore"] | Callable[[], None] = "ignore",
) -> Callable[[Drawing[P]], Drawing[P]]:
    """A window over the page, for whoever has the permission at that moment. It takes the actor first.

    `on_dismiss` is called when somebody closes it, before anybody has asked who that is.
    """
    return lambda draw: st.dialog(title, width=width, on_dismiss=on_dismiss)(_asking(permission, draw))


def fragment(
    permission: Permission, *, run_every: float | None = None, key: str | None = None
) -> Callable[[Drawing[P]], Drawing[P]]:
    """A part of the page that runs alone, likewise. `key`: the name by which a callback has it drawn (see `only`)."""
    by_hand = run_every is None
    return lambda draw: st.fragment(run_every=run_every, key=key)(_asking(permission, draw, by_hand=by_hand))


def only(*keys: str) -> None:
    """The last word of a callback: draw these parts anew and leave the rest of the page as it stands."""
    st.rerun(list(keys))


def _asking(permission: Permission, draw: Drawing[P], *, by_hand: bool = False) -> Drawing[P]:
    """`by_hand`: it runs because somebody did something, which counts as use (R36)."""

    @wraps(draw)  # Streamlit tells windows and fragments apart by the name of what draws them
    def drawn(actor: Actor, /, *args: P.args, **kwargs: P.kwargs) -> None:
        if guard.here() is not None:  # the page, or a part around this one, has just asked
            return draw(_allowed(actor, permission), *args, **kwargs)
        now = _now(actor, permission)
        if by_hand:
            noted.use(now)
        with guard.drawing_for(now):
            return draw(now, *args, **kwargs)

    return drawn


def _now(drawn_for: Actor, permission: Permission) -> Actor:
    """Whoever is here now. Where that is not whom the page was drawn for, the whole page is drawn anew or goes."""
    runs.begin()
    actor = guard.look_up()
    if actor is None or _standing(actor) != _standing(drawn_for):
        st.rerun()
    return _allowed(actor, permission)


def _allowed(actor: Actor, permission: Permission) -> Actor:
    actor.require(permission)
    return actor


def _standing(actor: Actor) -> tuple[object, ...]:
    return actor.account_id, actor.roles, actor.scope
