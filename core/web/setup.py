"""The page behind the one-time link that creates the first administrator."""

from __future__ import annotations

from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core import database
from core.errors import InputProblem, TokenRejected
from core.models import UserType
from core.rules import password_hash
from core.services import setup
from core.tables import school
from core.web import forms, hashing, pages, people

DEAD = "This link has been used or has ended. The command create-admin prints a new one."
FIELDS = ("first_name", "last_name", "email", "username", "school_name")


def show(request: Request) -> Response:
    """The form; looking at it changes nothing."""
    with database.reading() as db:
        live = setup.is_live(db, token=request.path_params["token"])
    if not live:
        return pages.refusal(request, DEAD, status=410, back="/sign-in")
    return _form(request, {}, "", "")


async def send(request: Request) -> Response:
    """Create the administrator, then on to the sign-in page."""
    fields = await forms.read(request)
    wanted = setup.Administrator(password=fields.get("password", ""), **{name: fields.get(name, "") for name in FIELDS})
    try:
        username = await hashing.run(_create, request, wanted)
    except InputProblem as problem:
        return await run_in_threadpool(_form, request, fields, str(problem), problem.field)
    except TokenRejected:
        return await run_in_threadpool(pages.refusal, request, DEAD, status=410, back="/sign-in")
    return pages.redirect(f"/sign-in?username={quote(username)}&saved=password")


def _create(request: Request, wanted: setup.Administrator) -> str:
    with database.reading() as db:
        if not setup.is_live(db, token=request.path_params["token"]):
            raise TokenRejected("used")
        wanted = setup.check(db, wanted=wanted)
    made = password_hash.make(wanted.password)
    with database.transaction() as db:
        token = request.path_params["token"]
        setup.create_administrator(db, people.unknown(request), token=token, wanted=wanted, password_hash=made)
    return wanted.username


def _form(request: Request, fields: dict[str, str], problem: str, field: str) -> Response:
    values = {name: fields.get(name, "") for name in FIELDS}
    status = 422 if problem else 200
    shortest = school.shortest_password(people.school_of(request), UserType.ADMINISTRATOR)
    return pages.render(
        request,
        "setup.html",
        status=status,
        here=request.url.path,
        values=values,
        problem=problem,
        field=field,
        shortest=shortest,
    )


ROUTES = [Route("/setup/{token}", show, methods=["GET"]), Route("/setup/{token}", send, methods=["POST"])]
