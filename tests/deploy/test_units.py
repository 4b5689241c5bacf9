"""The files of deploy/ as systemd, nginx and Firstkey itself read them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from core.config import ROOT, Settings
from core.manage.__main__ import app

UNITS = ROOT / "deploy" / "systemd"
SERVICES = sorted(UNITS.glob("*.service"))


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_each_unit_runs_a_command_that_exists_in_the_place_of_the_documentation(path: Path) -> None:
    text = path.read_text()
    found = re.search(r"^ExecStart=/opt/firstkey/\.venv/bin/python -m core\.manage (\S+)$", text, re.MULTILINE)
    assert found and found[1] in {command.name for command in app.registered_commands}
    for promise in (
        "User=firstkey",
        "WorkingDirectory=/opt/firstkey",
        "UMask=0077",
        "LimitCORE=0",
        "NoNewPrivileges=yes",
    ):
        assert f"\n{promise}\n" in text, promise


def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path) -> None:
    """With this machine's Python in the place of the one that is not there yet."""
    analyze = shutil.which("systemd-analyze")
    assert analyze, "systemd-analyze is missing: apt-get install systemd"
    for path in UNITS.iterdir():
        (tmp_path / path.name).write_text(path.read_text().replace("/opt/firstkey/.venv/bin/python", sys.executable))
    names = ["firstkey-web@8501.service", "firstkey-worker@1.service", "firstkey-backup.service"]
    names += ["firstkey-backup.timer", "firstkey.target"]
    asked = [analyze, "verify", "--man=no", *(str(tmp_path / name) for name in names)]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    ours = [line for line in done.stderr.splitlines() if "firstkey" in line]
    assert ours == []


def test_the_settings_that_are_shipped_exist_and_can_be_read() -> None:
    lines = [line for line in (ROOT / "deploy" / "firstkey.env").read_text().splitlines() if line and line[0] != "#"]
    values = dict(line.split("=", 1) for line in lines)
    names = {name.removeprefix("FIRSTKEY_").lower(): value for name, value in values.items()}
    assert set(names) <= set(Settings.model_fields)
    assert Settings(_env_file=None, **names).is_https  # type: ignore[call-arg, arg-type]
