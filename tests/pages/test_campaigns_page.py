"""Check, send, watch, outcome and the outbox, as the office uses them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from core import database
from core.delivery import batches, engine
from core.models import (
    Account,
    AuditEntry,
    Campaign,
    CampaignKind,
    CampaignStatus,
    Message,
    MessageStatus,
    Person,
    SchoolSettings,
)
from core.permissions import Actor
from core.services import selections, wordings
from core.tables import campaigns
from core.tables.filters import Page
from pages.shared import campaign_outcome, campaign_repairs
from tests.cast import Cast
from tests.pages import screens
from tests.pages.screens import button, everything_said
from tests.web import browsing


@pytest.fixture(name="open_screen")
def _open_screen(monkeypatch: pytest.MonkeyPatch) -> screens.Open:
    return screens.opener(monkeypatch)


@pytest.fixture
def people(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cast]:
    """The texts are there; Max has no Use Personal E-mail; the engine only takes orders."""
    with database.transaction() as db:
        wordings.ensure_defaults(db)
        cast.max.person.use_personal_email = False
        db.add(cast.max.person)
    engine.launch(deliver=False)
    yield cast
    engine.shutdown()
    batches.stopping.clear()


def _select(actor: Actor, *members: object) -> str:
    ids = {member.account.id for member in members}  # type: ignore[attr-defined]
    with database.transaction() as db:
        selections.tick(db, actor, list_name="accounts", on=ids)
        return str(selections.current(db, actor, list_name="accounts").id)


def _deliver(campaign_id: int) -> None:
    batches.stopping.clear()
    batches.send(campaign_id, 0)


def _campaign() -> Campaign:
    with database.reading() as db:
        return db.exec(select(Campaign)).one()


def _demo(is_demo: bool) -> None:
    with database.transaction() as db:
        own = db.get(SchoolSettings, 1)
        assert own is not None
        own.is_demo = is_demo
        db.add(own)


def test_from_the_check_to_the_outcome(open_screen: screens.Open, people: Cast) -> None:
    _demo(True)
    selection = _select(people.olga.actor, people.sam, people.max, people.otto)
    page = open_screen(people.olga.actor, "campaigns.py", selection=selection)
    assert [metric.value for metric in page.metric] == ["2", "1", "3"]
    said = everything_said(page)
    assert "Use Personal E-mail is off: 1" in said
    assert "Your key to the portal of Athena School (Sam Sideris)" in said
    page = button(page, "Send 2 invitations").click().run()
    assert not page.exception
    launched = _campaign()
    assert "0 of 2" in everything_said(page)
    _deliver(launched.id or 0)
    page = open_screen(people.olga.actor, "campaigns.py", campaign=str(launched.id))
    said = everything_said(page)
    assert "2 of 2" in said
    assert "finished" in said
    assert list(page.dataframe[0].value["Outcome"]) == ["Sent", "Sent"]
    assert "1 was left out" in said


def test_r31_a_launch_to_many_waits_for_the_code_and_then_sends_what_was_clicked(
    open_screen: screens.Open, people: Cast
) -> None:
    browsing.give_password(people.olga.account)
    with database.transaction() as db:
        db.get_one(SchoolSettings, 1).fresh_code_above = 1
    selection = _select(people.olga.actor, people.sam, people.otto)
    page = open_screen(replace(people.olga.actor, fresh_until=None), "campaigns.py", selection=selection)
    page = button(page, "Write 2 invitations to the outbox").click().run()
    assert "is it you?" in everything_said(page)
    with database.reading() as db:
        assert db.exec(select(Campaign)).first() is None
    next(field for field in page.text_input if field.label == "Your password").set_value(browsing.PASSWORD)
    page = button(page, "It is me: write 2 invitations to the outbox").click().run()
    assert not page.exception
    assert _campaign().recipients == 2


def test_choosing_a_reason_shows_the_people(open_screen: screens.Open, people: Cast) -> None:
    selection = _select(people.olga.actor, people.sam, people.max)
    page = open_screen(people.olga.actor, "campaigns.py", selection=selection)
    page.button_group[0].select("personal_email_off").run()
    assert list(page.dataframe[0].value["First name"]) == ["Max"]


def test_outside_the_demo_the_button_says_that_nothing_is_sent(open_screen: screens.Open, people: Cast) -> None:
    page = open_screen(people.olga.actor, "campaigns.py", selection=_select(people.olga.actor, people.sam))
    assert "nobody counts as invited" in everything_said(page)
    button(page, "Write 1 invitation to the outbox").click().run()
    _deliver(_campaign().id or 0)
    page = open_screen(people.olga.actor, "campaigns.py", campaign="1")
    assert list(page.dataframe[0].value["Outcome"]) == ["Written to the outbox, not sent"]
    with database.reading() as db:
        (listed,) = campaigns.newest(db, people.olga.actor, page=Page()).itertuples()
    assert (listed.gone, listed.written) == (0, 1), "nothing has gone"


def test_outside_the_demo_a_test_to_oneself_is_said_to_lie_in_the_outbox(
    open_screen: screens.Open, people: Cast
) -> None:
    with database.transaction() as db:
        mine = sa.update(Person).where(col(Person.id) == people.olga.person.id)
        db.execute(mine.values(contact_email="olga@school.example", contact_email_valid=True))
    page = open_screen(people.olga.actor, "campaigns.py", selection=_select(people.olga.actor, people.sam))
    page = button(page, "Send a test to me").click().run()
    said = everything_said(page)
    assert "is written to the outbox. Nothing leaves this machine." in said
    assert "on its way" not in said


@pytest.mark.parametrize("status", list(MessageStatus))
def test_every_outcome_says_what_it_means_and_what_to_do(status: MessageStatus) -> None:
    assert len(campaign_outcome.MEANING[status]) > 30


@pytest.mark.parametrize("kind", list(CampaignKind))
def test_a_failure_names_retry_only_where_there_is_one(kind: CampaignKind) -> None:
    said = campaign_outcome.meaning(MessageStatus.FAILED, kind)
    assert ("Retry" in said) == (kind in campaign_repairs.CHECKED_AGAIN)
    assert "Repair the address" in said


def test_the_list_of_campaigns_offers_itself_as_a_file(open_screen: screens.Open, people: Cast) -> None:
    page = open_screen(people.olga.actor, "campaigns.py", selection=_select(people.olga.actor, people.sam))
    button(page, "Write 1 invitation to the outbox").click().run()
    page = open_screen(people.olga.actor, "campaigns.py")
    assert not page.exception and len(page.dataframe[0].value) == 1
    forms = "".join(element.proto.body for element in page.get("html"))
    for kind in ("xlsx", "csv", "csv-plain"):
        assert f'action="/files/campaigns-{kind}"' in forms


def test_two_tabs_with_the_same_check_send_once(open_screen: screens.Open, people: Cast) -> None:
    selection = _select(people.olga.actor, people.sam)
    tabs = [open_screen(people.olga.actor, "campaigns.py", selection=selection) for _ in range(2)]
    for tab in tabs:
        assert not button(tab, "Write 1 invitation to the outbox").click().run().exception
    _campaign()


def test_a_list_that_changed_meanwhile_is_refused_with_the_new_number(open_screen: screens.Open, people: Cast) -> None:
    page = open_screen(people.olga.actor, "campaigns.py", selection=_select(people.olga.actor, people.sam))
    with database.transaction() as db:
        people.sam.person.personal_email = "other@mail.example"
        db.add(people.sam.person)
    page = button(page, "Write 1 invitation to the outbox").click().run()
    assert "1 would receive it now" in page.error[0].value
    with database.reading() as db:
        assert db.exec(select(Campaign)).all() == []
    button(page, "Write 1 invitation to the outbox").click().run()
    assert _campaign().recipients == 1


def test_pause_resume_and_cancel(open_screen: screens.Open, people: Cast) -> None:
    page = open_screen(people.olga.actor, "campaigns.py", selection=_select(people.olga.actor, people.sam, people.otto))
    page = button(page, "Write 2 invitations to the outbox").click().run()
    page = button(page, "Pause").click().run()
    assert _campaign().status == CampaignStatus.PAUSED
    page = button(page, "Resume").click().run()
    assert _campaign().status == CampaignStatus.RUNNING
    page = button(page, "Cancel the 2 that wait").click().run()
    assert "2 messages will not be sent" in everything_said(page)
    assert not page.exception


def test_a_message_that_may_have_been_sent_is_explained(open_screen: screens.Open, people: Cast) -> None:
    page = open_screen(people.olga.actor, "campaigns.py", selection=_select(people.olga.actor, people.sam))
    button(page, "Write 1 invitation to the outbox").click().run()
    with database.transaction() as db:
        row = db.exec(select(Message)).one()
        row.status = MessageStatus.UNKNOWN
        db.add(row)
    page = open_screen(people.olga.actor, "campaigns.py", campaign="1")
    page.button_group[0].select("unknown").run()
    assert "not sent again by themselves" in everything_said(page)


@pytest.mark.parametrize("query", [{"campaign": "999"}, {"selection": "999"}, {"campaign": "x"}, {"selection": "-1"}])
def test_an_address_that_leads_nowhere_is_told_in_words(
    open_screen: screens.Open, people: Cast, query: dict[str, str]
) -> None:
    page = open_screen(people.olga.actor, "campaigns.py", **query)
    assert not page.exception
    assert page.error or "Nothing has been sent yet" in everything_said(page)


def test_in_the_demo_whoever_may_send_reads_the_outbox_without_an_audit_entry(
    open_screen: screens.Open, people: Cast
) -> None:
    _demo(True)
    page = open_screen(people.olga.actor, "campaigns.py", selection=_select(people.olga.actor, people.sam))
    button(page, "Send 1 invitation").click().run()
    _deliver(1)
    page = open_screen(people.olga.actor, "outbox.py")
    page = button(page, "Open").click().run()
    assert "/i/" in page.code[0].value
    with database.reading() as db:
        assert "outbox.read" not in db.exec(select(AuditEntry.action)).all()


def test_outside_the_demo_opening_a_message_is_audited(open_screen: screens.Open, people: Cast) -> None:
    page = open_screen(people.olga.actor, "campaigns.py", selection=_select(people.olga.actor, people.sam))
    button(page, "Write 1 invitation to the outbox").click().run()
    _deliver(1)
    page = open_screen(people.olga.actor, "outbox.py")
    assert "/i/" not in everything_said(page)
    button(page, "Open").click().run()
    with database.reading() as db:
        entry = db.exec(select(AuditEntry).where(AuditEntry.action == "outbox.read")).one()
    assert entry.account_id == people.olga.account.id
    assert people.sam.person.personal_email not in str(entry.details)


def test_r32_a_second_administrator_lets_a_large_campaign_leave(open_screen: screens.Open, people: Cast) -> None:
    with database.transaction() as db:
        db.get_one(SchoolSettings, 1).second_administrator_above = 1
    page = open_screen(people.olga.actor, "campaigns.py", selection=_select(people.olga.actor, people.sam, people.otto))
    assert "another administrator looks at it" in everything_said(page)
    page = button(page, "Write 2 invitations to the outbox").click().run()
    assert "Tell another administrator" in everything_said(page)
    assert "Resume" not in [found.label for found in page.button]
    page = open_screen(people.ada.actor, "campaigns.py", campaign=str(_campaign().id))
    page = button(page, "Let the 2 leave").click().run()
    assert not page.exception and "Approved. The messages leave." in everything_said(page)
    assert _campaign().status == CampaignStatus.RUNNING


def test_r31_whoever_has_nothing_to_type_here_is_told_what_to_do(open_screen: screens.Open, people: Cast) -> None:
    with database.transaction() as db:
        db.get_one(SchoolSettings, 1).fresh_code_above = 1
        account = db.get_one(Account, people.olga.account.id)
        account.sign_in_method, account.password_hash = "microsoft", ""
    stale = replace(people.olga.actor, fresh_until=None)
    page = open_screen(stale, "campaigns.py", selection=_select(people.olga.actor, people.sam, people.otto))
    page = button(page, "Write 2 invitations to the outbox").click().run()
    assert "sign in with Microsoft again" in everything_said(page)
    assert "Your password" not in [field.label for field in page.text_input]
