"""The commands that fill a school: demo and import."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
import typer
from sqlmodel import col, select
from typer.testing import CliRunner

from core import database, migrations
from core.config import ROOT
from core.errors import Conflict, InputProblem
from core.manage import __main__ as main
from core.manage import demo, imports
from core.models import AuditEntry, ImportRun, Person
from tests import oneroster

pytestmark = pytest.mark.usefixtures("ready")
UPGRADE = migrations.upgrade  # which `ready` replaces
SET = ROOT / "tests" / "data" / "sds" / "SDS_v2.1"


@pytest.fixture
def ready(database: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The template of the tests has all tables but no note of their version."""
    monkeypatch.setattr("core.migrations.upgrade", lambda: None)


def _run(command: object, *arguments: str) -> tuple[int, str]:
    app = typer.Typer()
    app.command()(command)  # type: ignore[type-var]
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    return result.exit_code, result.output


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("nonsense", "is no address of a database"),
        ("postgres://office:a-secret@school/people", "FIRSTKEY_DATABASE_URL: Value error, is no address of a database"),
        ("postgresql+psycopg://office:a-secret@school:54x2/people", "is no address of a database"),
        ("sqlite:///{folder}/none.db", "The tables are of version none"),
        ("sqlite:///{folder}/no-database", "The database does not answer, or is none"),
    ],
)
def test_a_command_without_its_database_says_so_in_a_sentence(tmp_path: Path, address: str, said: str) -> None:
    (tmp_path / "no-database").write_text("no database " * 1_000)
    there = os.environ | {"FIRSTKEY_DATABASE_URL": address.format(folder=tmp_path)}
    command = [sys.executable, "-m", "core.manage", "verify-audit"]
    done = subprocess.run(command, cwd=ROOT, env=there, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr and "Traceback" not in done.stderr and "a-secret" not in done.stderr


def test_what_stops_an_upgrade_is_not_hidden_behind_the_old_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as "permission denied for schema public": to run the upgrade once more would be no advice."""

    def is_not_allowed() -> None:
        raise sa.exc.ProgrammingError("CREATE TABLE", {}, Exception("permission denied for schema public"))

    monkeypatch.setattr("core.migrations._migrate", is_not_allowed)
    monkeypatch.setattr("core.migrations.current", lambda: None)
    monkeypatch.setattr(main, "app", UPGRADE)
    with pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
        main.main()


def test_a_setting_that_cannot_be_used_is_named_without_what_stands_in_it() -> None:
    there = os.environ | {"FIRSTKEY_PORT": "99999999", "FIRSTKEY_SMS_RATE": "a-secret-by-mistake"}
    command = [sys.executable, "-m", "core.manage", "verify-audit"]
    done = subprocess.run(command, cwd=ROOT, env=there, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "FIRSTKEY_PORT:" in done.stderr and "FIRSTKEY_SMS_RATE:" in done.stderr
    assert "a-secret" not in done.stderr and "Traceback" not in done.stderr


def test_an_import_only_checks_until_it_is_told_to_apply() -> None:
    code, output = _run(imports.import_, str(SET))
    assert (code, "8 to create" in output, "Nothing was changed" in output) == (0, True, True)
    assert "users.csv, row 3, Mobile “+11234567890”" in output
    assert "never imported: password" in output
    with database.reading() as db:
        assert db.exec(select(Person)).first() is None


def test_an_import_of_a_folder_is_applied_and_says_what_comes_next() -> None:
    _code, output = _run(imports.import_, str(SET), "--apply")
    assert "8 new, 0 changed" in output
    assert "create accounts" in output
    with database.reading() as db:
        assert db.exec(select(ImportRun)).one().format == "sds_v2_1"
        assert db.exec(select(AuditEntry)).one().actor.startswith("command line, ")


def test_r96_what_a_command_does_has_a_name_of_its_own_in_the_audit() -> None:
    for arguments in (["demo", "--students", "20", "--seed", "3"], ["import", str(SET), "--apply"]):
        CliRunner().invoke(main.app, arguments, catch_exceptions=False)
    with database.reading() as db:
        names = [entry.request for entry in db.exec(select(AuditEntry).order_by(col(AuditEntry.seq)))]
    assert all(re.fullmatch(r"[0-9a-f]{12}", name) for name in names) and len(set(names)) == 2


def test_a_file_that_is_not_there_and_a_bad_row_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputProblem, match="no file or folder"):
        _run(imports.import_, str(tmp_path / "nowhere.csv"))
    bad = tmp_path / "list.csv"
    bad.write_text("Code|Surname|Name\n|Smith|Ann\n")
    code, output = _run(imports.import_, str(bad), "--delimiter", "|")
    assert code == 1
    assert "ERROR  list.csv, row 2, Code: There is no code." in output


def test_the_demo_command_says_what_it_made() -> None:
    _code, output = _run(demo.demo, "--students", "20", "--seed", "3")
    assert "The demo school has 20 students" in output


def test_more_leavers_than_the_school_allows_leave_by_the_command_that_the_refusal_names(tmp_path: Path) -> None:
    whole, half = tmp_path / "whole.zip", tmp_path / "half.zip"
    whole.write_bytes(oneroster.many(60).content)
    half.write_bytes(oneroster.many(30).content)
    assert _run(imports.import_, str(whole), "--apply")[0] == 0
    with pytest.raises(Conflict, match=r"import FILE --apply --mark-as-left --leavers NUMBER$"):
        _run(imports.import_, str(half), "--apply", "--mark-as-left")
    _code, output = _run(imports.import_, str(half), "--apply", "--mark-as-left", "--leavers", "30")
    assert "30 marked as left" in output


def test_only_those_leave_of_whom_the_files_say_so_where_the_command_says_only_said(tmp_path: Path) -> None:
    whole, fewer = tmp_path / "whole.zip", tmp_path / "fewer.zip"
    whole.write_bytes(oneroster.many(5).content)
    fewer.write_bytes(oneroster.many(3, gone="s5").content)
    assert _run(imports.import_, str(whole), "--apply")[0] == 0
    with pytest.raises(InputProblem, match="write --mark-as-left beside it"):
        _run(imports.import_, str(fewer), "--apply", "--only-said")
    _code, output = _run(imports.import_, str(fewer), "--apply", "--mark-as-left", "--only-said")
    assert "1 marked as left" in output and "Said by the files to have left: s5.\n" in output
    with database.reading() as db:
        left = db.exec(select(Person.source_id).where(Person.status == "left")).all()
    assert left == ["s5"], "s4 is missing too, and nobody says that they left"
