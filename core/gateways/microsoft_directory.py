"""The school's directory at Microsoft: reading it page by page, making and changing users, putting them into a group.

Many requests travel in one ($batch, twenty at most), each with an answer of its own. Whoever is asked to wait
(429, 503 with Retry-After) waits as long as Microsoft says and asks the same again: it was certainly not accepted.
Where that is longer than a quarter of an hour it ends there, and whoever asked is told how long.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from core.config import settings
from core.errors import GatewayError, GatewayErrorKind
from core.gateways import microsoft_graph
from core.gateways.microsoft_graph import Graph
from core.rules import directory_users
from core.rules.directory_users import FIELDS, MISSING, THERE, UNREADABLE, NewUser, User

PAGE, TOGETHER, TRIES, LONGEST_S = 999, 20, 8, 900.0
TRIES_TO_READ = 3  # what cannot be read will not be read much better by asking on
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
            page = self._asked("GET", path, lists="value", reading=True)
            yield [user for said in page["value"] if (user := directory_users.read(said))]
            path = str(page.get("@odata.nextLink") or "")
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
            made.append(user or (said if isinstance(said, GatewayError) else microsoft_graph.unreadable()))
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
                    if isinstance(said, GatewayError) and _again(said, attempt, reading=reading):
                        wait = max(wait, said.retry_after or 2.0**attempt)
                    else:
                        answers[place] = said
            if not wait:
                break
            self._pause(wait)
        return [answers[place] for place in range(len(parts))]

    def _batch(self, parts: Sequence[Part], places: Sequence[int]) -> dict[int, Answer]:
        requests = [_request(place, parts[place]) for place in places]
        try:
            said = self._asked("POST", "/$batch", {"requests": requests}, lists="responses")
        except GatewayError as error:
            if error.kind is not _KINDS.AMBIGUOUS:
                raise
            return dict.fromkeys(places, error)
        found = {str(one.get("id")): _answer(one) for one in said["responses"]}
        return {place: found.get(str(place), microsoft_graph.unreadable()) for place in places}

    def _asked(self, method: str, path: str, body: Any = None, *, lists: str, reading: bool = False) -> dict[str, Any]:
        """The answer, which lists objects under that name; patiently. What only reads is asked again after a fault."""
        for attempt in range(TRIES):
            try:
                return _listing(self._graph.ask(method, path, body), lists)
            except GatewayError as error:
                if not _again(error, attempt, reading=reading):
                    raise
                self._pause(error.retry_after or 2.0**attempt)
        raise AssertionError("the last try answers or raises")


def _request(place: int, part: Part) -> dict[str, Any]:
    one: dict[str, Any] = {"id": str(place), "method": part.method, "url": part.path}
    return one if part.body is None else one | {"body": part.body, "headers": {"Content-Type": "application/json"}}


def _answer(one: dict[str, Any]) -> Answer:
    status, body, told = one.get("status"), one.get("body"), one.get("headers")
    if not isinstance(status, int):
        return microsoft_graph.unreadable()
    if status < 400:
        return body if body is None or isinstance(body, dict) else microsoft_graph.unreadable()
    headers = {str(name).lower(): str(value) for name, value in told.items()} if isinstance(told, dict) else {}
    refusal = microsoft_graph.refused(status, body, retry_after=headers.get("retry-after"))
    if status == 404:
        refusal.reason = MISSING
    elif status in (400, 409) and "already exist" in str(one.get("body")):
        refusal.reason = THERE
    return refusal


def _again(error: GatewayError, attempt: int, *, reading: bool) -> bool:
    """Whether to ask once more: it may help, it was not tried too often, and the wait is not too long."""
    tries = TRIES_TO_READ if error.reason == UNREADABLE else TRIES
    return error.kind in _AGAIN[reading] and attempt < tries - 1 and (error.retry_after or 0.0) <= LONGEST_S


def _listing(said: Any, name: str) -> dict[str, Any]:
    listed = said.get(name) if isinstance(said, dict) else None
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise microsoft_graph.unreadable()
    return dict(said)


def _one(said: Answer) -> User | None:
    if isinstance(said, GatewayError):
        if said.reason == MISSING:
            return None
        raise said
    return directory_users.read(said or {})


def _first(said: Answer) -> User | None:
    if isinstance(said, GatewayError):
        raise said
    return next((user for one in _listing(said, "value")["value"] if (user := directory_users.read(one))), None)


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
