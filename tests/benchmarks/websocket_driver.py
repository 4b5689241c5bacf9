"""One browser's websocket without the browser: opens a page, asks and leafs, counts time and bytes of each rerun."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg


@dataclass(frozen=True)
class Rerun:
    """What one action cost: until the server said that the script has ended, and bytes received until then."""

    ms: float
    received: int


@dataclass
class Visitor:
    """A signed-in browser on one page. `known` are the messages that it has: the server sends those by name only."""

    url: str
    token: str
    page: str
    pagination: str = ""
    context: str = ""
    known: set[str] = field(default_factory=set)
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

    async def ask(self, query: str = "") -> Rerun:
        """Another filter in the address, as a link or a view asks."""
        return await self._rerun(query, page=0)

    async def leaf(self, query: str, page: int) -> Rerun:
        """Another page of the same."""
        return await self._rerun(query, page)

    async def _rerun(self, query: str, page: int) -> Rerun:
        request = BackMsg()
        request.rerun_script.query_string = query
        request.rerun_script.page_script_hash = self.context
        request.rerun_script.page_name = "" if self.context else self.page
        request.rerun_script.cached_message_hashes.extend(sorted(self.known))
        if page and self.pagination:
            state = request.rerun_script.widget_states.widgets.add()
            state.id, state.int_value = self.pagination, page
        return await self._send(request)

    async def _send(self, request: BackMsg) -> Rerun:
        assert self.connection is not None
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
        elif kind == "delta" and message.delta.new_element.WhichOneof("type") == "pagination":
            self.pagination = message.delta.new_element.pagination.id
