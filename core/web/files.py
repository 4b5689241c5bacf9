"""Downloads: a form of our own page in, an attachment out. Checked at that moment, kept by no cache (R44, R45)."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import TypedDict
from urllib.parse import urlsplit

from sqlmodel import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from core import database
from core.config import settings
from core.delivery import engine
from core.errors import AppError, Conflict, FreshCodeRequired, InputProblem, LimitReached, NotAllowed, NotFound, Sought
from core.permissions import Actor, Permission
from core.rules.report_requests import Asked, is_long
from core.services import (
    audit_files,
    campaign_files,
    directory_files,
    import_files,
    list_files,
    open_session,
    outcome_files,
    previews,
    printed_accounts,
    reminder_files,
    report_requests,
    reports,
    staff_files,
    status_papers,
    subject_export,
    year_files,
)
from core.services.list_files import Order
from core.services.printed_accounts import Printed
from core.services.report_papers import ReportKind
from core.services.reports import File
from core.tables.filters import StatusFilter
from core.tables.selection_rows import RowScope
from core.web import denials, fetched, forms, fresh_code, pages, people, proof
from core.web.fetched import PRIVATE

logger = logging.getLogger(__name__)

_WHOLE = {
    kind: files.prepare for files in (campaign_files, year_files, import_files, reminder_files) for kind in files.KINDS
}
_SHORT = {*_WHOLE, *staff_files.KINDS, *directory_files.KINDS}
STATUS = {NotFound: 404, NotAllowed: 403, Conflict: 409, InputProblem: 422, LimitReached: 429}


class _Rows(TypedDict):
    """Which rows of which selection, and how many the person saw."""

    selection_id: int
    scope: RowScope
    expected: int


async def download(request: Request) -> Response:
    """Answer the form of a report item. Whoever may not know gets 404, as if there were nothing here."""
    length = request.headers.get("content-length", "")
    if not length.isdigit() or int(length) > forms.MOST_BYTES:
        return PlainTextResponse("Too much for this form", 413, PRIVATE)
    return await run_in_threadpool(_answer, request, await forms.fields_of(request))


def _answer(request: Request, asked: Mapping[str, str]) -> Response:
    actor = people.signed_in(request)
    if actor is None or not actor.is_staff:
        denials.note(actor, NotAllowed("Files are for the staff."))
        return PlainTextResponse("Not found", 404, PRIVATE)
    try:
        forms.require_same_origin(request)
        if not open_session.form_token_fits(actor, asked.get("form_token", "")):
            raise NotAllowed(forms.EXPIRED)
        if not actor.is_fresh and fresh_code.PROOF in asked:
            if not proof.given(actor, asked[fresh_code.PROOF], carried=request.cookies):
                return fresh_code.ask(request, actor, asked, back=_back(request), problem=proof.WRONG)
            actor = people.signed_in(request) or actor
        kind = request.path_params["kind"]
        if kind in audit_files.KINDS:
            return _attachment(_of_audit(actor, kind, asked))
        if kind in _SHORT:
            return _attachment(_short(actor, kind, asked))
        if kind == status_papers.KIND:
            return _attachment(_of_status(actor, asked))
        wanted = _asked(kind, asked)
        number = _number_drawn(actor, wanted)
        if is_long(kind, number):
            _ask(actor, wanted, number)
            return pages.redirect("/reports")
        return _attachment(_file(actor, wanted))
    except FreshCodeRequired:
        return fresh_code.ask(request, actor, asked, back=_back(request))
    except AppError as refusal:
        logger.info("download refused: %s", type(refusal).__name__)
        denials.note(actor, refusal, sought=_sought(asked))
        status = next((code for kind, code in STATUS.items() if isinstance(refusal, kind)), 500)
        return pages.refusal(request, str(refusal), status=status, back=_back(request))


def _asked(kind: str, form: Mapping[str, str]) -> Asked:
    """What a form asks for; whether there is such a thing is said by who makes it."""
    return Asked(
        kind,
        _number(form, "selection_id"),
        "shown" if form.get("scope") == "shown" else "selected",
        _number(form, "expected"),
        tuple(form.get("columns", "").split(",")),
        form.get("sort", "name"),
        form.get("descending") == "yes",
        form.get("parameters", ""),
        form.get("pdf_password", ""),
    )


def _of_audit(actor: Actor, kind: str, form: Mapping[str, str]) -> File:
    with database.transaction() as db:
        entries = audit_files.prepare(db, actor, kind=kind, asked=form.get("asked", ""))
    return File(entries.name, entries.media_type, entries.content())


def _short(actor: Actor, kind: str, form: Mapping[str, str]) -> File:
    """A list that its page shows whole, or all that a search there finds."""
    with database.transaction() as db:
        if kind in _WHOLE:
            listed = _WHOLE[kind](db, actor, kind=kind)
        elif kind in directory_files.KINDS:
            listed = directory_files.prepare(db, actor, kind=kind, run_id=_number(form, "selection_id"))
        else:
            listed = staff_files.prepare(db, actor, kind=kind, text=form.get("asked", ""))
    return File(listed.name, listed.media_type, listed.content())


def _of_status(actor: Actor, form: Mapping[str, str]) -> File:
    with database.transaction() as db:
        paper = status_papers.prepare(db, actor, filter=_status_filter(form))
    return File(paper.name, paper.media_type, paper.content())


def _file(actor: Actor, asked: Asked) -> File:
    if asked.kind in outcome_files.KINDS:
        with database.transaction() as db:
            outcome = outcome_files.prepare(db, actor, kind=asked.kind, campaign_id=asked.selection_id)
        return File(outcome.name, outcome.media_type, outcome.content())
    if asked.kind in subject_export.KINDS:
        with database.transaction() as db:
            export = subject_export.prepare(db, actor, kind=asked.kind, person_id=asked.selection_id)
        return File(export.name, export.media_type, export.content())
    if asked.kind in list_files.KINDS:
        order = Order(asked.sort, asked.descending)
        with database.transaction() as db:
            listed = list_files.prepare(db, actor, kind=asked.kind, columns=asked.columns, order=order, **_rows(asked))
        return File(listed.name, listed.media_type, listed.content())
    with database.transaction() as db:
        prepared = reports.prepare(db, actor, kind=asked.kind, parameters=asked.printed_as, **_rows(asked))
    return reports.draw(prepared)


def _number_drawn(actor: Actor, asked: Asked) -> int:
    """Students with their parents are more slips than rows were chosen."""
    if asked.kind != ReportKind.CREDENTIALS or not actor.may(Permission.REVEAL_CREDENTIALS):
        return asked.expected
    with database.reading() as db:
        return printed_accounts.count(db, actor, Printed(asked.selection_id, asked.scope, asked.printed_as))


def _ask(actor: Actor, asked: Asked, number: int) -> None:
    """A long one is made in a process of its own: it is refused now, or waits for its owner on the Reports page."""
    with database.transaction() as db:
        report_requests.ask(db, actor, asked=asked, title=_checked(db, actor, asked), number=number)
    if engine.is_up():  # else it begins within seconds of the start
        engine.start_files()


def _checked(db: Session, actor: Actor, asked: Asked) -> str:
    """The title of what is asked for, if it may be."""
    if asked.kind in outcome_files.KINDS:
        return outcome_files.check(db, actor, kind=asked.kind, campaign_id=asked.selection_id)
    if asked.kind in list_files.KINDS:
        return list_files.check(db, actor, kind=asked.kind, columns=asked.columns, **_rows(asked))
    return reports.check(db, actor, kind=asked.kind, parameters=asked.printed_as, **_rows(asked))


def show_page(request: Request) -> Response:
    """One page of a preview as a picture; whoever it is not for gets 404, as if there were nothing here."""
    actor = people.signed_in(request)
    if actor is None or not actor.is_staff:
        return PlainTextResponse("Not found", 404, PRIVATE)
    try:
        with database.reading() as db:
            picture = previews.picture(
                db, actor, preview=request.path_params["preview"], number=request.path_params["number"]
            )
    except AppError as refusal:
        denials.note(actor, refusal)
        return PlainTextResponse("Not found", 404, PRIVATE)
    return Response(picture, media_type="image/png", headers=PRIVATE)


def _status_filter(asked: Mapping[str, str]) -> StatusFilter:
    try:
        stored = json.loads(asked.get("filter", "{}"))
    except ValueError:
        stored = None
    if not isinstance(stored, dict):
        raise InputProblem("This form is not complete. Go back to Account status and try again.")
    return StatusFilter.from_json(stored)


def _rows(asked: Asked) -> _Rows:
    return _Rows(selection_id=asked.selection_id, scope=asked.scope, expected=asked.expected)


def _number(asked: Mapping[str, str], name: str) -> int:
    text = asked.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise InputProblem("This form is not complete. Go back to the list and try again.")
    return int(text)


def _sought(asked: Mapping[str, str]) -> Sought | None:
    """The selection that a form names: whose it is, the form does not say."""
    text = asked.get("selection_id", "")
    return Sought("selection", int(text)) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _attachment(file: File) -> Response:
    headers = PRIVATE | {"Content-Disposition": fetched.named(file.name)}
    return Response(file.content, media_type=file.media_type, headers=headers)


def _back(request: Request) -> str:
    """The page the form stood on, when the browser tells and it is one of ours."""
    referer = request.headers.get("referer", "")
    ours = referer.startswith(settings().base_url + "/")
    return forms.local_path(urlsplit(referer).path) if ours else "/students"


ROUTES = [
    Route("/files/{kind}", download, methods=["POST"]),
    Route("/files/{token}", fetched.fetch, methods=["GET"]),
    Route("/files/{preview}/page/{number:int}", show_page, methods=["GET"]),
]
