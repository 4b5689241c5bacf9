"""Whether two series of times can be told apart: the test of Mann and Whitney, with ties, for samples above twenty."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence


def p_value(one: Sequence[float], two: Sequence[float]) -> float:
    """How likely two series differ so much by chance (two-sided, normal approximation)."""
    both = sorted([*one, *two])
    counts, ranks, place = Counter(both), dict[float, float](), 0
    for value, times in sorted(counts.items()):
        ranks[value] = place + (times + 1) / 2
        place += times
    first, second, total = len(one), len(two), len(both)
    u = sum(ranks[value] for value in one) - first * (first + 1) / 2
    ties = sum(times**3 - times for times in counts.values()) / (total * (total - 1))
    deviation = math.sqrt(first * second / 12 * (total + 1 - ties))
    return math.erfc(abs(u - first * second / 2) / deviation / math.sqrt(2)) if deviation else 1.0
