"""One browser's websocket without the browser: opens a page, asks and leafs, counts time and bytes of each rerun."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Delta_pb2 import Delta
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState

PAGES, PATIENCE_S = "pages of the list", 60


@dataclass(frozen=True)
class Rerun:
    """What one action cost: until the server said that the script has ended, and bytes received until then."""

    ms: float
    received: int


@dataclass(frozen=True)
class Widget:
    """Something on screen that can be acted on, and the part of the page that this draws anew."""

    id: str
    kind: str
    part: str


@dataclass
class Visitor:
    """A signed-in browser on one page. `known` are the messages that it has: the server sends those by name only.

    `widgets` are those on screen by their labels, each with the part of the page that an act on it draws anew;
    `values` what they hold, all of which a browser sends with every act.
    """

    url: str
    token: str
    page: str
    context: str = ""
    known: set[str] = field(default_factory=set)
    widgets: dict[str, Widget] = field(default_factory=dict)
    values: dict[str, WidgetState] = field(default_factory=dict)
    connection: websockets.ClientConnection | None = None

    async def __aenter__(self) -> Self:
        self.connection = await websockets.connect(
            self.url.replace("http", "ws", 1) + "/_stcore/stream",
            subprotocols=[websockets.Subprotocol("streamlit")],
            origin=websockets.Origin(self.url),
            additional_headers={"Cookie": f"sid={self.token}"},
            max_size=None,
            open_timeout=60,
            ping_interval=None,
        )
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        if self.connection is not None:
            await self.connection.close()

    async def open(self) -> Rerun:
        """The page, as a link opens it; of a server that says it is too busy, once more, as people do."""
        begin = time.perf_counter()
        rerun = await self._send(BackMsg())
        while "Search" not in self.widgets and time.perf_counter() - begin < PATIENCE_S:
            rerun = await self._send(BackMsg())
        return Rerun((time.perf_counter() - begin) * 1000, rerun.received)

    async def search(self, text: str, **answers: Sequence[str]) -> Rerun:
        """Fill in the form (labels of its questions, words of their answers) and press Search."""
        self._hold("Search for").string_value = text
        for label, widget in self.widgets.items():
            if widget.kind == "multiselect":
                self._hold(label).string_array_value.data[:] = answers.get(label, ())
        pressed = WidgetState(id=self.widgets["Search"].id, trigger_value=True)
        return await self._act("Search", pressed)

    async def leaf(self, page: int) -> Rerun:
        """Another page of the same."""
        if PAGES not in self.widgets:
            return await self.search("")
        self._hold(PAGES).int_value = page
        return await self._act(PAGES)

    def _hold(self, label: str) -> WidgetState:
        widget_id = self.widgets[label].id
        return self.values.setdefault(widget_id, WidgetState(id=widget_id))

    async def _act(self, label: str, *more: WidgetState) -> Rerun:
        request = BackMsg()
        request.rerun_script.fragment_id = self.widgets[label].part
        request.rerun_script.widget_states.widgets.extend([*self.values.values(), *more])
        return await self._send(request)

    async def _send(self, request: BackMsg) -> Rerun:
        assert self.connection is not None
        request.rerun_script.page_script_hash = self.context
        request.rerun_script.page_name = "" if self.context else self.page
        request.rerun_script.cached_message_hashes.extend(sorted(self.known))
        received, begin = 0, time.perf_counter()
        await self.connection.send(request.SerializeToString())
        while True:
            data = await self.connection.recv(decode=False)
            received += len(data)
            message = ForwardMsg()
            message.ParseFromString(data)
            kind = message.WhichOneof("type")
            self._note(message, kind)
            if kind == "script_finished" and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                return Rerun((time.perf_counter() - begin) * 1000, received)

    def _note(self, message: ForwardMsg, kind: str | None) -> None:
        if message.metadata.cacheable and message.hash:
            self.known.add(message.hash)
        if kind == "navigation":  # the router has found the page; before, the server knows its main script only
            self.context = message.navigation.page_script_hash
        elif kind == "delta":
            self._see(message.delta)

    def _see(self, delta: Delta) -> None:
        """Another widget in the place of one takes its label; what the one held goes with it."""
        kind = delta.new_element.WhichOneof("type")
        if kind not in ("text_input", "multiselect", "button", "pagination"):
            return
        element = getattr(delta.new_element, kind)
        label = PAGES if kind == "pagination" else element.label
        before = self.widgets.get(label)
        if before is not None and before.id != element.id:
            self.values.pop(before.id, None)
        self.widgets[label] = Widget(element.id, kind, delta.fragment_id)
