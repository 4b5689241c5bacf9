"""The command that delivers in a process of its own."""

from __future__ import annotations

from core.delivery import worker

COMMANDS = {"worker": worker.run}
