"""What is written beside a file of the import folder: what became of it, and where it needs another look."""

from __future__ import annotations

from collections.abc import Sequence

from core.errors import RowProblem, Severity
from core.models import ImportRun

_MOST = 1_000


def applied(run: ImportRun | None, told: str, problems: Sequence[RowProblem]) -> str:
    """The counts; no run where the file was the same as the one before."""
    if run is None:
        said = "This is the file that was imported last. There was nothing to do."
    else:
        counts = (
            f"{run.created:,} new",
            f"{run.changed:,} changed",
            f"{run.unchanged:,} unchanged",
            f"{run.left:,} left",
        )
        back = f" {run.returned:,} of the changed had left and are back." if run.returned else ""
        said = f"Imported: {', '.join(counts)}.{back}"
    return _text(f"{told}. {said}" if told else said, problems)


def refused(refusal: str, problems: Sequence[RowProblem]) -> str:
    """Why nothing was changed."""
    return _text(f"Refused: {refusal}", problems)


def _text(said: str, problems: Sequence[RowProblem]) -> str:
    """Rows and columns only: what stands in the cells is somebody's, and the file is beside it."""
    lines = [said, "", *(_line(problem) for problem in problems[:_MOST])]
    more = len(problems) - _MOST
    return "\n".join([*lines, f"… and {more:,} more."] if more > 0 else lines) + "\n"


def _line(problem: RowProblem) -> str:
    word = "Put right" if problem.severity == Severity.ERROR else "Note"
    column = f", {problem.column}" if problem.column else ""
    return f"{word}: {problem.file}, row {problem.row}{column}: {problem.message}"
