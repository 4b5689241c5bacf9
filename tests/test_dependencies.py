"""What `make lint` says of packages: every pinned one is listed, holes end it, and what was not checked is said."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests import dependencies

HOLE = {"id": "PYSEC-2026-1", "fix_versions": ["2.0"]}


def _answers(monkeypatch: pytest.MonkeyPatch, stdout: str, stderr: str = "") -> int:
    ended = subprocess.CompletedProcess([], 1, stdout=stdout, stderr=stderr)
    monkeypatch.setattr(dependencies.subprocess, "run", lambda *_args, **_more: ended)
    return dependencies.audit(dependencies.REQUIREMENTS)


def _found(*packages: dict[str, Any]) -> str:
    return json.dumps({"dependencies": list(packages)})


def test_r110_every_pinned_package_is_listed_with_its_hashes(tmp_path: Path) -> None:
    number = dependencies.write_bill(dependencies.REQUIREMENTS, tmp_path / "sbom.json")
    bill = json.loads((tmp_path / "sbom.json").read_text())
    assert bill["bomFormat"] == "CycloneDX"
    assert len(bill["components"]) == number > 50
    streamlit = next(one for one in bill["components"] if one["name"] == "streamlit")
    assert streamlit["purl"] == f"pkg:pypi/streamlit@{streamlit['version']}"
    assert {one["alg"] for one in streamlit["hashes"]} == {"SHA-256"}


def test_r109_a_known_hole_ends_it(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert _answers(monkeypatch, _found({"name": "a", "version": "1.0", "vulns": [HOLE]})) == 1
    assert "a 1.0: PYSEC-2026-1, mended in 2.0" in capsys.readouterr().out
    assert _answers(monkeypatch, _found({"name": "a", "version": "1.0", "vulns": []})) == 0
    assert "1 packages checked, 0 known holes" in capsys.readouterr().out


def test_r109_without_an_answer_it_says_loudly_that_nothing_was_checked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    why = "requests.exceptions.ProxyError: HTTPSConnectionPool(host='pypi.org', port=443): Max retries exceeded"
    for line in (why, "requests.exceptions.ConnectionError: no route", "urllib3.exceptions.ReadTimeoutError: slow"):
        assert _answers(monkeypatch, "", f"Traceback ...\n{line}") == 0
        said = capsys.readouterr().err
        assert "NOT CHECKED for known holes: all packages" in said and line[:60] in said


@pytest.mark.parametrize(
    ("stdout", "stderr"),
    [
        ("", ""),
        ("", "/usr/bin/python: No module named pip_audit"),
        ("", "ERROR:pip_audit._cli:invalid requirements input: requirements.txt"),
        ("no json", "Traceback ...\nKeyError: 'x'"),
        ("{}", "usage: pip-audit [-h]"),
    ],
)
def test_r109_a_pip_audit_that_fails_is_no_answer_and_ends_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], stdout: str, stderr: str
) -> None:
    assert _answers(monkeypatch, stdout, stderr) == 1
    said = capsys.readouterr().err
    assert "NOT CHECKED for known holes: all packages" in said and "this is an error" in said


def test_r109_the_real_pip_audit_fails_on_a_file_that_is_not_there(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert dependencies.audit(tmp_path / "requirements.txt") == 1
    assert "invalid requirements input" in capsys.readouterr().err


def test_r109_packages_that_were_passed_over_are_not_called_clean(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _answers(monkeypatch, _found({"name": "a", "skip_reason": "Dependency not found"})) == 0
    said = capsys.readouterr()
    assert "1 of 1 packages (a)" in said.err
    assert "0 packages checked" in said.out
