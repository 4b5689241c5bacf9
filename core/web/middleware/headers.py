"""Security headers on every answer (R51, R52)."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.config import settings

PRIVATE = ("/media/", "/_stcore/", "/files/")


class SecurityHeaders:
    """Adds the headers; answers with personal data are kept by no cache."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        private = scope["path"].startswith(PRIVATE)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                dropped = {b"server"} | ({b"cache-control"} if private else set())
                kept = [(name, value) for name, value in message["headers"] if name.lower() not in dropped]
                said = {name.lower() for name, _value in kept}  # a page of ours is stricter with itself
                added = [header for header in _headers(private=private) if header[0] not in said]
                message = {**message, "headers": kept + added}
            await send(message)

        await self.app(scope, receive, send_with_headers)


def _headers(*, private: bool) -> list[tuple[bytes, bytes]]:
    headers = [
        (b"content-security-policy", _policy().encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"same-origin"),  # not no-referrer: docs/decisions/0006
        (b"cross-origin-opener-policy", b"same-origin"),
        (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
    ]
    if private:
        headers.append((b"cache-control", b"private, no-store"))
    if settings().is_https:
        headers.append((b"strict-transport-security", b"max-age=31536000; includeSubDomains"))
    return headers


@lru_cache
def _policy() -> str:
    """Streamlit's inline start script is allowed by its hash; no unsafe-eval, no foreign host."""
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' {_inline_script_hashes()}",
            "style-src 'self' 'unsafe-inline'",
            "font-src 'self' data:",
            "img-src 'self' data: blob:",
            f"connect-src 'self' {settings().base_url.replace('http', 'ws', 1)}",
            "worker-src 'self' blob:",
            "frame-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


def _inline_script_hashes() -> str:
    spec = find_spec("streamlit")
    assert spec and spec.origin  # noqa: S101  (requirements.txt has it)
    index = (Path(spec.origin).parent / "static" / "index.html").read_text(encoding="utf-8")
    scripts = re.findall(r"<script>(.*?)</script>", index, re.DOTALL)
    return " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in scripts)
