"""People whom the school knows under their `identifier`, found again though their sourcedId is another.

It takes two things that agree (decision 0043): the identifier is a code of Firstkey's, and a word of the first and a
word of the last name are the same. Whoever is tied wrongly gets the links of another person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from core.models import PersonStatus
from core.rules.imports.intake import Identified, Intake, PersonKey
from core.rules.imports.world import Row, World
from core.rules.search_text import fold_name

Ties = Mapping[PersonKey, PersonKey]  # the key that a file gives somebody: the one under which Firstkey knows them
_TIED = (
    "Firstkey knows this person under the identifier, with the same name. They keep that code here; "
    "so does everybody of whom this is true."
)
_OTHER_NAME = (
    "Firstkey knows somebody of another name under this identifier; the row is left out. If they are one person, put "
    "the name right on the card or in the other system; if not, the identifier there."
)
_TWICE = "Several rows have this identifier, which Firstkey knows; they are left out. Put it right in the other system."


def tie(found: Intake, world: World) -> Ties:
    """Enter whoever is tied under the code of Firstkey; where only one thing agrees the row is told and left out."""
    claims = _claims(found, world)
    several = Counter(claims.values())
    ties: dict[PersonKey, PersonKey] = {}
    for key, known in claims.items():
        said, row = found.identified[key], world.people[known]
        if several[known] > 1:
            _leave_out(found, key, _TWICE)
        elif _is_same_name(said, row):
            ties[key] = known
            found.warn_once(said.where, "identifier", "", _TIED)
        elif row["status"] != PersonStatus.LEFT:  # the number of somebody who left may be given out again
            _leave_out(found, key, _OTHER_NAME)
    _rename(found, ties)
    return ties


def _claims(found: Intake, world: World) -> dict[PersonKey, PersonKey]:
    """Who is not known by the sourcedId, while the identifier is the code of somebody who has no row of their own."""
    claims = {key: (key[0], said.identifier) for key, said in found.identified.items() if key not in world.people}
    own = found.present | {code for _kind, code in found.leaving}
    return {key: known for key, known in claims.items() if known in world.people and known[1] not in own}


def _is_same_name(said: Identified, known: Row) -> bool:
    pairs = (said.first_name, known["first_name"]), (said.last_name, known["last_name"])
    return all(_words(one) & _words(other) for one, other in pairs)


def _words(name: str) -> set[str]:
    return set(fold_name(name).replace("-", " ").replace(",", " ").split())


def _leave_out(found: Intake, key: PersonKey, message: str) -> None:
    said = found.identified[key]
    found.people.pop(key, None)
    found.leaving.discard(key)
    found.present |= {key[1], said.identifier}
    found.warn(said.where, "identifier", said.identifier, message)


def _rename(found: Intake, ties: Ties) -> None:
    for key, known in ties.items():
        if person := found.people.pop(key, None):
            found.people[known] = replace(person, source_id=known[1])
        if key in found.leaving:
            found.leaving.remove(key)
            found.leaving.add(known)
        if roles := found.roles.pop(key, None):
            found.roles[known] = roles
    if ties:
        found.enrolled = [replace(row, person=ties.get(row.person, row.person)) for row in found.enrolled]
