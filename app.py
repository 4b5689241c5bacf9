"""The ASGI application: our routes and gate around the staff pages of Streamlit. No rules here."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path

from core.web.environment import streamlit_environment

os.environ |= streamlit_environment()  # before Streamlit reads it

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware

from core.config import settings
from core.delivery import engine
from core.web import logs, routes, self_check
from core.web.middleware.gate import Gate
from core.web.middleware.headers import SecurityHeaders
from core.web.middleware.hosts import Hosts


@asynccontextmanager
async def lifespan(_app: object) -> AsyncIterator[None]:
    """Once per process, before any visitor: check, load what the first page would wait for, start delivering."""
    self_check.run()
    logs.quiet()
    for heavy in ("pandas", "pyarrow", "plotly.graph_objects"):
        import_module(heavy)
    if settings().deliver_in_web:
        await run_in_threadpool(engine.launch)
    yield
    if settings().deliver_in_web:
        await run_in_threadpool(engine.shutdown)


app = st.App(
    Path(__file__).resolve().parent / "pages" / "navigation.py",
    lifespan=lifespan,
    routes=routes.ROUTES,
    middleware=[Middleware(Hosts), Middleware(SecurityHeaders), Middleware(Gate)],
    exception_handlers=routes.HANDLERS,
    on_script_error=routes.log_fault,
)
