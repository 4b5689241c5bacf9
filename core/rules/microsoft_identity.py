"""Who Microsoft says somebody is, and everything that can stand in the way of believing it (R28, R29)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from core.errors import AppError


class Hindrance(StrEnum):
    """Why a sign-in with Microsoft led nowhere; each has a page that says what to do."""

    CANCELLED = "cancelled"
    EXPIRED = "expired"
    NOT_GENUINE = "not_genuine"
    WRONG_TENANT = "wrong_tenant"
    UNKNOWN_PERSON = "unknown_person"
    ANOTHER_PERSON = "another_person"
    DEACTIVATED = "deactivated"
    NO_ROLE = "no_role"
    SETTINGS = "settings"
    DOWN = "down"


class Hindered(AppError):
    """A sign-in with Microsoft that leads nowhere."""

    def __init__(self, hindrance: Hindrance) -> None:
        super().__init__(hindrance.value)
        self.hindrance = hindrance


@dataclass(frozen=True)
class Identity:
    """A person of the school's own tenant. `tenant_id` with `object_id` never changes, `username` may."""

    tenant_id: str
    object_id: str
    username: str
    has_second_factor: bool


def identity(claims: Mapping[str, Any], *, tenant_id: str, nonce: str) -> Identity:
    """Who the claims of an ID token speak of. Its signature, issuer, audience and dates were checked before.

    Refuses the answer to another question, another tenant, and a token that names nobody. `nonce` is the one of the
    flow; Microsoft was given its SHA-256 and has to return that (OpenID Connect Core §15.5.2).
    """
    asked = hashlib.sha256(nonce.encode()).hexdigest()
    if not nonce or not hmac.compare_digest(asked.encode(), str(claims.get("nonce", "")).encode()):
        raise Hindered(Hindrance.NOT_GENUINE)
    tenant, person = str(claims.get("tid") or ""), str(claims.get("oid") or "")
    if tenant.casefold() != tenant_id.casefold() or not tenant:
        raise Hindered(Hindrance.WRONG_TENANT)
    if not person:
        raise Hindered(Hindrance.NOT_GENUINE)
    methods = claims.get(
        "amr"
    )  # Microsoft puts it into v1.0 tokens only: mostly it is missing, and that proves nothing
    proved = isinstance(methods, list) and "mfa" in methods
    return Identity(tenant.casefold(), person.casefold(), str(claims.get("preferred_username") or ""), proved)
