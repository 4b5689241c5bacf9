"""*Microsoft 365* on the Settings page: what differs is said first, and what does not work says why."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlmodel import select

from core import config, database
from core.delivery import microsoft_check
from core.delivery.microsoft_check import Trial
from core.gateways import microsoft_identity
from core.models import Account, AuditEntry, SchoolSettings
from tests.cast import Cast
from tests.pages import screens
from tests.peers.entra import Entra
from tests.peers.graph import Graph

OFFICE = "office@school.example"


@pytest.fixture
def entra(tenant: Entra, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Iterator[Entra]:
    for name, value in tenant.settings().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("FIRSTKEY_GRAPH_MAILBOX", OFFICE)
    config.settings.cache_clear()
    microsoft_identity.from_settings.cache_clear()
    tenant.graph.mailboxes.add(OFFICE)
    tenant.graph.add("sam@school.example", name="Sam Sideris")
    yield tenant
    tenant.graph.forbidden.clear()
    tenant.graph.sent.clear()
    tenant.graph.roles, tenant.graph.tells = Graph().roles, True
    tenant.is_down = False
    microsoft_identity.from_settings.cache_clear()


def _run(trial: Trial) -> tuple[bool, str]:
    found = microsoft_check.run(trial, own_address="ada@mail.example")
    return found.works, found.sentence


def test_everything_that_is_allowed_works(entra: Entra) -> None:
    for trial in Trial:
        works, sentence = _run(trial)
        assert works, sentence
    assert entra.graph.sent[-1]["message"]["toRecipients"] == [{"emailAddress": {"address": "ada@mail.example"}}]


@pytest.mark.parametrize(
    ("trial", "part", "permission"),
    [(Trial.READ_USERS, "users", "User.Read.All"), (Trial.SEND_MAIL, "sendMail", "Mail.Send")],
)
def test_a_missing_permission_is_named(entra: Entra, trial: Trial, part: str, permission: str) -> None:
    entra.graph.forbidden.add(part)
    works, sentence = _run(trial)
    assert not works and permission in sentence and "Grant admin consent" in sentence


@pytest.mark.parametrize(
    ("granted", "missing"),
    [
        ({"User.ReadWrite.All"}, ["GroupMember.ReadWrite.All"]),
        ({"GroupMember.ReadWrite.All", "User.Read.All"}, ["User.ReadWrite.All"]),
        ({"Group.ReadWrite.All", "User.ReadWrite.All"}, []),
        ({"Directory.ReadWrite.All"}, []),
        (set(), ["User.ReadWrite.All", "GroupMember.ReadWrite.All"]),
    ],
)
def test_what_is_missing_for_creating_users_is_named_and_nobody_is_created(
    entra: Entra, granted: set[str], missing: list[str]
) -> None:
    entra.graph.roles, before = granted, len(entra.graph.users)
    works, sentence = _run(Trial.CREATE_USERS)
    named = [name for name in ("User.ReadWrite.All", "GroupMember.ReadWrite.All") if name in sentence]
    assert (works, named) == (not missing, missing) and ("Grant admin consent" in sentence) is bool(missing)
    assert len(entra.graph.users) == before


def test_a_token_that_says_nothing_is_said_as_it_is(entra: Entra) -> None:
    entra.graph.tells = False
    works, sentence = _run(Trial.CREATE_USERS)
    assert not works and "does not say" in sentence


def test_a_wrong_secret_is_named(entra: Entra, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRSTKEY_MICROSOFT_CLIENT_SECRET", "old")
    config.settings.cache_clear()
    microsoft_identity.from_settings.cache_clear()
    works, sentence = _run(Trial.SIGN_IN)
    assert not works and "FIRSTKEY_MICROSOFT_CLIENT_SECRET" in sentence


def test_microsoft_away_and_settings_missing_are_sentences(entra: Entra, monkeypatch: pytest.MonkeyPatch) -> None:
    entra.is_down = True
    assert "does not answer" in _run(Trial.SIGN_IN)[1]
    monkeypatch.setenv("FIRSTKEY_MICROSOFT_TENANT_ID", "")
    config.settings.cache_clear()
    microsoft_identity.from_settings.cache_clear()
    for trial in Trial:
        works, sentence = _run(trial)
        assert not works and "FIRSTKEY_MICROSOFT_TENANT_ID" in sentence


def test_the_switch_says_first_what_differs_and_changes_no_username(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.reading() as db:
        before = dict(db.exec(select(Account.id, Account.username)).all())
    page = screens.opener(monkeypatch)(cast.ada.actor, "settings.py", section="Microsoft 365")
    page.toggle(key="settings.microsoft.False").set_value(True).run()
    assert any("No username that exists changes" in said.value for said in page.info)
    with database.reading() as db:
        assert not db.get_one(SchoolSettings, 1).microsoft
    page.button(key="microsoft.save").click().run()
    assert not page.exception
    with database.reading() as db:
        assert db.get_one(SchoolSettings, 1).microsoft
        assert dict(db.exec(select(Account.id, Account.username)).all()) == before
        assert db.exec(select(AuditEntry).where(AuditEntry.action == "settings.changed")).all()


def test_somebody_tries_the_connection_and_it_is_written_down(
    cast: Cast, entra: Entra, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = screens.opener(monkeypatch)(cast.ada.actor, "settings.py", section="Microsoft 365")
    page.button(key="microsoft.read_users").click().run()
    assert any("can read users" in said.value for said in page.success)
    with database.reading() as db:
        (entry,) = db.exec(select(AuditEntry).where(AuditEntry.action == "microsoft.tried")).all()
    assert entry.details == {"trial": "read_users"}
