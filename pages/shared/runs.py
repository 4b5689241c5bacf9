"""A run of a page, of a part of one, or of a callback before both: what it does has one name and one place (R96)."""

from __future__ import annotations

import streamlit as st

from core import requests


def begin() -> None:
    """The place is the path of the page; what stands behind the question mark may be personal."""
    requests.begin(str(st.context.url or "").partition("?")[0].rpartition("/")[2][:50])
