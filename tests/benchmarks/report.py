"""Where the figures go: one line each on the screen, all of them in data/var/bench.json."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Report:
    """The figures of one run."""

    figures: dict[str, dict[str, object]] = field(default_factory=dict)

    def figure(self, name: str, value: float | str, unit: str, *, runs: int) -> None:
        shown = value if isinstance(value, str) else float(f"{value:.4g}")
        self.figures[name] = {"value": shown, "unit": unit, "n": runs}
        text = shown if isinstance(shown, str) else f"{shown:,.10g}".replace(",", "")
        print(f"{name} {text} {unit}", flush=True)

    def median(self, name: str, unit: str, *, measure: Callable[[], float], runs: int = 3) -> None:
        """The median of `runs` calls of `measure`."""
        self.figure(name, statistics.median(measure() for _ in range(runs)), unit, runs=runs)

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        known = json.loads(path.read_text()) if path.exists() else {}
        path.write_text(json.dumps(known | self.figures, indent=1, sort_keys=True) + "\n")


def p95(values: Sequence[float]) -> float:
    """The value that 95 % of `values` do not exceed."""
    return statistics.quantiles(values, n=20)[-1]
