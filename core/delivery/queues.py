"""The engine's queues: how many of each run at a time, and how often a process looks whether something waits there.

A look costs some 6 ms of CPU, also at night: the queues of messages are looked into often only while a campaign runs.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import Literal

from dbos import DBOS

from core.config import settings
from core.models import Channel

CONTROL, FILES = "control", "files"
DAILY = "daily"  # of its own: a campaign does not wait behind it
DIRECTORY, IMPORTS = "directory", "imports"  # one at a time, wherever it runs
OF_CHANNEL = {Channel.EMAIL: "email", Channel.SMS: "sms"}
QUIET_S, BUSY_S = 1.0, 0.25
_OTHER_THREADS = 16


def register(*, processes: int, deliver: bool) -> None:
    """Tell the engine of them; what the settings of a process that delivers say now holds for every one.

    `processes`: how many deliver. One that only hands over changes nothing for the others.
    """
    tell = partial(_register, on_conflict="always_update" if deliver else "never_update")
    tell(CONTROL, every_s=1, here=1)
    tell(FILES, every_s=0.25, here=1)  # somebody waits before the screen
    tell(DIRECTORY, every_s=1, everywhere=1)
    tell(IMPORTS, every_s=5, everywhere=1)
    tell(DAILY, every_s=10, here=1)
    for channel, name in OF_CHANNEL.items():
        slots = _slots(channel)
        tell(name, every_s=QUIET_S, everywhere=slots, here=_share(slots, processes))


def of_this_process() -> list[str]:
    """What this process takes from. Only one with an import folder takes imports: another would find no such file."""
    everywhere = [CONTROL, FILES, DAILY, DIRECTORY, *OF_CHANNEL.values()]
    return [*everywhere, IMPORTS] if settings().import_folder else everywhere


def hurry(channel: Channel) -> None:
    """A campaign begins: look often; every process follows at its next look."""
    _look_every(BUSY_S, OF_CHANNEL[channel])


def keep_pace(busy: Collection[Channel]) -> None:
    """Look often where a campaign runs, seldom where none does."""
    for channel, name in OF_CHANNEL.items():
        _look_every(BUSY_S if channel in busy else QUIET_S, name)


def share(*, processes: int) -> None:
    """Each of the processes that deliver has as many slots as the others.

    Else the first one to look takes all of them, and delivers with one processor while the others have nothing to do.
    How many there are is what the process said that started last: the settings of another may differ until it follows.
    """
    for name in OF_CHANNEL.values():
        queue = DBOS.retrieve_queue(name)
        slots = queue.global_concurrency if queue is not None else None
        if queue is not None and slots and queue.worker_concurrency != (mine := _share(slots, processes)):
            queue.set_worker_concurrency(mine)


def threads() -> int:
    """How many a process may need: it may be the only one, and somebody forgets their password while it sends."""
    return sum(_slots(channel) for channel in OF_CHANNEL) + _OTHER_THREADS


def _slots(channel: Channel) -> int:
    return settings().sms_slots if channel is Channel.SMS else settings().email_slots


def _share(slots: int, processes: int) -> int:
    return -(-slots // max(1, processes))


def _look_every(seconds: float, name: str) -> None:
    queue = DBOS.retrieve_queue(name)
    if queue is not None and queue.polling_interval_sec != seconds:
        queue.set_polling_interval_sec(seconds)


def _register(
    name: str,
    *,
    on_conflict: Literal["always_update", "never_update"],
    every_s: float,
    here: int | None = None,
    everywhere: int | None = None,
) -> None:
    DBOS.register_queue(
        name,
        worker_concurrency=here,
        global_concurrency=everywhere,
        polling_interval_sec=every_s,
        on_conflict=on_conflict,
    )
