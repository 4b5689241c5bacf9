"""The process that waits, and forks to draw one document: `python -m core.documents.worker FD` (see press)."""

from __future__ import annotations

import gc
import os
import pickle
import resource
import select
import signal
import socket
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Literal

from core.documents import (
    credentials,
    preview,
    spreadsheet,
    status_report,
    student_account_info,
    subject_file,
    user_account_info,
)
from core.documents.papers import (
    ClassRows,
    Credentials,
    Letterhead,
    Paper,
    Preview,
    Sheet,
    StatusReport,
    StudentAccountInfo,
    SubjectFile,
    UserAccountInfo,
)
from core.rules.exports import FileFormat
from core.rules.report_parameters import CredentialParameters

_MOST_CPU_SECONDS = 120
RENDERERS: dict[type[Any], Callable[[Any], bytes]] = {
    StudentAccountInfo: student_account_info.render,
    UserAccountInfo: user_account_info.render,
    Credentials: credentials.render,
    StatusReport: status_report.render,
    Sheet: spreadsheet.render,
    Preview: preview.render,
    SubjectFile: subject_file.render,
}


def main(control: socket.socket) -> None:
    """Fork for each connection handed over, until the other side is gone."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the children
    load_everything()
    gc.collect()
    gc.freeze()
    gc.disable()  # a child ends before garbage matters, and collecting would copy the shared memory
    while True:
        message, handed, *_ = socket.recv_fds(control, 1, 1)
        if not message:
            return
        if os.fork() == 0:
            control.close()
            resource.setrlimit(resource.RLIMIT_CPU, (_MOST_CPU_SECONDS, _MOST_CPU_SECONDS))
            _draw_one(socket.socket(fileno=handed[0]))
            return
        os.close(handed[0])


def _draw_one(line: socket.socket) -> None:
    """A failure ends this process with its traceback on stderr; the other side then reads nothing."""
    with line, line.makefile("rb") as request:
        threading.Thread(target=_end_with, args=(line,), daemon=True).start()
        paper: Paper = pickle.load(request)  # noqa: S301  (from the process that started us)
        drawn = RENDERERS[type(paper)](paper)
        line.sendall(len(drawn).to_bytes(8, "big"))
        line.sendall(drawn)


def _end_with(line: socket.socket) -> None:
    """Nobody waits for the document any more: whoever asked is gone, or it was cancelled."""
    other_side = select.poll()
    other_side.register(line, 0)  # that it has hung up is always told
    other_side.poll()
    os._exit(1)


def load_everything() -> None:
    """Draw a small document: what fpdf2 and fontTools load on first use is then there for every fork."""
    head = Letterhead("", "", "", "", "", datetime(2000, 1, 1, tzinfo=UTC), "UTC")
    nobody = ("1", "a", "ب", "", "", "", "", 0, 0, None, None, "")
    rows = ClassRows.of("", [nobody])
    student_account_info.render(StudentAccountInfo(head, (rows,), {"": ""}, {}))
    slip = ("ب", "1", "", "student", "", "", "a", "password", "0", "2000-01-01 00:00", "0" * 26, "", "en", 0)
    layouts: tuple[Literal["8"], Literal["letter"]] = ("8", "letter")
    for layout in layouts:
        parameters = CredentialParameters(layout=layout, pdf_password="loads cryptography")  # noqa: S106
        credentials.render(Credentials(head, (ClassRows.of("", [slip]),), "", "", parameters))
    spreadsheet.render(Sheet.of(FileFormat.XLSX, ("",), [[("",)]]))


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
