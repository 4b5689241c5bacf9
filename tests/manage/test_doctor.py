"""`doctor` and `rotate-key` as people run them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import select
from typer.testing import CliRunner

from core import config, database, keys
from core.backup import postgresql_store
from core.config import ROOT
from core.errors import SettingsError
from core.gateways import microsoft_identity
from core.manage.__main__ import app
from core.manage.checkups import clocks, findings
from core.models import AuditEntry, SchoolSettings
from core.permissions import system
from core.services import audit
from tests.cast import Cast
from tests.conftest import Clock
from tests.peers import smtp
from tests.peers.entra import Entra
from tests.peers.smtp import Behaviour

CANARY = "canary-of-the-mail-server"


def _doctor(monkeypatch: pytest.MonkeyPatch, **values: str) -> tuple[int, str]:
    for name, value in values.items():
        monkeypatch.setenv(f"FIRSTKEY_{name.upper()}", value)
    config.settings.cache_clear()
    result = CliRunner().invoke(app, ["doctor"])
    return result.exit_code, result.output


def test_a_healthy_school_has_no_fault(cast: Cast, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for path in tmp_path.iterdir():
        path.chmod(0o600)
    code, said = _doctor(monkeypatch)
    assert code == 0, said
    assert " 0 faults" in said and "ok  database: sqlite" in said
    assert "They are mailed to nobody: no address is set." in said


@pytest.mark.parametrize(
    ("values", "sentence", "remedy"),
    [
        ({"secret_key": "changeme" * 8}, "placeholder", "openssl rand -hex 32"),
        ({"secret_key": "ab" * 20}, "too short", "openssl rand -hex 32"),
        ({"secret_key": "no key at all!"}, "neither hex nor base64", "openssl rand -hex 32"),
        ({"port": "eighty"}, "FIRSTKEY_PORT", ".env.example"),
        ({"public_base_url": "keys.school.example/here"}, "FIRSTKEY_PUBLIC_BASE_URL", ".env.example"),
        ({"engine_url": "postgresql://u:canary-word@127.0.0.1:1/e"}, "engine's database does not answer", "ENGINE_URL"),
        (
            {"email": "smtp", "smtp_url": f"smtp://office:{CANARY}@127.0.0.1:1"},
            "The mail server cannot be used",
            "FIRSTKEY_SMTP_URL",
        ),
        ({"email": "smtp", "smtp_url": "mail.school.example"}, "FIRSTKEY_SMTP_URL looks like", "Correct the setting"),
        ({"sms": "twilio", "twilio_account_sid": "AC1"}, "FIRSTKEY_TWILIO_AUTH_TOKEN, FIRSTKEY_TWILIO_FROM", "console"),
        ({"import_folder": "/nowhere/import"}, "/nowhere/import is not there", "install -d -m 700"),
    ],
)
def test_each_fault_is_said_in_words_with_its_remedy_and_without_a_secret(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, values: dict[str, str], sentence: str, remedy: str
) -> None:
    for path in tmp_path.iterdir():
        path.chmod(0o600)
    code, said = _doctor(monkeypatch, **values)
    assert code == 1 and " 1 faults" in said
    assert sentence in said and remedy in said
    assert CANARY not in said and "canary-word" not in said and "Traceback" not in said
    assert "secret_key" not in values or values["secret_key"] not in said


def test_a_mail_server_is_called_encrypted_only_where_the_line_to_it_is(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    certificate = smtp.self_made_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    sender = {"email": "smtp", "email_from": "office@school.example"}
    with smtp.server(Behaviour(), certificate=certificate) as port:
        said = _doctor(monkeypatch, smtp_url=f"smtp://localhost:{port}", **sender)[1]
    assert "ok  e-mail: localhost answers, encrypted, and lets us in" in said
    with smtp.server(Behaviour()) as port:
        said = _doctor(monkeypatch, smtp_url=f"smtp://localhost:{port}", **sender)[1]
    assert "ok  e-mail: localhost answers, on this machine, not encrypted, and lets us in" in said


def test_a_database_that_does_not_answer_is_said_without_its_password(
    database: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core import database as stores

    stores.forget()
    url = f"postgresql+psycopg://firstkey:{CANARY}@127.0.0.1:1/firstkey"
    code, said = _doctor(monkeypatch, database_url=url)
    stores.forget()
    assert code == 1 and "The database does not answer" in said and CANARY not in said


def test_r92_files_that_others_may_read_are_named(cast: Cast, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "firstkey.db").chmod(0o644)
    code, said = _doctor(monkeypatch)
    assert code == 1 and f"chmod 600 {tmp_path / 'firstkey.db'}" in said.replace("\n", "")


def test_a_secret_that_another_program_repeats_is_taken_out() -> None:
    settings = config.Settings(smtp_url=f"smtp://office:{CANARY}%40x@mail.school.example")
    said = findings.told(OSError(f"535 {CANARY}@x is wrong\nmore"), settings)
    assert said == "535 *** is wrong"


@pytest.mark.both_databases
def test_r94_rotate_key_says_what_stays_and_for_how_long(
    cast: Cast, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIRSTKEY_SECRET_KEY", "")
    config.settings.cache_clear()
    old = keys.current().kid
    result = CliRunner().invoke(app, ["rotate-key"])
    assert result.exit_code == 0, result.output
    assert f"New key {keys.current().kid}" in result.output and old != keys.current().kid
    assert "Restart every process" in result.output
    assert keys.path() and keys.path().read_text().split()[0] not in result.output  # type: ignore[union-attr]
    with database.reading() as db:
        assert db.exec(select(AuditEntry.action)).all() == ["key.rotated"]


@pytest.mark.parametrize("key", ["", "changeme" * 8, "00" * 32, "ab" * 31, "?" * 64])
def test_r93_no_key_that_is_missing_a_placeholder_short_or_too_regular_is_used(
    database: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, key: str
) -> None:
    monkeypatch.setenv("FIRSTKEY_SECRET_KEY", key)
    (tmp_path / "secret.key").write_text("")  # a file from which the key is gone
    config.settings.cache_clear()
    with pytest.raises(SettingsError):
        keys.known()


def test_r92_what_a_command_writes_is_for_this_user_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRSTKEY_DATABASE_URL", f"sqlite:///{tmp_path / 'firstkey.db'}")
    monkeypatch.delenv("FIRSTKEY_SECRET_KEY", raising=False)
    ended = subprocess.run([sys.executable, "-m", "core.manage", "init"], cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert modes["firstkey.db"] == modes["secret.key"] == 0o600 and set(modes.values()) == {0o600}


@pytest.fixture
def microsoft(tenant: Entra, cast: Cast, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A tenant that answers, and the settings for it."""
    for path in tmp_path.iterdir():
        path.chmod(0o600)
    for name, value in tenant.settings().items():
        monkeypatch.setenv(name, value)
    microsoft_identity.from_settings.cache_clear()
    yield
    microsoft_identity.from_settings.cache_clear()


def test_microsoft_is_asked_whether_it_takes_the_application(microsoft: None, monkeypatch: pytest.MonkeyPatch) -> None:
    code, said = _doctor(monkeypatch)
    assert code == 0, said
    assert "ok  Microsoft: Microsoft knows the tenant and accepts the application" in said


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"microsoft_client_secret": CANARY}, "does not accept FIRSTKEY_MICROSOFT_CLIENT_SECRET"),
        ({"microsoft_authority": "https://127.0.0.1:1"}, "Microsoft does not answer"),
        ({"microsoft_client_secret": ""}, "Missing: FIRSTKEY_MICROSOFT_CLIENT_SECRET"),
    ],
)
def test_what_keeps_people_from_signing_in_with_microsoft_is_a_fault(
    microsoft: None, monkeypatch: pytest.MonkeyPatch, values: dict[str, str], sentence: str
) -> None:
    code, said = _doctor(monkeypatch, **values)
    assert code == 1 and sentence in said and "docs/microsoft365.md" in said
    assert CANARY not in said


def test_microsoft_that_is_switched_on_without_its_settings_is_a_fault(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for path in tmp_path.iterdir():
        path.chmod(0o600)
    with database.transaction() as db:
        db.get_one(SchoolSettings, 1).microsoft = True
    code, said = _doctor(monkeypatch)
    assert code == 1 and "Missing: FIRSTKEY_MICROSOFT_TENANT_ID" in said


def test_a_backup_that_cannot_be_made_tonight_is_a_fault_today(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for path in tmp_path.iterdir():
        path.chmod(0o600)
    folder, key_file = tmp_path / "backups", tmp_path / "backup.key"
    code, said = _doctor(monkeypatch, backup_folder=str(folder))
    assert code == 1 and "FIRSTKEY_BACKUP_KEY_FILE is not set" in said
    code, said = _doctor(monkeypatch, backup_key_file=str(key_file))
    assert code == 1 and f"{folder} is not there" in said and "install -d -m 700" in said
    folder.mkdir()
    code, said = _doctor(monkeypatch)
    assert code == 1 and f"{key_file} holds no key" in said and "Make one: docs/operations.md" in said
    with database.transaction() as db:
        audit.record(db, system("backup"), action="backup.made")
    code, said = _doctor(monkeypatch)
    assert code == 1 and "Put the key back from the school's safe" in said and "Make one: docs" not in said
    key_file.write_text("ab" * 32)
    code, said = _doctor(monkeypatch)
    assert code == 0 and f"{folder} takes them, and the key can be read" in said


def test_a_clock_that_was_set_back_shows_in_the_audit(
    cast: Cast, clock: Clock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for path in tmp_path.iterdir():
        path.chmod(0o600)
    with database.transaction() as db:
        audit.record(db, cast.ada.actor, action="import.applied", object_kind="import_run", object_id=1)
    assert _doctor(monkeypatch)[0] == 0
    clock.forward(hours=-2)
    code, said = _doctor(monkeypatch)
    assert code == 1 and "120 minutes ahead of this machine's clock" in said and "NTP" in said


def test_a_clock_that_nobody_keeps_is_a_warning(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    sentence = "Nothing keeps this machine's clock"
    for kept in (True, False):
        monkeypatch.setattr(clocks, "is_kept", lambda kept=kept: kept)
        assert (sentence in _doctor(monkeypatch)[1]) != kept


@pytest.mark.postgresql
def test_on_postgresql_what_backs_it_up_is_looked_at(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    server = postgresql_store.server_version(database.engine())
    said = _doctor(monkeypatch)[1]
    assert f"ok  database: postgresql {server}, tables of version" in said
    assert f"ok  backup: pg_dump {postgresql_store.dump_version()} reads the server" in said
    monkeypatch.setattr(postgresql_store, "dump_version", lambda: server - 1)
    assert f"warning  backup: pg_dump {server - 1} cannot" in _doctor(monkeypatch)[1]
    code, said = _doctor(monkeypatch, backup_folder="/srv/backups/firstkey")
    assert code == 1 and f"pg_dump {server - 1} cannot read a server of version {server}." in said
    assert f"Install those of version {server}" in said
    monkeypatch.setattr(postgresql_store, "_INSTALLED", ROOT / "nowhere")
    monkeypatch.setattr("shutil.which", lambda _name: None)
    code, said = _doctor(monkeypatch)
    assert code == 1 and "pg_dump is missing" in said
