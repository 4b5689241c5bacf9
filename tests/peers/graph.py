"""A counterpart of Microsoft Graph: users in pages, batches, groups, mail, and the ways in which it says no.

Shapes after https://learn.microsoft.com/graph/api: errors, `@odata.nextLink`, `$filter`, `$batch`.
"""

from __future__ import annotations

import re
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import jwt
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

PAGE = 100
KNOWN = {
    *("id", "accountEnabled", "displayName", "mailNickname", "userPrincipalName", "passwordProfile"),
    *("givenName", "surname", "employeeId", "usageLocation", "mail", "department", "userType"),
}
NEEDED = ("accountEnabled", "displayName", "mailNickname", "userPrincipalName", "passwordProfile")
Answer = tuple[int, Any, dict[str, str]]


def error(code: str, message: str = "no") -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}


@dataclass
class Graph:
    """A directory. `throttle` says for each request whether it is turned away; `refusals` are given out first.

    `roles` were granted to the application, and its token `tells` so. `mail_answers` are given out first, by recipient;
    mail to one of `lost_mail` is accepted, and the answer lost.
    `wait` is what those who are turned away are told. `groups` are those that there are. `asked` is what was asked for.
    `lost`: how many of the next answers to a creation never arrive, though the user is made; `lost_batches`: of the
    answers to many at once that make something. `delay_s`: how long
    making one takes.
    """

    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    groups: dict[str, set[str]] = field(default_factory=dict)
    mailboxes: set[str] = field(default_factory=set)
    sent: list[dict[str, Any]] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    roles: set[str] = field(default_factory=lambda: {"User.ReadWrite.All", "GroupMember.ReadWrite.All", "Mail.Send"})
    tells: bool = True
    mail_answers: dict[str, list[Answer]] = field(default_factory=dict)
    lost_mail: set[str] = field(default_factory=set)
    requests: int = 0
    throttle: Callable[[int], bool] = lambda number: False
    refusals: list[Answer] = field(default_factory=list)
    forbidden: set[str] = field(default_factory=set)
    wait: str = "1"
    lost: int = 0
    lost_batches: int = 0
    delay_s: float = 0.0
    asked: list[tuple[str, str]] = field(default_factory=list)
    passwords: dict[str, str] = field(default_factory=dict)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def empty(self) -> None:
        """As it was when it was made."""
        vars(self).update(vars(Graph()))

    def wait_for(self, number: int, *, seconds: float = 120) -> None:
        """Until so many users are in it."""
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.users) >= number, seconds), len(self.users)

    def new_token(self) -> str:
        """As Microsoft's own: what was granted stands in it."""
        said = {"roles": sorted(self.roles), "uti": secrets.token_urlsafe(24)}
        token = jwt.encode(said, secrets.token_bytes(32), algorithm="HS256") if self.tells else secrets.token_urlsafe()
        self.tokens.add(token)
        return token

    def add(self, address: str, *, name: str = "", employee_id: str = "", **more: Any) -> str:
        """Somebody in the directory; gives their object id."""
        key = f"0b1ec7bb-0000-4000-8000-{len(self.users):012}"
        given, _, surname = name.partition(" ")
        self.users[key] = {
            "id": key,
            "userPrincipalName": address,
            "displayName": name,
            "givenName": given,
            "surname": surname,
            "employeeId": employee_id or None,
            "accountEnabled": True,
        } | more
        return key

    def routes(self) -> list[Route]:
        methods = ["GET", "POST", "PATCH"]
        return [Route("/v1.0/{path:path}", self._answer, methods=methods)]

    async def _answer(self, request: Request) -> Response:
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            return JSONResponse(error("InvalidAuthenticationToken"), 401)
        body = await request.json() if await request.body() else None
        path = f"/{request.path_params['path']}"
        if path == "/$batch":
            assert len(body["requests"]) <= 20, "Graph takes twenty at most"
            parts = [self._part(part) for part in body["requests"]]
            if self.lost_batches and any(part["method"] == "POST" for part in body["requests"]):
                self.lost_batches -= 1
                return JSONResponse(error("GatewayTimeout"), 504)
            return JSONResponse({"responses": parts})
        url = f"{path}?{request.url.query}" if request.url.query else path
        status, content, headers = self._do(request.method, url, body, str(request.base_url))
        return JSONResponse(content, status, headers) if content is not None else Response(None, status, headers)

    def _part(self, part: dict[str, Any]) -> dict[str, Any]:
        status, content, headers = self._do(part["method"], part["url"], part.get("body"), "")
        return {"id": part["id"], "status": status, "headers": headers, "body": content}

    def _do(self, method: str, url: str, body: Any, base: str) -> Answer:
        self.requests += 1
        if self.refusals:
            return self.refusals.pop(0)
        if self.throttle(self.requests):
            return 429, error("TooManyRequests"), {"Retry-After": self.wait}
        parts = urlsplit(url)
        self.asked.append((method, parts.path))
        steps = unquote(parts.path).strip("/").split("/")
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if steps[0] in self.forbidden or steps[-1] in self.forbidden:
            return 403, error("Authorization_RequestDenied", "Insufficient privileges"), {}
        match method, steps:
            case "GET", ["users"] if "$filter" in asked:
                return self._with_code(asked["$filter"])
            case "GET", ["users"]:
                return self._page(asked, base)
            case "POST", ["users"]:
                return self._create(body)
            case "POST", ["users", mailbox, "sendMail"]:
                return self._send(mailbox, body)
            case "PATCH", ["users", key] if key in self.users:
                self.users[key].update(body)
                return 204, None, {}
            case "GET", ["users", key]:
                known = self.users.values()
                found = [user for user in known if key.lower() in (user["id"], user["userPrincipalName"].lower())]
                return (200, found[0], {}) if found else (404, error("Request_ResourceNotFound"), {})
            case "GET", ["groups", group]:
                known = group in self.groups
                return (200, {"id": group}, {}) if known else (404, error("Request_ResourceNotFound"), {})
            case "POST", ["groups", group, "members", "$ref"]:
                return self._join(group, body["@odata.id"].rpartition("/")[2])
        return 404, error("Request_ResourceNotFound"), {}

    def _page(self, asked: dict[str, str], base: str) -> Answer:
        size, begin = min(int(asked.get("$top", PAGE)), 999), int(asked.get("$skiptoken", 0))
        everybody = list(self.users.values())
        answer: dict[str, Any] = {"value": everybody[begin : begin + size]}
        if begin + size < len(everybody):
            more = f"$top={size}&$skiptoken={begin + size}&$select={asked.get('$select', '')}"
            answer["@odata.nextLink"] = f"{base}v1.0/users?{more}"
        return 200, answer, {}

    def _create(self, body: dict[str, Any]) -> Answer:
        if set(body) - KNOWN or any(name not in body for name in NEEDED) or "@" in body["mailNickname"]:
            return 400, error("Request_BadRequest"), {}
        address, taken = body["userPrincipalName"].lower(), "Another object with the same value ... already exists"
        profile = body.pop("passwordProfile")
        time.sleep(self.delay_s)
        with self.changed:
            if any(user["userPrincipalName"].lower() == address for user in self.users.values()):
                return 400, error("Request_BadRequest", taken), {}
            key = self.add(body["userPrincipalName"], name=body["displayName"])
            self.users[key].update(body)
            self.passwords[key] = profile["password"]
            assert profile["forceChangePasswordNextSignIn"] is True
            self.changed.notify_all()
        if self.lost:
            self.lost -= 1
            return 504, error("GatewayTimeout"), {}
        return 201, self.users[key], {}

    def _with_code(self, filter: str) -> Answer:
        wanted = re.fullmatch(r"employeeId eq '(.*)'", filter)
        assert wanted, filter
        code = wanted[1].replace("''", "'").lower()
        return 200, {"value": [user for user in self.users.values() if (user["employeeId"] or "").lower() == code]}, {}

    def _join(self, group: str, key: str) -> Answer:
        if group not in self.groups or key not in self.users:
            return 404, error("Request_ResourceNotFound"), {}
        if key in self.groups[group]:
            return 400, error("Request_BadRequest", "One or more added object references already exist for: ..."), {}
        self.groups[group].add(key)
        return 204, None, {}

    def _send(self, mailbox: str, body: dict[str, Any]) -> Answer:
        if mailbox not in self.mailboxes:
            return 404, error("ErrorInvalidUser"), {}
        to = body["message"]["toRecipients"][0]["emailAddress"]["address"]
        if "@" not in to:
            return 400, error("ErrorInvalidRecipients"), {}
        if self.mail_answers.get(to):
            return self.mail_answers[to].pop(0)
        self.sent.append(body)
        return (504, error("GatewayTimeout"), {}) if to in self.lost_mail else (202, None, {})
