"""*Why can't they sign in?* Every answer with a tick or a cross, and beside each cross what puts it right."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from core import database
from core.delivery import engine
from core.permissions import Actor, Permission
from core.rules import words
from core.rules.account_acts import Act
from core.rules.sign_in_trouble import Finding, Remedy
from core.services import account_unlock, address_confirmation
from core.tables import sign_in_trouble
from core.tables.sign_in_trouble import Trouble
from pages.shared import bulk, card_account, cells, feedback, status_dialog

UNLOCK, ASK = "Unlock", "Ask to confirm the e-mail"
BUTTONS = {
    Remedy.UNLOCK: UNLOCK,
    Remedy.ACTIVATE: words.ACCOUNT_ACT[Act.ACTIVATE],
    Remedy.GIVE_ROLE: "Manage Roles/Periods",
    Remedy.INVITE: bulk.SEND,
    Remedy.CHANGE_EMAIL: card_account.CHANGE_EMAIL,
    Remedy.TO_LOCAL: words.ACCOUNT_ACT[Act.TO_LOCAL],
    Remedy.CHANGE_STATUS: status_dialog.CHANGE_STATUS,
    Remedy.ASK_ADDRESS: ASK,
}


def draw(actor: Actor, account_id: int, time_zone: str) -> None:
    """The verdict on top, then the answers."""
    with feedback.refusals_shown(), database.reading() as db:
        trouble = sign_in_trouble.read(db, actor, account_id=account_id)
    hindrance = trouble.hindrance
    if hindrance is None:
        st.success("Nothing stands in the way: they can sign in.", icon=":material/check_circle:")
    else:
        st.error(f"They cannot sign in: {_sentence(hindrance, trouble, time_zone)}", icon=":material/cancel:")
    offered = _offered(actor, account_id)
    for finding in trouble.findings:
        with st.container(horizontal=True, vertical_alignment="center", key=f"trouble-{finding.question.value}"):
            _line(finding, trouble, time_zone)
            _remedy(actor, account_id, finding, offered)


def _offered(actor: Actor, account_id: int) -> dict[str, Callable[[], None]]:
    """By label, what this role may do to put something right."""
    offered = card_account.actions(actor, account_id)
    if actor.may(Permission.MANAGE_ACCOUNTS):
        offered[UNLOCK] = partial(_unlock, actor, account_id)
    if actor.may(Permission.SEND):
        offered[ASK] = partial(_ask, actor, account_id)
    if actor.may(Permission.EDIT_STUDENTS):
        offered[status_dialog.CHANGE_STATUS] = partial(status_dialog.change, actor, account_id)
    return offered


def _line(finding: Finding, trouble: Trouble, time_zone: str) -> None:
    icon, colour = ("check", "green") if finding.fine else ("close", "red") if finding.blocks else ("info", "gray")
    sentence = _sentence(finding, trouble, time_zone)
    st.markdown(f":{colour}[:material/{icon}:] {sentence[:1].upper()}{sentence[1:]}", width="stretch")


def _sentence(finding: Finding, trouble: Trouble, time_zone: str) -> str:
    facts = trouble.facts
    said = words.trouble(finding.question, microsoft=facts.microsoft)
    moments = {"until": facts.waits_until, "ends": facts.link_ends_at, "last": trouble.last_sign_in_at}
    told = {name: cells.moment_words(moment, time_zone) for name, moment in moments.items()}
    return (said.ticked if finding.fine else said.crossed).format(**told, others=facts.shared_with)


def _remedy(actor: Actor, account_id: int, finding: Finding, offered: dict[str, Callable[[], None]]) -> None:
    if finding.remedy is None:
        return
    label = BUTTONS[finding.remedy]
    if label in offered:
        if st.button(label, key=f"trouble.{account_id}.{finding.question.value}"):
            offered[label]()
    elif finding.blocks:
        st.caption("Ask an administrator." if actor.may(Permission.MANAGE_ACCOUNTS) else "Ask the school's office.")


def _unlock(actor: Actor, account_id: int) -> None:
    with feedback.refusals_shown(), database.transaction() as db:
        account_unlock.unlock(db, actor, account_id=account_id)
    feedback.later("Unlocked. The same password can be tried again at once.")
    st.rerun()


def _ask(actor: Actor, account_id: int) -> None:
    with feedback.refusals_shown(), database.transaction() as db:
        campaign_id = address_confirmation.ask(db, actor, account_id=account_id)
    engine.start(campaign_id)
    feedback.later("They are asked by e-mail whether the address is theirs. Nothing else changes.")
    st.rerun()
