"""Microsoft Graph with the application's own permissions: one request at a time, every failure told apart.

Source: https://learn.microsoft.com/graph/errors and /graph/throttling. 429 and 503 with Retry-After were certainly not
accepted; 500, 502, 504 and a lost answer may have been.
"""

from __future__ import annotations

import logging
from functools import cached_property
from typing import Any

import httpx
import jwt
import msal
import requests

from core.config import Settings, settings
from core.errors import GatewayError, GatewayErrorKind, SettingsError
from core.gateways import microsoft_app
from core.gateways import retry_after as waits
from core.rules.directory_users import UNREADABLE

logging.getLogger("httpx").setLevel(logging.WARNING)  # a line of its own for each address that is asked for
READ_S, ACCEPTED = 30.0, 202
_KINDS = GatewayErrorKind
_WORDS = {
    "invalid_client": "Microsoft does not accept FIRSTKEY_MICROSOFT_CLIENT_SECRET. Make a new one.",
    "unauthorized_client": "Microsoft does not know the application of FIRSTKEY_MICROSOFT_CLIENT_ID in this tenant.",
}
_OF_US = {  # codes of a sendMail that would meet every message alike, whatever their status
    "errorexceededmessagelimit": "Microsoft 365 lets this mailbox send no more today. Resume tomorrow.",
    "errormessagesubmissionblocked": "Microsoft 365 has shut out this mailbox. Ask the administrator of Microsoft 365.",
    "errorsendasdenied": "Microsoft 365 does not let us send from this mailbox. See FIRSTKEY_GRAPH_MAILBOX.",
}
_CANNOT_BE_REACHED = "Microsoft cannot be reached"


class Graph:
    """Asks Graph in the name of the application. One per thread: httpx keeps its connection."""

    def __init__(self, values: Settings) -> None:
        if not values.microsoft_is_set_up:
            raise SettingsError("Set FIRSTKEY_MICROSOFT_TENANT_ID, _CLIENT_ID and _CLIENT_SECRET.")
        self._values = values
        self._http = httpx.Client(
            base_url=f"{values.microsoft_graph_url}/v1.0",
            timeout=httpx.Timeout(READ_S, connect=microsoft_app.TIMEOUT_S),
            verify=microsoft_app.certificates(),
        )

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The answer as JSON, or None where there is none; raises GatewayError. `path` may be a whole `nextLink`."""
        headers = {"authorization": f"Bearer {self.token()}"}
        try:
            answer = self._http.request(method, path, json=body, headers=headers)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            raise GatewayError(_KINDS.TRANSIENT, _CANNOT_BE_REACHED) from None
        except httpx.HTTPError:
            raise GatewayError(_KINDS.AMBIGUOUS, "Microsoft did not answer in time") from None
        if answer.status_code >= 400:
            raise refused(answer.status_code, _json(answer), retry_after=answer.headers.get("retry-after"))
        if not answer.content or answer.status_code == ACCEPTED:  # accepted is accepted, whatever is said of it
            return None
        said = _json(answer)
        if said is None:
            raise unreadable()
        return said

    def close(self) -> None:
        self._http.close()

    def token(self) -> str:
        """What Graph is asked with; MSAL keeps it until it ends."""
        scope = f"{self._values.microsoft_graph_url}/.default"
        try:
            result = self._client.acquire_token_for_client(scopes=[scope])
        except (requests.RequestException, msal.exceptions.MsalServiceError):
            raise GatewayError(_KINDS.TRANSIENT, _CANNOT_BE_REACHED) from None
        except ValueError:
            raise GatewayError(_KINDS.CONFIGURATION, "Microsoft does not know this tenant.") from None
        if "access_token" in result:
            return str(result["access_token"])
        why = _WORDS.get(str(result.get("error")), "Microsoft gives the application no access.")
        raise GatewayError(_KINDS.CONFIGURATION, why)

    def permissions(self) -> frozenset[str] | None:
        """What the school's administrator has granted, as the token says it; None where that cannot be read.

        Only to be shown: the token came from Microsoft itself and is not ours to judge, Graph does that.
        """
        try:
            roles = jwt.decode(self.token(), options={"verify_signature": False}).get("roles", [])
        except jwt.PyJWTError:
            return None
        return frozenset(map(str, roles)) if isinstance(roles, list) else None

    @cached_property
    def _client(self) -> Any:
        values = self._values
        authority = f"{values.microsoft_authority}/{values.microsoft_tenant_id}"
        return microsoft_app.client(authority, values.microsoft_client_id, values.microsoft_client_secret)


def refused(status: int, body: Any, *, retry_after: str | None = None) -> GatewayError:
    """What a refusal means for what was asked. Its text is ours: Graph's may quote addresses."""
    error = body.get("error") if isinstance(body, dict) else None
    code = str(error.get("code", "")) if isinstance(error, dict) else ""
    if of_us := _OF_US.get(code.lower()):
        return GatewayError(_KINDS.CONFIGURATION, of_us)
    wait = waits.seconds(retry_after)
    if status == 429 or (status == 503 and wait is not None):
        return GatewayError(_KINDS.TRANSIENT, f"Microsoft asks to wait ({status})", retry_after=wait)
    if status in (401, 403):
        return GatewayError(_KINDS.CONFIGURATION, f"Microsoft does not allow the application to do this ({status}).")
    if status >= 500:
        return GatewayError(_KINDS.AMBIGUOUS, f"Microsoft had a fault ({status})")
    reason = _reason(code.lower())
    return GatewayError(_KINDS.PERMANENT, f"Microsoft refused it ({status} {code[:40]})", reason=reason)


def unreadable() -> GatewayError:
    """An answer of another shape than Graph's: a proxy's page, or half of one. It may have been done."""
    return GatewayError(_KINDS.AMBIGUOUS, "Microsoft gave an answer that could not be read", reason=UNREADABLE)


def _reason(code: str) -> str | None:
    """Only what is said of a recipient is a fault of the address; any other refusal is ours, and blocks nobody."""
    if "recipient" in code:
        return "bad_address"
    return "bounced" if "mailbox" in code else None


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None


def from_settings() -> Graph:
    return Graph(settings())
