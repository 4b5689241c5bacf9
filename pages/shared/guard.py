"""Who is here, and may they open this page. Every page begins with `actor = guard.require(Permission.X)`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import streamlit as st

from core import database
from core.errors import NotAllowed
from core.permissions import Actor, Permission
from core.services import open_session
from core.web import cookies, denials

SIGN_IN = """
<style>
.firstkey-in {
  display: inline-block; padding: .5rem 1rem; border-radius: .4rem; background: #0f5e63; color: #fff !important;
  text-decoration: none; font-weight: 600;
}
</style>
<a class="firstkey-in" href="/sign-in">Sign in again</a>
"""

_HERE: ContextVar[Actor | None] = ContextVar("here", default=None)


def require(permission: Permission) -> Actor:
    """The actor of this run; without a session or the permission the page stays empty but for a way on."""
    actor = signed_in()
    try:
        actor.require(permission)
    except NotAllowed as refusal:
        denials.note(actor, refusal)
        st.title("This page is not for your role")
        st.write(str(refusal))
        if actor.may(Permission.SEE_STATUS):
            st.page_link("status.py", label="Go to Account status", icon=":material/arrow_back:")
        st.stop()
    return actor


def signed_in() -> Actor:
    """Whoever of the staff is signed in; an ended session empties the page (R36)."""
    actor = _HERE.get() or look_up()
    if actor is None or not actor.is_staff:
        st.title("Your session has ended")
        st.write("Nothing was lost. Sign in again to go on.")
        st.html(SIGN_IN)  # every page has loaded this element; without a session the browser can fetch no other
        st.stop()
    return actor


@contextmanager
def drawing_for(actor: Actor) -> Iterator[None]:
    """Whatever is drawn within belongs to one run, for which the session was looked up just now."""
    mark = _HERE.set(actor)
    try:
        yield
    finally:
        _HERE.reset(mark)


def here() -> Actor | None:
    """For whom this run draws already, None when nobody has looked yet."""
    return _HERE.get()


def look_up() -> Actor | None:
    """The session behind this browser's cookie, read anew on every run."""
    token = st.context.cookies.get(cookies.session_name())
    with database.reading() as db:
        return open_session.actor_of(db, token=token, ip=st.context.ip_address)
