"""Draws the HTML pages: one column, one question, one button; no script needed."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse

from core.web import assets, cookies, forms, languages, people

_TEMPLATES = Path(__file__).parent / "templates"
HEADERS = {
    "cache-control": "no-store",
    "x-robots-tag": "noindex",
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
}


def render(
    request: Request,
    template: str,
    *,
    status: int = 200,
    language: str = "",
    form_key: str = "",
    about: str = "",
    here: str = "",
    **context: Any,
) -> HTMLResponse:
    """A page in the reader's language. `form_key` ties its forms to a session, or to this browser when empty.

    `about` ties them to a link or ticket as well, of which this browser keeps one at a time.
    `here` is where the page can be asked for again in another language, when that is not its own address.
    """
    settings = people.school_of(request)
    offered = {code: name for code, name in languages.LANGUAGES.items() if code in settings.languages}
    reads = language or getattr(request.state, "reads", "")  # of the form that is answered
    chosen = languages.of(request, offered=offered, person=reads, school=settings.default_language)
    form_cookie = request.cookies.get(cookies.form_name()) or forms.new_cookie()
    html = (
        _environment(chosen)
        .get_template(template)
        .render(
            lang=chosen,
            languages=offered,
            language_links=_language_links(request, here, offered) if len(offered) > 1 else {},
            school_name=settings.school_name,
            is_demo=settings.is_demo,
            help_contact=settings.help_contact,
            portal_address=settings.portal_address,
            here=here,
            form_token=form_key or forms.token(form_cookie, about),
            moment=lambda at: languages.moment(at, chosen, settings.time_zone),
            **context,
        )
    )
    response = HTMLResponse(html, status, headers=HEADERS)
    if not form_key and not request.cookies.get(cookies.form_name()):
        cookies.put(response, cookies.form_name(), form_cookie)
    if request.query_params.get("lang") in offered:
        cookies.put(response, cookies.language_name(), chosen, seconds=365 * 86_400)
    return response


def password_saved(username: str, *, language: str) -> RedirectResponse:
    """On to the sign-in page in their language. Nothing is remembered: the next one on this device reads another."""
    return redirect("/sign-in?" + urlencode({"username": username, "saved": "password", "reads": language}))


def refusal(request: Request, text: str, *, status: int, back: str = "/") -> HTMLResponse:
    """One sentence and a way on."""
    return render(request, "refusal.html", status=status, text=text, back=back)


def redirect(path: str) -> RedirectResponse:
    """After a form: the next page by GET."""
    return RedirectResponse(path, 303, headers={"cache-control": "no-store"})


def _language_links(request: Request, here: str, offered: Collection[str]) -> dict[str, str]:
    """The same page in each language; none for the answer to a form that cannot be asked for again."""
    if not here and request.method not in ("GET", "HEAD"):
        return {}
    path, _mark, query = here.partition("?") if here else (request.url.path, "", request.url.query)
    asked = dict(parse_qsl(query))
    return {code: f"{path}?{urlencode(asked | {'lang': code})}" for code in offered}


@lru_cache
def _environment(language: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals["_"] = languages.words(language)
    environment.globals["asset"] = assets.address
    return environment
