"""Reports from the command line: a file, or a sentence that says why there is none."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
import typer
from sqlmodel import select
from typer.testing import CliRunner

from core import database
from core.errors import InputProblem
from core.manage import report
from core.models import AuditEntry
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
