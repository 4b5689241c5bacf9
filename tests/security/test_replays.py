"""T11: the messages of an administrator's browser, sent again over the websockets of those who may not (R60, R61)."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from sqlmodel import col, select
from streamlit.proto.BackMsg_pb2 import BackMsg
from websockets.sync.client import ClientConnection

from core import database
from core.models import AccountRole, AuditEntry, Campaign, CampaignKind, SchoolSettings
from core.permissions import Role
from core.services import selections_beside, wordings
from tests import cast as make
from tests.cast import Member
from tests.security.screen import Screen
from tests.security.site import Site
from tests.security.test_platform import _cookie, _socket

Prepared = tuple[BackMsg, Callable[[], object]]
TICKED = json.dumps({"selection": {"rows": [0], "columns": [], "cells": []}})


def _saved_settings(_site: Site, socket: ClientConnection) -> Prepared:
    screen = Screen(socket, "settings")
    screen.open()
    return screen.act("Save", screen.holds("Help contact", "Ask Mallory")), _help_contact


def _help_contact() -> str:
    with database.reading() as db:
        return db.get_one(SchoolSettings, 1).help_contact


def _ended_role(_site: Site, socket: ClientConnection) -> Prepared:
    with database.transaction() as db:
        rolf = make.person(db, kind="staff", first_name="Rolf", last_name="Replayed")
        role_id = make.role(db, account=make.account(db, person=rolf), role=Role.OFFICE).id
    screen = Screen(socket, "staff")
    screen.open()
    searched = screen.holds("Search for", "Replayed")
    screen.send(screen.message("Search for", searched))
    held = searched, screen.holds("dataframe", TICKED)
    screen.send(screen.message("dataframe", *held))
    screen.send(screen.act("Manage Roles/Periods", *held))
    assert screen.widgets["End role"][1], "a window is a part of its page"
    return screen.act("End role", *held), lambda: _role(role_id or 0)


def _role(role_id: int) -> bool:
    with database.reading() as db:
        role = db.get(AccountRole, role_id)
        return role is not None and role.ends_on is None


def _launched_campaign(site: Site, socket: ClientConnection) -> Prepared:
    with database.transaction() as db:
        wordings.ensure_defaults(db)
        pia = make.person(db, first_name="Pia", last_name="Replayed", personal_email="pia@mail.example")
        account = make.account(db, person=pia)
        make.role(db, account=account, role=Role.STUDENT)
        selection = selections_beside.of_one(db, site.cast.ada.actor, account_id=account.id or 0)
    screen = Screen(socket, "campaigns", f"selection={selection}")
    screen.open()
    send = next(label for label in screen.widgets if label.startswith(("Send 1 ", "Write 1 ")))
    return screen.act(send), _campaigns


def _campaigns() -> int:
    with database.reading() as db:
        invitations = col(Campaign.kind) == CampaignKind.INITIAL_INVITATION  # whoever signs in gets notices
        return len(db.exec(select(Campaign.id).where(invitations)).all())


@pytest.mark.parametrize("prepare", [_saved_settings, _ended_role, _launched_campaign])
def test_t11_r60_r61_messages_replayed_as_another_role_change_nothing_and_each_is_written_down(
    site: Site, prepare: Callable[[Site, ClientConnection], Prepared]
) -> None:
    with _socket(site, _cookie(site, site.cast.ada)) as socket:
        message, state = prepare(site, socket)
        before = state()
        for other in (site.cast.tom, site.cast.cora):
            refusals = _refusals(other)
            with _socket(site, _cookie(site, other)) as theirs:
                Screen(theirs, "students").open()
                said = Screen(theirs, "").send(message)
            assert "This page is not for your role" in said
            assert state() == before
            assert _refusals(other) == refusals + 1
        Screen(socket, "").send(message)
        assert state() != before, "from Ada's own browser the same message does it"


def _refusals(member: Member) -> int:
    with database.reading() as db:
        mine = select(AuditEntry.seq).where(
            AuditEntry.action == "access.refused", col(AuditEntry.account_id) == member.account.id
        )
        return len(db.exec(mine).all())
