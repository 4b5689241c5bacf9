"""Roles that have ended or not begun: nobody comes in by one, and whoever is known stays as they are."""

from __future__ import annotations

from datetime import date

from core.models import PersonStatus
from core.rules.imports.intake import Intake, PersonKey, PersonRow, RoleDays
from core.rules.imports.world import World

_OVER = "This role has ended. Who is new does not come in by it, and whoever is known stays as they are."
_LATER = "This role has not begun. Who is new does not come in by it yet, and whoever is known stays as they are. "
_COMES_AGAIN = {True: "The first file of that day enters it.", False: "Import a whole set (bulk) when it has begun."}


def settle(found: Intake, world: World) -> None:
    """Let only those in of whose roles one counts on the school's day.

    Nobody leaves by the date of a role: many systems end every role with the school year, in the middle of summer.
    """
    for key, roles in found.roles.items():
        if key in found.people and not any(_counts(role, world.today) for role in roles):
            _tell(found, world, roles[-1])
            _rest(found, world, key)


def _counts(role: RoleDays, today: date) -> bool:
    return (role.begins or today) <= today <= (role.ends or today)


def _rest(found: Intake, world: World, key: PersonKey) -> None:
    row, known = found.people.pop(key), world.people.get(key)
    if known is not None and known["status"] != PersonStatus.LEFT:
        found.people[key] = PersonRow(*key, {}, row.file, row.row)
    else:
        found.kept_out.add(key)


def _tell(found: Intake, world: World, role: RoleDays) -> None:
    if role.ends is not None and role.ends < world.today:
        found.warn_once(role.where, "endDate", role.ends.isoformat(), _OVER)
    elif role.begins is not None:
        found.warn_once(role.where, "beginDate", role.begins.isoformat(), _LATER + _COMES_AGAIN[found.whole])
