"""A private PostgreSQL cluster: Debian's binaries (as user postgres when run by root), else the ones of pgserver."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg

FAST = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c listen_addresses='' -c max_connections=200"


@contextmanager
def cluster(*, buffers: str = "128MB") -> Iterator[str]:
    """Start a cluster, give the libpq URL of its `postgres` database without the name, stop it."""
    folder = Path(tempfile.mkdtemp(prefix="firstkey-pg-"))
    binaries = _debian_binaries()
    if binaries is None:
        yield from _pgserver(folder)
        return
    prefix = _as_postgres()
    if prefix:
        shutil.chown(folder, "postgres")
    data, log = folder / "data", folder / "log"
    _run([*prefix, binaries / "initdb", "-D", data, "-U", "firstkey", "-A", "trust", "-E", "UTF8", "--no-sync"])
    how = f"{FAST} -c shared_buffers={buffers} -k {folder}"
    _run([*prefix, binaries / "pg_ctl", "-D", data, "-w", "-l", log, "-o", how, "start"])
    try:
        yield f"postgresql://firstkey@/{{name}}?host={folder}"
    finally:
        _run([*prefix, binaries / "pg_ctl", "-D", data, "-m", "immediate", "stop"])
        shutil.rmtree(folder, ignore_errors=True)


def restart(url: str) -> None:
    """Stop the cluster as a power cut would and start it again; without Debian's binaries, end every connection."""
    folder, binaries = Path(url.partition("host=")[2]), _debian_binaries()
    if binaries is None:
        admin(url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
        return
    control: list[str | Path] = [*_as_postgres(), binaries / "pg_ctl", "-D", folder / "data", "-w"]
    _run([*control, "-m", "immediate", "stop"])
    time.sleep(1)
    _run([*control, "-l", folder / "log", "-o", f"{FAST} -k {folder}", "start"])


def fill_disk(url: str) -> None:
    """No connection that is open now can write to a file any more, as on a full disk: the cluster gives up on itself
    with the next commit and begins anew, with room.
    """
    query = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
    with psycopg.connect(url.format(name="postgres"), autocommit=True) as connection:
        for (pid,) in connection.execute(query).fetchall():
            with suppress(subprocess.CalledProcessError):  # some end meanwhile
                _run([*_as_postgres(), "prlimit", "--pid", str(pid), "--fsize=4096:"])


def admin(url: str, statement: str) -> None:
    """Run one statement outside a transaction on the cluster's own database."""
    with psycopg.connect(url.format(name="postgres"), autocommit=True) as connection:
        connection.execute(statement)  # type: ignore[arg-type]


def _as_postgres() -> list[str | Path]:
    return ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []


def _debian_binaries() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


def _pgserver(folder: Path) -> Iterator[str]:
    import pgserver

    print("Debian's PostgreSQL is missing: pgserver stands in, without pg_trgm.", file=sys.stderr)
    server = pgserver.get_server(folder / "data")
    try:
        yield server.get_uri().replace("postgresql://postgres:@/postgres", "postgresql://postgres@/{name}")
    finally:
        server.cleanup()


def _run(command: list[str | Path]) -> None:
    environment = {key: value for key, value in os.environ.items() if key not in ("PGHOST", "PGPORT", "PGDATA")}
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/", env=environment)
