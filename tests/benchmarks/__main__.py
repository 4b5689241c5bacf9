"""`make bench [ONLY=group]`: prints one line per figure and keeps them in data/var/bench.json."""

from __future__ import annotations

import importlib
import sys

from core.config import VAR
from tests.benchmarks.report import Report

GROUPS = {
    "start": "start",
    "import": "importing",
    "list": "lists",
    "district": "district",
    "send": "sending sending_pace webhooks",
    "pdf": "pdf letters",
    "export": "exporting",
    "portal": "portal",
    "audit": "auditing",
    "status": "status",
    "operations": "operations",
    "morning": "morning",
    "microsoft": "microsoft",
}


def main(wanted: list[str]) -> int:
    """Run the groups named, all of them when none is."""
    unknown = [name for name in wanted if name not in GROUPS]
    if unknown:
        print(f"There is no group {unknown[0]}. Choose from: {', '.join(GROUPS)}.", file=sys.stderr)
        return 2
    report = Report()
    for name in wanted or GROUPS:
        for part in GROUPS[name].split():
            importlib.import_module(f"tests.benchmarks.{part}").run(report)
    report.save(VAR / "bench.json")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
