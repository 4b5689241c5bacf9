"""The people of a OneRoster set: who is what, and whose parent; what cannot be used is told and left out."""

from __future__ import annotations

import re
from collections.abc import Mapping

from core.errors import Severity
from core.models import PersonKind
from core.rules.imports import cells, columns, oneroster_days, people
from core.rules.imports.intake import AgentRow, Format, Intake, KindlessRow, RoleDays
from core.rules.imports.oneroster_manifest import OVER, Manifest
from core.rules.imports.people import MAX_CELL, MAX_NAME
from core.rules.imports.sds import Table, Where

COLUMNS = {
    **{"sourcedid": "source_id", "status": "state", "enableduser": "enabled", "role": "role", "username": "username"},
    **{"givenname": "first_name", "familyname": "last_name", "middlename": "middle_name", "email": "email"},
    **{"sms": "mobile", "phone": "phone", "agentsourcedids": "agents", "grades": "grade", "grade": "grade"},
    **{"identifier": "number", "orgsourcedids": "schools", "primaryorgsourcedid": "schools"},
}
ROLE_COLUMNS = {"usersourcedid": "user", "role": "role", "status": "state", "begindate": "begins", "enddate": "ends"}
_STAFF = "teacher, administrator, aide, proctor, counselor, principal, districtAdministrator, siteAdministrator, "
_KIND = {
    "student": PersonKind.STUDENT.value,
    **dict.fromkeys(("parent", "guardian", "relative"), PersonKind.GUARDIAN.value),
    **{columns.normal(word): PersonKind.STAFF.value for word in (_STAFF + "systemAdministrator").split(",")},
}
_NAMED = ("source_id", "first_name", "last_name", "middle_name", "mobile", "phone")
Kinds = dict[str, dict[str, str]]  # by code: kind and the role that made it one


def several(cell: str) -> list[str]:
    """The ids of a cell that holds several, whatever stands between them."""
    return [part for part in map(cells.clean, re.split(r"[,;|]", cell)) if part]


def is_over(raw: Mapping[str, str]) -> bool:
    return cells.word(raw.get("state", "")) in OVER


def grade(cell: str) -> str:
    """The first of the grades, as people write it: 07 is 7."""
    first = next(iter(several(cell)), "")
    return first.lstrip("0") or first if first.isdecimal() else first


def read(
    intake: Intake, manifest: Manifest, users: Table, roles: Table | None, schools: Mapping[str, str] | None
) -> None:
    """Enter everybody. In a set of changes, who is not said to be anything may be known to Firstkey."""
    kinds = _kinds(intake, roles) if roles else _kinds_of_users(intake, users)
    agents = _named_as_agents(users)
    labels = _labels(users)
    intake.present |= _codes(users)
    entered: set[str] = set()
    for where, raw in users.rows(intake, Severity.WARNING):
        code = cells.clean(raw.get("source_id", ""))
        if not _is_usable(intake, where, code, raw, entered, labels):
            continue
        entered.add(code)
        known = kinds.get(code) or ({PersonKind.GUARDIAN.value: "guardian"} if code in agents else {})
        if is_over(raw):
            intake.leaving |= {(kind, code) for kind in known or [kind.value for kind in PersonKind]}
        elif known:
            _note_schools(intake, where, raw, schools, labels)
            _enter(intake, where, code, raw, known, labels)
        elif not manifest.whole and not cells.clean(raw.get("role", "")):
            intake.kindless.append(KindlessRow(where, raw, labels))
        else:
            intake.warn(where, labels.get("role", "role"), code, "Nothing says what this person is; they are left out.")
    intake.present -= {code for _kind, code in intake.leaving}


def enter(intake: Intake, where: Where, raw: Mapping[str, str], kind: str, labels: Mapping[str, str]) -> None:
    """One person. A student's e-mail is personal unless it is the school's own; others are written to at it."""
    wanted = {name: raw.get(name, "") for name in _NAMED} | {"status": _status(intake, where, raw, labels)}
    username, email = cells.clean(raw.get("username", "")), cells.clean(raw.get("email", ""))
    external = username if "@" in username and kind != PersonKind.GUARDIAN else ""
    if kind == PersonKind.STUDENT:
        own = "" if email.casefold() == external.casefold() else email
        wanted |= {"grade": grade(raw.get("grade", "")), "personal_email": own}
    else:
        wanted |= {"contact_email": email}
    wanted |= {"external_email": external}
    if number := cells.clean(raw.get("number", "")):
        intake.numbers[(kind, cells.clean(raw.get("source_id", "")))] = number
    people.add(intake, where, kind, _short_enough(intake, where, wanted, labels), labels)


def _enter(
    intake: Intake, where: Where, code: str, raw: dict[str, str], kinds: Mapping[str, str], labels: dict[str, str]
) -> None:
    for kind in kinds:
        enter(intake, where, raw, kind, labels)
    relation = kinds.get(PersonKind.GUARDIAN.value, "")
    intake.agents += [AgentRow(where, code, agent, relation) for agent in several(raw.get("agents", ""))]


def _note_schools(
    intake: Intake, where: Where, raw: Mapping[str, str], schools: Mapping[str, str] | None, labels: Mapping[str, str]
) -> None:
    if schools is None:
        return
    for school in several(raw.get("schools", "")):
        if school not in schools:
            message = "There is no such school in orgs.csv. The person is read all the same."
            intake.warn_once(where, labels["schools"], school, message)


def _kinds(intake: Intake, roles: Table) -> Kinds:
    """Version 1.2: a file of roles, several to a person perhaps."""
    found: Kinds = {}
    for where, raw in roles.rows(intake, Severity.WARNING):
        if not is_over(raw):
            code = cells.clean(raw.get("user", ""))
            kind = _note_kind(intake, where, found, code, raw.get("role", ""))
            days = oneroster_days.read(intake, where, raw, roles.labels, ("begins", "ends"))
            intake.roles.setdefault((kind, code), []).append(RoleDays(where, *days))
    return found


def _kinds_of_users(intake: Intake, users: Table) -> Kinds:
    found: Kinds = {}
    for where, raw in users.rows(Intake(intake.format), Severity.WARNING):
        if cells.clean(raw.get("role", "")):
            _note_kind(intake, where, found, cells.clean(raw.get("source_id", "")), raw.get("role", ""))
    return found


def _note_kind(intake: Intake, where: Where, found: Kinds, code: str, role: str) -> str:
    """What the role makes of a person, "" where that is not known."""
    kind = _KIND.get(columns.normal(role), "")
    if kind:
        found.setdefault(code, {}).setdefault(kind, cells.word(role))
    else:
        intake.warn_once(where, "role", cells.clean(role), "Firstkey does not know this role; it is left out.")
    return kind


def _named_as_agents(users: Table) -> set[str]:
    rows = users.rows(Intake(Format.ONEROSTER))  # what is wrong with rows is told when they are read
    return {agent for _where, raw in rows for agent in several(raw.get("agents", ""))}


def _codes(users: Table) -> set[str]:
    """Every code that stands in the file, also in rows that cannot be used."""
    at = next((place for place, meaning in users.meanings.items() if meaning == "source_id"), 0)
    return {cells.clean(row[at]) for _number, row in users.sheet.rows if len(row) > at}


def _is_usable(
    intake: Intake, where: Where, code: str, raw: Mapping[str, str], entered: set[str], labels: Mapping[str, str]
) -> bool:
    label = labels.get("source_id", "sourcedId")
    if not code:
        intake.warn(where, label, "", "There is no code; the row is left out. Everybody needs one that stays the same.")
    elif len(code) > MAX_NAME:
        intake.warn(where, label, code, f"A code has at most {MAX_NAME} characters; the row is left out.")
    elif code in entered:
        intake.warn(where, label, code, "This code stands in an earlier row already; only that one is read.")
    elif not is_over(raw) and not any(cells.clean(raw.get(name, "")) for name in ("first_name", "last_name")):
        intake.warn(where, labels.get("last_name", "familyName"), "", "There is no name; the row is left out.")
    else:
        return True
    return False


def _status(intake: Intake, where: Where, raw: Mapping[str, str], labels: Mapping[str, str]) -> str:
    word = cells.word(raw.get("enabled", ""))
    if word and word not in cells.YES | cells.NO:
        message = "This is neither true nor false; the status stays as it is."
        intake.warn_once(where, labels.get("enabled", "enabledUser"), word, message)
        return ""
    return ("active" if word in cells.YES else "inactive") if word else ""


def _short_enough(intake: Intake, where: Where, wanted: dict[str, str], labels: Mapping[str, str]) -> dict[str, str]:
    """Without what is longer than anything of its kind; the code was looked at before."""
    kept = {}
    for name, text in wanted.items():
        most = MAX_NAME if name.endswith("_name") or name == "grade" else MAX_CELL
        if len(text) > most and len(cells.clean(text)) > most:
            intake.warn(where, labels.get(name, name), cells.clean(text), f"At most {most} characters fit; left out.")
        else:
            kept[name] = text
    return kept


def _labels(table: Table) -> dict[str, str]:
    found = table.labels
    email = found.get("email", "email")
    own = {"external_email": found.get("username", "username"), "status": found.get("enabled", "enabledUser")}
    return found | own | {"personal_email": email, "contact_email": email}
