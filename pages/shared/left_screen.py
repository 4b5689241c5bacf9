"""What has left the screen leaves the memory.

Streamlit drops the value of a widget that is drawn no more, but its callbacks and names stay as long as the session
does, and so does all of a part that another part draws. A table has another key on every page: a day of work holds all.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from functools import wraps

from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.state import SessionState

from core.errors import SettingsError

_NAME = "forgets_what_has_left"


def forget_widgets() -> None:
    """Once per process, before any visitor. Raises SettingsError where Streamlit is not as we know it."""
    finished = SessionState.on_script_finished
    if finished.__name__ == _NAME:
        return
    _require_what_is_asked(SessionState())

    @wraps(finished)
    def on_script_finished(state: SessionState, drawn: frozenset[str], *, remove_stale_widgets: bool = True) -> None:
        if remove_stale_widgets:
            _forget(state)
            _count_inner_parts()
        finished(state, drawn, remove_stale_widgets=remove_stale_widgets)

    on_script_finished.__name__ = _NAME
    setattr(SessionState, "on_script_finished", on_script_finished)  # noqa: B010  (as in `parts`)


def _require_what_is_asked(state: SessionState) -> None:
    try:
        widgets, names = state._new_widget_state, state._key_id_mapper
        asked = [widgets.widget_metadata, widgets.states, state._old_state, state._new_session_state]
        asked += [names._id_key_mapping, names._key_id_mapping]
    except AttributeError:
        raise SettingsError("Streamlit keeps its widgets in another way than ours. Is this another version?") from None
    if not all(isinstance(one, MutableMapping) for one in asked):
        raise SettingsError("Streamlit keeps its widgets in another form than ours. Is this another version?")


def _count_inner_parts() -> None:
    """A part that was drawn by the one around it was drawn by this run as well."""
    run = get_script_run_ctx()
    if run is not None and run.fragment_ids_this_run:
        run.fragment_ids_this_run = sorted({*run.fragment_ids_this_run, *run.shared.new_fragment_ids.snapshot()})


def _forget(state: SessionState) -> None:
    """Those that had no value when this run began; what it has replaced itself still has one.

    A click on what was just replaced comes a moment late, and still finds whom it meant.
    """
    known, ids = state._new_widget_state.widget_metadata, state._key_id_mapper._key_id_mapping
    by_hand = {ids.get(key, key) for key in state._new_session_state}  # what this run has set itself
    alive = {*by_hand, *state._old_state, *state._new_widget_state.states}
    for widget_id in [widget_id for widget_id in known if widget_id not in alive]:
        del known[widget_id]
        _forget_key(state, widget_id)


def _forget_key(state: SessionState, widget_id: str) -> None:
    names = state._key_id_mapper
    key = names._id_key_mapping.pop(widget_id, None)
    if key is not None and names.get_id_from_key(key) == widget_id:  # else another widget has taken it over
        del names._key_id_mapping[key]
