"""Files that were made beside the pages: handed out once, piece by piece, and kept by nobody (R44)."""

from __future__ import annotations

from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from core import database
from core.errors import AppError
from core.rules import exports
from core.rules.exports import FileFormat
from core.services import report_requests
from core.services.report_requests import Fetched
from core.web import denials, people

PRIVATE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def named(name: str) -> str:
    """The header under which a browser saves it; names are ours."""
    return f'attachment; filename="{name}"'


def fetch(request: Request) -> Response:
    """A file that was made beside the pages, once, for the session that asked; nobody else learns that it is there."""
    actor = people.signed_in(request)
    if actor is None or not actor.is_staff or request.method != "GET":
        return PlainTextResponse("Not found", 404, PRIVATE)
    try:
        with database.transaction() as db:
            file = report_requests.fetch(db, actor, token=request.path_params["token"])
    except AppError as refusal:
        denials.note(actor, refusal)
        return PlainTextResponse("Not found", 404, PRIVATE)
    media_type = "application/pdf"
    if not file.name.endswith(".pdf"):
        media_type = exports.MEDIA_TYPES[FileFormat(file.name.rpartition(".")[2])]
    headers = PRIVATE | {"Content-Disposition": named(file.name), "Content-Length": str(file.size)}
    return StreamingResponse(_pieces(file), media_type=media_type, headers=headers)


def _pieces(file: Fetched) -> Iterator[bytes]:
    """The file, opened piece by piece as it leaves, and then forgotten."""
    try:
        for number in range(file.parts):
            with database.reading() as db:
                piece = report_requests.part(db, file, number)
            yield piece
    finally:
        with database.transaction() as db:
            report_requests.forget_parts(db, request_id=file.request_id)
