"""The folder of the key, the outbox and the notes, where the program itself lies in a place that cannot be written."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from core import config, database, keys, outbox
from core.config import ROOT
from core.errors import SettingsError
from core.services import audit_anchors
from tests.backup import places
from tests.cast import Cast


@pytest.fixture(autouse=True)
def _checkout_of_somebody_else(database: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing can be made where a file stands, whoever asks: not even root, as whom tests may run."""
    (tmp_path / "program").touch()
    monkeypatch.setattr(config, "VAR", tmp_path / "program" / "data" / "var")
    monkeypatch.setenv("FIRSTKEY_SECRET_KEY", "")
    config.settings.cache_clear()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The one of a school that was here before, with its key."""
    made = tmp_path / "lib"
    made.mkdir()
    (made / "secret.key").write_text(bytes(range(70, 102)).hex() + "\n")
    monkeypatch.setenv("FIRSTKEY_FOLDER", str(made))
    config.settings.cache_clear()
    return made


@pytest.mark.postgresql
def test_on_postgresql_the_key_is_found_and_everything_is_written_in_the_folder_that_is_named(
    folder: Path, cast: Cast, tmp_path: Path
) -> None:
    assert places.command("init").exit_code == 0
    assert keys.path() == folder / "secret.key"
    assert keys.current().secret == bytes(range(70, 102)), "the key of before, no new one"
    outbox.write(to="gina@mail.example", subject="Hello", text="Hello", reference="a" * 32)
    with database.reading() as db:
        audit_anchors.drop(db)
    places.back_up(tmp_path)
    assert {"outbox", "backup.lock"} <= {path.name for path in folder.iterdir()}


@pytest.mark.postgresql
@pytest.mark.parametrize("words", [("init",), ("serve",), ("worker",), ("backup", ".", "--key-file", "{key}")])
def test_without_it_each_command_says_in_a_sentence_what_to_set(tmp_path: Path, words: tuple[str, ...]) -> None:
    _backups, key = places.folder(tmp_path)
    refused = places.command(*(word.format(key=key) for word in words)).exception
    assert isinstance(refused, SettingsError), refused
    assert "Set FIRSTKEY_FOLDER" in str(refused) and str(config.VAR) in str(refused)


@pytest.mark.postgresql
def test_doctor_names_the_folder_that_cannot_be_written(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRSTKEY_SECRET_KEY", bytes(range(70, 102)).hex())
    config.settings.cache_clear()
    done = places.command("doctor")
    assert done.exit_code == 1 and f"may not write into its folder {config.VAR}" in done.output
    assert "Set FIRSTKEY_FOLDER" in done.output


def test_a_rehearsed_upgrade_leaves_the_folder_alone(folder: Path) -> None:
    with database.engine().begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0000'"))
    before = sorted(path.name for path in folder.iterdir())
    places.command("upgrade", "--rehearse")
    assert sorted(path.name for path in folder.iterdir()) == before


def test_the_server_of_the_documentation_names_it_and_its_units_may_write_there() -> None:
    settings = (ROOT / "deploy" / "firstkey.env").read_text()
    assert "\nFIRSTKEY_FOLDER=/var/lib/firstkey\n" in settings
    for unit in (ROOT / "deploy" / "systemd").glob("*.service"):
        text = unit.read_text()
        assert "ReadWritePaths=/var/lib/firstkey" in text and "EnvironmentFile=/etc/firstkey/firstkey.env" in text
