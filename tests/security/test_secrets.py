"""T16, T17: secrets are planted, everything is done once, and whoever steals disk, backup or log finds none of them."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlmodel import func, select

from core import database
from core.config import ROOT
from core.models import Invitation, Purpose
from core.rules import initial_credentials
from core.services import initial_passwords, invitations, list_files, selections
from core.services.list_files import Order
from core.tables import list_columns
from core.tables.filters import AccountFilter
from tests.security import site as sites
from tests.security.site import Site

SMTP = "canary-of-the-mail-server"
TWILIO = "canaryofthetextservice0123456789"
NEW = "canary kettle under the harbour"


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, dict[str, str]]]:
    """A server in which every flow with a secret has run, and the secrets by name."""
    settings = {
        "smtp_url": f"smtp://office:{SMTP}@127.0.0.1:1",
        "twilio_auth_token": TWILIO,
        "twilio_account_sid": "AC0",
    }
    with sites.running(tmp_path_factory.mktemp("canaries"), **settings) as site:
        yield site, _use(site)


def _use(site: Site) -> dict[str, str]:
    planted = {"smtp": SMTP, "twilio": TWILIO, "chosen password": NEW}
    sam, otto = site.cast.sam, site.cast.otto
    with site.stranger() as person:
        person.open("/forgotten")
        person.send("/forgotten", {"username": sam.account.username})
        found = re.search(r"/i/(\w{26})", site.mail_to(sam.person.personal_email)["text"])
        assert found
        planted["link of a forgotten password"] = found[1]
        person.open(f"/i/{found[1]}/and/more")
        person.open(f"/i/{found[1]}")
        person.open("/invitation")
        assert person.send("/invitation", {"password": NEW, "again": NEW}).status_code == 303
        person.sign_in(sam.account.username, NEW[:-1])
        assert person.sign_in(sam.account.username, NEW).status_code == 303
        planted["session"] = person.client.cookies["sid"]
        planted["known device"] = person.client.cookies["dev"]
        person.open("/me")
        person.send("/me/password", {"current": NEW, "password": NEW[::-1]})
        planted["second password"] = NEW[::-1]
    ada = site.cast.ada.actor
    with database.transaction() as db:
        initial_passwords.issue(db, ada, account_id=otto.account.id, expected=1)
        revealed = initial_passwords.reveal(db, ada, account_id=otto.account.id or 0)
        assert revealed
        planted["initial password"] = revealed.password
    with site.stranger() as typist:
        typist.sign_in(otto.account.username, planted["initial password"].lower())
    return planted


def _forms(secret: str) -> set[bytes]:
    """The ways in which somebody would find it."""
    plain = secret.replace("-", "") if re.fullmatch(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){3}", secret) else secret
    return {form.encode() for one in (secret, plain) for form in (one, one.lower(), one.encode().hex())}


def _places(site: Site) -> dict[str, bytes]:
    """Everything that a thief of this machine would carry away; of the outbox its index, for its mails carry links."""
    folder = site.server.folder
    files = [path for path in folder.rglob("*") if path.is_file() and path.parent.name != "outbox"]
    found = {str(path.relative_to(folder)): path.read_bytes() for path in files if path.name != "secret.key"}
    found["index of the outbox"] = "\n".join(path.name for path in site.outbox.iterdir()).encode()
    process = Path(f"/proc/{site.server.process.pid}/cmdline")
    found["arguments of the process"] = process.read_bytes()
    found["audit"] = _command(site, "verify-audit").stdout.encode()
    return found


def _command(site: Site, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "core.manage", *words],
        cwd=ROOT,
        env=site.server.environment,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def test_t16_r91_no_secret_is_found_in_database_log_audit_index_or_arguments(
    used: tuple[Site, dict[str, str]],
) -> None:
    site, planted = used
    places = _places(site)
    assert {"firstkey.db", "engine.db", "server.log"} <= set(places)
    for name, secret in planted.items():
        for place, content in places.items():
            assert not any(form in content for form in _forms(secret)), f"{name} stands in {place}"


def test_t16_exports_hold_no_secret(used: tuple[Site, dict[str, str]]) -> None:
    site, planted = used
    ada = site.cast.ada.actor
    with database.transaction() as db:
        selections.everything(db, ada, list_name="accounts", filter=AccountFilter())
        chosen = selections.current(db, ada, list_name="accounts").id or 0
        listed = list_files.prepare(
            db,
            ada,
            kind="list-csv-plain",
            columns=list(list_columns.ACCOUNTS),
            order=Order("name", descending=False),
            selection_id=chosen,
            scope="selected",
            expected=selections.size(db, ada, selection_id=chosen),
        )
    content = listed.content()
    assert not any(form in content for secret in planted.values() for form in _forms(secret))


def test_t16_a_stolen_database_without_the_key_gives_no_token(used: tuple[Site, dict[str, str]]) -> None:
    """What is stored of a link is a hash, and another key derives another secret from the same row."""
    site, planted = used
    with sqlite3.connect(site.server.folder / "firstkey.db") as stolen:
        rows = stolen.execute("SELECT uid, token_hash FROM invitation").fetchall()
    assert rows
    guessed = {initial_credentials.reset_token(b"x" * 32, uid) for uid, _hash in rows}
    assert planted["link of a forgotten password"] not in guessed
    assert all(re.fullmatch(r"[0-9a-f]{64}", token_hash) for _uid, token_hash in rows)


def test_t17_a_changed_entry_of_the_audit_is_named(used: tuple[Site, dict[str, str]]) -> None:
    site, _planted = used
    assert _command(site, "note-audit-anew").returncode == 0  # whether or not its minute has come
    whole = _command(site, "verify-audit")
    assert whole.returncode == 0
    with sqlite3.connect(site.server.folder / "firstkey.db") as thief:
        thief.execute("DROP TRIGGER audit_entry_unchanged")  # they own the file
        thief.execute("UPDATE audit_entry SET ip = '6.6.6.6' WHERE seq = 2")
    broken = _command(site, "verify-audit")
    assert broken.returncode != 0 and "2" in broken.stdout + broken.stderr


def test_t7_r06_a_thousand_secrets_do_not_repeat_and_say_nothing_of_their_owner(
    used: tuple[Site, dict[str, str]],
) -> None:
    site, _planted = used
    with database.transaction() as db:
        made = [
            invitations.issue(
                db, purpose, account_id=site.cast.max.account.id or 0, channel="paper", address="", days=7
            ).token
            for _number in range(250)
            for purpose in (Purpose.LINK, Purpose.RESET, Purpose.PASSWORD, Purpose.ADDRESS)
        ]
        assert db.exec(select(func.count()).select_from(Invitation)).one() >= 1000
    assert len(set(made)) == 1000
    assert len({token[:6] for token in made}) > 990
    owner = site.cast.max.account.username.upper()
    assert not any(part in token for token in made for part in (owner, owner[:6], owner[-6:]))


def test_r41_no_page_keeps_anything_in_the_browser_but_cookies(used: tuple[Site, dict[str, str]]) -> None:
    site, _planted = used
    page = httpx.get(site.server.url + "/sign-in", timeout=120).text
    script = httpx.get(site.server.url + "/assets/passwords.js", timeout=120).text
    assert not re.search(r"localStorage|sessionStorage|indexedDB|document\.cookie", page + script)
