"""What is to be changed in Microsoft's directory because it changed here: names, and who may sign in."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.rules import directory_match
from core.rules.directory_users import LONGEST_NAME, User

AT_MOST_BY_ITSELF = 50  # more names in one night are a wrong file sooner than that many marriages


NIGHT = (2, 5)  # the hours in which it is looked up by itself, in the zone of the school
ONCE_A_NIGHT, LATE = timedelta(hours=6), timedelta(hours=30)


@dataclass(frozen=True)
class Linked:
    """Somebody of the school with their user. `belongs`: their status counts, so they may sign in there."""

    person_id: int
    first_name: str
    last_name: str
    belongs: bool
    user: User


@dataclass(frozen=True)
class Update:
    """What a user is to be. Names that only are written in other letters stay as they are there."""

    person_id: int
    user: User
    given_name: str
    surname: str
    is_enabled: bool

    @property
    def is_of_names_only(self) -> bool:
        return self.is_enabled == self.user.is_enabled

    @property
    def body(self) -> dict[str, object]:
        """As Microsoft is asked for it: only what is another."""
        wanted: dict[str, object] = {}
        if (self.given_name, self.surname) != (self.user.given_name, self.user.surname):
            wanted |= {"givenName": self.given_name, "surname": self.surname}
            wanted |= {"displayName": f"{self.given_name} {self.surname}".strip()}
        return wanted if self.is_of_names_only else wanted | {"accountEnabled": self.is_enabled}


def updates(linked: Iterable[Linked], *, switched_off: Collection[str] = ()) -> list[Update]:
    """One for each who is another here than there; whoever left is switched off there.

    On again, when they come back, are switched those who were switched off from here (`switched_off`, by object id):
    whom somebody blocked there stays blocked.
    """
    found = []
    for one in linked:
        same = directory_match.is_same_name(one.first_name, one.last_name, one.user)
        ours = (one.first_name[:LONGEST_NAME], one.last_name[:LONGEST_NAME])
        given_name, surname = (one.user.given_name, one.user.surname) if same else ours
        is_enabled = one.belongs and (one.user.is_enabled or one.user.object_id in switched_off)
        if not same or is_enabled != one.user.is_enabled:
            found.append(Update(one.person_id, one.user, given_name, surname, is_enabled))
    return found


def by_itself(found: Iterable[Update]) -> list[Update]:
    """What may be done at night with nobody looking: names, and not too many."""
    names = [update for update in found if update.is_of_names_only]
    return names if len(names) <= AT_MOST_BY_ITSELF else []


def is_due(last: datetime | None, now: datetime) -> bool:
    """Whether it is time to look up by itself: at night, or by day where the server is off at night."""
    if last is None or now - last > LATE:
        return True
    return NIGHT[0] <= now.hour < NIGHT[1] and now - last > ONCE_A_NIGHT


def seen(found: Iterable[Update]) -> str:
    """Stands for exactly these."""
    return hashlib.sha256(repr(list(found)).encode()).hexdigest()
