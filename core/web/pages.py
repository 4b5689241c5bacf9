"""Draws the HTML pages: one column, one question, one button; no script needed."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse

from core import database
from core.models import SchoolSettings
from core.tables import school
from core.web import cookies, forms, languages

_TEMPLATES = Path(__file__).parent / "templates"


def render(
    request: Request, template: str, *, status: int = 200, language: str = "", form_key: str = "", **context: Any
) -> HTMLResponse:
    """A page in the reader's language. `form_key` ties its forms to a session, or to this browser when empty."""
    settings = _settings()
    chosen = languages.of(request, person=language, school=settings.default_language)
    form_cookie = request.cookies.get(cookies.form_name()) or forms.new_cookie()
    html = (
        _environment(chosen)
        .get_template(template)
        .render(
            lang=chosen,
            languages=languages.LANGUAGES,
            school_name=settings.school_name,
            is_demo=settings.is_demo,
            help_contact=settings.help_contact,
            form_token=form_key or forms.token(form_cookie),
            path=request.url.path,
            moment=lambda at: languages.moment(at, chosen, settings.time_zone),
            **context,
        )
    )
    response = HTMLResponse(html, status, headers={"cache-control": "no-store", "x-robots-tag": "noindex"})
    if not form_key and not request.cookies.get(cookies.form_name()):
        cookies.put(response, cookies.form_name(), form_cookie)
    if request.query_params.get("lang") in languages.LANGUAGES:
        cookies.put(response, cookies.language_name(), chosen, seconds=365 * 86_400)
    return response


def refusal(request: Request, text: str, *, status: int, back: str = "/") -> HTMLResponse:
    """One sentence and a way on."""
    return render(request, "refusal.html", status=status, text=text, back=back)


def redirect(path: str) -> RedirectResponse:
    """After a form: the next page by GET."""
    return RedirectResponse(path, 303, headers={"cache-control": "no-store"})


def _settings() -> SchoolSettings:
    with database.reading() as db:
        return school.settings(db)


@lru_cache
def _environment(language: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["_"] = languages.words(language)
    return environment
