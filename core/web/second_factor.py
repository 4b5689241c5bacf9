"""After the password: the code of the app, a recovery code instead, or setting the app up for the first time (R25)."""

from __future__ import annotations

from dataclasses import dataclass, field

import segno
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core import clock, database
from core.permissions import Actor
from core.rules import one_time_codes, password_hash, recovery_codes
from core.services import open_session, second_factor, sign_in, sign_in_steps
from core.services.sign_in_steps import Step
from core.tables import second_factor as factors
from core.web import cookies, door, forms, hashing, pages, people
from core.web import sign_in as sign_in_pages

CODE, RECOVERY, APP, MINE = "/sign-in/code", "/sign-in/recovery-code", "/sign-in/app", "/me/second-factor"
WRONG = "This code is not right, or was used already. Wait for the next one in the app and type it."
WRONG_RECOVERY = "This recovery code is not right, or was used already. Check it letter by letter, or take another one."
WRONG_FIRST = "The app shows another code. Wait for the next one and type it; the clock of the phone must be right."


@dataclass(frozen=True)
class Entered:
    """Somebody has shown their second factor; `codes` are new recovery codes, shown once."""

    opened: sign_in.Opened
    codes: tuple[str, ...] = field(default=(), repr=False)
    notices: tuple[int | None, ...] = ()


@dataclass(frozen=True)
class _Visit:
    """Who comes, and who was signed in on this browser before."""

    request: Request
    by: Actor
    before: Actor | None
    user_agent: str


def show(request: Request) -> Response:
    """The page that fits: the code, or first the app; whoever has typed no password begins at the sign-in page."""
    step = _step(request)
    if step is None:
        return _begin_again()
    if bool(step.seed) != (request.url.path == APP):
        return pages.redirect(APP if step.seed else CODE)
    return _app_page(request, step) if step.seed else _code_page(request, step)


async def send_code(request: Request) -> Response:
    """A code of the app."""
    fields = await forms.read(request, about=cookies.step_name())
    step = await run_in_threadpool(_step, request)
    if step is None or step.seed:
        return _begin_again()
    entered = await run_in_threadpool(_by_code, request, step, fields.get("code", ""))
    return await _in(request, entered, step.target) if entered else await _again(request, step, WRONG)


async def send_recovery(request: Request) -> Response:
    """One of the ten codes on paper; then on to the page where another phone can be set up."""
    fields = await forms.read(request, about=cookies.step_name())
    step = await run_in_threadpool(_step, request)
    if step is None or step.seed:
        return _begin_again()
    entered = await hashing.run(_by_recovery, request, step, fields.get("code", ""))
    return await _in(request, entered, MINE) if entered else await _again(request, step, WRONG_RECOVERY)


async def set_up(request: Request) -> Response:
    """The first code of a new app: it is set up, the session begins, and the recovery codes are shown, once."""
    fields = await forms.read(request, about=cookies.step_name())
    step = await run_in_threadpool(_step, request)
    if step is None or not step.seed:
        return _begin_again()
    entered = await hashing.run(_by_new_app, request, step, fields.get("code", ""))
    if entered is None:
        return await run_in_threadpool(_app_page, request, step, WRONG_FIRST)
    onward = await _in(request, entered, step.target)
    if not entered.opened.token:
        return onward
    response = await run_in_threadpool(codes_page, request, entered.codes, step.target, step.language)
    response.raw_headers.extend(header for header in onward.raw_headers if header[0] == b"set-cookie")
    return response


def new_codes() -> tuple[tuple[str, ...], dict[str, str]]:
    """Ten recovery codes, and their hashes by their beginnings. A third of a second: never inside a transaction."""
    codes = recovery_codes.make()
    hashes = {recovery_codes.hint(code): password_hash.make(recovery_codes.secret(code)) for code in codes}
    return codes, hashes


def codes_page(request: Request, codes: tuple[str, ...], target: str, language: str) -> Response:
    """The ten codes, for paper. There is no way to see them again."""
    return pages.render(request, "recovery_codes.html", language=language, here=MINE, codes=codes, target=target)


def _by_code(request: Request, step: Step, typed: str) -> Entered | None:
    visit = _visit(request)
    with database.transaction() as db:
        if not second_factor.accept(db, visit.by, account_id=step.account_id, typed=typed):
            return None
        return _admit(db, visit, step) if sign_in_steps.end(db, step_id=step.id) else None


def _by_recovery(request: Request, step: Step, typed: str) -> Entered | None:
    with database.reading() as db:
        known = factors.recovery_code(db, account_id=step.account_id, hint=recovery_codes.hint(typed))
    fits = password_hash.fits(known.stored_hash, recovery_codes.secret(typed))
    visit = _visit(request)
    with database.transaction() as db:
        if not second_factor.accept_recovery(db, visit.by, account_id=step.account_id, code_id=known.id, fits=fits):
            return None
        return _admit(db, visit, step) if sign_in_steps.end(db, step_id=step.id) else None


def _by_new_app(request: Request, step: Step, typed: str) -> Entered | None:
    """Whoever sets up another app is signed out everywhere else. Ten slow hashes are made for a right code only."""
    if one_time_codes.step_of(step.seed, typed, at=clock.now()) is None:
        return None
    codes, hashes = new_codes()
    visit = _visit(request)
    with database.transaction() as db:
        if not second_factor.enrol(db, visit.by, step=step, typed=typed, codes=hashes):
            return None
        open_session.close_all(db, account_id=step.account_id)
        entered = _admit(db, visit, step)
        notice = second_factor.tell(db, visit.by, account_id=step.account_id)
    return entered and Entered(entered.opened, codes, (*entered.notices, notice))


def _visit(request: Request) -> _Visit:
    return _Visit(request, people.unknown(request), people.signed_in(request), request.headers.get("user-agent", ""))


def _admit(db: Session, visit: _Visit, step: Step) -> Entered | None:
    opened = sign_in.admit(db, visit.by, account_id=step.account_id, user_agent=visit.user_agent)
    if opened and opened.token and visit.before:
        open_session.close(db, visit.before)
    if opened is None:
        return None
    return Entered(opened, notices=(door.entered(db, visit.request, account_id=step.account_id, opened=opened),))


async def _again(request: Request, step: Step, problem: str) -> Response:
    return await run_in_threadpool(_code_page, request, step, problem)


async def _in(request: Request, entered: Entered, target: str) -> Response:
    for notice in entered.notices:
        await run_in_threadpool(door.start, notice)
    response = sign_in_pages.go_on(request, entered.opened, target) or pages.redirect("/sign-in")
    cookies.drop(response, cookies.step_name())
    return response


def _step(request: Request) -> Step | None:
    with database.reading() as db:
        return sign_in_steps.look_up(db, token=request.cookies.get(cookies.step_name(), ""))


def _begin_again() -> Response:
    response = pages.redirect("/sign-in")
    cookies.drop(response, cookies.step_name())
    return response


def _code_page(request: Request, step: Step, problem: str = "") -> Response:
    with database.reading() as db:
        waits_until = second_factor.waits_until(db, account_id=step.account_id)
    recovery = request.url.path == RECOVERY
    return pages.render(
        request,
        "recovery_code.html" if recovery else "code.html",
        status=403 if problem else 200,
        language=step.language,
        about=request.cookies.get(cookies.step_name(), ""),
        here=RECOVERY if recovery else CODE,
        problem=problem,
        waits_until=waits_until,
    )


def _app_page(request: Request, step: Step, problem: str = "") -> Response:
    name = people.school_of(request).school_name
    address = one_time_codes.address(step.seed, username=step.username, school=name)
    code = segno.make(address, error="m", boost_error=False)
    return pages.render(
        request,
        "set_up_app.html",
        status=422 if problem else 200,
        language=step.language,
        about=request.cookies.get(cookies.step_name(), ""),
        here=APP,
        step=step,
        picture=code.svg_inline(border=3, light="#fff", omitsize=True, svgclass="qr", lineclass=None),
        address=address,
        written=one_time_codes.written(step.seed),
        problem=problem,
    )


ROUTES = [
    Route(CODE, show, methods=["GET"]),
    Route(CODE, send_code, methods=["POST"]),
    Route(RECOVERY, show, methods=["GET"]),
    Route(RECOVERY, send_recovery, methods=["POST"]),
    Route(APP, show, methods=["GET"]),
    Route(APP, set_up, methods=["POST"]),
]
