"""The windows of credentials that staff hand over: each says first what would happen, and shows a secret once."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import streamlit as st
from sqlmodel import select
from streamlit.testing.v1 import AppTest

from core import database
from core.models import Account, Invitation, PreviewPage, Throttle
from core.permissions import Actor
from core.rules import handing_over, initial_credentials, report_parameters
from core.services import initial_passwords, selections
from core.tables.filters import AccountFilter
from core.web import proof
from pages.shared import credentials_dialog, guard
from tests import cast as make
from tests.cast import Cast, Member
from tests.pages import screens
from tests.web import browsing


@pytest.fixture(autouse=True)
def _signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever opened the window is here all the time."""
    monkeypatch.setattr(guard, "look_up", lambda: st.session_state["actor"])


@pytest.fixture(name="signed_in")
def _just_signed_in(cast: Cast) -> Cast:
    """The cast; Olga has proved a moment ago who she is."""
    with database.transaction() as db:
        make.just_signed_in(db, cast.olga.actor)
    return cast


def _window(actor: Actor, act: str, account_id: int | None = None, selection_id: int | None = None) -> AppTest:
    """One of the windows, opened as a list or a card opens it."""

    def screen(actor: object, act: str, account_id: int | None, selection_id: int | None) -> None:
        from pages.shared import credentials_dialog, feedback

        feedback.said()
        if account_id is None:
            credentials_dialog.bulk_acts(actor)[act](selection_id or 0)  # type: ignore[arg-type]
        else:
            credentials_dialog.one(actor, account_id)[act]()  # type: ignore[arg-type]

    page = AppTest.from_function(screen, default_timeout=30, args=(actor, act, account_id, selection_id))
    page.session_state["actor"] = actor
    return page.run()


def everything_said(page: AppTest) -> str:
    """What the page and the window over it say; a window stands in a place of its own."""
    return " ".join([screens.everything_said(page), *screens._words([page._tree[2]])])


def _press(page: AppTest, label: str) -> AppTest:
    next(found for found in page.button if found.label == label).click()
    return page.run()


def _everybody(actor: Actor) -> int:
    with database.transaction() as db:
        selections.everything(db, actor, list_name="accounts", filter=AccountFilter())
        return selections.current(db, actor, list_name="accounts").id or 0


def _hashes(member: Member) -> list[str]:
    with database.reading() as db:
        return list(db.exec(select(Invitation.token_hash).where(Invitation.account_id == member.account.id)))


def _shown(page: AppTest) -> list[Any]:
    return [code.value for code in page.code]


def test_only_those_who_may_reveal_find_these_acts(cast: Cast) -> None:
    for member in (cast.cora, cast.tom, cast.sam):
        assert credentials_dialog.bulk_acts(member.actor) == {}
        assert credentials_dialog.one(member.actor, cast.sam.account.id or 0) == {}
    assert list(credentials_dialog.bulk_acts(cast.olga.actor)) == ["Issue new initial passwords", "Print slips"]
    assert list(credentials_dialog.one(cast.olga.actor, 1)) == [
        "Issue new initial password",
        "Show initial password",
        "Copy link",
        "Print slip",
    ]


def test_many_are_issued_after_saying_who_is_left_out(cast: Cast) -> None:
    page = _window(cast.olga.actor, "Issue new initial passwords", selection_id=_everybody(cast.olga.actor))
    said = everything_said(page)
    assert (
        "To be issued: **4**" in said
        and "**4** left out because they are members of staff" in said
        and "(Adams Ada, " in said
    )
    assert _hashes(cast.sam) == []
    page = _press(page, "Issue 4 new passwords")
    assert not page.exception and "The older ones open nothing now" in everything_said(page)
    assert len(_hashes(cast.sam)) == 1


def test_issuing_says_which_live_ones_end_and_which_links_go_on(cast: Cast) -> None:
    with database.transaction() as db:
        initial_passwords.issue(db, cast.olga.actor, account_id=cast.sam.account.id or 0, expected=1)
    for member in (cast.sam, cast.max, cast.tom):  # Tom is staff: he gets none
        browsing.link_for(member.account)
    page = _window(cast.olga.actor, "Issue new initial passwords", selection_id=_everybody(cast.olga.actor))
    said = everything_said(page)
    assert "Live initial passwords that stop working at once: 1." in said
    assert "Live links that keep working: 2." in said
    _press(page, "Issue 4 new passwords")
    with database.reading() as db:
        links = db.exec(select(Invitation).where(Invitation.purpose == "link")).all()
        assert [link.superseded_at for link in links] == [None, None, None]


def test_a_number_typed_in_other_signs_than_digits_issues_nothing(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handing_over, "TYPED_COUNT_ABOVE", 2)
    page = _window(cast.olga.actor, "Issue new initial passwords", selection_id=_everybody(cast.olga.actor))
    for typed in ("²", "four", "4.0"):
        page = page.text_input[0].set_value(typed).run()
        assert not page.exception and all(button.disabled for button in page.button if "Issue" in button.label)
    page = page.text_input[0].set_value("4").run()
    assert not any(button.disabled for button in page.button)


def test_one_is_shown_once_when_it_is_issued(cast: Cast) -> None:
    page = _window(cast.olga.actor, "Issue new initial password", account_id=cast.sam.account.id)
    assert _shown(page) == []
    page = _press(page, "Issue 1 new password")
    (password,) = _shown(page)
    assert [initial_credentials.token_hash(password)] == _hashes(cast.sam)
    assert password not in str(page.session_state._state.filtered_state)
    assert _shown(page.run()) == []


def test_looking_at_a_live_one_takes_a_press_and_changes_nothing(cast: Cast) -> None:
    page = _press(_window(cast.olga.actor, "Show initial password", account_id=cast.sam.account.id), "Show it")
    assert _shown(page) == [] and "There is no live initial password" in everything_said(page)
    issued = _window(cast.olga.actor, "Issue new initial password", account_id=cast.sam.account.id)
    password = _shown(_press(issued, "Issue 1 new password"))
    page = _window(cast.ada.actor, "Show initial password", account_id=cast.sam.account.id)
    assert _shown(page) == []
    assert _shown(_press(page, "Show it")) == password
    assert len(_hashes(cast.sam)) == 1


def test_a_link_is_shown_once_and_says_until_when(cast: Cast) -> None:
    page = _window(cast.olga.actor, "Copy link", account_id=cast.sam.account.id)
    assert _hashes(cast.sam) == []
    page = _press(page, "Make a new link")
    (address,) = _shown(page)
    assert [initial_credentials.token_hash(address.rpartition("/")[2])] == _hashes(cast.sam)
    assert "It works until" in everything_said(page) and "No older link was live" in everything_said(page)
    assert address not in str(page.session_state._state.filtered_state)
    assert _shown(page.run()) == []
    assert "1 older link ended" in everything_said(_press(page, "Make a new link"))


def test_a_staff_account_is_refused_in_words(cast: Cast) -> None:
    page = _press(_window(cast.olga.actor, "Copy link", account_id=cast.ada.account.id), "Make a new link")
    assert "Ask an administrator" in everything_said(page) and _hashes(cast.ada) == []


@pytest.mark.parametrize("window", ["selection", "account"])
def test_slips_are_counted_and_issuing_is_a_step_of_its_own(signed_in: Cast, window: str) -> None:
    cast = signed_in
    chosen: dict[str, Callable[[], AppTest]] = {
        "selection": lambda: _window(cast.olga.actor, "Print slips", selection_id=_everybody(cast.olga.actor)),
        "account": lambda: _window(cast.olga.actor, "Print slip", account_id=cast.sam.account.id),
    }
    page = chosen[window]()
    without = 4 if window == "selection" else 1
    said = everything_said(page)
    assert f"{without} without live credentials" in said and "/files/credentials" in said
    assert _hashes(cast.sam) == []
    page.checkbox[0].check().run()
    page = _press(page, f"Issue {without} new password{'s' if without > 1 else ''}")
    assert len(_hashes(cast.sam)) == 1
    assert f"{without} with a live initial password" in everything_said(chosen[window]())


def test_r31_credentials_are_printed_after_typing_ones_own_password_again(cast: Cast) -> None:
    page = _window(replace(cast.olga.actor, fresh_until=None), "Print slip", account_id=cast.sam.account.id)
    assert "/files/credentials" not in everything_said(page)
    assert page.text_input[0].label == "Your password"
    _toggle(page, "Show initial passwords").set_value(False).run()
    assert "/files/credentials" not in everything_said(page)


def test_r31_the_click_is_kept_while_the_password_is_asked_and_then_the_act_goes_on(cast: Cast) -> None:
    browsing.give_password(cast.olga.account)
    page = _window(replace(cast.olga.actor, fresh_until=None), "Issue new initial password", cast.sam.account.id)
    screens.button(page, "Issue 1 new password").click().run()
    assert "is it you?" in everything_said(page) and not _live(cast)
    page.text_input[0].set_value("wrong")
    screens.button(page, "It is me: issue 1 new password").click().run()
    assert proof.WRONG in everything_said(page) and not _live(cast)
    with database.reading() as db:
        assert {row.scope for row in db.exec(select(Throttle))} == {"everybody", "address", "staff", "device"}
    page.text_input[0].set_value(browsing.PASSWORD)
    screens.button(page, "It is me: issue 1 new password").click().run()
    assert _live(cast) and "It works until" in everything_said(page)


def _live(cast: Cast) -> int:
    with database.reading() as db:
        return len(db.exec(select(Invitation).where(Invitation.account_id == cast.sam.account.id)).all())


def test_the_form_carries_ids_and_what_is_asked_in_letters_that_mean_nothing_in_html(signed_in: Cast) -> None:
    page = _window(signed_in.olga.actor, "Print slip", account_id=signed_in.sam.account.id)
    page.text_area[0].set_value('<b>"Hello" & καλημέρα</b>').run()
    page.button_group[0].set_value("letter").run()
    said = everything_said(page).replace('\\"', '"')
    (sent, *_) = re.findall(r'name="parameters" value="([\w-]+)"', said)
    asked = report_parameters.from_text(sent)
    assert (asked.layout, asked.extra_text) == ("letter", '<b>"Hello" & καλημέρα</b>')
    assert "<b>" not in sent


def test_what_no_page_has_room_for_is_said_in_the_window(signed_in: Cast) -> None:
    page = _window(signed_in.olga.actor, "Print slip", account_id=signed_in.sam.account.id)
    page.text_area[0].set_value("x" * 200).run()
    assert "room for 150" in everything_said(page) and "/files/credentials" not in everything_said(page)


def test_whoever_can_get_no_password_is_offered_none(signed_in: Cast) -> None:
    with database.transaction() as db:
        account = db.get_one(Account, signed_in.sam.account.id)
        account.deactivated_at = account.created_at
        db.add(account)
    page = _window(signed_in.olga.actor, "Print slip", account_id=signed_in.sam.account.id)
    assert "1 can get no initial password: they are deactivated" in everything_said(page)
    assert not page.checkbox


def test_a_family_shares_letters_only(signed_in: Cast) -> None:
    page = _window(signed_in.olga.actor, "Print slips", selection_id=_everybody(signed_in.olga.actor))
    assert "One letter per family" not in [toggle.label for toggle in page.toggle]
    page.button_group[0].set_value("letter").run()
    assert "One letter per family" in [toggle.label for toggle in page.toggle]
    _toggle(page, "Only who never signed in").set_value(True).run()
    assert "/files/credentials" in everything_said(page)


def _toggle(page: AppTest, label: str) -> Any:
    return next(toggle for toggle in page.toggle if toggle.label == label)


def test_the_window_asks_of_which_classes_where_there_are_several(signed_in: Cast) -> None:
    page = _window(signed_in.olga.actor, "Print slips", selection_id=_everybody(signed_in.olga.actor))
    classes = page.multiselect[0]
    assert (classes.label, classes.options, classes.value) == ("Classes", ["7B", "8A"], [])
    assert "Printed for **8 accounts**" in everything_said(page)
    said = everything_said(classes.select(signed_in.class_8a.id).run())
    assert "Printed for **1 account**" in said
    sent = re.findall(r'name="parameters" value="([\w-]+)"', said.replace('\\"', '"'))
    assert report_parameters.from_text(sent[0]).section_ids == (signed_in.class_8a.id,)
    one = _window(signed_in.olga.actor, "Print slip", account_id=signed_in.sam.account.id)
    assert not one.multiselect


def test_the_window_offers_those_without_a_class_beside_the_classes(signed_in: Cast) -> None:
    with database.transaction() as db:
        make.account(db, person=make.person(db, first_name="Nia"))
    page = _window(signed_in.olga.actor, "Print slips", selection_id=_everybody(signed_in.olga.actor))
    classes = page.multiselect[0]
    assert classes.options == ["7B", "8A", "Without class"]
    assert classes.proto.placeholder == "All 2 classes of those chosen, and those without a class"
    said = everything_said(classes.select(report_parameters.NO_CLASS).run())
    assert "Printed for **1 account**" in said


def test_r45_other_choices_end_the_preview_of_the_choices_before(signed_in: Cast) -> None:
    page = _window(signed_in.olga.actor, "Print slips", selection_id=_everybody(signed_in.olga.actor))
    page = _press(page, "Preview Report")
    (picture,) = _pictures()
    assert f"/files/{picture}/page/1" in everything_said(page)
    page.button_group[0].set_value("2").run()
    assert "/page/1" not in everything_said(page) and not _pictures()


def _pictures() -> set[str]:
    with database.reading() as db:
        return {page.preview for page in db.exec(select(PreviewPage))}
