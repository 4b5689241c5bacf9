"""A machine on which the commands of docs/operations.md are run word by word, in a folder instead of the whole disk.

What would change the machine itself (apt-get, useradd, venv, pip, git, systemctl) is written down instead of done; it
is the only part whose words are checked and not their effect. `systemd-run` runs what it is given, with the settings it
names.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

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


def blocks(heading: str) -> list[str]:
    """The shell blocks below a heading of the page, as they are to be typed."""
    section = PAGE.read_text().split(f"\n{heading}\n", 1)[1]
    section = re.split(r"\n#{2,3} ", section, maxsplit=1)[0]
    found = re.findall(r"^( *)```sh\n(.*?)^\1```$", section, re.MULTILINE | re.DOTALL)
    assert found, heading
    return ["\n".join(line.removeprefix(indent) for line in body.splitlines()) for indent, body in found]


def all_blocks() -> list[str]:
    return re.findall(r"^ *```sh\n(.*?)^ *```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


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
        self.noted.touch()
        for name in ONLY_NOTED:
            self._program(name, f'#!/bin/bash\necho "{name} $*" >> {self.noted}\n')
        self._program("systemd-run", _SYSTEMD_RUN)
        self._program("firstkey", self._here((ROOT / "deploy" / "firstkey").read_text()))

    def run(self, block: str, **environment: str) -> str:
        """Run a block in bash; the first command that fails ends it."""
        script = "set -eu\n" + self._here(block)
        path = f"{self.root / 'bin'}:{os.environ['PATH']}:/usr/sbin"
        done = subprocess.run(
            ["/bin/bash", "-c", script],
            cwd=ROOT,
            env={**os.environ, "PATH": path, **environment},
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def text(self, path: str) -> str:
        return (self.root / path).read_text()

    def program(self, name: str, text: str) -> None:
        self._program(name, text)

    def _program(self, name: str, text: str) -> None:
        folder = self.root / "bin"
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)

    def _here(self, block: str) -> str:
        for written, ours in self.substitutes.items():
            block = block.replace(written, ours)
        block = re.sub(r"/opt/firstkey(\.new)?/\.venv/bin/python -m pip", "pip-of-the-school", block)
        block = re.sub(
            r'((/opt/firstkey|"\$program")/\.venv/bin/)?\bpython -m core', f"{sys.executable} -m core", block
        )
        block = re.sub(r"-o \w+ -g firstkey", "", block).replace("chgrp firstkey", "test -f")
        block = re.sub(r"(?<![\w.])/opt/firstkey/\.venv", f"{self.root}/opt/firstkey-venv", block)
        return re.sub(r"(?<![\w.])/(opt|etc|srv|var/lib|usr/local)/", rf"{self.root}/\1/", block)
