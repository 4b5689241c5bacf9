"""The processes that draw: what comes back, and what happens when one of them dies."""

from __future__ import annotations

import dataclasses
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from core.documents import press, student_account_info
from core.errors import AppError
from tests.documents import papers

PAPER = papers.paper({"7B": [papers.row(number) for number in range(30)]})


def _waiting() -> psutil.Process:
    press.draw(PAPER)
    return next(child for child in psutil.Process().children() if "core.documents.worker" in child.cmdline())


def test_the_process_draws_what_would_be_drawn_here() -> None:
    assert press.draw(PAPER) == student_account_info.render(PAPER)


def test_several_are_drawn_at_once() -> None:
    with ThreadPoolExecutor(6) as people:
        assert len(set(people.map(press.draw, [PAPER] * 6))) == 1


def test_a_paper_that_cannot_be_drawn_is_refused_and_the_next_one_is_drawn() -> None:
    with pytest.raises(AppError, match="The document could not be made; nothing was changed"):
        press.draw(dataclasses.replace(PAPER, states={}))
    assert press.draw(PAPER)


def test_when_the_waiting_process_was_killed_another_one_takes_its_place() -> None:
    waiting = _waiting()
    os.kill(waiting.pid, signal.SIGKILL)
    waiting.wait(10)
    assert press.draw(PAPER)
    assert _waiting().pid != waiting.pid


def test_drawing_processes_end_with_their_document_and_leave_no_zombies() -> None:
    waiting = _waiting()
    psutil.wait_procs(waiting.children(), timeout=10)
    assert waiting.children() == []


def test_the_drawing_processes_know_no_key_and_no_address_of_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRSTKEY_SECRET_KEY", "ab" * 32)
    known = Path(f"/proc/{_waiting().pid}/environ").read_text()
    assert "FIRSTKEY" not in known and "HOME" not in known
