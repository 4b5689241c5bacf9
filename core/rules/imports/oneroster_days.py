"""From when to when something of a OneRoster set counts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from core.rules.imports import cells
from core.rules.imports.intake import Intake
from core.rules.imports.sds import Where

Days = tuple[date | None, date | None]  # the first and the last; both still count


def read(
    intake: Intake, where: Where, raw: Mapping[str, str], labels: Mapping[str, str], names: tuple[str, str]
) -> Days:
    """The first and the last day of something; what is no date is told, once where many rows say the same."""
    texts = [cells.clean(raw.get(name, "")) for name in names]
    for name, text in zip(names, texts, strict=True):
        if text and cells.read_date(text) is None:
            intake.warn_once(where, labels[name], text, "This is no date, such as 2026-09-01. It is read without.")
    return cells.read_date(texts[0]), cells.read_date(texts[1])
