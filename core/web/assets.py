"""Our own style, scripts and pictures. Their address changes with their content, so browsers may keep them."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

_FOLDER = Path(__file__).parent / "static"
FOR_EVER, FOR_AN_HOUR = "public, max-age=31536000, immutable", "public, max-age=3600"


@lru_cache
def address(name: str) -> str:
    """Where a page finds an asset, in this version."""
    return f"/assets/{name}?v={_version(name)}"


class Assets(StaticFiles):
    """Says how long a file may be kept."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        fresh = path in _names() and scope["query_string"] == f"v={_version(path)}".encode()
        response.headers["cache-control"] = FOR_EVER if fresh else FOR_AN_HOUR
        return response


@lru_cache
def _names() -> frozenset[str]:
    return frozenset(path.name for path in _FOLDER.iterdir())


@lru_cache
def _version(name: str) -> str:
    return hashlib.sha256((_FOLDER / name).read_bytes()).hexdigest()[:12]


ROUTES = [Mount("/assets", Assets(directory=_FOLDER))]
