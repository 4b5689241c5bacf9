"""What `make lint` asks about the packages that are installed: known holes (pip-audit), and a list of them (CycloneDX).

`python -m tests.dependencies`. Without the advisory database it says so loudly and goes on; a known hole ends it, and
so does pip-audit when it fails for any other reason: what was not looked at is not passed.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot5
from packageurl import PackageURL

from core.config import ROOT

REQUIREMENTS = ROOT / "requirements.txt"
BILL = ROOT / "data" / "var" / "sbom.json"
AUDIT = ("pip_audit", "--require-hashes", "--disable-pip", "--progress-spinner=off", "--timeout=20", "--format=json")
_PINNED = re.compile(r"^(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^]]*\])?==(?P<version>[^\s;\\]+)", re.MULTILINE)
_NO_NETWORK = re.compile(r"\w*(?:ConnectionError|ConnectTimeout|ReadTimeout|ProxyError|SSLError)", re.IGNORECASE)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
NOT_CHECKED = """
************************************************************************
  NOT CHECKED for known holes: {what}
  because {why}
  Run `make lint` again where the database of advisories can be reached.
************************************************************************
"""


def main() -> int:
    """Write the list, then ask about what stands in it."""
    number = write_bill(REQUIREMENTS, BILL)
    print(f"{number} packages listed in {BILL.relative_to(ROOT)}")
    return audit(REQUIREMENTS)


def write_bill(requirements: Path, bill: Path) -> int:
    """A CycloneDX list of the pinned packages with their hashes; needs no network. Gives how many there are."""
    made = Bom(components=list(_components(requirements.read_text(encoding="utf-8"))))
    bill.parent.mkdir(parents=True, exist_ok=True)
    bill.write_text(JsonV1Dot5(made).output_as_string(indent=2), encoding="utf-8")
    return len(made.components)


def audit(requirements: Path) -> int:
    """1 when a pinned version has a known hole or pip-audit failed; what could not be asked about is said loudly."""
    asked = [sys.executable, "-m", *AUDIT, "--requirement", str(requirements)]
    ended = subprocess.run(asked, capture_output=True, text=True, check=False)
    try:
        found = json.loads(ended.stdout)["dependencies"]
    except (ValueError, KeyError):
        return _not_asked(ended)
    return _said(found)


def _not_asked(ended: subprocess.CompletedProcess[str]) -> int:
    """Nothing was checked. Without a network the rest of lint is still worth its answer; anything else is a fault."""
    last = (ended.stderr.strip().splitlines() or ["it gave no answer"])[-1]
    print(NOT_CHECKED.format(what="all packages", why=last[:200]), file=sys.stderr)
    if _NO_NETWORK.search(last):
        return 0
    print(
        f"pip-audit failed (it ended with {ended.returncode}). That is no answer, so this is an error.", file=sys.stderr
    )
    return 1


def _said(found: list[dict[str, Any]]) -> int:
    """pip-audit passes over a package that its index knows nothing of, and calls the rest free of holes."""
    passed_over = [one["name"] for one in found if "skip_reason" in one]
    if passed_over:
        named = ", ".join(passed_over[:5]) + (" and others" if len(passed_over) > 5 else "")
        what = f"{len(passed_over)} of {len(found)} packages ({named})"
        print(
            NOT_CHECKED.format(what=what, why="the index that was asked knows no advisories of them"), file=sys.stderr
        )
    holes = [(one["name"], one["version"], hole) for one in found for hole in one.get("vulns", [])]
    for name, version, hole in holes:
        print(f"{name} {version}: {hole['id']}, mended in {', '.join(hole['fix_versions']) or 'no version yet'}")
    print(f"{len(found) - len(passed_over)} packages checked, {len(holes)} known holes")
    return 1 if holes else 0


def _components(text: str) -> Iterator[Component]:
    matches = list(_PINNED.finditer(text))
    for found, following in zip(matches, [*matches[1:], None], strict=True):
        own = text[found.end() : following.start() if following else None]
        name, version = found["name"], found["version"]
        yield Component(
            type=ComponentType.LIBRARY,
            name=name,
            version=version,
            purl=PackageURL("pypi", name=name, version=version),
            hashes=[HashType(alg=HashAlgorithm.SHA_256, content=value) for value in _HASH.findall(own)],
        )


if __name__ == "__main__":
    sys.exit(main())
