"""A sentence that names a command names the one that fits where Firstkey runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from core import config
from core.config import ROOT
from core.manage.__main__ import app
from core.manage.checkups import installation
from core.rules import health
from core.tables import keys_in_use


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine as in docs/operations.md, which has the command of deploy/firstkey."""
    (tmp_path / "firstkey").touch()
    monkeypatch.setattr(config, "OWN_COMMAND", tmp_path / "firstkey")


def test_on_a_server_a_command_is_its_own_and_elsewhere_python_runs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config, "OWN_COMMAND", tmp_path / "nowhere")
    assert config.command("doctor") == "python -m core.manage doctor"
    (tmp_path / "nowhere").touch()
    assert config.command("doctor") == "firstkey doctor"
    assert keys_in_use.lost().endswith("firstkey rotate-key --old-is-lost")


def test_the_place_of_that_command_is_the_one_of_the_documentation() -> None:
    assert (
        f"install -m 755 /opt/firstkey/deploy/firstkey {config.OWN_COMMAND}"
        in (ROOT / "docs" / "operations.md").read_text()
    )


@pytest.mark.usefixtures("server", "database")
def test_a_database_without_its_tables_is_told_the_command_of_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.migrations.newest", lambda: "9999")
    assert "-> Run: firstkey init" in CliRunner().invoke(app, ["doctor"]).output


def test_other_libraries_are_installed_where_this_program_looks_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "_installed", lambda _name: "0.0")
    (found,) = installation.versions()
    assert "make run" not in found.remedy
    assert re.search(rf"python\S* -m pip install --require-hashes -r {ROOT}/requirements.txt", found.remedy)


def test_no_sentence_names_only_the_command_that_a_server_does_not_have() -> None:
    """`python -m core.manage`, typed as root on a server, looks at another database."""
    told = {
        str(path.relative_to(ROOT)): line.strip()
        for folder in ("core", "pages")
        for path in (ROOT / folder).rglob("*.py")
        for line in path.read_text().splitlines()
        if "python -m core.manage" in line and not line.lstrip().startswith(('"""', "#"))
    }
    allowed = {"core/config.py", "core/web/self_check.py", "core/rules/health.py", "core/rules/spreadsheets.py"}
    assert set(told) <= allowed, told
    assert "firstkey doctor on a server" in Path(str(health.__file__)).read_text()
