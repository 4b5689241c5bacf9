"""A part of a page that somebody asks for who does not have it: the page answers, and its guard (R60, R95).

Streamlit passes over such a message in silence. Replayed from the browser of somebody else it would change nothing,
and nobody would learn of it.
"""

from __future__ import annotations

from functools import wraps

from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.runtime.app_session import AppSession


def answer_for_the_page() -> None:
    """Once per process, before any visitor."""
    asked = AppSession.request_rerun
    if hasattr(asked, "__wrapped__"):
        return

    @wraps(asked)
    def request_rerun(session: AppSession, client_state: ClientState | None) -> None:
        if client_state is not None and _is_strange(session, client_state):
            client_state.fragment_id = ""
        asked(session, client_state)

    setattr(AppSession, "request_rerun", request_rerun)  # noqa: B010  (mypy takes an assignment for a mistake)


def _is_strange(session: AppSession, asked: ClientState) -> bool:
    """Somebody acted in a part that this session has not; parts that draw themselves may come too late."""
    return bool(asked.fragment_id) and not asked.is_auto_rerun and not session.has_fragment(asked.fragment_id)
