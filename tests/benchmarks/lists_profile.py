"""Which kinds of question cost most: `python -m tests.benchmarks.lists_profile [students] [postgresql]`."""

from __future__ import annotations

import statistics
import sys
from collections import defaultdict
from collections.abc import Callable

from tests.benchmarks import list_reruns
from tests.benchmarks.list_reruns import Asked
from tests.benchmarks.report import p95
from tests.benchmarks.scratch import seeded_school
from tests.peers import postgres


def main(arguments: list[str]) -> None:
    """A demo school of that size, then a line per kind and per order, the slowest first."""
    size = int(next((text for text in arguments if text.isdecimal()), "100000"))
    if "postgresql" in arguments:
        with postgres.cluster() as url, seeded_school(students=size, postgres_url=url):
            _print(list_reruns.ask(list_reruns.office(), runs=465))
    else:
        with seeded_school(students=size):
            _print(list_reruns.ask(list_reruns.office(), runs=465))


def _print(done: list[Asked]) -> None:
    print(f"all: rows p95 {p95([a.rows_ms for a in done]):.1f} ms, count p95 {p95([a.count_ms for a in done]):.1f} ms")
    _table("kind of question", done, lambda asked: asked.kind)
    _table("order", done, lambda asked: f"{asked.page.sort}{' desc' if asked.page.descending else ''}")
    print("\nslowest:")
    for asked in sorted(done, key=lambda asked: -asked.rows_ms)[:25]:
        page = asked.page
        print(f"{asked.rows_ms:8.1f} ms  {asked.filter.as_json()} page {page.number} by {page.sort} {page.descending}")


def _table(title: str, done: list[Asked], of: Callable[[Asked], str]) -> None:
    groups: dict[str, list[Asked]] = defaultdict(list)
    for asked in done:
        groups[of(asked)].append(asked)
    print(f"\n{title:28} {'n':>4} {'rows p50':>9} {'p95':>7} {'count p50':>10} {'p95':>7}")
    for name, some in sorted(groups.items(), key=lambda item: -p95([a.rows_ms for a in item[1]] * 2)):
        rows, counts = [a.rows_ms for a in some] * 2, [a.count_ms for a in some] * 2
        middle, of_counts = statistics.median(rows), statistics.median(counts)
        print(f"{name:28} {len(some):4} {middle:9.1f} {p95(rows):7.1f} {of_counts:10.1f} {p95(counts):7.1f}")


if __name__ == "__main__":
    main(sys.argv[1:])
