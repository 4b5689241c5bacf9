"""What the office does after a campaign: try the failed again, decide about what is unknown, write to the silent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from core import clock, config, database
from core.delivery import batches, engine
from core.errors import GatewayError, GatewayErrorKind
from core.gateways import twilio_sms
from core.gateways.channels import Word
from core.models import Account, Campaign, CampaignStatus, Message, MessageStatus
from core.rules.reachability import Refusal
from core.rules.words import SENT_SINCE
from core.services import campaigns, selections, wordings
from core.services.campaigns import Draft
from core.tables import accounts, selection_rows, unknown_messages
from core.tables.filters import AccountFilter
from tests.cast import Cast
from tests.pages import screens
from tests.pages.screens import button, everything_said


@pytest.fixture(name="open_screen")
def _open_screen(monkeypatch: pytest.MonkeyPatch) -> screens.Open:
    return screens.opener(monkeypatch)


@pytest.fixture
def sent(cast: Cast) -> Iterator[Cast]:
    """Olga has written to Sam, Max and Otto; the engine only takes orders."""
    with database.transaction() as db:
        wordings.ensure_defaults(db)
    draft = Draft(filter=AccountFilter(user_types=("student",)))
    with database.transaction() as db:
        seen = campaigns.check(db, cast.olga.actor, draft=draft)
        campaigns.launch(db, cast.olga.actor, draft=draft, seen=seen.fingerprint, idempotency_key="k")
        db.execute(sa.update(Message).values(status=MessageStatus.SENT.value, attempts=1))
    engine.launch(deliver=False)
    yield cast
    engine.shutdown()
    batches.stopping.clear()


def became(cast_member: Any, status: MessageStatus, **more: str) -> None:
    with database.transaction() as db:
        mine = col(Message.address) == cast_member.person.personal_email
        db.execute(sa.update(Message).where(mine).values(status=status.value, **more))


def statuses() -> list[str]:
    with database.reading() as db:
        return sorted(db.exec(select(Message.status)))


def labels(page: Any) -> list[str]:
    return [found.label for found in page.button]


def the_campaign(open_screen: screens.Open, cast: Cast) -> Any:
    with database.reading() as db:
        campaign_id = db.exec(select(col(Campaign.id)).order_by(col(Campaign.id))).first()
    return open_screen(cast.olga.actor, "campaigns.py", campaign=str(campaign_id))


def checked(cast: Cast) -> set[int]:
    """Whom the newest selection of Olga's names."""
    with database.reading() as db:
        newest = db.scalar(sa.text("SELECT max(id) FROM selection"))
        return set(db.scalars(selection_rows.account_ids(db, cast.olga.actor, selection_id=newest)))


def shown_by_the_list(cast: Cast) -> set[int]:
    """Whom User Accounts shows Olga when she opens a reason of the check."""
    with database.reading() as db:
        asked = selections.current(db, cast.olga.actor, list_name="accounts").shown_filter
        assert asked == {"of_check": "yes"}
        return set(db.scalars(accounts.matching(db, cast.olga.actor, filter=AccountFilter.from_json(asked))))


def test_where_all_went_well_nothing_is_to_be_repaired(open_screen: screens.Open, sent: Cast) -> None:
    page = the_campaign(open_screen, sent)
    assert not [label for label in labels(page) if label.startswith("Retry") or "arrived" in label]


def test_retry_failed_leads_to_a_new_check_with_just_them(open_screen: screens.Open, sent: Cast) -> None:
    became(sent.otto, MessageStatus.FAILED, reason="over_limit", detail="put off (451)")
    page = the_campaign(open_screen, sent)
    assert "too many tries: put off (451)" in everything_said(page)
    page = button(page, "Retry the 1 that failed").click().run()
    assert not page.exception
    assert checked(sent) == {sent.otto.account.id}
    assert page.title[0].value == "Send Initial Invitation"
    assert [metric.value for metric in page.metric] == ["1", "0", "1"]


def test_an_address_that_came_back_is_named_by_the_check_that_follows(open_screen: screens.Open, sent: Cast) -> None:
    became(sent.otto, MessageStatus.FAILED, reason="bounced")
    with database.transaction() as db:
        bounced = {"delivery": "failed", "delivery_reason": "bounced"}
        mine = sa.update(Account).where(col(Account.id) == sent.otto.account.id)
        db.execute(mine.values(**bounced, delivery_address=sent.otto.person.personal_email))
    page = button(the_campaign(open_screen, sent), "Retry the 1 that failed").click().run()
    assert [metric.value for metric in page.metric] == ["0", "1", "1"]
    assert "Nobody in this selection can receive it" in everything_said(page)
    page = page.button_group(key="check.refusal").select(Refusal.BOUNCED).run()
    page = button(page, "Open these people in the list").click().run()
    assert page.title[0].value == "User Accounts"
    assert shown_by_the_list(sent) == {sent.otto.account.id}


def test_retry_leaves_out_whom_a_later_campaign_reached_and_names_them(open_screen: screens.Open, sent: Cast) -> None:
    became(sent.max, MessageStatus.FAILED, reason="over_limit")
    became(sent.otto, MessageStatus.FAILED, reason="over_limit")
    later = Draft(filter=AccountFilter(user_types=("student",)), again=True)
    with database.transaction() as db:
        seen = campaigns.check(db, sent.olga.actor, draft=later)
        launched = campaigns.launch(db, sent.olga.actor, draft=later, seen=seen.fingerprint, idempotency_key="later")
        of_it = (col(Message.campaign_id) == launched.id, col(Message.address) == sent.max.person.personal_email)
        gone = {"status": MessageStatus.SENT.value, "claimed_at": clock.now()}
        db.execute(sa.update(Message).where(col(Message.campaign_id) == launched.id).values(status="cancelled"))
        db.execute(sa.update(Message).where(*of_it).values(**gone))
        tried = {"claimed_at": clock.now() - timedelta(hours=1)}
        db.execute(sa.update(Message).where(col(Message.campaign_id) != launched.id).values(**tried))
    page = button(the_campaign(open_screen, sent), "Retry the 2 that failed").click().run()
    assert [metric.value for metric in page.metric] == ["1", "1", "2"]
    assert "Was sent the same since it failed: 1" in everything_said(page)
    assert "in the last 24 hours" not in everything_said(page)
    page = page.button_group(key="check.refusal").select(SENT_SINCE).run()
    page = button(page, "Open these people in the list").click().run()
    assert not page.exception
    assert shown_by_the_list(sent) == {sent.max.account.id}
    assert any("left out for one reason" in label for label in labels(page))


def test_resend_goes_to_those_who_have_not_verified(open_screen: screens.Open, sent: Cast) -> None:
    with database.transaction() as db:
        mine = sa.update(Account).where(col(Account.id) == sent.sam.account.id)
        db.execute(mine.values(verified_at=sent.sam.account.created_at))
    button(the_campaign(open_screen, sent), "Resend to those not verified").click().run()
    assert checked(sent) == {sent.max.account.id, sent.otto.account.id}


def test_they_arrived_is_noted_and_the_question_is_gone(open_screen: screens.Open, sent: Cast) -> None:
    became(sent.max, MessageStatus.UNKNOWN)
    page = the_campaign(open_screen, sent)
    assert "1 may have been sent" in everything_said(page)
    assert "Ask Twilio" not in labels(page)  # it went by e-mail
    page = button(page, "It arrived").click().run()
    assert "1 arrived." in everything_said(page)
    assert statuses() == ["sent"] * 3
    assert "It arrived" not in labels(page)


def test_send_them_again_puts_them_back_once(open_screen: screens.Open, sent: Cast) -> None:
    became(sent.max, MessageStatus.UNKNOWN)
    page = button(the_campaign(open_screen, sent), "Send it again").click().run()
    assert "1 is being sent again." in everything_said(page)
    assert statuses() == ["queued", "sent", "sent"]
    assert "Send it again" not in labels(page)


def test_the_office_decides_about_one_of_them_and_about_the_others_later(open_screen: screens.Open, sent: Cast) -> None:
    for one in (sent.sam, sent.max, sent.otto):
        became(one, MessageStatus.UNKNOWN)
    page = the_campaign(open_screen, sent)
    assert {"All 3 arrived", "Send all 3 again"} <= set(labels(page))
    people = page.multiselect[0]
    assert [said.split(" · ")[0] for said in people.options] == ["Other Otto", "Sideris Max", "Sideris Sam"]
    with database.reading() as db:
        campaign_id = db.scalar(sa.select(col(Campaign.id))) or 0
        otto, max_, _sam = unknown_messages.named(db, sent.olga.actor, campaign_id=campaign_id)
    page = people.set_value([otto, max_]).run()
    page = button(page, "Send the 2 chosen again").click().run()
    assert "2 are being sent again." in everything_said(page)
    assert statuses() == ["queued", "queued", "unknown"]
    page = button(page, "It arrived").click().run()
    assert statuses() == ["queued", "queued", "sent"]
    assert not page.exception and not page.multiselect


def test_a_click_for_one_of_whom_word_came_meanwhile_decides_about_nobody_else(
    open_screen: screens.Open, sent: Cast
) -> None:
    for one in (sent.sam, sent.max, sent.otto):
        became(one, MessageStatus.UNKNOWN)
    page = the_campaign(open_screen, sent)
    with database.reading() as db:
        campaign_id = db.scalar(sa.select(col(Campaign.id))) or 0
        otto, _max, _sam = unknown_messages.named(db, sent.olga.actor, campaign_id=campaign_id)
    page = page.multiselect[0].set_value([otto]).run()
    became(sent.otto, MessageStatus.FAILED, reason="bounced")
    page = button(page, "The 1 chosen arrived").click().run()
    assert not page.exception
    assert statuses() == ["failed", "unknown", "unknown"]
    assert "All 2 arrived" in labels(page)


def test_a_text_of_which_no_word_came_is_not_put_down_to_a_broken_connection_alone(
    open_screen: screens.Open, sent: Cast
) -> None:
    became(sent.max, MessageStatus.UNKNOWN)
    with database.transaction() as db:
        db.execute(sa.update(Campaign).values(channel="sms", kind="initial_credentials"))
    assert "no word came whether they arrived" in everything_said(the_campaign(open_screen, sent))


class _Away:
    """A provider that cannot be reached."""

    def look_up(self, *, provider_id: str | None, to: str, since: datetime) -> list[Word]:
        raise GatewayError(GatewayErrorKind.TRANSIENT, "not now")


def _is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRSTKEY_SMS", "twilio")
    config.settings.cache_clear()
    monkeypatch.setattr(twilio_sms, "from_settings", _Away)


def test_a_text_is_sent_again_only_after_twilio_was_asked_and_be_it_in_vain(
    open_screen: screens.Open, sent: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    _is_away(monkeypatch)
    became(sent.max, MessageStatus.UNKNOWN)
    _texted(claimed_at=clock.now())
    page = button(the_campaign(open_screen, sent), "Ask Twilio").click().run()
    assert "less than a minute ago" in everything_said(page)
    assert button(page, "Send it again").disabled
    _texted(claimed_at=clock.now() - timedelta(hours=1))
    page = button(page, "Ask Twilio").click().run()
    assert not page.exception
    assert "Twilio cannot be reached" in everything_said(page)
    assert not button(page, "Send it again").disabled


def test_what_waited_in_a_backup_can_be_sent_again_although_twilio_knows_nothing_of_it(
    open_screen: screens.Open, sent: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    _is_away(monkeypatch)
    became(sent.max, MessageStatus.UNKNOWN)
    _texted(claimed_at=None)
    page = button(the_campaign(open_screen, sent), "Ask Twilio").click().run()
    assert "waited when the backup was made" in everything_said(page)
    assert not button(page, "Send it again").disabled


def _texted(*, claimed_at: datetime | None) -> None:
    with database.transaction() as db:
        db.execute(sa.update(Campaign).values(channel="sms", kind="initial_credentials"))
        db.execute(sa.update(Message).values(channel="sms", claimed_at=claimed_at))


def test_what_was_cancelled_is_not_sent_again(open_screen: screens.Open, sent: Cast) -> None:
    became(sent.max, MessageStatus.UNKNOWN)
    with database.transaction() as db:
        db.execute(sa.update(Campaign).values(status=CampaignStatus.CANCELLED.value))
    page = the_campaign(open_screen, sent)
    assert "It arrived" in labels(page)
    assert "Send it again" not in labels(page)


def test_the_numbers_of_the_check_agree_with_the_list_that_a_reason_opens(
    open_screen: screens.Open, sent: Cast
) -> None:
    with database.transaction() as db:
        sent.max.person.use_personal_email = False
        db.add(sent.max.person)
        selections.tick(db, sent.olga.actor, list_name="accounts", on={m.account.id for m in (sent.sam, sent.max)})
        selection = selections.current(db, sent.olga.actor, list_name="accounts").id
    page = open_screen(sent.olga.actor, "campaigns.py", selection=str(selection))
    assert "Use Personal E-mail is off: 1" in everything_said(page)
    opened = AccountFilter(selected=True, email_refusals=("personal_email_off",))
    with database.reading() as db:
        assert set(db.scalars(accounts.matching(db, sent.olga.actor, filter=opened))) == {sent.max.account.id}


def test_a_campaign_names_those_it_left_out_and_opens_their_list(open_screen: screens.Open, sent: Cast) -> None:
    with database.transaction() as db:
        sent.otto.person.use_personal_email = False
        db.add(sent.otto.person)
        draft = Draft(filter=AccountFilter(user_types=("student",)), again=True)
        seen = campaigns.check(db, sent.olga.actor, draft=draft).fingerprint
        made = campaigns.launch(db, sent.olga.actor, draft=draft, seen=seen, idempotency_key="second")
    page = open_screen(sent.olga.actor, "campaigns.py", campaign=str(made.id))
    assert "1 was left out" in [one.label for one in page.expander]
    assert "Excel, 3" in str([one.proto.body for one in page.get("html")]), "two messages and one who was left out"
    page = page.button_group(key=f"campaign.reason.{made.id}").select(Refusal.PERSONAL_EMAIL_OFF).run()
    assert "Otto" in everything_said(page)
    page = button(page, "Open these people in the list").click().run()
    assert not page.exception
    assert shown_by_the_list(sent) == {sent.otto.account.id}
    with database.transaction() as db:
        db.execute(sa.text("DELETE FROM campaign_left_out"))
    page = open_screen(sent.olga.actor, "campaigns.py", campaign=str(made.id))
    page = page.button_group(key=f"campaign.reason.{made.id}").select(Refusal.PERSONAL_EMAIL_OFF).run()
    assert "launched by an older version of Firstkey" in everything_said(page)
