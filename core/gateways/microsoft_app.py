"""The application that the school registered at Microsoft, as MSAL knows it."""

from __future__ import annotations

import logging
import os
import ssl
from typing import Any

import certifi
import msal

TIMEOUT_S = 10.0
logging.getLogger("msal").setLevel(logging.CRITICAL)  # it logs answers that it cannot read, tokens and all


def client(authority: str, client_id: str, secret: str, **extra: Any) -> Any:
    """MSAL's client for one tenant; `authority` ends with the tenant's id.

    Making it asks the authority what it offers: raises requests.RequestException, or ValueError for an unknown tenant.
    """
    return msal.ConfidentialClientApplication(
        client_id,
        client_credential=secret,
        authority=authority,
        instance_discovery=False,
        timeout=TIMEOUT_S,
        **extra,
    )


def certificates() -> ssl.SSLContext:
    """Whom to trust: what REQUESTS_CA_BUNDLE names, as MSAL does, else the authorities that everybody trusts."""
    return ssl.create_default_context(cafile=os.environ.get("REQUESTS_CA_BUNDLE") or certifi.where())
