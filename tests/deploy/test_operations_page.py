"""docs/operations.md, word by word: its blocks and its table of commands. What it says at the top of itself holds."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from core import clock, database
from core.config import ROOT
from core.manage.__main__ import app
from core.rules.alerts import AlertKind
from core.services import audit_pruning
from tests import oneroster
from tests.deploy import machine
from tests.deploy.machine import PAGE, Machine
from tests.peers import postgres

PSQL = "runuser -u postgres -- psql --quiet --dbname firstkey --command"
# Commands of the sentences that these tests, test_sentences and test_stranger run.
RUN_FROM_SENTENCES = (
    "firstkey backup",
    "firstkey doctor",
    "firstkey import",
    "firstkey verify-audit",
    "install -o",
    "openssl rand",
    "python -m core.manage restore FILE --key-file",
    "python -m core.manage worker --adopt",
    "rotate-key --old-is-lost",
    "ALTER SYSTEM",
    "REVOKE",
)
NO_COMMANDS = ("location ", "firstkey_", "rate(", "audit noted", "contradicts itself")


@pytest.fixture
def fresh(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "machine")


def test_a_backup_is_made_looked_at_and_restored_with_its_key_and_without(fresh: Machine) -> None:
    settings = fresh.school()
    fresh.run("python -m core.manage demo --students 20", **settings)
    keys, backup, check = machine.blocks("## Backups")
    fresh.run(keys)
    assert "Written:" in fresh.run(backup, **settings)
    (made,) = (fresh.root / "srv/backups/firstkey").glob("*.backup")
    fresh.substitutes = {"firstkey-20261128-020000.backup": made.name}
    assert "This backup is whole" in fresh.run(check, **settings)
    restore = machine.sentence("python -m core.manage restore FILE --key-file").replace("FILE", str(made))
    again, lost = fresh.school("again"), fresh.school("lost")
    (fresh.root / "again/secret.key").write_bytes((fresh.root / "school/secret.key").read_bytes())
    assert "The audit is whole" in fresh.run(restore, **again)
    said = fresh.run(f"{restore} {machine.sentence('--without-key')}", **lost)
    assert "The audit cannot be verified without the key that is lost" in said


def test_a_second_machine_listens_for_nginx_and_believes_it_alone(fresh: Machine) -> None:
    """The settings are those that are shipped, as steps 1 to 3 have put them there."""
    more, second = machine.blocks("## Several processes, several machines")
    fresh.run(more)
    fresh.set_up()
    shipped = fresh.settings()
    fresh.run(second)
    told = {"FIRSTKEY_LISTEN_ON": "10.0.0.12", "FIRSTKEY_TRUSTED_PROXIES": "10.0.0.11"}
    assert fresh.settings() == shipped | told and shipped["FIRSTKEY_TRUSTED_PROXIES"] == "127.0.0.1"
    for name, value in told.items():
        assert fresh.text("etc/firstkey/firstkey.env").splitlines().count(f"{name}={value}") == 1
    lines = fresh.noted.read_text().splitlines()
    units = ("firstkey-web@8502", "firstkey-worker@1")
    assert lines == [*(f"systemctl enable --now {unit}" for unit in units), "systemctl restart firstkey.target"]


def test_a_folder_elsewhere_is_opened_to_each_service(fresh: Machine) -> None:
    (block,) = machine.blocks("### Folders elsewhere")
    fresh.run(block)
    for unit in (ROOT / "deploy" / "systemd").glob("*.service"):
        dropped = fresh.text(f"etc/systemd/system/{unit.name}.d/folders.conf")
        assert dropped == "[Service]\nReadWritePaths=-/mnt/nas/firstkey\n", unit.name
    assert "systemctl daemon-reload" in fresh.noted.read_text()


def test_an_upgrade_leaves_the_program_that_runs_alone_until_it_is_stopped(fresh: Machine) -> None:
    settings = fresh.school()
    fresh.run("python -m core.manage demo --students 20", **settings)
    fresh.run("install -d -m 750 /etc/firstkey; touch /etc/firstkey/firstkey.env")
    backups, key = fresh.root / "srv" / "backups", fresh.root / "etc/firstkey/backup.key"
    backups.mkdir()
    key.write_text("five words that nobody else knows")
    settings |= {"FIRSTKEY_BACKUP_FOLDER": str(backups), "FIRSTKEY_BACKUP_KEY_FILE": str(key)}
    get, rehearse, switch = machine.blocks("## Upgrading")
    new, here, old = (fresh.root / "opt" / name for name in ("firstkey.new", "firstkey", "firstkey.old"))
    running = here.lstat().st_ino
    fresh.run(get, **settings)
    assert "up to date" in fresh.run(rehearse, **settings)
    assert here.lstat().st_ino == running and new.exists()
    noted = fresh.noted.read_text()
    assert f"git -C {new} pull" in noted and f"-r {new}/requirements.txt" in noted and "systemctl" not in noted
    assert "up to date" in fresh.run(switch, **settings)
    assert old.lstat().st_ino == running and here.exists() and not new.exists()
    assert switch.splitlines()[0] == "systemctl stop firstkey.target", "before anything is put into its place"
    assert len(list(backups.iterdir())) == 1


def test_a_school_of_the_page_moves_to_postgresql_and_is_backed_up_there(tmp_path: Path) -> None:
    with postgres.cluster() as url:
        where, superuser = url.partition("host=")[2], url.partition("//")[2].partition("@")[0]
        of = Machine(
            tmp_path / "machine",
            **{
                "createuser firstkey": "createuser school",
                "--owner firstkey ": "--owner school ",
                "postgresql+psycopg:///firstkey": f"postgresql+psycopg://school@/firstkey?host={where}",
                "postgresql:///firstkey_engine": f"postgresql://school@/firstkey_engine?host={where}",
            },
        )
        of.program("runuser", f'#!/bin/bash\nshift 3\nPGHOST={where} PGUSER={superuser} exec "$@"\n')
        of.set_up()
        (of.root / "srv/backups/firstkey").mkdir(parents=True)
        (of.root / "etc/firstkey/backup.key").write_text("five words that nobody else knows")
        settings = of.root / "etc/firstkey/firstkey.env"
        settings.write_text(re.sub("^FIRSTKEY_FOLDER=.*\n", "", settings.read_text(), flags=re.MULTILINE))
        of.run("firstkey demo --students 20")
        key = (of.root / "var/lib/firstkey/secret.key").read_text()
        new, move = machine.blocks("## PostgreSQL")
        of.run(new)
        said = of.run(move)
        (of.root / "opt/firstkey.new").symlink_to(ROOT)
        (rehearsed,) = machine.blocks("### Trying an upgrade on PostgreSQL")
        assert "up to date" in of.run(rehearsed)
        assert "Moved in" in said and "The audit is whole" in said and said.count("Written:") == 2
        assert "ok  database: postgresql" in of.run("firstkey doctor || true")
        _the_audit_is_of_another_role(of)
        _it_reads_more_from_memory(of, url)
    assert (of.root / "var/lib/firstkey/secret.key").read_text() == key
    assert len(list((of.root / "srv/backups/firstkey").glob("*.backup"))) == 3


def _the_audit_is_of_another_role(of: Machine) -> None:
    """The tables are the superuser's now; Firstkey goes on writing the audit, and prunes it, but changes nothing."""
    of.run(f"{PSQL} 'REASSIGN OWNED BY school TO firstkey'")
    for kind in ("TABLES", "SEQUENCES"):
        of.run(f"{PSQL} 'GRANT ALL ON ALL {kind} IN SCHEMA public TO school'")
    of.run(f"{PSQL} '{machine.sentence('REVOKE').replace('FROM firstkey', 'FROM school')}'")
    of.run("firstkey backup; firstkey note-audit-anew; firstkey verify-audit")
    with of.in_this_process():
        for forbidden in ("UPDATE audit_entry SET actor = 'x'", "TRUNCATE audit_entry"):
            with pytest.raises(sa.exc.ProgrammingError, match="permission denied"), database.transaction() as db:
                db.connection().execute(sa.text(forbidden))
        with database.transaction() as db:
            assert audit_pruning.prune(db, before=clock.now()) > 0
    assert "The audit is whole" in of.run("firstkey verify-audit")


def _it_reads_more_from_memory(of: Machine, url: str) -> None:
    of.run(f'{PSQL} "{machine.sentence("ALTER SYSTEM")}"')
    postgres.restart(url)
    with psycopg.connect(url.format(name="firstkey")) as connection:
        assert connection.execute("SHOW shared_buffers").fetchone() == ("2GB",)


def test_the_commands_about_imports_by_themselves(fresh: Machine) -> None:
    fresh.set_up()
    fresh.run("firstkey init")
    (block,) = machine.blocks("## Imports by themselves")
    fresh.run(block)
    assert "systemctl restart firstkey.target" in fresh.noted.read_text()
    folder = Path(fresh.settings()["FIRSTKEY_IMPORT_FOLDER"])
    (fresh.root / "set.zip").write_bytes(oneroster.archive(oneroster.WHOLE).content)
    fresh.run(f"{machine.sentence('install -o')} {fresh.root / 'set.zip'} {folder}")
    (folder / "set.zip.done").touch()
    unit = "firstkey-worker@.service"
    with fresh.service(unit, i="1", H="here"):
        machine.wait(lambda: list(folder.glob("done/*.report.txt")), told=lambda: fresh.text(f"{unit}.log"))
    (report,) = folder.glob("done/*.report.txt")
    assert "OneRoster 1.1, everything (bulk). Imported: 5 new" in report.read_text()


def test_each_block_of_the_page_is_run_by_one_of_these_tests() -> None:
    run = (
        "## A server of one's own, with HTTPS",
        "### Folders elsewhere",
        "## Backups",
        "## Upgrading",
        "### Trying an upgrade on PostgreSQL",
        "## Several processes, several machines",
        "## PostgreSQL",
        "## Imports by themselves",
    )
    cron = ("## Commands", "## Imports by themselves")
    found = [*(machine.blocks(heading) for heading in run), *(machine.blocks(heading, "cron") for heading in cron)]
    assert len(machine.all_blocks()) == sum(len(each) for each in found)


def test_each_command_in_a_sentence_is_run_or_named_at_the_top_as_one_that_is_not() -> None:
    top = PAGE.read_text().split("\n## ", 1)[0]
    named_there = set(re.findall(r"`([\w-]+)", top))
    written = {each for each in machine.in_sentences() if re.match(r"[A-Za-z]\S* ", each)}
    commands = {each for each in written if not each.startswith(NO_COMMANDS)} - {"python -m core.manage"}
    run = {machine.sentence(beginning) for beginning in RUN_FROM_SENTENCES} | set(_commands())
    assert {each for each in commands - run if each.split()[0] not in named_there} == set()


def test_each_command_of_the_program_is_named_on_the_page() -> None:
    named = PAGE.read_text()
    commands = {command.name for command in app.registered_commands} | {group.name for group in app.registered_groups}
    assert {name for name in commands if not re.search(rf"`[^`\n]*\b{name}\b", named)} == set()


def test_each_alarm_is_answered_on_the_page() -> None:
    table = PAGE.read_text().split("### What to do after an alarm", 1)[1].split("\n\n## ", 1)[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == [kind.value for kind in AlertKind]


def _commands() -> list[str]:
    """The first column of the table of commands."""
    table = PAGE.read_text().split("| Command | What it does |", 1)[1].split("\n\n", 1)[0]
    return re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)


def test_each_command_of_the_table_is_run(fresh: Machine) -> None:
    settings = fresh.school()
    folder, listed = fresh.root / "school", _commands()
    people = folder / "people.csv"
    people.write_text("Student Code,First Name,Last Name,Personal E-mail\nS900001,Sam,Sample,sam@mail.example\n")
    fresh.run("python -m core.manage demo --students 1000 --seed 7", **settings)
    backups, key = folder / "backups", folder / "backup.key"
    backups.mkdir()
    key.write_text("five words that nobody else knows")
    settings |= {"FIRSTKEY_BACKUP_FOLDER": str(backups), "FIRSTKEY_BACKUP_KEY_FILE": str(key)}
    values = {"PATH": str(people), "--out FILE": f"--out {folder / 'report.pdf'}", "FOLDER": str(folder)}
    ended = {}
    for command in listed:
        if command.startswith("make ") or " demo " in command:
            continue
        for placeholder, value in values.items():
            command = re.sub(rf"(?<![\w-]){re.escape(placeholder)}\b", value, command)
        if command.endswith("restore FILE"):
            (made,) = backups.glob("*.backup")
            command = command.replace("FILE", f"{made} --only-check")
        ended[command.split()[3]] = _run(command, settings)
    alone = {
        "move-to-postgresql": "still names SQLite",
        "remove-second-factor": "Nobody has the username USERNAME.",
        "verify-audit": "whole as far as seen",
    }
    for name, (code, said) in ended.items():
        assert code == 0 or alone.get(name, "-") in said, f"{name}: {said}"
    assert "Nothing was changed" in ended["import"][1] and "9 sent" in ended["campaign"][1]
    assert "This backup is whole" in ended["restore"][1]
    assert (folder / "report.pdf").read_bytes().startswith(b"%PDF")


def _run(command: str, settings: dict[str, str]) -> tuple[int, str]:
    """As somebody would type it, who says yes; a worker is stopped once it delivers."""
    line = command.replace("python", sys.executable, 1)
    process = subprocess.Popen(
        shlex.split(line),
        cwd=ROOT,
        env=os.environ | settings,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if line.endswith(" worker"):
        assert process.stdout is not None
        assert "Delivering" in process.stdout.readline()
        process.send_signal(signal.SIGTERM)
    said, _nothing = process.communicate("y\n", timeout=300)
    return process.returncode, said


@pytest.mark.parametrize("command", sorted({each for each in machine.in_sentences() if each.startswith("make ")}))
def test_what_make_would_do_is_at_least_a_target(command: str) -> None:
    """Looked at and not run: it would make a virtual environment and serve; tests/flows/test_serve runs the server."""
    done = subprocess.run([*shlex.split(command), "-n"], cwd=ROOT, capture_output=True, text=True)
    does = "core.manage serve" if command.startswith("make run") else "pytest"
    assert done.returncode == 0 and does in done.stdout
