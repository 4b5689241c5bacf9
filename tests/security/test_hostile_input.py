"""T13 at the running server: a school full of hostile names, a mail server that takes what comes, and requests by wire.

What each sink makes of each name is in tests/test_hostile_sinks.py; here nothing stands between attacker and program.
"""

from __future__ import annotations

import csv
import email
import io
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from email.policy import default as modern
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import openpyxl
import pytest
from sqlmodel import func, select

from core import database
from core.config import ROOT
from core.models import Message, MessageStatus, Person
from core.services import audit, campaigns, selections
from core.services.campaigns import Draft
from core.tables import list_columns
from core.tables.filters import AccountFilter, StudentFilter
from tests import cast as make
from tests.corpus import ADDRESSES, NAMES, NUMBERS, TOKENS
from tests.peers import smtp
from tests.peers.smtp import Behaviour
from tests.security import site as sites
from tests.security.site import Site

EVERYBODY = len(NAMES) + 1  # Otto sits in their class
HEADERS = {"from", "to", "subject", "message-id", "date", "auto-submitted", "mime-version", "content-type"}
HEADER = ["Student code", "Last name", "First name", "Class", "Personal e-mail", "Use Personal E-mail", "Mobile"]
COOKIES = ("sid", "inv", "adr", "choice", "form", "dev", "step", "lang")
PATIENCE_S = 180


@dataclass
class Hostile:
    """The server and the mail server beside it."""

    site: Site
    mail: Behaviour
    campaign_id: int


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hostile]:
    """Everybody in class 8A has a name of the corpus, however it got past the forms."""
    mail, folder = Behaviour(), tmp_path_factory.mktemp("hostile")
    with smtp.server(mail) as port:
        settings = {"email": "smtp", "smtp_url": f"smtp://127.0.0.1:{port}", "email_from": "Office <office@a.example>"}
        with sites.running(folder, **settings) as site:
            with database.transaction() as db:
                for number, name in enumerate(NAMES):
                    typed = name.replace("\x00", "")  # no database keeps a NUL
                    names = {"first_name": typed, "last_name": f"{typed} {number}"}
                    pupil = make.person(db, in_section=site.cast.class_8a, source_id=f"H{number}", **names)
                    make.account(db, person=pupil, username=f"hostile.{number}")
            yield Hostile(site, mail, _launched(site))


def _launched(site: Site) -> int:
    olga, section = site.cast.olga.actor, site.cast.class_8a.id or 0
    draft = Draft(filter=AccountFilter(user_types=("student",), section_ids=(section,)))
    with database.transaction() as db:
        seen = campaigns.check(db, olga, draft=draft).fingerprint
        return campaigns.launch(db, olga, draft=draft, seen=seen, idempotency_key=seen).id or 0


@pytest.mark.parametrize("kind", ["list-csv", "list-xlsx"])
def test_t13_r70_an_export_that_is_fetched_has_everybody_and_no_formula(hostile: Hostile, kind: str) -> None:
    olga, in_8a = hostile.site.cast.olga, StudentFilter(section_ids=(hostile.site.cast.class_8a.id or 0,))
    with database.transaction() as db:
        selections.everything(db, olga.actor, list_name="students", filter=in_8a)
        chosen = selections.current(db, olga.actor, list_name="students").id or 0
    with hostile.site.stranger() as browser:
        browser.sign_in(olga.account.username)
        browser.open("/me")
        form = {"columns": ",".join(list_columns.STUDENTS), "sort": "name", "scope": "selected"}
        numbers = {"selection_id": str(chosen), "expected": str(EVERYBODY)}
        got = browser.send(f"/files/{kind}", form | numbers)
    assert got.status_code == 200 and got.headers["content-disposition"].startswith("attachment")
    if kind == "list-xlsx":
        cells = [cell for row in openpyxl.load_workbook(io.BytesIO(got.content)).active.iter_rows() for cell in row]
        assert len(cells) == (EVERYBODY + 1) * len(list_columns.STUDENTS)
        assert not [cell for cell in cells if cell.data_type == "f"]
        return
    rows = list(csv.reader(io.StringIO(got.content.decode("utf-8-sig"), newline="")))
    assert len(rows) == EVERYBODY + 1
    assert not [cell for row in rows for cell in row if cell[:1] and cell[:1] in "=+-@\t\r\n＝＋－＠"]


def test_t13_the_command_says_what_is_wrong_with_a_file_and_takes_nothing_by_halves(
    hostile: Hostile, tmp_path: Path
) -> None:
    rows = [[*[name.replace("\x00", "")] * 2, "7B", "", "", ""] for name in NAMES]
    rows += [["Last", "First", "7B", address, "yes", ""] for address in ADDRESSES]
    rows += [["Last", "First", "7B", "", "", number] for number in NUMBERS]
    file, before = tmp_path / "list.csv", _people()
    with file.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out, delimiter=";").writerows([HEADER, *([f"F{place}", *row] for place, row in enumerate(rows))])
    ended = subprocess.run(
        [sys.executable, "-m", "core.manage", "import", str(file), "--apply"],
        cwd=ROOT,
        env=hostile.site.server.environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    said = ended.stdout + ended.stderr
    assert ended.returncode == 1 and _people() == before, said
    assert "ERROR  list.csv, row " in said and "Traceback" not in said
    assert _is_healthy(hostile.site)


def _people() -> int:
    with database.reading() as db:
        return db.exec(select(func.count()).select_from(Person)).one()


def test_t13_addresses_cookies_headers_and_forms_full_of_it_are_answered_in_words(hostile: Hostile) -> None:
    for place, text in enumerate((*TOKENS, *NAMES)):
        with hostile.site.stranger(f"192.0.2.{place}") as browser:  # who asks for much from one address waits
            sent = quote(text[:300])
            for path in (
                f"/i/{sent}",
                f"/v/{sent}",
                f"/setup/{sent}",
                f"/sign-in?username={sent}&next={sent}&lang={sent}",
            ):
                assert browser.open(path).status_code < 500, path
            plain = re.sub(r"[^\x20-\x7e]|[;,]", "", text)[:500].strip()
            headers = {"User-Agent": plain, "Accept-Language": plain, "Referer": plain, "Forwarded": plain}
            browser.client.cookies.clear()
            twice = "; ".join(f"{name}={plain}; {name}={plain}x" for name in COOKIES)
            assert browser.open("/sign-in", Cookie=twice, **headers).status_code == 200
            browser.client.cookies.clear()
            browser.open("/forgotten")
            assert browser.send("/forgotten", {"username": text}, **headers).status_code in (200, 422)
    assert _is_healthy(hostile.site)
    with database.reading() as db:
        assert audit.verify(db).broken_at is None


@pytest.mark.parametrize(
    "sent",
    [
        b"\xff\xfe\x00\r\n\r\n",
        b"GET /sign-in HTTP/1.1\r\nHost: {host}\r\nCookie: sid=\xff\x00\r\n\r\n",
        b"GET /sign-in HTTP/1.1\r\nHost: {host}\r\nX-Forwarded-For: 1.1.1.1\r\n 2.2.2.2\r\n\r\n",
        b"GET /i/\xe2\x80\xae\x00 HTTP/1.1\r\nHost: {host}\r\n\r\n",
        b"GET /sign-in HTTP/1.1\r\nHost: {host}\r\nHost: evil.example\r\n\r\n",
        b"POST /sign-in HTTP/1.1\r\nHost: {host}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: {host}\r\n\r\n",
    ],
    ids=["noise", "cookie", "folded", "path", "two hosts", "two lengths", "long"],
)
def test_t13_bytes_that_are_no_request_hurt_nobody_and_tell_nothing(hostile: Hostile, sent: bytes) -> None:
    where = urlsplit(hostile.site.server.url)
    with socket.create_connection(("127.0.0.1", where.port or 0), timeout=30) as wire:
        wire.sendall(sent.replace(b"{host}", where.netloc.encode()))
        wire.shutdown(socket.SHUT_WR)
        answer = b""
        while part := wire.recv(65_536):
            answer += part
    assert not answer or re.match(rb"HTTP/1\.1 (200|303|4\d\d) ", answer)
    assert not any(secret in answer for secret in (str(ROOT).encode(), b"Traceback", b".py", b"evil.example"))
    assert _is_healthy(hostile.site)


def test_t13_a_launch_reaches_each_of_them_once_over_a_real_mail_server(hostile: Hostile) -> None:
    """Launched before all the above and sent meanwhile: nobody is left out, written to twice or told of others."""
    end = time.monotonic() + PATIENCE_S
    while set(_messages(Message.status)) != {MessageStatus.SENT} and time.monotonic() < end:
        time.sleep(0.5)
    assert set(_messages(Message.status)) == {MessageStatus.SENT}
    wanted = _messages(Message.address, campaign_id=hostile.campaign_id)
    assert len(set(wanted)) == len(wanted) == EVERYBODY
    reached = [one for one in hostile.mail.accepted if set(one.rcpt_tos) & set(wanted)]
    assert sorted(address for one in reached for address in one.rcpt_tos) == sorted(wanted)
    for one in reached:
        _is_one_clean_mail(bytes(one.content or b""), hostile.site.server.url)


def _messages(column: Any, *, campaign_id: int | None = None) -> list[str]:
    with database.reading() as db:
        query = select(column)
        return list(db.exec(query.where(Message.campaign_id == campaign_id) if campaign_id else query))


def _is_one_clean_mail(raw: bytes, url: str) -> None:
    read = email.message_from_bytes(raw, policy=modern)
    assert {name.lower() for name in read} - {"x-peer", "x-mailfrom", "x-rcptto"} == HEADERS
    html = read.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert not re.search(r"<(script|img|iframe)", html)
    (link,) = set(re.findall(r'href="([^"]+)"', html))
    assert urlsplit(link).netloc == urlsplit(url).netloc


def test_t13_nothing_of_all_this_was_a_fault_of_ours(hostile: Hostile) -> None:
    log = hostile.site.server.log.read_text()
    assert "Traceback" not in log and "ERROR" not in log


def test_t19_connections_that_strangers_hold_open_keep_nobody_from_stopping_it(hostile: Hostile) -> None:
    """Nothing said, a head without an end, a form that never comes, answers that nobody reads."""
    where = urlsplit(hostile.site.server.url)
    head = f"Host: {where.netloc}\r\nOrigin: {hostile.site.server.url}\r\n".encode()
    form = b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 500\r\n\r\na=b"
    unread = (b"GET /sign-in HTTP/1.1\r\n" + head + b"\r\n") * 100
    with ExitStack() as held:
        for sent in (b"", b"GET /sign-in HTTP/1.1\r\n" + head, b"POST /sign-in HTTP/1.1\r\n" + head + form, unread):
            held.enter_context(socket.create_connection(("127.0.0.1", where.port or 0), timeout=30)).sendall(sent)
        assert _is_healthy(hostile.site)
        assert hostile.site.server.stop() == 0


def _is_healthy(site: Site) -> bool:
    with urllib.request.urlopen(f"{site.server.url}/healthz", timeout=60) as answer:
        return bool(answer.status == 200)
