"""*Why can't they sign in?* Every answer with a tick or a cross, and beside each cross what puts it right."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core import database
from core.permissions import Actor, Permission
from core.rules import words
from core.rules.account_acts import Act
from core.rules.sign_in_trouble import Finding, Remedy
from core.services import account_unlock
from core.tables import sign_in_trouble
from core.tables.sign_in_trouble import Trouble
from pages.shared import bulk, card_account, cells, feedback

BUTTONS = {
    Remedy.ACTIVATE: words.ACCOUNT_ACT[Act.ACTIVATE],
    Remedy.GIVE_ROLE: "Manage Roles/Periods",
    Remedy.INVITE: bulk.SEND,
    Remedy.CHANGE_EMAIL: card_account.CHANGE_EMAIL,
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
    offered = card_account.actions(actor, account_id)
    for finding in trouble.findings:
        with st.container(horizontal=True, vertical_alignment="center", key=f"trouble-{finding.question.value}"):
            _line(finding, trouble, time_zone)
            _remedy(actor, account_id, finding, offered)


def _line(finding: Finding, trouble: Trouble, time_zone: str) -> None:
    icon, colour = ("check", "green") if finding.fine else ("close", "red") if finding.blocks else ("info", "gray")
    sentence = _sentence(finding, trouble, time_zone)
    st.markdown(f":{colour}[:material/{icon}:] {sentence[:1].upper()}{sentence[1:]}", width="stretch")


def _sentence(finding: Finding, trouble: Trouble, time_zone: str) -> str:
    said, facts = words.TROUBLE[finding.question], trouble.facts
    moments = {"until": facts.waits_until, "ends": facts.link_ends_at, "last": trouble.last_sign_in_at}
    told = {name: cells.moment_words(moment, time_zone) for name, moment in moments.items()}
    return (said.ticked if finding.fine else said.crossed).format(**told, others=facts.shared_with)


def _remedy(actor: Actor, account_id: int, finding: Finding, offered: dict[str, Callable[[], None]]) -> None:
    key = f"trouble.{account_id}.{finding.question.value}"
    if finding.remedy is Remedy.UNLOCK and actor.may(Permission.MANAGE_ACCOUNTS):
        if st.button("Unlock", key=key):
            with feedback.refusals_shown(), database.transaction() as db:
                account_unlock.unlock(db, actor, account_id=account_id)
            feedback.later("Unlocked. The same password can be tried again at once.")
            st.rerun()
        return
    label = BUTTONS.get(finding.remedy) if finding.remedy else None
    if label and label in offered and st.button(label, key=key):
        offered[label]()
