"""An item of a Reports menu: one click downloads, and the page stays.

Streamlit's own download button would put the file at an address without access control (R45), so the item is a form
that posts to core.web.files. These templates are the ones that fill HTML: with ids and the form token only (R54).
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import streamlit as st

from core.permissions import Actor
from core.rules.report_requests import is_long
from core.services import open_session

ROWS = """
<input type="hidden" name="form_token" value="{token}">
<input type="hidden" name="selection_id" value="{selection_id:d}">
<input type="hidden" name="scope" value="{scope}">
<input type="hidden" name="expected" value="{expected:d}">
"""
LATER = ", made while you go on"
FIELD = '<input type="hidden" name="{name}" value="{value}">'
TEMPLATE = (
    """
<style>
.firstkey-report {{ margin: 0; }}
.firstkey-report button {{
  width: 100%; padding: .375rem 0; border: 0; border-radius: .5rem; background: transparent; color: inherit;
  font: inherit; font-size: .875rem; text-align: left; cursor: pointer;
}}
.firstkey-report button:hover {{ background: color-mix(in srgb, currentColor 9%, transparent); }}
.firstkey-report button:focus-visible {{ outline: 2px solid currentColor; outline-offset: -2px; }}
.firstkey-report small {{ opacity: .65; }}
.firstkey-report.framed button {{
  border: 1px solid color-mix(in srgb, currentColor 25%, transparent); text-align: center; padding: .45rem .75rem;
}}
</style>
<form class="firstkey-report{framed}" method="post" action="/files/{kind}">"""
    + ROWS
    + """{more}<button type="submit">{label} <small>{said}</small></button>
</form>
"""
)


def report_form(
    actor: Actor,
    *,
    label: str,
    kind: str,
    selection_id: int,
    scope: str,
    expected: int,
    said: str = "PDF",
    more: Mapping[str, str] | None = None,
    framed: bool = False,
) -> None:
    """Show the item. `expected` is the number the person sees: the download refuses when it has changed.

    `more`: further fields of the form, names of ours with values of ours.
    For the outcome of a campaign, `selection_id` is the campaign's.
    """
    filled = TEMPLATE.format(
        kind=escape(kind),
        framed=" framed" if framed else "",
        token=open_session.form_token(actor),
        selection_id=selection_id,
        scope=escape(scope),
        expected=expected,
        said=f"{escape(said)}, {expected:,}{LATER if is_long(kind, expected) else ''}",
        label=escape(label),
        more="".join(FIELD.format(name=escape(name), value=escape(value)) for name, value in (more or {}).items()),
    )
    st.html(filled)
