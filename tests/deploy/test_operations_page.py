"""docs/operations.md, word by word: a stranger reaches HTTPS, a mail server and a backup; every command is run."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from core.config import ROOT
from core.manage.__main__ import app
from core.rules.alerts import AlertKind
from tests import oneroster
from tests.deploy import machine
from tests.deploy.machine import PAGE, Machine
from tests.peers import nginx, postgres, smtp
from tests.peers.firstkey import free_port
from tests.peers.smtp import Behaviour

OUR_NAME = "keys.our-school.example"


@pytest.fixture
def fresh(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "machine")


def _settings(of: Machine) -> dict[str, str]:
    """The settings file as systemd reads it, with the folders of this test."""
    text = of.text("etc/firstkey/firstkey.env")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


@contextmanager
def _as_systemd_does(of: Machine, port: int) -> Iterator[None]:
    """What `systemctl start firstkey.target` would start."""
    command = re.search(r"^ExecStart=\S+ (.*)$", of.text("etc/systemd/system/firstkey-web@.service"), re.MULTILINE)
    assert command
    with (of.root / "web.log").open("w") as log:
        line = [sys.executable, *shlex.split(command[1])]
        environment = os.environ | _settings(of) | {"FIRSTKEY_PORT": str(port), "FIRSTKEY_EXECUTOR_ID": f"here-{port}"}
        environment.pop("FIRSTKEY_SECRET_KEY", None)
        process = subprocess.Popen(line, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        _until_well(port, process, of)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(40)


def _until_well(port: int, process: subprocess.Popen[bytes], of: Machine) -> None:
    end = time.monotonic() + 120
    while time.monotonic() < end:
        assert process.poll() is None, of.text("web.log")
        try:
            if httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.2)
    raise AssertionError(of.text("web.log"))


def test_a_stranger_reaches_https_a_mail_server_and_a_backup(tmp_path: Path) -> None:
    """The section from its first line to its last; nginx is the real one, on a port that is free here."""
    https, web = free_port(), free_port()
    public = f"localhost:{https}"
    with smtp.server(Behaviour()) as mail:
        of = Machine(
            tmp_path / "machine",
            **{OUR_NAME: public, "office:password@mail.our-school.example:587": f"127.0.0.1:{mail}"},
        )
        (of.root / "etc" / "firstkey" / "tls").mkdir(parents=True)
        nginx._certificate(of.root / "etc" / "firstkey" / "tls")
        of.program("nginx", "#!/bin/bash\nexit 0\n")
        steps = machine.blocks("## A server of one's own, with HTTPS")
        for step in steps[:-1]:
            of.run(step)
        noted = of.noted.read_text()
        assert "pip-of-the-school install --quiet --require-hashes -r" in noted
        assert "systemctl enable firstkey.target firstkey-web@8501" in noted
        assert "systemctl enable --now firstkey-backup.timer" in noted
        settings = of.root / "etc" / "firstkey" / "firstkey.env"
        settings.write_text(re.sub(r"=((?:sqlite:///)?)/(var|srv|etc)/", rf"=\1{of.root}/\2/", settings.read_text()))
        site = _site_of(of, https=https, public=public, web=web)
        with _as_systemd_does(of, web), _nginx_runs(of, site):
            trusted = str(of.root / "etc/firstkey/tls/fullchain.pem")
            shown = httpx.get(f"https://{public}/sign-in", verify=trusted)
            assert shown.status_code == 200 and "strict-transport-security" in shown.headers
            said = of.run(steps[-1])
    assert of.text("usr/local/sbin/firstkey") == (ROOT / "deploy" / "firstkey").read_text()
    assert "systemctl restart systemd-journald" in noted
    assert f"https://{public}/setup/" in said, "a link that works once"
    assert " 0 faults" in said and "answers, encrypted" not in said.split("e-mail")[0]
    assert "ok  e-mail" in said
    assert re.search(r"Written: \S+firstkey-\d{8}-\d{6}\.backup", said)
    assert len(list((of.root / "srv/backups/firstkey").glob("*.backup"))) == 1


def _site_of(of: Machine, *, https: int, public: str, web: int) -> Path:
    """The site that the commands have written, on ports that are free here."""
    enabled = of.root / "etc/nginx/sites-enabled/firstkey"
    text = enabled.read_text()
    assert f"server_name {public};" in text
    text = text.replace(f"server_name {public};", "server_name localhost;")
    text = re.sub(r"    listen \[::\]:\d+.*;\n", "", text).replace("listen 443", f"listen 127.0.0.1:{https}")
    text = text.replace("listen 80;", f"listen 127.0.0.1:{free_port()};").replace("127.0.0.1:8501", f"127.0.0.1:{web}")
    text = re.sub(r"(?<![\w.])/(etc|opt)/firstkey/", rf"{of.root}/\1/firstkey/", text)
    site = of.root / "firstkey.conf"
    site.write_text(text.replace("/var/log/nginx/", f"{of.root}/"))
    return site


@contextmanager
def _nginx_runs(of: Machine, site: Path) -> Iterator[None]:
    user = "user root;" if os.geteuid() == 0 else ""
    configuration = of.root / "nginx.conf"
    configuration.write_text(nginx.MAIN.format(folder=site.parent, user=user))
    command = [nginx._nginx(), "-p", str(of.root), "-c", str(configuration), "-e", str(of.root / "nginx.log")]
    subprocess.run([*command, "-t"], check=True, capture_output=True)
    process = subprocess.Popen(command)
    try:
        time.sleep(0.5)
        yield
    finally:
        process.terminate()
        process.wait(30)


def _demo(of: Machine) -> dict[str, str]:
    """Settings of a scratch school for the commands below."""
    folder = of.root / "school"
    folder.mkdir()
    return {
        "FIRSTKEY_DATABASE_URL": f"sqlite:///{folder / 'firstkey.db'}",
        "FIRSTKEY_ENGINE_URL": f"sqlite:///{folder / 'engine.db'}",
        "FIRSTKEY_SECRET_KEY": "",
        "FIRSTKEY_GRACE_SECONDS": "0",
    }


def test_the_commands_about_backups_and_upgrades(fresh: Machine) -> None:
    settings = _demo(fresh)
    fresh.run("python -m core.manage demo --students 20", **settings)
    keys, backup, check = machine.blocks("## Backups")
    fresh.run(keys)
    assert "Written:" in fresh.run(backup, **settings)
    (made,) = (fresh.root / "srv/backups/firstkey").glob("*.backup")
    fresh.substitutes = {"firstkey-20261128-020000.backup": made.name}
    assert "This backup is whole" in fresh.run(check, **settings)
    settings |= {
        "FIRSTKEY_BACKUP_FOLDER": str(made.parent),
        "FIRSTKEY_BACKUP_KEY_FILE": str(fresh.root / "etc/firstkey/backup.key"),
    }
    for block in machine.blocks("## Several processes, several machines"):
        fresh.run(block)
    noted = fresh.noted.read_text()
    assert "systemctl enable --now firstkey-worker@1" in noted


def test_a_folder_elsewhere_is_opened_to_each_service(fresh: Machine) -> None:
    (block,) = machine.blocks("### Folders elsewhere")
    fresh.run(block)
    for unit in (ROOT / "deploy" / "systemd").glob("*.service"):
        dropped = fresh.text(f"etc/systemd/system/{unit.name}.d/folders.conf")
        assert dropped == "[Service]\nReadWritePaths=-/mnt/nas/firstkey\n", unit.name
    assert "systemctl daemon-reload" in fresh.noted.read_text()


def test_an_upgrade_leaves_the_program_that_runs_alone_until_it_is_stopped(fresh: Machine) -> None:
    settings = _demo(fresh)
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
        (of.root / "etc/firstkey").mkdir()
        (of.root / "var/lib/firstkey").mkdir()
        (of.root / "srv/backups/firstkey").mkdir(parents=True)
        (of.root / "etc/firstkey/backup.key").write_text("five words that nobody else knows")
        settings = (ROOT / "deploy/firstkey.env").read_text().replace("FIRSTKEY_FOLDER=/var/lib/firstkey\n", "")
        settings = re.sub(r"=((?:sqlite:///)?)/(var|srv|etc)/", rf"=\1{of.root}/\2/", settings)
        (of.root / "etc/firstkey/firstkey.env").write_text(settings)
        of.run("firstkey demo --students 20")
        key = (of.root / "var/lib/firstkey/secret.key").read_text()
        new, move = machine.blocks("## PostgreSQL")
        of.run(new)
        said = of.run(move)
        assert "Moved in" in said and "The audit is whole" in said and said.count("Written:") == 2
        assert "ok  database: postgresql" in of.run("firstkey doctor || true")
    assert (of.root / "var/lib/firstkey/secret.key").read_text() == key
    assert len(list((of.root / "srv/backups/firstkey").glob("*.backup"))) == 2


def test_the_commands_about_imports_by_themselves(fresh: Machine) -> None:
    settings = _demo(fresh)
    fresh.run("python -m core.manage demo --students 20", **settings)
    (fresh.root / "etc/firstkey/firstkey.env").parent.mkdir(parents=True, exist_ok=True)
    (block,) = machine.blocks("## Imports by themselves")
    fresh.run(block)
    assert "systemctl restart firstkey.target" in fresh.noted.read_text()
    settings |= _settings(fresh)
    folder = Path(settings["FIRSTKEY_IMPORT_FOLDER"])
    (folder / "set.zip").write_bytes(oneroster.archive(oneroster.WHOLE).content)
    (folder / "set.zip.done").touch()
    line = [sys.executable, "-m", "core.manage", "worker"]
    process = subprocess.Popen(line, cwd=ROOT, env=os.environ | settings, stdout=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 120
        while not list(folder.glob("done/*.report.txt")):
            assert time.monotonic() < end and process.poll() is None
            time.sleep(0.2)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(40)
    (report,) = folder.glob("done/*.report.txt")
    assert "OneRoster 1.1, everything (bulk). Imported: 5 new" in report.read_text()


def test_each_block_of_the_page_is_run_by_one_of_these_tests() -> None:
    run = (
        "## A server of one's own, with HTTPS",
        "### Folders elsewhere",
        "## Backups",
        "## Upgrading",
        "## Several processes, several machines",
        "## PostgreSQL",
        "## Imports by themselves",
    )
    assert len(machine.all_blocks()) == sum(len(machine.blocks(heading)) for heading in run)


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
    settings = _demo(fresh)
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


@pytest.mark.parametrize("command", [each for each in _commands() if each.startswith("make ")])
def test_what_make_would_do_is_at_least_a_target(command: str) -> None:
    """Looked at and not run: it would make a virtual environment and serve; tests/flows/test_serve runs the server."""
    done = subprocess.run([*shlex.split(command), "-n"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0 and "core.manage serve" in done.stdout
