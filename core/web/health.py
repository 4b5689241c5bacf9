"""GET /healthz: 200 once the database answers and the engine is up."""

from __future__ import annotations

import sqlalchemy as sa
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core import database
from core.config import settings
from core.delivery import engine


def show(_request: Request) -> Response:
    """For a load balancer and for `make run`; says nothing about the school."""
    parts = {"database": _database(), "delivery": _delivery()}
    well = all(state in ("up", "elsewhere") for state in parts.values())
    return JSONResponse({"ok": well, **parts}, 200 if well else 503, headers={"cache-control": "no-store"})


def _database() -> str:
    try:
        with database.reading() as db:
            db.execute(sa.text("SELECT 1"))
    except sa.exc.SQLAlchemyError:
        return "down"
    return "up"


def _delivery() -> str:
    if not settings().deliver_in_web:
        return "elsewhere"
    return "up" if engine.is_up() else "starting"


ROUTES = [Route("/healthz", show, methods=["GET"])]
