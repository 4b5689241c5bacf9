"""What has left the screen leaves the memory.

Streamlit drops the value of a widget that is drawn no more, but its callbacks and names stay as long as the session
does, and so does all of a part that another part draws. A table has another key on every page: a day of work holds all.
"""

from __future__ import annotations

from functools import wraps

from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.state import SessionState

KEPT = 12  # a click on what was just replaced comes a moment late, and still finds whom it meant


def forget_widgets() -> None:
    """Once per process, before any visitor."""
    finished = SessionState.on_script_finished
    if hasattr(finished, "__wrapped__"):
        return

    @wraps(finished)
    def on_script_finished(state: SessionState, drawn: frozenset[str], *, remove_stale_widgets: bool = True) -> None:
        if remove_stale_widgets:
            _count_inner_parts()
        finished(state, drawn, remove_stale_widgets=remove_stale_widgets)
        if remove_stale_widgets:
            _forget(state)

    setattr(SessionState, "on_script_finished", on_script_finished)  # noqa: B010  (as in `parts`)


def _count_inner_parts() -> None:
    """A part that was drawn by the one around it was drawn by this run as well."""
    run = get_script_run_ctx()
    if run is not None and run.fragment_ids_this_run:
        run.fragment_ids_this_run = sorted({*run.fragment_ids_this_run, *run.shared.new_fragment_ids.snapshot()})


def _forget(state: SessionState) -> None:
    """All but the latest of those that have no value any more; whatever is on screen has one."""
    known, alive = state._new_widget_state.widget_metadata, state._old_state.keys() | state._new_widget_state.states
    gone = [widget_id for widget_id in known if widget_id not in alive]
    for widget_id in gone[:-KEPT]:
        del known[widget_id]
        _forget_key(state, widget_id)


def _forget_key(state: SessionState, widget_id: str) -> None:
    names = state._key_id_mapper
    key = names._id_key_mapping.pop(widget_id, None)
    if key is not None and names.get_id_from_key(key) == widget_id:  # else another widget has taken it over
        del names._key_id_mapping[key]
