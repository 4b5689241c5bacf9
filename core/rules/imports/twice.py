"""Whoever would come in a second time, because the school's system has given them another code. Told, never decided."""

from __future__ import annotations

from collections.abc import Iterator

from core.errors import RowProblem, Severity
from core.rules.imports.intake import Intake, PersonKey
from core.rules.imports.world import Row, World

_EMAILS = ("personal_email", "contact_email", "external_email")
_ASK = (
    "under the other code, and this file does not name them. If it is the same person, let the school's system keep "
    "that code: with this one they would be there twice."
)
_NAME, _NUMBER = f"You have somebody of this name already, {_ASK}", f"You have this identifier already, {_ASK}"


def look(intake: Intake, world: World, created: list[Row]) -> Iterator[RowProblem]:
    """Those of the new ones who look like somebody who is known and whom the files do not name."""
    if not (created and world.people):
        return
    unnamed = {key: row for key, row in world.people.items() if _is_unnamed(intake, key)}
    by_name: dict[tuple[str, str], list[Row]] = {}
    for row in unnamed.values():
        by_name.setdefault((row["kind"], row["sort_name"]), []).append(row)
    for new in created:
        key = (new["kind"], new["source_id"])
        found = _alike(intake, new, unnamed, by_name) if key in intake.people else None
        if found:
            person, (code, said) = intake.people[key], found
            yield RowProblem(person.file, person.row, "", f"{key[1]}, known as {code}"[:80], said, Severity.WARNING)


def _is_unnamed(intake: Intake, key: PersonKey) -> bool:
    return key not in intake.people and key[1] not in intake.present


def _alike(
    intake: Intake, new: Row, unnamed: dict[PersonKey, Row], by_name: dict[tuple[str, str], list[Row]]
) -> tuple[str, str] | None:
    """The code of somebody who may be the same person, and why."""
    number = intake.numbers.get((new["kind"], new["source_id"]), "")
    if (new["kind"], number) in unnamed:
        return number, _NUMBER
    for known in by_name.get((new["kind"], new["sort_name"]), ()):
        if new["kind"] in intake.covers or _can_be_reached_alike(new, known):
            return known["source_id"], _NAME
    return None


def _can_be_reached_alike(one: Row, other: Row) -> bool:
    """Where the files do not hold everybody, the same name alone may be a namesake."""
    emails, others = ({row[name].casefold() for name in _EMAILS} - {""} for row in (one, other))
    return bool(emails & others) or bool(one["mobile"] and one["mobile"] == other["mobile"])
