"""A page as its browser holds it, over a websocket: what is on it, and the messages that acting on it sends."""

from __future__ import annotations

from dataclasses import dataclass, field

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Delta_pb2 import Delta
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.sync.client import ClientConnection

PATIENCE = 120  # seconds; a busy machine is no hole
KINDS = ("text_input", "button", "dataframe")


def told(socket: ClientConnection, message: BackMsg) -> list[ForwardMsg]:
    """What the server sends for one run."""
    socket.send(message.SerializeToString())
    answer: list[ForwardMsg] = []
    while not answer or not _is_the_end(answer[-1]):
        said = ForwardMsg()
        said.ParseFromString(socket.recv(timeout=PATIENCE, decode=False))  # type: ignore[arg-type]
        answer.append(said)
    return answer


def _is_the_end(said: ForwardMsg) -> bool:
    early = said.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN
    return said.WhichOneof("type") == "script_finished" and not early


@dataclass
class Screen:
    """`widgets` by their labels: id, and the part of the page that an act on it draws anew."""

    socket: ClientConnection
    page: str
    query: str = ""
    context: str = ""
    widgets: dict[str, tuple[str, str]] = field(default_factory=dict)

    def open(self) -> None:
        self.send(self._message())

    def send(self, message: BackMsg) -> str:
        """Everything that was said to it, as text."""
        answer = told(self.socket, message)
        for said in answer:
            kind = said.WhichOneof("type")
            if kind == "navigation":
                self.context = said.navigation.page_script_hash
            elif kind == "delta":
                self._see(said.delta)
        return "".join(map(str, answer))

    def act(self, label: str, *held: WidgetState) -> BackMsg:
        """The message that a click on this button sends, with what the rest of the page holds."""
        return self.message(label, WidgetState(id=self.widgets[label][0], trigger_value=True), *held)

    def message(self, label: str, *states: WidgetState) -> BackMsg:
        message = self._message()
        message.rerun_script.fragment_id = self.widgets[label][1]
        message.rerun_script.widget_states.widgets.extend(states)
        return message

    def holds(self, label: str, text: str) -> WidgetState:
        return WidgetState(id=self.widgets[label][0], string_value=text)

    def _message(self) -> BackMsg:
        message = BackMsg()
        message.rerun_script.query_string = self.query
        message.rerun_script.page_script_hash = self.context
        message.rerun_script.page_name = "" if self.context else self.page
        return message

    def _see(self, delta: Delta) -> None:
        kind = delta.new_element.WhichOneof("type")
        if kind in KINDS:
            element = getattr(delta.new_element, kind)
            self.widgets[getattr(element, "label", "") or kind] = (element.id, delta.fragment_id)
