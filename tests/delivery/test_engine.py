"""The whole way from a launch to the mail server, through the engine, on both databases."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlmodel import select

from core import clock, config, database, postgresql_engine
from core.delivery import batches, breaker, engine, take_over, workflows
from core.models import AuditEntry, CampaignStatus, MessageStatus, SchoolSettings
from core.services import campaign_moves, outbox
from tests.delivery import engine_room
from tests.delivery.engine_room import finished, invited, launch, progress, school, statuses, wait_until
from tests.peers import smtp
from tests.peers.firstkey import free_port
from tests.peers.smtp import Behaviour

pytestmark = pytest.mark.both_databases


@pytest.fixture
def sink() -> Iterator[Behaviour]:
    behaviour = Behaviour()
    with smtp.server(behaviour) as behaviour.port:
        yield behaviour


@pytest.fixture
def ready(database: None, database_url: str, sink: Behaviour, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Settings for the sink; retries come at once. The engine's books lie in the same kind of database."""
    use(monkeypatch, EMAIL="smtp", SMTP_URL=f"smtp://127.0.0.1:{sink.port}", EMAIL_RATE="2000")
    if database_url.startswith("postgresql"):
        use(monkeypatch, ENGINE_URL=database_url.replace("+psycopg", ""))
    monkeypatch.setattr(workflows, "wait_before", lambda _attempt: 0.1)
    monkeypatch.setattr(engine, "LOOK_AROUND_EVERY_S", 0.5)
    yield
    engine.shutdown()


def use(monkeypatch: pytest.MonkeyPatch, **settings: str) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(f"FIRSTKEY_{name}", value)
    config.settings.cache_clear()


def addresses(sink: Behaviour) -> list[str]:
    return [to for envelope in sink.accepted for to in envelope.rcpt_tos]


@pytest.mark.usefixtures("ready")
def test_everybody_gets_one_message_although_it_was_started_twice(sink: Behaviour) -> None:
    school(230)
    engine_room.start_engine()
    campaign_id = launch()
    engine.start(campaign_id)
    engine.start(campaign_id)
    found = wait_until(campaign_id, finished)
    assert found.counts == {MessageStatus.SENT: 230}
    assert len(addresses(sink)) == len(set(addresses(sink))) == 230
    assert invited() == {1: 230}
    assert len({envelope.content.split(b"Message-ID: ")[1].split(b"\r\n")[0] for envelope in sink.accepted}) == 230


@pytest.mark.usefixtures("ready")
def test_f9_each_answer_of_the_server_ends_as_it_should(sink: Behaviour) -> None:
    school(8)
    sink.rcpt_by_address = {
        "person1@mail.example": ["451 4.7.1 Try again later", "451 4.7.1 Try again later"],
        "person2@mail.example": ["550 5.1.1 No such user"],
        "person7@mail.example": ["421 4.7.0 Too many, closing", "450 4.2.1 Busy"],
    }
    sink.content_by_address = {
        "person3@mail.example": [smtp.DROP],
        "person4@mail.example": ["552 5.2.2 Full"],
        "person8@mail.example": [smtp.HALF_CLOSE],
    }
    engine_room.start_engine()
    campaign_id = launch()
    engine.start(campaign_id)
    wait_until(campaign_id, finished)
    assert statuses() == {
        "person1@mail.example": MessageStatus.SENT,
        "person2@mail.example": MessageStatus.FAILED,
        "person3@mail.example": MessageStatus.UNKNOWN,
        "person4@mail.example": MessageStatus.FAILED,
        "person5@mail.example": MessageStatus.SENT,
        "person6@mail.example": MessageStatus.SENT,
        "person7@mail.example": MessageStatus.SENT,
        "person8@mail.example": MessageStatus.UNKNOWN,
    }
    assert sorted(addresses(sink)) == [f"person{number}@mail.example" for number in (1, 5, 6, 7)]


@pytest.mark.usefixtures("ready")
def test_a_server_that_refuses_us_pauses_the_campaign_and_resume_goes_on(sink: Behaviour) -> None:
    school(250)
    sink.mail = "550 5.7.1 Not you"
    engine_room.start_engine()
    campaign_id = launch()
    engine.start(campaign_id)
    found = wait_until(campaign_id, lambda found: found.status == CampaignStatus.PAUSED)
    assert "refused the sender" in found.pause_reason
    assert wait_until(campaign_id, lambda found: not found.counts.get(MessageStatus.SENDING)).counts == {
        MessageStatus.QUEUED: 250
    }
    sink.mail = ""
    under_way = {"workflow_id_prefix": "c", "status": take_over.UNDER_WAY}
    wait_until(campaign_id, lambda _: not take_over.listed(**under_way))  # each of its slots has said its pause
    with database.transaction() as db:
        campaign_moves.resume(db, engine_room.SECRETARY, campaign_id=campaign_id)
    engine.start(campaign_id)
    assert wait_until(campaign_id, finished).counts == {MessageStatus.SENT: 250}
    assert len(addresses(sink)) == len(set(addresses(sink))) == 250
    with database.reading() as db:
        assert "campaign.paused" in db.exec(select(AuditEntry.action)).all()


@pytest.mark.usefixtures("ready")
def test_settings_that_name_no_server_pause_before_anything_is_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, SMTP_URL="mail.school.example")
    school(3)
    engine_room.start_engine()
    campaign_id = launch()
    engine.start(campaign_id)
    found = wait_until(campaign_id, lambda found: found.status == CampaignStatus.PAUSED)
    assert "FIRSTKEY_SMTP_URL" in found.pause_reason
    assert found.counts == {MessageStatus.QUEUED: 3}


@pytest.mark.usefixtures("ready")
def test_while_the_server_is_away_a_batch_asks_as_often_as_set_and_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    school(60)
    use(monkeypatch, SMTP_URL=f"smtp://127.0.0.1:{free_port()}", EMAIL_REST_AFTER="2", EMAIL_REST_SECONDS="77")
    monkeypatch.setattr(batches, "stopping", threading.Event())
    campaign_id = launch()
    rest = batches.send(campaign_id, 0)
    assert rest.deferred == 60
    with database.reading() as db:
        tries = db.exec(select(engine_room.Message.attempts)).all()
    found = engine_room.progress(campaign_id)
    assert found.next_try_why.startswith("Some messages were put off: the mail server")
    assert found.next_try_at and found.next_try_at > clock.now()
    assert sum(tries) == 2
    assert 60 < breaker.of("email").resting() <= 77


@pytest.mark.usefixtures("ready")
def test_cancel_stops_the_rest_and_every_message_is_accounted_for(sink: Behaviour) -> None:
    school(300)
    sink.delay_s = 0.01
    engine_room.start_engine()
    campaign_id = launch()
    engine.start(campaign_id)
    wait_until(campaign_id, lambda found: found.counts.get(MessageStatus.SENT, 0) >= 20)
    with database.transaction() as db:
        stopped = campaign_moves.cancel(db, engine_room.SECRETARY, campaign_id=campaign_id)
    found = wait_until(campaign_id, lambda found: found.waiting == 0)
    assert found.counts[MessageStatus.CANCELLED] == stopped > 0
    assert found.counts[MessageStatus.SENT] == len(addresses(sink)) == 300 - stopped


@pytest.mark.usefixtures("ready")
def test_f16_a_stop_lets_the_message_in_flight_finish_and_a_start_goes_on(sink: Behaviour) -> None:
    school(300)
    sink.delay_s = 0.01
    engine_room.start_engine()
    campaign_id = launch()
    engine.start(campaign_id)
    wait_until(campaign_id, lambda found: found.counts.get(MessageStatus.SENT, 0) >= 20)
    engine.shutdown()
    found = progress(campaign_id)
    assert found.counts.keys() == {MessageStatus.SENT, MessageStatus.QUEUED}
    sink.delay_s = 0.0
    engine_room.start_engine()
    assert wait_until(campaign_id, finished).counts == {MessageStatus.SENT: 300}
    assert len(addresses(sink)) == len(set(addresses(sink))) == 300


@pytest.mark.usefixtures("ready")
def test_a_campaign_that_was_committed_but_never_handed_over_goes_out_all_the_same(sink: Behaviour) -> None:
    school(5)
    engine_room.start_engine()
    assert wait_until(launch(), finished).counts == {MessageStatus.SENT: 5}


@pytest.mark.usefixtures("ready")
def test_the_command_line_leaves_its_campaign_to_the_server(sink: Behaviour) -> None:
    school(5)
    campaign_id = launch()
    engine.launch(deliver=False, executor=engine.COMMAND_LINE)
    engine.start(campaign_id)
    engine.shutdown()
    assert addresses(sink) == []
    engine_room.start_engine()
    assert wait_until(campaign_id, finished).counts == {MessageStatus.SENT: 5}


@pytest.mark.usefixtures("ready")
@pytest.mark.parametrize(("is_demo", "status"), [(True, MessageStatus.SENT), (False, MessageStatus.WRITTEN)])
def test_the_outbox_sends_nothing_and_only_the_demo_calls_it_sent(
    sink: Behaviour, monkeypatch: pytest.MonkeyPatch, is_demo: bool, status: MessageStatus
) -> None:
    use(monkeypatch, EMAIL="smtp" if is_demo else "outbox")  # in the demo nothing leaves, whatever is set
    school(3)
    with database.transaction() as db:
        own = db.get(SchoolSettings, 1)
        assert own is not None
        own.is_demo = is_demo
        db.add(own)
    engine_room.start_engine()
    campaign_id = launch()
    engine.start(campaign_id)
    assert wait_until(campaign_id, finished).counts == {status: 3}
    assert addresses(sink) == []
    with database.transaction() as db:
        listed, total = outbox.page(db, engine_room.SECRETARY, number=1)
        read = outbox.read(db, engine_room.SECRETARY, name=listed[0].name)
    assert total == 3
    assert re.search(r"http://localhost:8501/i/\w{26}", read.text)
    assert invited() == ({1: 3} if is_demo else {0: 3})


def test_workflows_carry_ids_and_nothing_about_people() -> None:
    assert workflows.batch_of("cab12-0-b7-a2") == 7
    assert workflows.batch_of("cab12-0") == -1


@pytest.mark.usefixtures("ready")
def test_the_engine_connects_as_we_do_and_gives_a_lost_server_up_as_soon() -> None:
    engine.launch()
    if database.is_sqlite():
        assert engine._connecting(config.settings().engine_url) == {}
        return
    asked = sa.text("SELECT application_name FROM pg_stat_activity WHERE datname = current_database()")
    with database.reading() as db:
        assert set(db.scalars(asked)) == {postgresql_engine.own_name()}
