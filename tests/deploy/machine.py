"""A machine on which the commands of docs/operations.md are run word by word, in a folder instead of the whole disk.

What would change the machine itself (apt-get, useradd, venv, pip, git, systemctl) is written down instead of done; it
is the only part whose words are checked and not their effect. `systemd-run` runs what it is given, with the settings it
names; units and the lines of cron are run with nothing around them but what systemd and cron would give them.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core import config, database
from core.config import ROOT

PAGE = ROOT / "docs" / "operations.md"
ONLY_NOTED = ("apt-get", "useradd", "systemctl", "python3", "git", "pip-of-the-school")
_SYSTEMD_RUN = """#!/bin/bash
while [ $# -gt 0 ]; do
  case "$1" in
    -p) case "$2" in
          WorkingDirectory=*) cd "${2#*=}" ;;
          EnvironmentFile=*)
            while IFS= read -r line; do case "$line" in [A-Z]*=*) export "$line" ;; esac; done < "${2#*=}" ;;
        esac; shift 2 ;;
    --*) shift ;;
    *) break ;;
  esac
done
exec "$@"
"""


def blocks(heading: str, kind: str = "sh") -> list[str]:
    """The blocks below a heading of the page, as they are to be typed."""
    section = PAGE.read_text().split(f"\n{heading}\n", 1)[1]
    section = re.split(r"\n#{2,3} ", section, maxsplit=1)[0]
    found = re.findall(rf"^( *)```{kind}\n(.*?)^\1```$", section, re.MULTILINE | re.DOTALL)
    assert found, heading
    return ["\n".join(line.removeprefix(indent) for line in body.splitlines()) for indent, body in found]


def all_blocks() -> list[str]:
    return re.findall(r"^ *```(?:sh|cron)\n(.*?)^ *```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


def in_sentences() -> list[str]:
    """What the sentences of the page set as code, outside the blocks."""
    text = re.sub(r"^ *```.*?^ *```$", "", PAGE.read_text(), flags=re.MULTILINE | re.DOTALL)
    return [" ".join(each.split()) for each in re.findall(r"`([^`]+)`", text)]


def sentence(beginning: str) -> str:
    """The one command of the sentences that begins so."""
    (found,) = {each for each in in_sentences() if each.startswith(beginning)}
    return found


def wait(until: Callable[[], object], *, seconds: float = 120, told: Callable[[], str] = str) -> None:
    """Until it is so; `told` says what there was to see if it never is."""
    end = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < end, told()
        time.sleep(0.2)


class Machine:
    """Folders in the place of those of the page, and stand-ins for the programs that would change this machine."""

    def __init__(self, root: Path, **substitutes: str) -> None:
        self.root, self.noted = root, root / "noted.txt"
        for folder in (
            "etc/systemd/system",
            "etc/nginx/sites-available",
            "etc/nginx/sites-enabled",
            "srv",
            "var/lib",
            "opt",
            "usr/local/sbin",
        ):
            (root / folder).mkdir(parents=True)
        (root / "opt" / "firstkey").symlink_to(ROOT)
        self.substitutes = substitutes
        self.everywhere: dict[str, str] = {}
        self.noted.touch()
        for name in ONLY_NOTED:
            self.program(name, f'#!/bin/bash\necho "{name} $*" >> {self.noted}\n')
        self.program("systemd-run", _SYSTEMD_RUN)
        self.program("firstkey", self.here((ROOT / "deploy" / "firstkey").read_text()))

    def run(self, block: str, **environment: str) -> str:
        """Run a block in bash; the first command that fails ends it."""
        script = "set -eu\n" + self.here(block)
        path = f"{self.root / 'bin'}:{os.environ['PATH']}:/usr/sbin"
        done = self._bash(script, {**os.environ, "PATH": path, **self.everywhere, **environment})
        assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def cron(self, line: str) -> subprocess.CompletedProcess[str]:
        """Run a line of /etc/cron.d as cron does: its schedule and its user apart, and with nothing of a shell's."""
        *_when, user, command = line.split(maxsplit=6)
        assert user == "root" and "%" not in command, "cron takes % for the end of a line"
        return self._bash(self.here(command), {"PATH": f"{self.root / 'bin'}:/usr/bin:/bin", **self.everywhere})

    @contextmanager
    def service(self, unit: str, **specifiers: str) -> Iterator[subprocess.Popen[bytes]]:
        """A unit that was put into /etc/systemd/system, run as systemd would; what it says is in UNIT.log."""
        process = self._start(unit, specifiers)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            process.wait(40)

    @contextmanager
    def in_this_process(self) -> Iterator[None]:
        """With the settings of the server, for what people do there without typing a command."""
        with pytest.MonkeyPatch.context() as patch:
            patch.delenv("FIRSTKEY_SECRET_KEY", raising=False)
            for name, value in self.settings().items():
                patch.setenv(name, value)
            config.settings.cache_clear()
            database.forget()
            try:
                yield
            finally:
                database.forget()
        config.settings.cache_clear()

    def set_up(self) -> None:
        """As the first steps of the page leave it, with the settings that are shipped."""
        (self.root / "var/lib/firstkey").mkdir()
        (self.root / "etc/firstkey").mkdir()
        shipped = (ROOT / "deploy/firstkey.env").read_text()
        (self.root / "etc/firstkey/firstkey.env").write_text(self.here(shipped))
        for unit in (ROOT / "deploy/systemd").iterdir():
            shutil.copy(unit, self.root / "etc/systemd/system")

    def school(self, name: str = "school") -> dict[str, str]:
        """Settings of a scratch school in a folder of its own, apart from those of the server."""
        folder = self.root / name
        folder.mkdir()
        return {
            "FIRSTKEY_DATABASE_URL": f"sqlite:///{folder / 'firstkey.db'}",
            "FIRSTKEY_ENGINE_URL": f"sqlite:///{folder / 'engine.db'}",
            "FIRSTKEY_SECRET_KEY": "",
            "FIRSTKEY_GRACE_SECONDS": "0",
        }

    def settings(self) -> dict[str, str]:
        """The settings file as systemd reads it."""
        lines = self.text("etc/firstkey/firstkey.env").splitlines()
        return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))

    def text(self, path: str) -> str:
        return (self.root / path).read_text()

    def _bash(self, script: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
        command = ["/bin/bash", "-c", script]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)

    def _start(self, unit: str, specifiers: dict[str, str]) -> subprocess.Popen[bytes]:
        text = self.here(self.text(f"etc/systemd/system/{unit}"))
        for sign, value in specifiers.items():
            text = text.replace(f"%{sign}", value)
        says = dict(line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#"))
        with (self.root / f"{unit}.log").open("wb") as log:
            command, folder = shlex.split(says["ExecStart"]), says["WorkingDirectory"]
            around, nothing = self._environment(says), subprocess.DEVNULL
            return subprocess.Popen(command, cwd=folder, env=around, stdin=nothing, stdout=log, stderr=log)

    def _environment(self, unit: dict[str, str]) -> dict[str, str]:
        """What systemd gives a unit: its own words, and above them those of the file that it names."""
        assert unit["EnvironmentFile"] == str(self.root / "etc/firstkey/firstkey.env")
        own = dict(pair.split("=", 1) for pair in shlex.split(unit.get("Environment", "")))
        home = str(self.root / "var/lib/firstkey")
        return {"PATH": "/usr/bin:/bin", "HOME": home} | self.everywhere | own | self.settings()

    def program(self, name: str, text: str) -> None:
        folder = self.root / "bin"
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)

    def here(self, block: str) -> str:
        for written, ours in self.substitutes.items():
            block = block.replace(written, ours)
        block = re.sub(r"/opt/firstkey(\.new)?/\.venv/bin/python -m pip", "pip-of-the-school", block)
        block = re.sub(
            r'((/opt/firstkey|"\$program")/\.venv/bin/)?\bpython -m core', f"{sys.executable} -m core", block
        )
        block = re.sub(r"-o \w+ -g firstkey", "", block).replace("chgrp firstkey", "test -f")
        block = re.sub(r"(?<![\w.])/opt/firstkey/\.venv", f"{self.root}/opt/firstkey-venv", block)
        return re.sub(r"(?<![\w.])/(opt|etc|srv|var/lib|usr/local)/", rf"{self.root}/\1/", block)
