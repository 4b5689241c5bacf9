"""A counterpart of Microsoft Entra on loopback, over TLS: users, the code flow with PKCE, signed ID tokens.

A token can be tampered with before it is signed, or signed by nobody we know: `Entra.tamper`.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlencode

import jwt
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.peers.firstkey import free_port
from tests.peers.graph import Graph

TENANT, OTHER_TENANT = "11111111-2222-3333-4444-555555555555", "99999999-2222-3333-4444-555555555555"
CLIENT, SECRET = "aaaaaaaa-0000-0000-0000-000000000001", "s3cret-of-the-app"
Claims = dict[str, Any]


@dataclass(frozen=True)
class User:
    """Somebody with a Microsoft account."""

    name: str
    address: str
    object_id: str
    tenant: str = TENANT
    methods: tuple[str, ...] = ()


@dataclass
class Entra:
    """The counterpart. `tamper` changes the claims; `algorithm` none or `foreign_key` spoil the signature.

    `broken`: what is said instead, with 200, by where: configuration, keys, token. `issued`: tokens, codes and
    verifiers of sign-ins.
    """

    url: str
    certificate: Path
    users: list[User]
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    kid: str = "first"
    tamper: Callable[[Claims], None] = lambda claims: None
    algorithm: str = "RS256"
    foreign_key: bool = False
    is_down: bool = False
    broken: dict[str, str] = field(default_factory=dict)
    issued: list[str] = field(default_factory=list)
    graph: Graph = field(default_factory=Graph)

    def settings(self) -> dict[str, str]:
        """The settings with which Firstkey signs in here."""
        return {
            "FIRSTKEY_MICROSOFT_TENANT_ID": TENANT,
            "FIRSTKEY_MICROSOFT_CLIENT_ID": CLIENT,
            "FIRSTKEY_MICROSOFT_CLIENT_SECRET": SECRET,
            "FIRSTKEY_MICROSOFT_AUTHORITY": self.url,
            "FIRSTKEY_MICROSOFT_GRAPH_URL": self.url,
            "REQUESTS_CA_BUNDLE": str(self.certificate),
        }

    def code_for(self, user: User, question: dict[str, str]) -> str:
        """What the browser brings back: a code, good for one exchange."""
        code = secrets.token_urlsafe(24)
        self.codes[code] = question | {"object_id": user.object_id}
        return code

    def renew_keys(self) -> None:
        """As Microsoft does every few weeks."""
        self.key, self.kid = rsa.generate_private_key(65537, 2048), "second"

    def id_token(self, user: User, nonce: str) -> str:
        now = int(time.time())
        claims: Claims = {
            "iss": f"{self.url}/{TENANT}/v2.0",
            "aud": CLIENT,
            "iat": now,
            "nbf": now,
            "exp": now + 3600,
            "nonce": nonce,
            "tid": user.tenant,
            "oid": user.object_id,
            "preferred_username": user.address,
            "name": user.name,
        } | ({"amr": list(user.methods)} if user.methods else {})  # v2.0 tokens say nothing of it
        self.tamper(claims)
        key = rsa.generate_private_key(65537, 2048) if self.foreign_key else self.key
        by_others: dict[str, Any] = {"none": None, "HS256": SECRET * 2}  # unsigned, and by who knows the app's secret
        signer = by_others.get(self.algorithm, key)
        return jwt.encode(claims, signer, algorithm=self.algorithm, headers={"kid": self.kid})


@contextmanager
def running(folder: Path, users: list[User]) -> Iterator[Entra]:
    """The counterpart on a free port, with a certificate of its own."""
    pem, key = certificate(folder)
    port = free_port()
    entra = Entra(f"https://localhost:{port}", pem, users)
    config = uvicorn.Config(
        _site(entra), port=port, ssl_certfile=str(pem), ssl_keyfile=str(key), log_level="error", lifespan="off"
    )
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield entra
    server.should_exit = True
    thread.join(10)


def _site(entra: Entra) -> Starlette:
    def published(request: Request) -> Response:
        if entra.is_down:
            return Response(status_code=503)
        if "configuration" in entra.broken:
            return Response(entra.broken["configuration"])
        base, tenant = entra.url, request.path_params["tenant"]
        return JSONResponse(
            {
                "issuer": f"{base}/{tenant}/v2.0",
                "authorization_endpoint": f"{base}/{tenant}/oauth2/v2.0/authorize",
                "token_endpoint": f"{base}/{tenant}/oauth2/v2.0/token",
                "jwks_uri": f"{base}/{tenant}/discovery/v2.0/keys",
            }
        )

    def keys(_request: Request) -> Response:
        if "keys" in entra.broken:
            return Response(entra.broken["keys"])
        public = jwt.algorithms.RSAAlgorithm.to_jwk(entra.key.public_key(), as_dict=True)
        return JSONResponse({"keys": [public | {"kid": entra.kid, "use": "sig", "alg": "RS256"}]})

    def authorize(request: Request) -> Response:
        """Whom do you want to be? A page with a button for each user, and one to give up."""
        asked = dict(request.query_params)
        chosen = [user for user in entra.users if user.object_id == asked.get("chosen")]
        back, state = asked["redirect_uri"], asked["state"]
        if chosen:
            return RedirectResponse(
                f"{back}?{urlencode({'code': entra.code_for(chosen[0], asked), 'state': state})}", 302
            )
        links = "".join(
            f'<p><a href="?{escape(urlencode(asked | {"chosen": user.object_id}))}">{escape(user.address)}</a></p>'
            for user in entra.users
        )
        cancelled = urlencode({"error": "access_denied", "error_description": "cancelled", "state": state})
        return HTMLResponse(f'<h1>Microsoft</h1>{links}<p><a href="{escape(back)}?{escape(cancelled)}">Cancel</a></p>')

    async def token(request: Request) -> Response:
        given = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        if (given.get("client_id"), given.get("client_secret")) != (CLIENT, SECRET):
            return JSONResponse({"error": "invalid_client"}, 401)
        if "token" in entra.broken:
            return Response(entra.broken["token"])
        if given.get("grant_type") == "client_credentials":
            return JSONResponse({"token_type": "Bearer", "expires_in": 3600, "access_token": entra.graph.new_token()})
        question = entra.codes.pop(given.get("code", ""), None)
        verifier = hashlib.sha256(given.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).rstrip(b"=").decode()
        if question is None or question["code_challenge"] != challenge:
            return JSONResponse({"error": "invalid_grant"}, 400)
        user = next(user for user in entra.users if user.object_id == question["object_id"])
        id_token, access_token = entra.id_token(user, question["nonce"]), secrets.token_urlsafe()
        entra.issued += [id_token, access_token, given["code"], given["code_verifier"]]
        said = {"token_type": "Bearer", "expires_in": 3600, "access_token": access_token, "id_token": id_token}
        return JSONResponse(said)

    def signed_out(_request: Request) -> Response:
        return HTMLResponse("<h1>You signed out of your account</h1>")

    return Starlette(
        routes=[
            Route("/{tenant}/v2.0/.well-known/openid-configuration", published),
            Route("/{tenant}/discovery/v2.0/keys", keys),
            Route("/{tenant}/oauth2/v2.0/authorize", authorize),
            Route("/{tenant}/oauth2/v2.0/token", token, methods=["POST"]),
            Route("/{tenant}/oauth2/v2.0/logout", signed_out),
            *entra.graph.routes(),
        ]
    )


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for localhost that signs itself."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "entra.pem", folder / "entra-key.pem"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
    )
    return public, private
