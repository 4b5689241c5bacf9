"""What Streamlit must be told about this installation: our key, and the names under which it may be asked."""

from __future__ import annotations

from urllib.parse import urlsplit

from core import keys
from core.config import settings


def streamlit_environment() -> dict[str, str]:
    """What the environment must say before Streamlit is loaded; it takes its own secrets from nowhere else."""
    return {"STREAMLIT_SERVER_COOKIE_SECRET": keys.current().sign("streamlit", "cookie").hex()}


def hosts() -> list[str]:
    """The host of the public address; this machine's own names only as far as they are sent on to it."""
    return sorted({"localhost", "127.0.0.1", urlsplit(settings().base_url).hostname or "localhost"})
