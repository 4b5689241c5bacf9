"""Refuses to start with unsafe options or a useless key: better no Firstkey than an open one (R47, R49, R93)."""

from __future__ import annotations

from functools import cache
from typing import Any

import streamlit as st
from streamlit import config

from core import database, keys
from core.config import settings
from core.errors import SettingsError
from core.tables import keys_in_use
from core.web import environment

WANTED: dict[str, Any] = {
    "server.trustedUserHeaders": {"x-app-identity": "app_identity"},
    "server.enableCORS": True,
    "server.enableXsrfProtection": True,
    "server.enableStaticServing": False,
    "server.enableAgentApi": False,
    "server.scriptHealthCheckEnabled": False,
    "server.runOnSave": False,
    "server.fileWatcherType": "none",
    "runner.postScriptGC": False,
    "client.showErrorDetails": "none",
    "client.toolbarMode": "minimal",
    "client.disableDataExport": True,
    "logger.enableRich": False,
    "browser.gatherUsageStats": False,
    "global.developmentMode": False,
}
AT_MOST = {"server.maxUploadSize": 10, "server.maxMessageSize": 50}  # megabytes (R48)


def run() -> None:
    """Raises SettingsError with the option that is wrong and where it belongs."""
    keys.known()
    wrong = {name: value for name, value in WANTED.items() if st.get_option(name) != value}
    wrong |= {name: most for name, most in AT_MOST.items() if not 0 < st.get_option(name) <= most}
    for name, value in wrong.items():
        raise SettingsError(
            f"Streamlit runs with an unsafe {name}. Start Firstkey from its own folder, where "
            f".streamlit/config.toml sets it to {value!r}, and remove other settings of it."
        )
    if st.get_option("server.cookieSecret") != environment.streamlit_environment()["STREAMLIT_SERVER_COOKIE_SECRET"]:
        raise SettingsError("Streamlit was loaded before it was told our key. Start with: python -m core.manage serve")
    if sorted(st.get_option("server.allowedHosts")) != environment.hosts():
        raise SettingsError(f"Streamlit did not take over the host of {settings().base_url}. Is this another version?")
    with database.reading() as db:  # last: what is wrong with the options is said without asking a database
        keys_in_use.require(db)


def keep_theme() -> None:
    """Streamlit puts its theme together for every run of a page, from all of its options: a twentieth of a search."""
    setattr(config, "get_options_for_section", cache(config.get_options_for_section))  # noqa: B010  (as in pages.parts)


def set_hosts() -> None:
    """Let Streamlit answer under our public name. Under uvicorn it reads this from no environment variable."""
    config.set_option("server.allowedHosts", environment.hosts())
