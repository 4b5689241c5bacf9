"""The school's directory at Microsoft: reading it page by page, making and changing users, putting them into a group.

Many requests travel in one ($batch, twenty at most), each with an answer of its own. Whoever is asked to wait
(429, 503 with Retry-After) waits as long as Microsoft says and asks the same again: it was certainly not accepted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from core.config import settings
from core.errors import GatewayError, GatewayErrorKind
from core.gateways import microsoft_graph
from core.gateways.microsoft_graph import Graph
from core.rules import directory_users
from core.rules.directory_users import FIELDS, MISSING, THERE, NewUser, User

PAGE, TOGETHER, TRIES, LONGEST_S = 999, 20, 8, 300.0
_KINDS = GatewayErrorKind
_AGAIN = {False: (_KINDS.TRANSIENT,), True: (_KINDS.TRANSIENT, _KINDS.AMBIGUOUS)}  # by whether it only reads
_SELECTED = ",".join((*FIELDS, "userType"))
Answer = Any  # what Graph says of one part of many: JSON, None, or the GatewayError that it means


@dataclass(frozen=True)
class Part:
    """One request among many that travel together."""

    method: str
    path: str
    body: Any = None


class Directory:
    """The directory. `pause` waits some seconds; it may raise, and then nothing more is asked."""

    def __init__(self, graph: Graph, *, pause: Callable[[float], None] = time.sleep) -> None:
        self._graph, self._pause = graph, pause
        self._root = f"{settings().microsoft_graph_url}/"

    def close(self) -> None:
        self._graph.close()

    def users(self) -> Iterator[list[User]]:
        """Everybody but guests, page by page."""
        path: str | None = f"/users?$select={_SELECTED}&$top={PAGE}"
        while path:
            page = self._asked("GET", path, reading=True)
            yield [user for said in page["value"] if (user := directory_users.read(said))]
            path = page.get("@odata.nextLink")
            if path and not path.startswith(self._root):  # the token goes along: to Graph and to nobody else
                raise GatewayError(_KINDS.CONFIGURATION, "Microsoft leads to another address than its own.")

    def find(self, wanted: Sequence[NewUser]) -> list[tuple[User | None, User | None]]:
        """For each, whoever has the address already, and whoever has the code."""
        parts = []
        for new in wanted:
            code = new.employee_id.replace("'", "''")
            bears = quote(f"employeeId eq '{code}'")
            parts.append(Part("GET", f"/users/{quote(new.address)}?$select={_SELECTED}"))
            parts.append(Part("GET", f"/users?$filter={bears}&$select={_SELECTED}"))
        answers = self.together(parts, reading=True)
        return [(_one(answers[place]), _first(answers[place + 1])) for place in range(0, len(parts), 2)]

    def create(self, wanted: Sequence[tuple[NewUser, str]], *, country: str) -> list[User | GatewayError]:
        """Make users with these initial passwords, which they have to change when they first sign in."""
        parts = [Part("POST", "/users", _body(new, password, country)) for new, password in wanted]
        made: list[User | GatewayError] = []
        for said in self.together(parts):
            user = None if isinstance(said, GatewayError) else directory_users.read(said or {})
            made.append(user or (said if isinstance(said, GatewayError) else _unread()))
        return made

    def has_group(self, group_id: str) -> bool:
        """Whether there is such a group."""
        (said,) = self.together([Part("GET", f"/groups/{quote(group_id)}?$select=id")], reading=True)
        if isinstance(said, GatewayError) and said.reason != MISSING:
            raise said
        return not isinstance(said, GatewayError)

    def join(self, group_id: str, object_ids: Sequence[str]) -> list[GatewayError | None]:
        """Put users into the group that gives licences; who is in it already stays."""
        path = f"/groups/{quote(group_id)}/members/$ref"
        objects = f"{self._root}v1.0/directoryObjects"
        parts = [Part("POST", path, {"@odata.id": f"{objects}/{object_id}"}) for object_id in object_ids]
        return [None if _is_member(said) else said for said in self.together(parts)]

    def update(self, changes: Sequence[tuple[str, dict[str, Any]]]) -> list[GatewayError | None]:
        """Change what is said of users, by their object ids."""
        parts = [Part("PATCH", f"/users/{quote(object_id)}", body) for object_id, body in changes]
        return [said if isinstance(said, GatewayError) else None for said in self.together(parts)]

    def together(self, parts: Sequence[Part], *, reading: bool = False) -> list[Answer]:
        """An answer for each part; those that are turned away are asked again after as long as Microsoft says.

        What only reads is asked again after a fault too. Where the answer to all of them is lost, that is the answer.
        """
        answers: dict[int, Answer] = {}
        for attempt in range(TRIES):
            left = [place for place in range(len(parts)) if place not in answers]
            wait = 0.0
            for begin in range(0, len(left), TOGETHER):
                for place, said in self._batch(parts, left[begin : begin + TOGETHER]).items():
                    if _is_of_kind(said, _AGAIN[reading]) and attempt < TRIES - 1:
                        wait = max(wait, said.retry_after or 2.0**attempt)
                    else:
                        answers[place] = said
            if not wait:
                break
            self._pause(min(wait, LONGEST_S))
        return [answers[place] for place in range(len(parts))]

    def _batch(self, parts: Sequence[Part], places: Sequence[int]) -> dict[int, Answer]:
        requests = [_request(place, parts[place]) for place in places]
        try:
            said = self._asked("POST", "/$batch", {"requests": requests})
        except GatewayError as error:
            if error.kind is not _KINDS.AMBIGUOUS:
                raise
            return dict.fromkeys(places, error)
        found = {int(one["id"]): _answer(one) for one in said["responses"]}
        return {place: found.get(place, _unread()) for place in places}

    def _asked(self, method: str, path: str, body: Any = None, *, reading: bool = False) -> Any:
        """The answer, patiently. What only reads is asked again after a fault too."""
        for attempt in range(TRIES):
            try:
                return self._graph.ask(method, path, body)
            except GatewayError as error:
                if error.kind not in _AGAIN[reading] or attempt == TRIES - 1:
                    raise
                self._pause(min(error.retry_after or 2.0**attempt, LONGEST_S))
        raise AssertionError("the last try answers or raises")


def _request(place: int, part: Part) -> dict[str, Any]:
    one: dict[str, Any] = {"id": str(place), "method": part.method, "url": part.path}
    return one if part.body is None else one | {"body": part.body, "headers": {"Content-Type": "application/json"}}


def _answer(one: dict[str, Any]) -> Answer:
    if one["status"] < 400:
        return one.get("body")
    headers = {str(name).lower(): str(value) for name, value in (one.get("headers") or {}).items()}
    refusal = microsoft_graph.refused(one["status"], one.get("body"), retry_after=headers.get("retry-after"))
    if one["status"] == 404:
        refusal.reason = MISSING
    elif one["status"] in (400, 409) and "already exist" in str(one.get("body")):
        refusal.reason = THERE
    return refusal


def _is_of_kind(said: Answer, kinds: Collection[GatewayErrorKind]) -> bool:
    return isinstance(said, GatewayError) and said.kind in kinds


def _unread() -> GatewayError:
    return GatewayError(_KINDS.AMBIGUOUS, "Microsoft gave an answer that could not be read")


def _one(said: Answer) -> User | None:
    if isinstance(said, GatewayError):
        if said.reason == MISSING:
            return None
        raise said
    return directory_users.read(said or {})


def _first(said: Answer) -> User | None:
    if isinstance(said, GatewayError):
        raise said
    return next((user for one in said["value"] if (user := directory_users.read(one))), None)


def _is_member(said: Answer) -> bool:
    """Graph refuses who is in the group already (400, “added object references already exist”)."""
    return not isinstance(said, GatewayError) or said.reason == THERE


def _body(new: NewUser, password: str, country: str) -> dict[str, Any]:
    """The country is where licences are used: without it Microsoft gives none."""
    return {
        "accountEnabled": True,
        "displayName": new.display_name,
        "givenName": new.given_name,
        "surname": new.surname,
        "mailNickname": new.address.partition("@")[0],
        "userPrincipalName": new.address,
        "employeeId": new.employee_id,
        "usageLocation": country,
        "passwordProfile": {"password": password, "forceChangePasswordNextSignIn": True},
    }


def from_settings(*, pause: Callable[[float], None] = time.sleep) -> Directory:
    """The directory of FIRSTKEY_MICROSOFT_…."""
    return Directory(microsoft_graph.from_settings(), pause=pause)
