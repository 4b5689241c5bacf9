"""Microsoft School Data Sync, versions 2 and 2.1 (which adds roles, relationships and sessions)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from core.models import EnrolmentKind, PersonKind
from core.rules.imports import cells, people, sds
from core.rules.imports.intake import NO_PERIOD, Format, Intake, SectionKey
from core.rules.search_text import fold
from core.rules.spreadsheets import Sheet

_GUARDIAN_ROLES = frozenset({"parent", "guardian", "relative", "aunt", "uncle", "grandparent", "proxy", "contact"})
_LEFT_OUT_ROLES = frozenset({"alumni", "alum", "other", ""})
_SYNONYMS = {
    "users": {
        **{"sourcedid": "source_id", "givenname": "first_name", "familyname": "last_name", "middlename": "middle_name"},
        **{"username": "username", "activedirectorymatchid": "external_email", "email": "email"},
        **{"phone": "phone", "sms": "mobile", "mobile": "mobile", "role": "role", "grade": "grade", "status": "status"},
    },
    "roles": {"usersourcedid": "user", "role": "role", "grade": "grade", "isprimary": "primary"},
    "orgs": {"sourcedid": "source_id", "name": "title"},
    "classes": {
        **{"sourcedid": "source_id", "orgsourcedid": "school", "title": "title", "sessionsourcedids": "period"},
        "grade": "grade",
    },
    "academicsessions": {"sourcedid": "source_id", "title": "title", "startdate": "starts", "enddate": "ends"},
    "enrollments": {"classsourcedid": "section", "usersourcedid": "user", "role": "role"},
    "relationships": {
        "usersourcedid": "student",
        "relationshipusersourcedid": "guardian",
        "relationshiprole": "relation",
    },
}
FILES = frozenset(_SYNONYMS)
NOT_KEPT = frozenset({"courses", "demographics", "userflags"})


@dataclass
class _User:
    """What the set says a user is: kinds of person, with the student's grade."""

    kinds: dict[str, str] = field(default_factory=dict)


def read(sheets: dict[str, Sheet]) -> Intake:
    """A whole set, by the stems of its files."""
    is_2_1 = "roles" in sheets
    intake = Intake(Format.SDS_V2_1 if is_2_1 else Format.SDS_V2, covers=frozenset({"student", "staff"}))
    tables = {stem: sds.Table(sheet, _SYNONYMS[stem]) for stem, sheet in sheets.items() if stem in _SYNONYMS}
    intake.files += [table.facts() for table in tables.values()]
    intake.files += [sds.unused(sheet) for stem, sheet in sheets.items() if stem not in tables]
    users = _kinds(intake, tables)
    _read_users(intake, tables["users"], users)
    sections = _read_sections(intake, tables)
    _read_enrolments(intake, tables, sections)
    _read_relationships(intake, tables)
    sds.choose_homes(intake)
    return intake


def _kinds(intake: Intake, tables: dict[str, sds.Table]) -> dict[str, _User]:
    """Who is what: from roles (2.1) or users (2), and whoever is named as somebody's guardian."""
    found: dict[str, _User] = {}
    source, name = ("roles", "user") if "roles" in tables else ("users", "source_id")
    for where, raw in tables[source].rows(intake):
        kind = _kind(raw.get("role", ""))
        user = found.setdefault(cells.clean(raw.get(name, "")), _User())
        if kind is None:
            intake.warn(where, "role", raw.get("role", ""), "This role has no place in Firstkey; it is left out.")
        elif kind.value not in user.kinds or fold(raw.get("primary", "")) == "true":
            user.kinds[kind.value] = cells.clean(raw.get("grade", ""))
    if "relationships" in tables:
        for _where, raw in tables["relationships"].rows(intake):
            found.setdefault(cells.clean(raw.get("guardian", "")), _User()).kinds.setdefault("guardian", "")
    return found


def _kind(role: str) -> PersonKind | None:
    word = fold(cells.clean(role))
    if word == "student":
        return PersonKind.STUDENT
    if word in _GUARDIAN_ROLES:
        return PersonKind.GUARDIAN
    return None if word in _LEFT_OUT_ROLES else PersonKind.STAFF


def _read_users(intake: Intake, table: sds.Table, users: dict[str, _User]) -> None:
    labels = _labels(table)
    for where, raw in table.rows(intake):
        code = cells.clean(raw.get("source_id", ""))
        kinds = users.get(code, _User()).kinds
        if code and not kinds:
            intake.warn(where, "sourcedId", code, "Nothing says what this person is; the row is left out.")
        for kind, grade in kinds.items() if code else (("student", ""),):
            people.add(intake, where, kind, _fields(raw, kind, grade), labels)


def _fields(raw: dict[str, str], kind: str, grade: str) -> dict[str, str]:
    """A student's `email` is personal unless it is the school's own; others are written to at it."""
    known = {name: raw.get(name, "") for name in ("source_id", "first_name", "last_name", "middle_name")}
    known |= {name: raw.get(name, "") for name in ("mobile", "phone", "status")}
    username, email = cells.clean(raw.get("username", "")), cells.clean(raw.get("email", ""))
    external = raw.get("external_email", "") or (username if "@" in username and kind != "guardian" else "")
    if kind == "student":
        known["grade"] = grade
        known["personal_email"] = "" if email.casefold() == cells.clean(external).casefold() else email
    else:
        known["contact_email"] = email
    return known | {"external_email": external}


def _labels(table: sds.Table) -> dict[str, str]:
    found = table.labels
    email = found.get("email", "email")
    own = {"external_email": found.get("external_email", found.get("username", "username")), "grade": "grade"}
    return found | own | {"personal_email": email, "contact_email": email}


def _read_sections(intake: Intake, tables: dict[str, sds.Table]) -> dict[str, SectionKey]:
    """Classes with the names of their schools and their first session; gives each one's key by its id."""
    schools: dict[str, str] = {}
    for _where, raw in tables["orgs"].rows(intake) if "orgs" in tables else ():
        schools[cells.clean(raw.get("source_id", ""))] = cells.clean(raw.get("title", ""))[: people.MAX_NAME]
    for _where, raw in tables["academicsessions"].rows(intake) if "academicsessions" in tables else ():
        text: dict[str, Any] = {
            name: cells.clean(raw.get(name, "")) for name in ("source_id", "title", "starts", "ends")
        }
        sds.add_period(intake, **text)
    for where, raw in tables["classes"].rows(intake) if "classes" in tables else ():
        period = cells.clean(raw.get("period", "").split(",")[0])
        if period and period not in intake.periods:
            intake.warn(where, "sessionSourcedIds", period, "This session is not in academicSessions.csv.")
            sds.add_period(intake, period, period, "", "")
        sds.add_section(intake, where, period or NO_PERIOD, raw, schools.get(cells.clean(raw.get("school", "")), ""))
    return {key[1]: key for key in intake.sections}


def _read_enrolments(intake: Intake, tables: dict[str, sds.Table], sections: dict[str, SectionKey]) -> None:
    for where, raw in tables["enrollments"].rows(intake) if "enrollments" in tables else ():
        section, user = cells.clean(raw.get("section", "")), cells.clean(raw.get("user", ""))
        learns = _kind(raw.get("role", "")) == PersonKind.STUDENT
        person = (PersonKind.STUDENT.value if learns else PersonKind.STAFF.value, user)
        if section not in sections:
            intake.warn(where, "classSourcedId", section, "There is no such class; this enrolment is left out.")
        elif person not in intake.people:
            intake.warn(where, "userSourcedId", user, "There is no such person; this enrolment is left out.")
        else:
            kind = EnrolmentKind.LEARNER if learns else EnrolmentKind.TEACHER
            intake.enrolments[(sections[section], person)] = kind.value


def _read_relationships(intake: Intake, tables: dict[str, sds.Table]) -> None:
    for where, raw in tables["relationships"].rows(intake) if "relationships" in tables else ():
        student, guardian = cells.clean(raw.get("student", "")), cells.clean(raw.get("guardian", ""))
        answers = (("student", student), ("guardian", guardian))
        if answers[0] not in intake.people or answers[1] not in intake.people:
            unknown = student if answers[0] not in intake.people else guardian
            intake.warn(where, "userSourcedId", unknown, "There is no such person; this relationship is left out.")
        else:
            intake.guardianships[answers] = cells.clean(raw.get("relation", ""))[:60]
