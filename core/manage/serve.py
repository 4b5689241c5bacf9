"""`serve`: from an empty folder to a running school, as `make run` does it."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import gc
import getpass
import socket
import sys
import threading
import time
from typing import Annotated

import typer
from sqlmodel import Session, select

from core import database, keys, logs, migrations, supervisor
from core.config import require_folder, settings
from core.errors import SettingsError
from core.manage.checkups import ways_out
from core.models import Account, AccountRole, Person, SchoolSettings
from core.permissions import Role, command_line
from core.services import audit, school, setup, wordings
from core.tables import keys_in_use
from core.tables.school import settings as school_settings

DEMO_STUDENTS, DEMO_SEED = 240, 1
_M_ARENA_MAX = -8  # malloc.h


def init() -> None:
    """Make the key and the tables, or bring them up to date."""
    require_folder()
    keys.current()
    migrations.upgrade()
    with database.reading() as db:
        keys_in_use.require(db)
    with database.transaction() as db:
        wordings.ensure_defaults(db)


def serve(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before the demo school is removed.")] = False,
) -> None:
    """Prepare the database and run Firstkey until Ctrl-C."""
    _refuse_taken_port()
    init()
    _choose_school(yes=yes)
    _announce()
    _run_server()


def create_admin() -> None:
    """Print a one-time link that creates an administrator, for instance when the only one is locked out."""
    init()
    with database.transaction() as db:
        print(_new_link(db))


def start_own_school(
    name: Annotated[str, typer.Argument(help="The name of the school.")] = "My school",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove the demo school, make a new key and end all sessions."""
    init()
    _leave_demo(name, yes=yes)


def _choose_school(*, yes: bool) -> None:
    with database.reading() as db:
        is_demo = school_settings(db).is_demo
        is_empty = db.exec(select(Person.id).limit(1)).first() is None and db.get(SchoolSettings, 1) is None
    if is_demo and not settings().demo:
        _leave_demo("My school", yes=yes)
    elif is_empty and settings().demo:
        from core import demo  # only the first start needs the generator

        print(f"Making the demo school with {DEMO_STUDENTS} students ...", flush=True)
        with database.transaction() as db:
            demo.seed(db, students=DEMO_STUDENTS, seed=DEMO_SEED)
    elif is_empty:
        with database.transaction() as db:
            db.add(SchoolSettings(id=1))


def _leave_demo(name: str, *, yes: bool) -> None:
    with database.reading() as db:
        gone = school.what_would_go(db)
    print(
        f"This removes the demo school: {gone.people:,} people, {gone.accounts:,} accounts, {gone.messages:,} messages."
    )
    print("A new key is made: all links and sessions of the demo end. This cannot be undone.")
    if not yes and not sys.stdin.isatty():
        raise SettingsError("Nobody is here to answer. Run it in a terminal, or say --yes.")
    if not yes and not typer.confirm("Remove the demo school?"):
        raise SettingsError("Nothing was changed. Start with: make run")
    with database.transaction() as db:
        school.start_own(db, command_line(getpass.getuser()), school_name=name)


def _announce() -> None:
    """Say where to go; nobody has a default password, so without an administrator a one-time link is printed."""
    with database.transaction() as db:
        query = select(Account.id).join(AccountRole).where(AccountRole.role == Role.ADMINISTRATOR)
        has_administrator = db.exec(query.limit(1)).first() is not None
        link = None if has_administrator else _new_link(db)
    if settings().is_open:
        print(f"Warning: {ways_out.OPEN} {ways_out.CLOSE}", flush=True)
    if link:
        print(f"\nCreate the first administrator with this link. It works once:\n\n    {link}\n", flush=True)


def _new_link(db: Session) -> str:
    """Whoever has it becomes an administrator, so the audit says who had it made."""
    audit.record(db, command_line(getpass.getuser()), action="administrator.link_made", object_kind="school")
    return setup.new_link(db)


def _refuse_taken_port() -> None:
    host, port = settings().listen_on, settings().port
    with contextlib.closing(socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            message = f"Port {port} is in use, perhaps by another Firstkey. Stop it, or set FIRSTKEY_PORT."
            if error.errno == errno.EADDRNOTAVAIL:
                message = f"This machine does not have the address {host}. Set FIRSTKEY_LISTEN_ON to one that it has."
            raise SettingsError(message) from error


def _run_server() -> None:
    import uvicorn

    gc.disable()  # until all is loaded (app.py): to search it for garbage again and again is a sixth of a start
    _share_memory_among_threads()
    # The website's files are found from here, and Streamlit reads .streamlit/config.toml from the working directory.
    logs.begin()
    server = uvicorn.Server(
        uvicorn.Config(
            "app:app",
            host=settings().listen_on,
            port=settings().port,
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,  # whoever connects could name any address (R57)
            ws_max_size=60 * 1024 * 1024,
            ws_ping_interval=20,  # nginx gives up a websocket that says nothing for a minute
            ws_per_message_deflate=False,  # else zlib keeps memory for each browser; a page turn is 14 kB
            timeout_graceful_shutdown=3,
        )
    )
    threading.Thread(target=_say_when_ready, args=(server,), daemon=True).start()
    with contextlib.suppress(KeyboardInterrupt):
        server.run()
    print("Firstkey has stopped. Nothing is lost: the next start goes on with it.", flush=True)


def _share_memory_among_threads() -> None:
    """Else each of forty threads keeps what its busiest moment needed, 19 MiB of a hash among it (R05, T1)."""
    with contextlib.suppress(OSError, AttributeError):  # a C library other than glibc
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)


def _say_when_ready(server: object) -> None:
    while not getattr(server, "started", False):
        time.sleep(0.02)
    supervisor.tell("READY=1", wait_s=60)  # said once: systemd waits for it
    print(f"Firstkey is ready: {settings().base_url}   (Ctrl-C stops it)", flush=True)


COMMANDS = {"init": init, "serve": serve, "create-admin": create_admin, "start-own-school": start_own_school}
