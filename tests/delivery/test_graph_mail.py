"""E-mail through Microsoft Graph, all the way through the engine: each answer ends as it should, nobody gets two."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator

import pytest

from core import database
from core.delivery import engine, workflows
from core.models import CampaignStatus, MessageStatus
from core.services import campaign_moves
from tests.delivery import engine_room
from tests.delivery.engine_room import finished, launch, school, statuses, wait_until
from tests.delivery.test_engine import use
from tests.peers.graph import Answer, Graph, error

pytestmark = pytest.mark.both_databases
MAILBOX = "office@school.example"


@pytest.fixture
def ready(graph: Graph, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Graph]:
    """The school sends as a mailbox of its tenant; retries come at once, but for what Microsoft asks."""
    use(monkeypatch, EMAIL="graph", GRAPH_MAILBOX=MAILBOX, EMAIL_RATE="2000")
    if database_url.startswith("postgresql"):
        use(monkeypatch, ENGINE_URL=database_url.replace("+psycopg", ""))
    monkeypatch.setattr(workflows, "wait_before", lambda _attempt: 0.1)
    monkeypatch.setattr(engine, "LOOK_AROUND_EVERY_S", 0.5)
    graph.mailboxes.add(MAILBOX)
    yield graph
    engine.shutdown()


def _started() -> int:
    engine_room.start_engine()
    campaign_id = launch()
    engine.start(campaign_id)
    return campaign_id


def _got(graph: Graph) -> Counter[str]:
    recipients = [sent["message"]["toRecipients"] for sent in graph.sent]
    return Counter(one["emailAddress"]["address"].partition("@")[0] for (one,) in recipients)


def test_f9_each_answer_of_microsoft_ends_as_it_should(ready: Graph) -> None:
    school(7)
    answers: dict[int, Answer] = {
        1: (429, error("ApplicationThrottled"), {"Retry-After": "1"}),
        2: (400, error("ErrorInvalidRecipients"), {}),
        3: (503, error("ServiceUnavailable"), {}),
        4: (503, error("ServiceUnavailable"), {"Retry-After": "1"}),
        5: (400, error("ErrorMessageSizeExceeded"), {}),
    }
    ready.mail_answers = {f"person{number}@mail.example": [answer] for number, answer in answers.items()}
    ready.lost_mail.add("person6@mail.example")
    wait_until(_started(), finished)
    ends = {address.partition("@")[0]: status for address, status in statuses().items()}
    assert ends == {
        "person1": MessageStatus.SENT,
        "person2": MessageStatus.FAILED,
        "person3": MessageStatus.UNKNOWN,  # it may have been accepted: never sent again by itself
        "person4": MessageStatus.SENT,
        "person5": MessageStatus.FAILED,
        "person6": MessageStatus.UNKNOWN,
        "person7": MessageStatus.SENT,
    }
    assert _got(ready) == {"person1": 1, "person4": 1, "person6": 1, "person7": 1}


def test_nobody_is_written_to_before_microsoft_said(ready: Graph) -> None:
    school(1)
    ready.mail_answers["person1@mail.example"] = [(429, error("ApplicationThrottled"), {"Retry-After": "3"})]
    campaign_id, begun = _started(), time.monotonic()
    assert wait_until(campaign_id, finished).counts == {MessageStatus.SENT: 1}
    assert time.monotonic() - begun >= 3 and _got(ready) == {"person1": 1}


def test_what_is_not_allowed_pauses_the_campaign_and_resume_goes_on(ready: Graph) -> None:
    school(30)
    ready.forbidden.add("sendMail")
    campaign_id = _started()
    found = wait_until(campaign_id, lambda found: found.status == CampaignStatus.PAUSED)
    assert "does not allow" in found.pause_reason and not ready.sent
    ready.forbidden.clear()
    with database.transaction() as db:
        campaign_moves.resume(db, engine_room.SECRETARY, campaign_id=campaign_id)
    engine.start(campaign_id)
    assert wait_until(campaign_id, finished).counts == {MessageStatus.SENT: 30}
    assert set(_got(ready).values()) == {1} and len(_got(ready)) == 30


def test_a_mailbox_that_is_not_there_pauses_and_is_named(ready: Graph) -> None:
    school(3)
    ready.mailboxes.clear()
    found = wait_until(_started(), lambda found: found.status == CampaignStatus.PAUSED)
    assert MAILBOX in found.pause_reason
