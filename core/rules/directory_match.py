"""Who of the school is who in Microsoft's directory: certain, likely, or nobody.

Certain needs two things that agree and one person on either side: the person's code or the Microsoft address that the
school keeps for them, and the name. An address alone never is: it passes from one person to the next (R28). What could
be several is at most likely, and then somebody looks.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TypeVar

from core.rules import usernames
from core.rules.directory_users import SchoolMember, User, employee_id
from core.rules.search_text import fold, fold_name

K = TypeVar("K")
AT_MOST = 5  # proposals for one person at a time: with more, the next come when these were rejected


class Certainty(StrEnum):
    """How sure it is."""

    CERTAIN = "certain"
    LIKELY = "likely"


class Reason(StrEnum):
    """What agrees, the strongest first; and how people are known who were never proposed."""

    CODE_AND_NAME = "code_and_name"
    ADDRESS_AND_NAME = "address_and_name"
    CODE = "code"
    ADDRESS = "address"
    NAME = "name"
    SIGNED_IN = "signed_in"
    CREATED = "created"


_STRENGTH = {reason: place for place, reason in enumerate(Reason)}
_SURE = (Reason.CODE_AND_NAME, Reason.ADDRESS_AND_NAME)


@dataclass(frozen=True)
class Match:
    """A person and a user who may be the same."""

    person_id: int
    object_id: str
    certainty: Certainty
    reason: Reason


def match(
    people: Sequence[SchoolMember], users: Sequence[User], *, rejected: Collection[tuple[int, str]] = ()
) -> list[Match]:
    """All proposals, by person, but for pairs that were `rejected`.

    Takes time in proportion to how many there are, not to their product.
    """
    directory = _Directory(users)
    owner = {_code(person): person.person_id for person in people}
    codes = Counter(map(_code, people))
    addresses = Counter(usernames.key(person.address) for person in people if person.address)
    found: dict[int, dict[str, Reason]] = {}
    for person in people:
        found[person.person_id] = _candidates(person, directory, codes=codes, addresses=addresses, owner=owner)
        for object_id in [key for key in found[person.person_id] if (person.person_id, key) in rejected]:
            del found[person.person_id][object_id]
    return _resolved(found)


class _Directory:
    """The users, by each thing that may agree."""

    def __init__(self, users: Sequence[User]) -> None:
        self.by_code = _grouped(users, lambda user: [fold(user.employee_id)])
        self.by_address = _grouped(users, lambda user: {usernames.key(user.address), usernames.key(user.mail)})
        self.by_name = _grouped(users, _names)


def _grouped(users: Sequence[User], keys: Callable[[User], Iterable[K]]) -> dict[K, list[User]]:
    found: dict[K, list[User]] = defaultdict(list)
    for user in users:
        for key in keys(user):
            if key:
                found[key].append(user)
    return found


def _candidates(
    person: SchoolMember, directory: _Directory, *, codes: Counter[str], addresses: Counter[str], owner: dict[str, int]
) -> dict[str, Reason]:
    """Whom the person may be, by object id, each with the strongest reason."""
    found: dict[str, Reason] = {}
    code, address = _code(person), usernames.key(person.address)
    with_code, with_address = directory.by_code.get(code, []), directory.by_address.get(address, [])
    for user in with_code:
        sure = len(with_code) == 1 and codes[code] == 1 and share_a_name(person.last_name, user)
        _put(found, user, Reason.CODE_AND_NAME if sure else Reason.CODE)
    for user in with_address:
        sure = (
            len(with_address) == 1
            and addresses[address] == 1
            and is_same_name(person.first_name, person.last_name, user)
        )
        others = _is_anothers(person, user, owner)
        _put(found, user, Reason.ADDRESS_AND_NAME if sure and not others else Reason.ADDRESS)
    for key in _names_of(person.first_name, person.last_name):
        for user in directory.by_name.get(key, []):
            if not _is_anothers(person, user, owner):
                _put(found, user, Reason.NAME)
    return found


def _code(person: SchoolMember) -> str:
    return fold(employee_id(person.source_id))


def _put(found: dict[str, Reason], user: User, reason: Reason) -> None:
    known = found.get(user.object_id)
    if known is None or _STRENGTH[reason] < _STRENGTH[known]:
        found[user.object_id] = reason


def _is_anothers(person: SchoolMember, user: User, owner: dict[str, int]) -> bool:
    """The user bears the code of somebody else here."""
    return bool(user.employee_id) and owner.get(fold(user.employee_id), person.person_id) != person.person_id


def _resolved(found: dict[int, dict[str, Reason]]) -> list[Match]:
    """One to one is certain; whatever is claimed twice is likely, and what is certainly somebody is nobody else."""
    claims = Counter(object_id for users in found.values() for object_id, reason in users.items() if reason in _SURE)
    certain: dict[int, str] = {}
    for person_id, users in found.items():
        sure = [object_id for object_id, reason in users.items() if reason in _SURE]
        if len(sure) == 1 and claims[sure[0]] == 1:
            certain[person_id] = sure[0]
    taken, matches = set(certain.values()), []
    for person_id, users in found.items():
        if person_id in certain:
            object_id = certain[person_id]
            matches.append(Match(person_id, object_id, Certainty.CERTAIN, users[object_id]))
            continue
        free = sorted((_STRENGTH[why], object_id, why) for object_id, why in users.items() if object_id not in taken)
        matches += [Match(person_id, object_id, Certainty.LIKELY, why) for _place, object_id, why in free[:AT_MOST]]
    return matches


def is_same_name(first_name: str, last_name: str, user: User) -> bool:
    """Whether it is the same name, whatever letters it is written in."""
    return bool(_names_of(first_name, last_name) & _names(user))


def share_a_name(name: str, user: User) -> bool:
    """Any part of the name agrees: whoever marries keeps the first name, whoever is called differently the last."""
    theirs = _tokens(f"{user.given_name} {user.surname} {user.display_name}")
    return bool(set(_tokens(name)) & set(theirs))


def _names(user: User) -> frozenset[frozenset[str]]:
    """A name is known in any order, and with or without further first names."""
    split = _names_of(user.given_name, user.surname) if user.given_name and user.surname else frozenset()
    whole = frozenset(_tokens(user.display_name))
    return split | ({whole} if len(whole) > 1 else frozenset())


def _names_of(first_name: str, last_name: str) -> frozenset[frozenset[str]]:
    first, last = _tokens(first_name), _tokens(last_name)
    if not first or not last:
        return frozenset()
    return frozenset({frozenset((*first, *last)), frozenset((first[0], *last))})


@lru_cache(maxsize=50_000)  # names repeat
def _tokens(name: str) -> tuple[str, ...]:
    """The words of a name in Latin letters, for a directory is often kept in these, where they can be written so."""
    words = fold_name(name).replace("-", " ").replace(",", " ").split()
    return tuple(filter(None, (usernames.latin(word) or word for word in words)))
