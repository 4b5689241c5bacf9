"""The window of *Remove second factor*: for somebody who lost the phone and the recovery codes."""

from __future__ import annotations

import streamlit as st

from core import database
from core.delivery import engine
from core.permissions import Actor, Permission
from core.services import second_factor
from core.tables import second_factor as factors
from pages.shared import feedback, fresh_code, guarded

REMOVE = "Remove second factor"


def is_offered(actor: Actor, account_id: int) -> bool:
    """To administrators, where there is one, and never for one's own account."""
    if not actor.may(Permission.MANAGE_ROLES) or account_id == actor.account_id:
        return False
    with database.reading() as db:
        return factors.is_enrolled(db, account_id=account_id)


@guarded.dialog(Permission.MANAGE_ROLES, REMOVE)
def remove(actor: Actor, account_id: int) -> None:
    """What follows is said first."""
    st.write(
        "The authenticator app and the recovery codes of this account stop working, and it is signed out everywhere."
    )
    st.warning(
        "Do this only for a person whom you see or whose voice you know: until they have set up the app again, "
        "their password alone opens the account.",
        icon=":material/person_alert:",
    )
    st.caption("They are told by e-mail, and the audit says that you did it.")
    pressed = st.button(REMOVE, type="primary", key="second_factor.remove")
    if acting := fresh_code.proved(actor, pressed, key=f"second_factor.{account_id}", act=REMOVE):
        with feedback.refusals_shown(), database.transaction() as db:
            second_factor.remove(db, acting, account_id=account_id)
            notice = second_factor.tell(db, acting, account_id=account_id, removed=True)
        if notice is not None:
            engine.start(notice)
        feedback.later("The second factor is removed. At their next sign-in they set up the app anew.")
        st.rerun()
