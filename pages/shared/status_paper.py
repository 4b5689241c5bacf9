"""*Save as PDF*: the page as it is asked for now, by a form of our own (see download)."""

from __future__ import annotations

import json
from html import escape

import streamlit as st

from core.permissions import Actor
from core.services import open_session, status_papers
from core.tables.filters import StatusFilter
from pages.shared import css

TEMPLATE = """
<style>
.firstkey-paper { margin: 0; }
.firstkey-paper button { padding: .375rem .75rem; border-radius: .4rem; background: transparent; color: inherit;
  border: 1px solid color-mix(in srgb, currentColor 25%, transparent); font: inherit; font-size: .9rem;
  cursor: pointer; }
.firstkey-paper button:hover { background: color-mix(in srgb, currentColor 9%, transparent); }
.firstkey-paper button:focus-visible { outline: 2px solid currentColor; outline-offset: 2px; }
</style>
"""
FORM = """
<form class="firstkey-paper" method="post" action="/files/{kind}">
<input type="hidden" name="form_token" value="{token}">
<input type="hidden" name="filter" value="{filter}">
<button type="submit">Save as PDF</button>
</form>
"""


def draw(actor: Actor, asked: StatusFilter) -> None:
    """The button. What it prints is asked and checked again at the click."""
    form = FORM.format(
        kind=status_papers.KIND,
        token=open_session.form_token(actor),
        filter=escape(json.dumps(asked.as_json(), separators=(",", ":"))),
    )
    st.html(css.compact(TEMPLATE) + form, width="content")
