"""The process dies while it launches: there is a whole campaign or none, and launching again makes no second one."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest
from sqlmodel import select

from core import database
from core.config import ROOT
from core.delivery import engine
from core.models import AuditEntry, Campaign, Message, MessageStatus
from core.services import audit
from tests.chaos import law
from tests.delivery import engine_room
from tests.delivery.engine_room import finished, launch, look, progress, wait_until
from tests.peers import smtp
from tests.peers.smtp import Behaviour

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("database")]

PEOPLE = 250
DIES = """
import os, signal
from sqlmodel import Session
from core.delivery import engine
from tests.delivery import engine_room

def die(*_args):
    os.kill(os.getpid(), signal.SIGKILL)

commit = Session.commit
if {before}:
    Session.commit = die
campaign_id = engine_room.launch()
engine.launch(deliver=False)
engine.DBOS.enqueue_workflow = die
engine.start(campaign_id)
"""


def test_f2_a_launch_that_dies_before_its_commit_leaves_nothing(ready: Behaviour) -> None:
    seen = look()
    _launch_and_die(before=True)
    with database.reading() as db:
        assert not db.exec(select(Campaign)).all()
        assert not db.exec(select(Message)).all()
        assert not db.exec(select(AuditEntry).where(AuditEntry.action == "campaign.launched")).all()
        assert audit.verify(db).broken_at is None
    _everybody_gets_one(ready, launch(seen))


def test_f2_a_launch_that_dies_after_its_commit_goes_out_once_although_it_is_launched_again(ready: Behaviour) -> None:
    seen = look()
    _launch_and_die(before=False)
    campaign_id = launch(seen)
    with database.reading() as db:
        assert [campaign.id for campaign in db.exec(select(Campaign)).all()] == [campaign_id]
    assert progress(campaign_id).counts == {MessageStatus.QUEUED: PEOPLE}
    _everybody_gets_one(ready, campaign_id)


@pytest.fixture
def ready(database_url: str, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    sink = Behaviour()
    with smtp.server(sink) as port:
        law.use(monkeypatch, database_url, **law.by_smtp(port, per_second=400))
        engine_room.school(PEOPLE)
        yield sink


def _launch_and_die(*, before: bool) -> None:
    died = subprocess.run([sys.executable, "-c", DIES.format(before=before)], cwd=ROOT, check=False, timeout=60)
    assert died.returncode == -signal.SIGKILL


def _everybody_gets_one(sink: Behaviour, campaign_id: int) -> None:
    engine_room.start_engine()
    try:
        wait_until(campaign_id, finished)
    finally:
        engine.shutdown()
    assert law.holds(law.mailed(sink), law.addresses(PEOPLE), campaign_id) == set()
