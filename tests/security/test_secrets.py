"""T16, T17: secrets are planted, everything is done once, and whoever steals disk, backup or log finds none of them."""

from __future__ import annotations

import base64
import io
import json
import re
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Protocol

import httpx
import pikepdf
import pypdfium2
import pytest
from sqlmodel import Session, func, select

from core import database
from core.backup import archives
from core.config import ROOT
from core.documents.sheet_files import SheetFile
from core.models import AuditEntry, Invitation, Purpose
from core.permissions import Actor
from core.rules import initial_credentials, words
from core.services import (
    audit_files,
    campaign_files,
    directory_files,
    import_files,
    import_problem_files,
    invitations,
    list_files,
    outcome_files,
    reminder_files,
    selections,
    staff_files,
    status_papers,
    subject_export,
    year_files,
)
from core.services.list_files import Order
from core.tables import list_columns, selection_rows
from core.tables.filters import AccountFilter, StatusFilter, StudentFilter
from tests import file_kinds
from tests.backup import places
from tests.cast import just_signed_in
from tests.security import canaries
from tests.security.canaries import Used
from tests.security.site import Site


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Used]:
    """A server in which every flow with a secret has run, and the secrets by name."""
    with canaries.used(tmp_path_factory.mktemp("canaries")) as made:
        yield made


def _forms(secret: str) -> set[bytes]:
    """The ways in which somebody would find it."""
    found = {secret, re.sub("[ -]", "", secret)}
    if re.fullmatch("[A-Z2-7]{32}", secret):
        found.add(base64.b32decode(secret).hex())
    raw = {form.encode() for form in found} | {
        bytes.fromhex(form) for form in found if re.fullmatch("[0-9a-f]{40}", form)
    }
    return {form for one in raw for form in (one, one.lower(), one.hex().encode(), base64.b64encode(one).rstrip(b"="))}


def _not_found(planted: dict[str, str], places: dict[str, bytes]) -> None:
    for name, secret in planted.items():
        for place, content in places.items():
            assert not any(form in content for form in _forms(secret)), f"{name} stands in {place}"


def _places(used: Used) -> dict[str, bytes]:
    """Everything that a thief of this machine would carry away, the secret key apart, which stands elsewhere."""
    site, folder = used.site, used.site.server.folder
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "secret.key"]
    found = {str(path.relative_to(folder)): path.read_bytes() for path in files}
    found["index of the outbox"] = "\n".join(str(path) for path in site.outbox.rglob("*")).encode()
    for process in (site.server.process.pid, *_children(site.server.process.pid)):
        found[f"arguments of process {process}"] = Path(f"/proc/{process}/cmdline").read_bytes()
    for command in (("verify-audit",), ("doctor",)):
        ended = _command(site, *command)
        found[command[0]] = (ended.stdout + ended.stderr).encode()
    return found


def _children(process: int) -> list[int]:
    return [int(one) for path in Path(f"/proc/{process}/task").glob("*/children") for one in path.read_text().split()]


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


def test_t16_the_planted_secrets_were_really_used(used: Used) -> None:
    """Else the search finds nothing because nothing was there."""
    assert used.texts.shown == {f"{canaries.TWILIO_ACCOUNT}:{canaries.TWILIO}"}
    assert used.mail.accepted and used.texts.taken  # the mail server takes nothing without the password
    assert len(used.planted) > 30
    with database.reading() as db:
        done = set(db.exec(select(AuditEntry.action)))
    assert {"second_factor.enrolled", "recovery_codes.renewed", "recovery_code.used", "initial_password.typed"} <= done


def test_t16_the_search_finds_what_is_there(used: Used) -> None:
    """The mail has its link; a key of an app is known in each of its forms."""
    link = used.planted["link of a forgotten password"]
    with pytest.raises(AssertionError, match="stands in the mail"):
        sent = "".join(canaries.text_of(one.content) for one in used.mail.accepted)
        _not_found({"the link": link}, {"the mail": sent.encode()})
    seed = used.planted["key of the app"]
    for spoilt in (base64.b32decode(seed), base64.b32decode(seed).hex().encode(), seed.lower().encode()):
        with pytest.raises(AssertionError, match="stands in a file"):
            _not_found({"the key": seed}, {"a file": b"before " + spoilt + b" after"})


def test_t16_r91_no_secret_is_found_in_database_log_audit_index_or_arguments(used: Used) -> None:
    places = _places(used)
    assert {"firstkey.db", "firstkey.db-wal", "engine.db", "engine.db-wal", "server.log"} <= set(places)
    assert b"sign_in.opened" in places["firstkey.db"] + places["firstkey.db-wal"]
    _not_found(used.planted, places)


def test_t16_exports_hold_no_secret(used: Used) -> None:
    """Every kind there is, each with somebody in it; what prints credentials on purpose is no place to search."""
    kinds = file_kinds.of_services()
    assert set(_MADE_BY) == set(kinds)
    with database.transaction() as db:
        just_signed_in(db, used.site.cast.ada.actor)
        exports = {
            f"{kind} {number}": _opened(file.content())
            for name, make in _MADE_BY.items()
            for kind in kinds[name]
            for number, file in enumerate(make(db, used, kind))
        }
    assert all(exports.values())
    assert words.LEFT_OUT_OF_CAMPAIGN.encode() in exports["campaign-outcome-csv 0"]
    assert b"ivo at home" in exports["import-problems-csv 0"]
    _not_found(used.planted, exports)


class _File(Protocol):
    def content(self) -> bytes: ...


def _whole(module: ModuleType) -> Callable[[Session, Used, str], list[_File]]:
    """Of a service whose file is a list of all that there is."""
    return lambda db, used, kind: [module.prepare(db, used.site.cast.ada.actor, kind=kind)]


def _audit(db: Session, used: Used, kind: str) -> list[_File]:
    whose = {"person_ids": [used.site.cast.sam.person.id], "since": "2020-01-01", "until": "2099-12-31"}
    asked = json.dumps(whose if kind.startswith("disclosures") else {})
    return [audit_files.prepare(db, used.site.cast.ada.actor, kind=kind, asked=asked)]


def _outcome(db: Session, used: Used, kind: str) -> list[_File]:
    return [outcome_files.prepare(db, used.site.cast.ada.actor, kind=kind, campaign_id=used.campaign_id)]


def _directory(db: Session, used: Used, kind: str) -> list[_File]:
    return [directory_files.prepare(db, used.site.cast.ada.actor, kind=kind, run_id=used.directory_run_id)]


def _person(db: Session, used: Used, kind: str) -> list[_File]:
    cast = used.site.cast
    return [subject_export.prepare(db, cast.ada.actor, kind=kind, person_id=cast.sam.person.id or 0)]


def _lists(db: Session, used: Used, kind: str) -> list[_File]:
    return [_list(db, used.site.cast.ada.actor, kind, name) for name in ("accounts", "students")]


_MADE_BY: dict[str, Callable[[Session, Used, str], list[_File]]] = {
    "audit_files": _audit,
    "campaign_files": _whole(campaign_files),
    "directory_files": _directory,
    "import_files": _whole(import_files),
    "import_problem_files": lambda _db, used, kind: [import_problem_files.sheet(kind, used.problems)],
    "list_files": _lists,
    "outcome_files": _outcome,
    "reminder_files": _whole(reminder_files),
    "staff_files": _whole(staff_files),
    "subject_export": _person,
    "year_files": _whole(year_files),
}


def test_t16_lists_on_paper_hold_no_secret(used: Used, tmp_path: Path) -> None:
    papers = dict[str, bytes]()
    for kind, more in (("student-account-info", ()), ("user-account-info", ()), ("user-account-info", _GUARDIANS)):
        out = tmp_path / f"{kind}{len(more)}.pdf"
        assert _command(used.site, "report", kind, "--out", str(out), *more).returncode == 0
        papers[out.name] = _opened(out.read_bytes())
    with database.transaction() as db:
        status = status_papers.prepare(db, used.site.cast.ada.actor, filter=StatusFilter())
    papers[status.name] = _opened(status.content())
    named = (b"Sideris", b"Gina", b"Account status")
    assert all(any(name in content for name in named) for content in papers.values())
    _not_found(used.planted, papers)


_GUARDIANS = ("--user-type", "guardian")


def _opened(content: bytes) -> bytes:
    """Its parts without compression: nothing can be found in an archive, or in a PDF, as it lies there."""
    if content.startswith(b"%PDF"):
        return _opened_pdf(content)
    if not content.startswith(b"PK"):
        return content
    with zipfile.ZipFile(io.BytesIO(content)) as workbook:
        return b"\n".join(workbook.read(name) for name in workbook.namelist())


def _opened_pdf(content: bytes) -> bytes:
    """And its text as a reader sees it."""
    with pikepdf.open(io.BytesIO(content)) as document:
        parts = [part.read_bytes() for part in document.objects if isinstance(part, pikepdf.Stream)]
    with pypdfium2.PdfDocument(content) as pages:
        text = "".join(page.get_textpage().get_text_bounded() for page in pages)
    return b"\n".join([content, *parts, text.encode()])


def test_t16_r92_a_stolen_backup_holds_no_secret_sealed_or_opened(used: Used, tmp_path: Path) -> None:
    folder, key = places.folder(tmp_path)
    assert _command(used.site, "backup", str(folder), "--key-file", str(key)).returncode == 0
    [file] = folder.glob("*.backup")
    opened = tmp_path / "opened"
    opened.mkdir()
    archives.unpack(file, places.BACKUP_KEY.encode(), opened)
    found = {str(path.relative_to(opened)): path.read_bytes() for path in opened.rglob("*") if path.is_file()}
    assert b"Sideris" in b"".join(found.values()) and b"Sideris" not in file.read_bytes()
    _not_found(used.planted, found | {"the sealed file": file.read_bytes()})


def _list(db: Session, ada: Actor, kind: str, name: str) -> SheetFile:
    columns, everybody = {
        "accounts": (list_columns.ACCOUNTS, AccountFilter()),
        "students": (list_columns.STUDENTS, StudentFilter()),
    }[name]
    selections.everything(db, ada, list_name=name, filter=everybody)
    chosen = selections.current(db, ada, list_name=name).id or 0
    return list_files.prepare(
        db,
        ada,
        kind=kind,
        columns=list(columns),
        order=Order("name", descending=False),
        selection_id=chosen,
        scope="selected",
        expected=selection_rows.size(db, ada, selection_id=chosen),
    )


def test_t16_a_stolen_database_without_the_key_gives_no_token(used: Used) -> None:
    """What is stored of a link is a hash, and another key derives another secret from the same row."""
    site, planted = used.site, used.planted
    with sqlite3.connect(site.server.folder / "firstkey.db") as stolen:
        rows = stolen.execute("SELECT uid, token_hash FROM invitation").fetchall()
    assert rows
    guessed = {initial_credentials.reset_token(b"x" * 32, uid) for uid, _hash in rows}
    assert planted["link of a forgotten password"] not in guessed
    assert all(re.fullmatch(r"[0-9a-f]{64}", token_hash) for _uid, token_hash in rows)


def test_t17_a_changed_entry_of_the_audit_is_named(used: Used) -> None:
    site = used.site
    assert _command(site, "note-audit-anew").returncode == 0  # whether or not its minute has come
    whole = _command(site, "verify-audit")
    assert whole.returncode == 0
    with sqlite3.connect(site.server.folder / "firstkey.db") as thief:
        thief.execute("DROP TRIGGER audit_entry_unchanged")  # they own the file
        thief.execute("UPDATE audit_entry SET ip = '6.6.6.6' WHERE seq = 2")
    broken = _command(site, "verify-audit")
    assert broken.returncode != 0 and "2" in broken.stdout + broken.stderr


def test_t7_r06_a_thousand_secrets_do_not_repeat_and_say_nothing_of_their_owner(
    used: Used,
) -> None:
    site = used.site
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


def test_r41_no_page_keeps_anything_in_the_browser_but_cookies(used: Used) -> None:
    site = used.site
    page = httpx.get(site.server.url + "/sign-in", timeout=120).text
    script = httpx.get(site.server.url + "/assets/passwords.js", timeout=120).text
    assert not re.search(r"localStorage|sessionStorage|indexedDB|document\.cookie", page + script)
