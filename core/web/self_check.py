"""Refuses to start with unsafe options or a useless key: better no Firstkey than an open one (R47, R49, R93)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import streamlit as st

from core import keys
from core.config import settings
from core.errors import SettingsError

WANTED: dict[str, Any] = {
    "server.trustedUserHeaders": {"x-app-identity": "app_identity"},
    "server.enableCORS": True,
    "server.enableXsrfProtection": True,
    "server.enableStaticServing": False,
    "server.runOnSave": False,
    "server.fileWatcherType": "none",
    "runner.postScriptGC": False,
    "client.showErrorDetails": "none",
    "client.toolbarMode": "minimal",
    "browser.gatherUsageStats": False,
    "global.developmentMode": False,
}


def run() -> None:
    """Raises SettingsError with the option that is wrong and where it belongs."""
    keys.known()
    wrong = [name for name, value in WANTED.items() if st.get_option(name) != value]
    if wrong:
        raise SettingsError(
            f"Streamlit runs with an unsafe {wrong[0]}. Start Firstkey from its own folder, where "
            f".streamlit/config.toml sets it to {WANTED[wrong[0]]!r}, and remove other settings of it."
        )
    host = urlsplit(settings().base_url).hostname
    if host not in st.get_option("server.allowedHosts"):
        raise SettingsError(f"Streamlit does not know the host {host}. Start with: python -m core.manage serve")
