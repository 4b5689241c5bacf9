"""A PostgreSQL database: dumped by pg_dump, restored by psql, both from PostgreSQL's own package."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import psycopg
import sqlalchemy as sa
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from core.backup import census
from core.errors import InputProblem, SettingsError

_INSTALLED = Path("/usr/lib/postgresql")

_REMOVALS = """
WITH of_extensions AS (SELECT classid, objid FROM pg_depend WHERE deptype = 'e')
SELECT format('DROP SCHEMA %I CASCADE', nspname) FROM pg_namespace
WHERE nspname NOT IN ('public', 'information_schema') AND nspname NOT LIKE 'pg\\_%'
AND ('pg_namespace'::regclass, oid) NOT IN (SELECT classid, objid FROM of_extensions)
UNION ALL
SELECT format('DROP TABLE %I CASCADE', relname) FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
AND ('pg_class'::regclass, oid) NOT IN (SELECT classid, objid FROM of_extensions)
UNION ALL
SELECT format('DROP FUNCTION %s CASCADE', oid::regprocedure) FROM pg_proc
WHERE pronamespace = 'public'::regnamespace
AND ('pg_proc'::regclass, oid) NOT IN (SELECT classid, objid FROM of_extensions)
"""


def copy(url: str, target: Path, *, snapshot: str = "") -> None:
    """Dump one moment of the database as SQL; with `snapshot` the moment that a transaction of ours sees."""
    options = ["--format=plain", "--no-owner", "--no-privileges", "--no-comments", f"--file={target}"]
    options.append(f"--exclude-table-data={census.OWN_NOTES}")
    if snapshot:
        options.append(f"--snapshot={snapshot}")
    _run("pg_dump", url, options)


def place(url: str, dump: Path, *, then: Sequence[str]) -> None:
    """Restore a dump and run some statements, in one transaction: whatever happens, there is all of it or nothing."""
    after = ("RESET search_path", *then)  # a dump takes the path away while it is read
    options = ["--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", "--output=/dev/null"]
    _run("psql", url, [*options, f"--file={dump}", *(f"--command={statement}" for statement in after)])
    with psycopg.connect(libpq(url), autocommit=True) as connection:
        connection.execute("ANALYZE")  # without statistics the first day would be slow


def is_empty(url: str) -> bool:
    """Whether there is no table of anybody in it."""
    own = "SELECT count(*) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
    try:
        with psycopg.connect(libpq(url)) as connection:
            return connection.execute(own).fetchone() == (0,)
    except psycopg.OperationalError as error:
        raise InputProblem(f"The database does not answer: {str(error).strip().splitlines()[0]}") from None


def clear(url: str) -> None:
    """Take away whatever `removals` names."""
    with psycopg.connect(libpq(url)) as connection:
        for statement in removals(url):
            connection.execute(statement.encode())


def removals(url: str) -> list[str]:
    """What would take away all schemas but *public*, and of that its tables and functions; what belongs to extensions
    stays. Nothing for a database just made.
    """
    with psycopg.connect(libpq(url)) as connection:
        return [statement for (statement,) in connection.execute(_REMOVALS)]


def require_tools() -> None:
    """Raises SettingsError where PostgreSQL's own programs are missing."""
    for name in ("pg_dump", "psql"):
        _program(name)


def server_version(engine: sa.Engine) -> int:
    """Such as 15."""
    with engine.connect() as connection:
        number: str | None = connection.scalar(sa.text("SHOW server_version_num"))
    return int(number or 0) // 10_000


def dump_version() -> int:
    """Of the pg_dump that makes backups; raises SettingsError without one."""
    said = subprocess.run([_program("pg_dump"), "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603
    found = re.search(r"(\d+)", said)
    return int(found[1]) if found else 0


def libpq(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def _run(name: str, url: str, options: Sequence[str]) -> None:
    """The password goes through the environment: everybody on this machine sees the arguments of a process."""
    parts = conninfo_to_dict(libpq(url))
    password = parts.pop("password", None)
    environment = os.environ | ({"PGPASSWORD": str(password)} if password else {})
    command = [_program(name), f"--dbname={make_conninfo('', **parts)}", "--no-password", *options]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        said = next(iter(done.stderr.strip().splitlines()), "it ended without a word")
        raise InputProblem(f"{name} failed: {re.sub(r'^(pg_dump|psql): ', '', said)[:300]}")


def _program(name: str) -> str:
    """The newest that is installed: it reads every older server."""
    found = sorted(_INSTALLED.glob(f"*/bin/{name}"), key=lambda path: float(path.parts[-3]))
    program = str(found[-1]) if found else shutil.which(name)
    if program is None:
        raise SettingsError(
            f"{name} is missing, without which PostgreSQL can be neither backed up nor restored. "
            "Install it (on Debian: apt-get install postgresql-client), at least as new as the server."
        )
    return program
