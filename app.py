"""The ASGI application: our routes and gate around the staff pages of Streamlit. No rules here."""

from __future__ import annotations

import asyncio
import gc
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

from core import logs as log_lines
from core import supervisor
from core.config import settings
from core.delivery import engine
from core.errors import AppError
from core.tables.roll import answers as roll
from core.web import faults, logs, routes, self_check
from core.web.middleware.faults import Faults
from core.web.middleware.gate import Gate
from core.web.middleware.headers import SecurityHeaders
from core.web.middleware.hosts import Hosts
from core.web.middleware.measured import Measured
from core.web.middleware.proxies import Proxies
from pages.shared import feedback, left_screen, parts, turns
from pages.shared.uploads import Uploads


@asynccontextmanager
async def lifespan(_app: object) -> AsyncIterator[None]:
    """Once per process, before any visitor: check, load what the first page would wait for, start delivering."""
    self_check.set_hosts()
    self_check.run()
    self_check.keep_theme()
    parts.answer_for_the_page()
    turns.begin()
    left_screen.forget_widgets()
    logs.quiet()
    for heavy in ("pandas", "pyarrow", "plotly.graph_objects"):
        import_module(heavy)
    await run_in_threadpool(engine.launch, deliver=settings().deliver_in_web)
    roll.begin()
    log_lines.adopt()
    gc.enable()
    gc.freeze()  # else a page waits now and then (75 ms) while all that was loaded is searched for garbage
    telling = asyncio.create_task(supervisor.keep_telling())
    yield
    telling.cancel()
    await run_in_threadpool(roll.end)
    await run_in_threadpool(engine.shutdown)


def script_failed(error: Exception) -> bool:
    """What a staff page says when nobody caught an error: the refusal's own sentence, or a reference and no more."""
    if isinstance(error, AppError):
        feedback.note(error)
        st.error(feedback.plain(str(error)), icon=":material/info:")
    elif faults.is_busy(error):
        faults.log(error, "a staff page")
        st.error(faults.BUSY, icon=":material/hourglass:")
    else:
        st.error(faults.SENTENCE % faults.log(error, "a staff page"), icon=":material/error:")
    return True


app = st.App(
    Path(__file__).resolve().parent / "pages" / "navigation.py",
    lifespan=lifespan,
    routes=routes.ROUTES,
    middleware=[Middleware(kind) for kind in (Proxies, Measured, SecurityHeaders, Faults, Hosts, Gate, Uploads)],
    exception_handlers=routes.HANDLERS,
    on_script_error=script_failed,
)
