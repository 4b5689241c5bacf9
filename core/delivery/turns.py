"""Marks and claims of all slots of this process: who comes while another one commits is served by the next commit.

A slot has one message at a time, claimed before it is sent. A commit costs about the same for one and for eight.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session

from core import database
from core.delivery import day_room
from core.models import MessageStatus
from core.rules.delivery_status import SPOILT, Outcome
from core.services import delivery
from core.services.delivery import Mark
from core.services.delivery_claims import Answer, Batch
from core.tables import planner

# A database that is away, locked, full or restarting: the batch begins anew, and what it had claimed is unknown.
_AWAY = (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError)
_UNDONE = ("40P01", "40001")  # PostgreSQL took one of two back that waited for each other
_TRIES_OF_UNDONE = 5
_ASK_AGAIN_AFTER_S = (0.0, 1.0, 3.0)
logger = logging.getLogger(__name__)

_waiting: deque[_Visit] = deque()
_counter = threading.Lock()


@dataclass(eq=False)
class _Visit:
    batch: Batch
    mark: Mark | None
    message_id: int | None
    answer: Answer | Outcome = None
    problem: Exception | None = None
    served: bool = False


def take(batch: Batch, mark: Mark | None, message_id: int | None) -> Answer | Outcome:
    """Mark the message that is gone and claim the next one, in one commit.

    An Outcome for a message that is at fault itself and failed, so that the others of its batch can go on.
    """
    if mark is None and message_id is None:
        return None
    visit = _Visit(batch, mark, message_id)
    _waiting.append(visit)
    with _counter:
        if not visit.served:
            _serve([_waiting.popleft() for _ in range(len(_waiting))])
    if visit.problem:
        raise visit.problem
    return visit.answer


def _serve(visits: Sequence[_Visit], tries: int = _TRIES_OF_UNDONE) -> None:
    try:
        answers = _commit(visits)
    except Exception as problem:  # noqa: BLE001  (each slot hears of its own)
        _after(problem, visits, tries - 1)
        return
    for visit, answer in zip(visits, answers, strict=True):
        visit.answer, visit.served = answer, True


def _commit(visits: Sequence[_Visit]) -> list[Answer]:
    with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
        planner.by_key(db)
        delivery.record_several(db, marks=[visit.mark for visit in visits if visit.mark])
        answers = iter(
            _claim(db, [(visit.batch, visit.message_id) for visit in visits if visit.message_id is not None])
        )
        return [None if visit.message_id is None else next(answers) for visit in visits]


def _claim(db: Session, wanted: Sequence[tuple[Batch, int]]) -> list[Answer]:
    waits = day_room.waits_of(db, [batch for batch, _ in wanted])
    admitted = [one for place, one in enumerate(wanted) if place not in waits]
    claimed = iter(delivery.claim_several(db, wanted=admitted))
    return [waits[place] if place in waits else next(claimed) for place in range(len(wanted))]


def _after(problem: Exception, visits: Sequence[_Visit], tries: int) -> None:
    is_away = isinstance(problem, _AWAY)
    if (len(visits) > 1 and not is_away) or (tries > 0 and _state(problem) in _UNDONE):
        logger.warning("%s messages are taken one by one: %s", len(visits), type(problem).__name__)
        for visit in visits:
            _serve([visit], tries)
        return
    if is_away:
        _keep_marks(visits)
    for visit in visits:
        visit.problem, visit.served = problem, True
    if not is_away:
        _fail_alone(visits[0], problem)


def _keep_marks(visits: Sequence[_Visit]) -> None:
    """The connection was lost: what became of messages that are gone is known here and nowhere else.

    The commit may have been made all the same. A final mark is made once however often it is asked for; one that puts
    a message off is not repeated, somebody else may be sending it by now. SQLite has no connection that could be lost.
    """
    marks = [visit.mark for visit in visits if visit.mark and visit.mark[1].status is not MessageStatus.QUEUED]
    for seconds in _ASK_AGAIN_AFTER_S if marks and not database.is_sqlite() else ():
        time.sleep(seconds)
        try:
            with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
                delivery.record_several(db, marks=marks)
            return
        except _AWAY as problem:
            logger.warning("%s messages are not marked yet: %s", len(marks), type(problem).__name__)


def _state(problem: Exception) -> str:
    return str(getattr(getattr(problem, "orig", None), "sqlstate", ""))


def _fail_alone(visit: _Visit, problem: Exception) -> None:
    """A message that can never be claimed fails by itself; the mark of the one before is kept all the same (F17)."""
    if visit.message_id is None:
        return
    logger.error("message %s cannot be claimed: %s", visit.message_id, type(problem).__name__)
    try:
        with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
            delivery.record_several(db, marks=[visit.mark] if visit.mark else [])
            delivery.spoil(db, message_id=visit.message_id, outcome=SPOILT)
    except Exception as worse:  # noqa: BLE001  (the slot hears of the first problem, and the others get their turn)
        logger.error("message %s cannot be marked as failed: %s", visit.message_id, type(worse).__name__)
        return
    visit.answer, visit.problem = SPOILT, None
