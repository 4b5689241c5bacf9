"""What a sender should know before the button: families, earlier messages, closed mailboxes, hours, cost."""

from __future__ import annotations

import streamlit as st

from core import clock, database
from core.config import settings
from core.models import Channel
from core.permissions import Actor
from core.rules.words import SENT_LATELY
from core.services.campaigns import Check
from core.services.drafts import Draft
from core.tables import school
from pages.shared import cells, check_skipped

BY_FAMILY, AGAIN = "check.by_family", "check.again"
LONGEST_BASE = 31  # with /i/ and the 26 letters of a link it makes 60 characters (R80)


def draw(actor: Actor, draft: Draft, check: Check) -> None:
    """Each note only where there is something to say."""
    _lately(actor, draft, check)
    if draft.channel is Channel.EMAIL:
        _families(check)
        _closed_mailboxes(check)
    elif check.receive:
        _shared_numbers(check)
        _cost(check)
    _today(draft, check)
    _approval(check)
    _outbox(draft, check)


def _lately(actor: Actor, draft: Draft, check: Check) -> None:
    if check.lately is None:
        return
    people = "1 person was" if check.lately.people == 1 else f"{check.lately.people:,} of these people were"
    ago = f", last {cells.ago(check.lately.at, clock.now())}" if check.lately.at else " and waits to be sent"
    with st.container(border=True):
        st.markdown(f":material/history: {people} sent the same in the last 24 hours{ago}.")
        with st.container(horizontal=True, vertical_alignment="center"):
            st.toggle(
                "Send it to them again", key=AGAIN, help="Otherwise they are left out, so that nobody gets it twice."
            )
            st.space("stretch")
            check_skipped.open_people(actor, draft, SENT_LATELY)


def _families(check: Check) -> None:
    if not check.shared_addresses:
        return
    what = "1 address is shared" if check.shared_addresses == 1 else f"{check.shared_addresses:,} addresses are shared"
    with st.container(border=True):
        st.markdown(f":material/group: {what} by several people, {check.sharing:,} in all.")
        st.toggle(
            "One e-mail to each shared address, which names all of its people",
            key=BY_FAMILY,
            help="Each of them has a link of their own in it. Otherwise each gets a message of their own.",
        )


def _shared_numbers(check: Check) -> None:
    if check.shared_addresses:
        numbers = "1 number" if check.shared_addresses == 1 else f"{check.shared_addresses:,} numbers"
        st.info(
            f"{check.sharing:,} of these people share {numbers}. Each gets a text of their "
            "own, at least a minute apart: credentials of several people never stand in one text.",
            icon=":material/group:",
        )


def _closed_mailboxes(check: Check) -> None:
    if check.closed_mailboxes:
        st.warning(
            f"{check.closed_mailboxes:,} would get the message at a Microsoft mailbox that they cannot open yet. "
            "Give them another Contact e-mail first.",
            icon=":material/warning:",
        )


def _cost(check: Check) -> None:
    assert check.sms is not None  # noqa: S101  (a check of text messages has it)
    sms = check.sms
    day = "Today" if check.leaves_today else "On that day"
    said = (
        f"About {sms.segments:,} segments, {sms.cost:,.2f} {sms.currency}. "
        f"{day} {sms.left:,.2f} {sms.currency} may still be spent."
    )
    if sms.is_covered:
        st.info(said, icon=":material/payments:")
    else:
        st.error(
            f"{said} Choose fewer people, or ask an administrator to raise the limit in Settings.",
            icon=":material/payments:",
        )
    if len(settings().base_url) > LONGEST_BASE and settings().sms != "outbox":
        st.warning("The address of this server is long: links in text messages cost more. A shorter one helps.")


def _today(draft: Draft, check: Check) -> None:
    if check.receive and check.opens_at > check.starts_at:
        with database.reading() as db:
            zone = school.settings(db).time_zone
        st.info(
            f"Text messages do not leave at this hour. They will from {cells.moment_words(check.opens_at, zone)} on.",
            icon=":material/bedtime:",
        )
    if check.messages > check.left_that_day:
        what = "text messages" if draft.channel is Channel.SMS else "e-mails"
        day = "today" if check.leaves_today else "on that day"
        st.warning(
            f"{check.left_that_day:,} more {what} may leave {day}. The others follow on the next days by themselves.",
            icon=":material/event_upcoming:",
        )


def _approval(check: Check) -> None:
    if check.waits_for_approval:
        st.info(
            "So many people at once: after you send, another administrator looks at it. Nothing leaves before.",
            icon=":material/how_to_reg:",
        )


def _outbox(draft: Draft, check: Check) -> None:
    if not check.receive or check.sends:
        return
    sms = draft.channel is Channel.SMS
    what, setting = ("SMS provider", "FIRSTKEY_SMS=twilio") if sms else ("mail server", "FIRSTKEY_EMAIL=smtp")
    st.warning(
        f"No {what} is set, so nothing leaves this machine: the messages are written to the outbox and nobody "
        f"counts as invited. Set {setting} to send.",
        icon=":material/outbox:",
    )
