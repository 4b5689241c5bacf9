"""What Streamlit must find in the environment: it reads these before any code of ours could tell it."""

from __future__ import annotations

from urllib.parse import urlsplit

from core import keys
from core.config import settings


def streamlit_environment() -> dict[str, str]:
    """What the environment must say before Streamlit is loaded, for the public address of this installation."""
    host = urlsplit(settings().base_url).hostname or "localhost"
    hosts = sorted({"localhost", "127.0.0.1", host})
    return {
        "STREAMLIT_SERVER_ALLOWED_HOSTS": ",".join(hosts),
        "STREAMLIT_SERVER_COOKIE_SECRET": keys.current().sign("streamlit", "cookie").hex(),
    }
