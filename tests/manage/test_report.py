"""Reports from the command line: a file, or a sentence that says why there is none."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest
import typer
from sqlmodel import select, update
from typer.testing import CliRunner

from core import database
from core.errors import InputProblem
from core.manage import report
from core.models import AuditEntry, Person
from core.services import reports
from tests.cast import Cast
from tests.documents import papers


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    """Where nothing else lies."""
    (tmp_path / "reports").mkdir()
    return tmp_path / "reports"


def _run(*arguments: str) -> tuple[int, str]:
    app = typer.Typer()
    app.command()(report.report)
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    return result.exit_code, result.output


def test_a_class_is_printed_for_nobody_elses_eyes(cast: Cast, folder: Path) -> None:
    out = folder / "7b.pdf"
    code, said = _run("student-account-info", "--section", "7b", "--out", str(out))
    assert (code, said.split()) == (0, ["Written:", str(out)])
    text = " ".join(papers.pages(out.read_bytes()))
    assert "Sideris" in text and "Otto" not in text and "7b: 2 students" in text
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    with database.reading() as db:
        entry = db.exec(select(AuditEntry).where(AuditEntry.action == "report.printed")).one()
    assert entry.actor.startswith("command line, ")
    assert (entry.details["kind"], entry.details["count"]) == ("student-account-info", 2)


def test_everybody_is_printed_when_no_class_is_named(cast: Cast, folder: Path) -> None:
    out = folder / "all.pdf"
    assert _run("user-account-info", "--out", str(out))[0] == 0
    text = " ".join(papers.pages(out.read_bytes()))
    assert "Otto" in text and "All students" in text


def test_accounts_of_any_user_type_are_printed_and_of_students_only_user_account_info(cast: Cast, folder: Path) -> None:
    out = folder / "others.pdf"
    wanted = ("--user-type", "guardian", "--user-type", "teacher")
    assert _run("user-account-info", *wanted, "--out", str(out))[0] == 0
    text = " ".join(papers.pages(out.read_bytes()))
    assert "Gina" in text and "Tom" in text and "Otto" not in text and "Sideris Sam" not in text
    assert "Parents/Guardians, Teachers: 2 accounts" in text
    with pytest.raises(InputProblem, match="user-account-info"):
        _run("student-account-info", *wanted, "--out", str(folder / "x.pdf"))
    with pytest.raises(InputProblem, match="nothing to print"):
        _run("user-account-info", "--user-type", "guardian", "--section", "8a", "--out", str(folder / "x.pdf"))


def test_nobody_who_writes_waits_while_the_rows_are_read(
    cast: Cast, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = reports.read_for

    def meanwhile(*args: Any, **values: Any) -> reports.Read:
        with database.transaction() as db:
            db.exec(update(Person).values(mobile=Person.mobile))
        return read(*args, **values)

    monkeypatch.setattr(reports, "read_for", meanwhile)
    assert _run("student-account-info", "--out", str(folder / "all.pdf"))[0] == 0


def test_a_file_that_is_there_is_kept_unless_forced(cast: Cast, folder: Path) -> None:
    out = folder / "all.pdf"
    out.write_text("keep me")
    with pytest.raises(InputProblem, match="--force"):
        _run("student-account-info", "--out", str(out))
    assert out.read_text() == "keep me"
    assert _run("student-account-info", "--out", str(out), "--force")[0] == 0
    assert out.read_bytes().startswith(b"%PDF")
    assert [file.name for file in folder.iterdir()] == ["all.pdf"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("student-account-info", "--section", "9Z"), "no class 9Z"),
        (("student-account-info", "--grade", "99"), "nothing to print"),
    ],
)
def test_what_cannot_be_printed_is_said_and_leaves_no_file(
    cast: Cast, folder: Path, arguments: tuple[str, ...], said: str
) -> None:
    with pytest.raises(InputProblem, match=said):
        _run(*arguments, "--out", str(folder / "x.pdf"))
    assert list(folder.iterdir()) == []
    with pytest.raises(InputProblem, match="no folder"):
        _run("student-account-info", "--out", str(folder / "nowhere" / "x.pdf"))


def test_credentials_are_not_printed_from_the_command_line(cast: Cast, folder: Path) -> None:
    code, said = _run("credentials", "--out", str(folder / "x.pdf"))
    assert code == 2 and "credentials" in said
