"""Messages that may have been sent: the provider is asked, then a person decides, about all or one by one."""

from __future__ import annotations

from collections.abc import Callable, Collection

import streamlit as st

from core import database
from core.config import settings
from core.delivery import engine, reconcile
from core.delivery.reconcile import Answers
from core.models import CampaignStatus, Channel
from core.permissions import Actor
from core.services import unknown_messages
from core.tables import unknown_messages as table
from core.tables.campaigns import Progress
from pages.shared import feedback, held


def draw(actor: Actor, progress: Progress, number: int) -> None:
    """The question, whom the answer is for, and the answers; `number` messages are undecided."""
    with st.container(border=True):
        st.markdown(f"**{number:,} may have been sent.** {_why(progress)}")
        only = _only(actor, progress) if number > 1 else []
        arrived, again = _labels(number, len(only))
        asks = progress.channel is Channel.SMS and settings().sms == "twilio"
        with st.container(horizontal=True):
            if asks and st.button("Ask Twilio"):
                _say(lambda: _ask(progress, number))
            if st.button(arrived, icon=":material/check:"):
                _decide(progress, lambda: _arrived(actor, progress, only or None))
            if progress.status != CampaignStatus.CANCELLED and _again_button(
                again, waits=asks and not _asked(progress)
            ):
                _decide(progress, lambda: _again(actor, progress, only or None))


def _again_button(label: str, *, waits: bool) -> bool:
    help_ = "Ask Twilio first: whoever has the text needs no second one." if waits else None
    return st.button(label, icon=":material/replay:", disabled=waits, help=help_)


def _only(actor: Actor, progress: Progress) -> list[int]:
    """Nobody chosen means all of them; after each decision the choice begins anew."""
    with database.reading() as db:
        named = table.named(db, actor, campaign_id=progress.id)
    chosen = st.multiselect(
        "Decide about",
        list(named),
        format_func=lambda message_id: named.get(message_id, ""),
        key=f"unknown.only.{progress.id}.{_turns(progress)}",
        placeholder="All of them. Choose people to decide about these alone",
    )
    return [message_id for message_id in chosen if message_id in named]


def _labels(number: int, chosen: int) -> tuple[str, str]:
    """Both buttons say how many they are for, and are others when that changes: an old click decides about nobody."""
    if number == 1:
        return "It arrived", "Send it again"
    if not chosen:
        return f"All {number:,} arrived", f"Send all {number:,} again"
    return f"The {chosen:,} chosen arrived", f"Send the {chosen:,} chosen again"


def _why(progress: Progress) -> str:
    broke = "The connection broke, or Firstkey stopped, in the very moment"
    decide = "Ask one of the people, then decide."
    if progress.channel is Channel.SMS:
        decide = "Ask Twilio, then decide." if settings().sms == "twilio" else decide
        return f"{broke}, or no word came whether they arrived. {decide}"
    return f"{broke}. {decide} An e-mail that is sent again has the same link, so a second one does no harm."


def _ask(progress: Progress, number: int) -> str:
    """What came of it; asked in vain is asked too."""
    answers = reconcile.ask_now(campaign_id=progress.id)
    if answers is not None and answers.just_now and not answers.due:
        return "These left less than a minute ago. Ask Twilio again in a minute."
    st.session_state[_asked_key(progress)] = True
    return _heard(answers, number)


def _heard(answers: Answers | None, number: int) -> str:
    if answers is None:
        return "Twilio cannot be asked: its settings are missing here, or this is the demo. Decide without it."
    if not answers.due:
        return "These waited when the backup was made, so Twilio cannot be asked about them. Decide without it."
    if not answers.answered:
        return "Twilio cannot be reached. Try again in a few minutes, or decide without it."
    known = f"{answers.decided:,}" if answers.decided else "none of them"
    said = f"Twilio was asked about {answers.answered:,} and knows what became of {known}."
    if rest := max(0, number - answers.answered):
        said += f" It was not asked about {rest:,} yet: press Ask Twilio again, or decide without it."
    return said if answers.decided == number else f"{said} Decide about the others."


def _asked(progress: Progress) -> bool:
    return bool(st.session_state.get(_asked_key(progress)))


def _asked_key(progress: Progress) -> str:
    return f"unknown.asked.{progress.id}"


def _arrived(actor: Actor, progress: Progress, only: Collection[int] | None) -> str:
    with database.transaction() as db:
        decided = unknown_messages.note_arrived(db, actor, campaign_id=progress.id, only=only)
    return f"Noted: {decided:,} arrived."


def _again(actor: Actor, progress: Progress, only: Collection[int] | None) -> str:
    with database.transaction() as db:
        again = unknown_messages.send_again(db, actor, campaign_id=progress.id, only=only)
    engine.start(progress.id)
    said = _leaves(progress, again.sent)
    if not again.left_out:
        return said
    others = "1 is not" if again.left_out == 1 else f"{again.left_out:,} are not"
    return (
        f"{said} {others}: their link was replaced since, or a later campaign wrote to them. "
        "Whoever still needs one is chosen in User Accounts and sent to anew."
    )


def _leaves(progress: Progress, number: int) -> str:
    if progress.status == CampaignStatus.PAUSED:
        return f"{number:,} will be sent again when the campaign is resumed."
    if progress.is_held:
        return f"{number:,} will be sent again. {held.LATER}"
    return "1 is being sent again." if number == 1 else f"{number:,} are being sent again."


def _decide(progress: Progress, act: Callable[[], str]) -> None:
    st.session_state[f"unknown.turns.{progress.id}"] = _turns(progress) + 1
    _say(act)


def _turns(progress: Progress) -> int:
    return int(st.session_state.get(f"unknown.turns.{progress.id}", 0))


def _say(act: Callable[[], str]) -> None:
    with feedback.refusals_shown():
        feedback.later(act())
    st.rerun()
