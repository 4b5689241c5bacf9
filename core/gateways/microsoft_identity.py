"""Signing in with Microsoft: the authorization code flow with PKCE by MSAL, and the ID token checked by ourselves.

MSAL does not look at the signature, issuer, audience or dates of an ID token; PyJWT does, with the keys that Microsoft
publishes, which are kept for an hour and asked for again when a token names one that is new.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import Any

import jwt
import msal
import requests

from core.config import settings
from core.errors import SettingsError
from core.gateways import microsoft_addresses, microsoft_app
from core.rules.microsoft_identity import Hindered, Hindrance, Identity, identity

KEYS_KEPT_S, LEEWAY_S = 3_600.0, 120
REQUIRED = ["exp", "iat", "iss", "aud"]
PUBLISHED = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")
_BROKEN = (ValueError, LookupError, TypeError, AttributeError)  # what a library raises on an answer of another shape


class _Forgetful(msal.TokenCache):  # type: ignore[misc]  # the package has no types
    """Keeps no token of anybody: who somebody is, is all that is asked."""

    def add(self, event: object, now: object = None) -> None:
        """Nothing."""


class MicrosoftIdentity:
    """The school's tenant as a place to sign in."""

    def __init__(self, *, authority: str, tenant_id: str, client_id: str, client_secret: str) -> None:
        self._authority, self._tenant_id = f"{authority.rstrip('/')}/{tenant_id}", tenant_id
        self._client_id, self._client_secret = client_id, client_secret

    def begin(self, *, login_hint: str = "") -> dict[str, Any]:
        """A flow: `auth_uri` is where the browser goes, the rest stays on the server until it comes back."""
        self._published  # noqa: B018  (asked first: MSAL says the same of a broken answer and of an unknown tenant)
        try:
            return dict(
                self._client.initiate_auth_code_flow(
                    [],
                    redirect_uri=microsoft_addresses.callback(),
                    login_hint=login_hint or None,
                    prompt="select_account",
                )
            )
        except (requests.RequestException, msal.exceptions.MsalServiceError):
            raise Hindered(Hindrance.DOWN) from None
        except _BROKEN:
            raise Hindered(Hindrance.DOWN) from None

    def finish(self, flow: dict[str, Any], answer: Mapping[str, str]) -> Identity:
        """Who came back with this answer; raises Hindered for every other one. A code is exchanged once."""
        if answer.get("error"):
            raise Hindered(Hindrance.CANCELLED if answer["error"] == "access_denied" else Hindrance.SETTINGS)
        try:
            result = self._client.acquire_token_by_auth_code_flow(flow, dict(answer))
        except (requests.RequestException, msal.exceptions.MsalServiceError, json.JSONDecodeError):
            raise Hindered(Hindrance.DOWN) from None
        except ValueError:  # the state is that of another flow
            raise Hindered(Hindrance.EXPIRED) from None
        except RuntimeError:  # the nonce is that of another flow
            raise Hindered(Hindrance.NOT_GENUINE) from None
        except _BROKEN:
            raise Hindered(Hindrance.DOWN) from None
        if not isinstance(result, dict):
            raise Hindered(Hindrance.DOWN)
        if "id_token" not in result:
            expired = result.get("error") == "invalid_grant"
            raise Hindered(Hindrance.EXPIRED if expired else Hindrance.SETTINGS)
        return identity(self._claims(result["id_token"]), tenant_id=self._tenant_id, nonce=flow.get("nonce", ""))

    def _claims(self, token: str) -> dict[str, Any]:
        """What the token says, when the tenant's own key signed it for us and it is of now."""
        try:
            return dict(
                jwt.decode(
                    token,
                    self._key(token),
                    algorithms=["RS256"],
                    audience=self._client_id,
                    issuer=self._published["issuer"],
                    leeway=LEEWAY_S,
                    options={"require": REQUIRED},
                )
            )
        except jwt.PyJWTError:
            raise Hindered(Hindrance.NOT_GENUINE) from None

    def _key(self, token: str) -> jwt.PyJWK:
        """The key that the token names. No keys at all are Microsoft's fault, an unknown one is the token's."""
        try:
            self._keys.get_signing_keys()
        except (jwt.PyJWTError, *_BROKEN):
            raise Hindered(Hindrance.DOWN) from None
        try:
            return self._keys.get_signing_key_from_jwt(token)
        except (jwt.PyJWKClientConnectionError, jwt.PyJWKSetError, *_BROKEN):
            raise Hindered(Hindrance.DOWN) from None

    @cached_property
    def _client(self) -> Any:
        extra = {"token_cache": _Forgetful(), "exclude_scopes": ["offline_access"]}
        return microsoft_app.client(self._authority, self._client_id, self._client_secret, **extra)

    @cached_property
    def _published(self) -> dict[str, Any]:
        """What the tenant publishes of itself (OpenID Connect Discovery §4); kept once it is whole."""
        place = f"{self._authority}/v2.0/.well-known/openid-configuration"
        try:
            answer = requests.get(place, timeout=microsoft_app.TIMEOUT_S)
            if 400 <= answer.status_code < 500:  # Microsoft knows no such tenant
                raise Hindered(Hindrance.SETTINGS)
            answer.raise_for_status()
            said = answer.json()
            return {name: str(said[name]) for name in PUBLISHED}
        except (requests.RequestException, *_BROKEN):
            raise Hindered(Hindrance.DOWN) from None

    @cached_property
    def _keys(self) -> jwt.PyJWKClient:
        return jwt.PyJWKClient(
            self._published["jwks_uri"],
            lifespan=KEYS_KEPT_S,
            timeout=microsoft_app.TIMEOUT_S,
            ssl_context=microsoft_app.certificates(),
        )


@lru_cache
def from_settings() -> MicrosoftIdentity:
    """The tenant of FIRSTKEY_MICROSOFT_…; refuses while it is not set up."""
    values = settings()
    if not values.microsoft_is_set_up:
        raise SettingsError("Set FIRSTKEY_MICROSOFT_TENANT_ID, _CLIENT_ID and _CLIENT_SECRET.")
    return MicrosoftIdentity(
        authority=values.microsoft_authority,
        tenant_id=values.microsoft_tenant_id,
        client_id=values.microsoft_client_id,
        client_secret=values.microsoft_client_secret,
    )
