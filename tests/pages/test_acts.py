"""The windows of acts on accounts: what they say first, what they do, and Undo afterwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core import database
from core.errors import Conflict
from core.models import Account, AccountRole, Person
from core.permissions import Actor
from core.rules.account_acts import Act, LeftOut
from core.services import account_acts, account_changes, audit, initial_passwords, selections, students
from core.tables import undoable
from pages.shared import act_dialogs, acts, guard, some_named
from tests import cast as make
from tests.cast import Cast, Member
from tests.conftest import Clock
from tests.pages import screens
from tests.pages.screens import button
from tests.services.test_account_acts import account_id, carry_out


@pytest.fixture(autouse=True)
def _signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever opened the page is here all the time."""
    monkeypatch.setattr(guard, "look_up", lambda: st.session_state["actor"])


def _screen(label: str, list_name: str, selection_id: int, account_id: int) -> None:
    """What a list or a card does with the acts."""
    import streamlit as st

    from pages.shared import acts, feedback

    feedback.said()
    actor = st.session_state["actor"]
    acts.undo_offer(actor)
    if st.button("Open the window"):
        st.session_state["open"] = True
    if st.session_state.get("open") and account_id:
        acts.one(actor, account_id)[label]()
    elif st.session_state.get("open"):
        acts.bulk(actor, list_name)[label](selection_id)


def _open(actor: Actor, label: str, *, chosen: list[Member] | None = None, one: Member | None = None) -> AppTest:
    selection_id = 0
    if chosen:
        with database.transaction() as db:
            ids = [account_id(member) for member in chosen]
            selections.tick(db, actor, list_name="accounts", on=ids)
            selection_id = selections.current(db, actor, list_name="accounts").id or 0
    args = (label, "accounts", selection_id, account_id(one) if one else 0)
    page = AppTest.from_function(_screen, args=args, default_timeout=30)
    page.session_state["actor"] = actor
    page.run()
    return button(page, "Open the window").click().run()


def _said(page: AppTest) -> str:
    """All texts of the page and of the window over it."""
    kinds = (page.markdown, page.caption, page.text, page.error, page.success, page.info)
    return " ".join(str(element.value) for elements in kinds for element in elements)


def _account(member: Member) -> Account:
    with database.reading() as db:
        return db.get_one(Account, member.account.id)


def test_the_window_says_first_what_happens_to_how_many_and_who_is_left_out(cast: Cast) -> None:
    page = _open(cast.ada.actor, "Deactivate", chosen=[cast.sam, cast.max, cast.ada])
    said = _said(page)
    assert not page.exception
    assert "2 accounts" in said
    assert "it is your own account: somebody else has to do that (Adams Ada)" in said
    assert "signed out everywhere" in said
    assert _account(cast.sam).deactivated_at is None


def test_ten_are_named_and_the_others_counted() -> None:
    assert some_named.some([f"N{number}" for number in range(12)], 200).startswith(" (N0, N1, ")
    assert some_named.some([f"N{number}" for number in range(12)], 200).endswith("N9 and 190 more)")
    assert some_named.some(["Other Otto"], 1) == " (Other Otto)"
    assert some_named.some([], 3) == ""


def test_who_has_no_account_is_named_in_the_window(cast: Cast) -> None:
    with database.transaction() as db:
        lost = make.person(db, last_name="Lost", first_name="Lea", in_section=cast.class_7b, use_personal_email=False)
        selections.tick(db, cast.olga.actor, list_name="students", on=[lost.id or 0, cast.sam.person.id or 0])
        selection_id = selections.current(db, cast.olga.actor, list_name="students").id or 0
    with database.reading() as db:
        names = {LeftOut.NO_ACCOUNT: ("Lost Lea",)}
        found = account_acts.check(db, cast.olga.actor, act=Act.DEACTIVATE, selection_id=selection_id)
        assert found.names == names
        issued = initial_passwords.check(db, cast.olga.actor, selection_id=selection_id)
        assert issued.names == names
        switch = students.check_personal_email(db, cast.olga.actor, selection_id=selection_id, on=True)
        assert (switch.will, switch.as_wanted, switch.names) == (1, 1, ("Sideris Sam",))


def test_the_button_names_the_number_and_undo_follows(cast: Cast) -> None:
    page = _open(cast.olga.actor, "Deactivate", chosen=[cast.sam, cast.max])
    button(page, "Deactivate 2 accounts").click()
    page.run()
    assert not page.exception
    assert _account(cast.sam).deactivated_at is not None
    assert "Deactivated 2 accounts." in _said(page)
    page.session_state["open"] = False
    button(page, "Undo").click().run()
    assert _account(cast.sam).deactivated_at is None
    assert "Undone for 2 accounts" in _said(page).replace("\\", "")


def test_an_undo_that_is_refused_is_still_offered(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    page = _open(cast.olga.actor, "Deactivate", chosen=[cast.sam])
    page = button(page, "Deactivate 1 account").click().run()
    page.session_state["open"] = False
    with monkeypatch.context() as busy:
        busy.setattr(account_changes, "undo", _refuse)
        page = button(page, "Undo").click().run()
    assert "Try again" in _said(page)
    button(page, "Undo").click().run()
    assert _account(cast.sam).deactivated_at is None


def _refuse(*_: object, **__: object) -> None:
    raise Conflict("Somebody else is changing accounts. Try again.")


def test_the_last_act_of_a_day_can_be_undone_after_a_new_sign_in(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    with database.transaction() as db:
        carry_out(db, cast.olga.actor, Act.DEACTIVATE, cast.sam, cast.max)
    open_screen = screens.opener(monkeypatch)
    assert "Your last act" not in _said(open_screen(cast.ada.actor, "accounts.py"))
    for name in ("accounts.py", "students.py"):
        page = open_screen(cast.olga.actor, name)
        assert "Your last act: Deactivate" in _said(page)
    left = button(page, "Leave it so").click().run()
    assert "Your last act" not in _said(left)
    page = button(open_screen(cast.olga.actor, "accounts.py"), "Undo").click().run()
    assert "was done to 2 accounts" in _said(page)
    assert _account(cast.sam).deactivated_at is not None
    clock.forward(hours=25)
    assert "Your last act" not in _said(open_screen(cast.olga.actor, "accounts.py"))


def _switch_back(selection_id: int) -> None:
    import streamlit as st

    from pages.shared import switch_personal_email

    switch_personal_email.confirm(st.session_state["actor"], selection_id, on=True, is_undo=True)


def test_use_personal_e_mail_too_can_be_undone_after_a_new_sign_in_and_that_is_the_end(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    olga = cast.olga.actor
    with database.transaction() as db:
        selections.tick(db, olga, list_name="students", on=[cast.sam.person.id or 0])
        chosen: Any = {"selection_id": selections.current(db, olga, list_name="students").id or 0, "on": False}
        seen = students.check_personal_email(db, olga, **chosen).seen
        switched = students.use_personal_email(db, olga, **chosen, seen=seen).switched
        selections.clear(db, olga, list_name="students")  # what was ticked then is another matter
    open_screen = screens.opener(monkeypatch)
    assert "Your last act" not in _said(open_screen(cast.ada.actor, "students.py"))
    page = open_screen(olga, "students.py")
    assert "Your last act: Use Personal E-mail off" in _said(page)
    assert "Switch Use Personal E-mail on for 1 student?" in _said(button(page, "Undo").click().run())
    window = AppTest.from_function(_switch_back, args=(switched,), default_timeout=30)
    window.session_state["actor"] = olga
    button(window.run(), "Switch on for 1 student").click().run()
    with database.reading() as db:
        assert db.get_one(Person, cast.sam.person.id).use_personal_email
    assert "Your last act" not in _said(open_screen(olga, "students.py"))


def test_a_switch_that_names_what_the_list_had_selected_is_not_offered_to_be_undone(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    olga = cast.olga.actor
    with database.transaction() as db:
        selections.tick(db, olga, list_name="students", on=[cast.sam.person.id or 0])
        of_list = selections.current(db, olga, list_name="students").id
        details: dict[str, Any] = {"on": True, "changed": 1, "invitations_ended": 0}
        for named in (of_list, 4711):  # 0.14 named the first; the second is gone
            act = {"action": "students.use_personal_email", "object_kind": "selection", "object_id": named}
            audit.record(db, olga, **act, details=details)
            assert undoable.newest_switch(db, olga) is None
    assert "Your last act" not in _said(screens.opener(monkeypatch)(olga, "students.py"))


def _undo_window(change_id: int) -> None:
    import streamlit as st

    from pages.shared import feedback, undo_dialog

    feedback.said()
    undo_dialog.ask(st.session_state["actor"], change_id)


def test_an_administrator_undoes_what_a_colleague_did_and_who_changed_since_stays(cast: Cast) -> None:
    with database.transaction() as db:
        change_id = carry_out(db, cast.olga.actor, Act.DEACTIVATE, cast.sam, cast.max, cast.gina).change_id
        carry_out(db, cast.olga.actor, Act.ACTIVATE, cast.max)
    page = AppTest.from_function(_undo_window, args=(change_id,), default_timeout=30)
    page.session_state["actor"] = cast.ada.actor
    said = _said(page.run())
    assert "was done to 3 accounts" in said and "1 account changed since" in said
    page = button(page, "Undo for 2 accounts").click().run()
    assert _account(cast.sam).deactivated_at is None and _account(cast.gina).deactivated_at is None
    assert "Undone for 2 accounts" in _said(page).replace("\\", "")
    assert "This is undone already." in _said(page)


def test_what_changed_while_the_window_was_open_is_not_done(cast: Cast) -> None:
    page = _open(cast.olga.actor, "Deactivate", chosen=[cast.sam, cast.max])
    with database.transaction() as db:
        db.get_one(Account, cast.max.account.id).deactivated_at = cast.max.account.created_at
    pressed = button(page, "Deactivate 2 accounts").click().run()
    assert _account(cast.sam).deactivated_at is None
    assert "changed since you looked" in _said(pressed)


def test_nobody_to_do_it_to_leaves_the_button_off(cast: Cast) -> None:
    page = _open(cast.olga.actor, "Activate", one=cast.sam)
    assert button(page, "Activate 0 accounts").disabled
    assert "they are active already" in _said(page)


def test_each_role_is_offered_only_what_it_may(cast: Cast) -> None:
    def offered(show: Callable[[Actor], dict[str, object]], member: Member) -> set[str]:
        return set(show(member.actor))

    one = lambda actor: acts.one(actor, account_id(cast.sam))  # noqa: E731
    assert offered(one, cast.cora) == offered(one, cast.tom) == set()
    assert offered(lambda actor: acts.bulk(actor, "accounts"), cast.cora) == set()
    assert "Manage Roles/Periods" in offered(one, cast.ada)
    assert "Manage Roles/Periods" not in offered(one, cast.olga)
    assert "Add/Edit username" in offered(one, cast.olga)
    assert "Convert to Microsoft account" not in offered(one, cast.olga)  # the school does not use it
    assert "Use Personal E-mail on" not in acts.bulk(cast.olga.actor, "students")


def test_a_username_is_changed_in_its_window(cast: Cast) -> None:
    page = _open(cast.olga.actor, "Add/Edit username", one=cast.sam)
    assert "The person is told nothing" in _said(page)
    page.text_input[0].input("sage")
    page = button(page, "Save username").click().run()
    assert _account(cast.sam).username == "sage"
    assert [found.label for found in page.button if found.label == "Undo"]


def test_roles_are_listed_given_and_ended(cast: Cast) -> None:
    page = _open(cast.ada.actor, "Manage Roles/Periods", one=cast.tom)
    assert "Teacher, every period, for 7B" in _said(page)
    page.selectbox(key="roles.role").select("office")
    page = page.run()
    assert "Choose classes, grades or schools" in _said(page)
    page = page.toggle(key="roles.everybody.new").set_value(True).run()
    page = button(page, "Give the role to 1 account").click().run()
    with database.reading() as db:
        held = {role.role for role in db.query(AccountRole).filter_by(account_id=account_id(cast.tom))}
    assert held == {"teacher", "office"}
    assert "Gave the role to 1 account." in _said(page)


@pytest.mark.parametrize(("number", "said"), [(1, "1 account"), (0, "0 accounts"), (12_000, "12,000 accounts")])
def test_numbers_of_accounts_in_words(number: int, said: str) -> None:
    assert act_dialogs.accounts(number) == said
