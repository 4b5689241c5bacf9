"""Microsoft School Data Sync, version 1, in its American and British wording."""

from __future__ import annotations

from core.models import EnrolmentKind, PersonKind
from core.rules.imports import cells, columns, people, sds
from core.rules.imports.intake import NO_PERIOD, Format, Intake, SectionKey
from core.rules.spreadsheets import Sheet

_PERSON = {
    **{"sisid": "source_id", "id": "source_id", "firstname": "first_name", "lastname": "last_name"},
    **{"middlename": "middle_name", "username": "external_email", "grade": "grade", "status": "status"},
    **{"secondaryemail": "email", "phone": "phone", "mobile": "mobile"},
}
_ROSTER = {"sectionsisid": "section", "sectionid": "section", "sisid": "user", "id": "user"}
_SYNONYMS = {
    "student": _PERSON,
    "teacher": _PERSON,
    "school": {"sisid": "source_id", "dfenumber": "source_id", "name": "title"},
    "section": {
        **{"sisid": "source_id", "id": "source_id", "schoolsisid": "school", "schooldfenumber": "school"},
        **{"sectionname": "title", "termsisid": "period", "termid": "period", "termname": "term"},
        **{"termstartdate": "starts", "termenddate": "ends"},
    },
    "studentenrollment": _ROSTER,
    "teacherroster": _ROSTER,
}
FILES = frozenset(_SYNONYMS)
_KINDS = {"student": PersonKind.STUDENT, "teacher": PersonKind.STAFF}


def is_set(sheets: dict[str, Sheet]) -> bool:
    """Whether these are files of version 1: people by id and school, which a plain list called Student.csv is not."""
    return any(
        stem in sheets and {"schoolsisid", "schooldfenumber", "schoolid"} & _normal(sheets[stem]) for stem in _KINDS
    )


def read(sheets: dict[str, Sheet]) -> Intake:
    """A whole set, by the stems of its files."""
    british = any("schooldfenumber" in _normal(sheet) for sheet in sheets.values())
    covers = frozenset(kind.value for stem, kind in _KINDS.items() if stem in sheets)
    intake = Intake(Format.SDS_V1_UK if british else Format.SDS_V1, covers=covers)
    tables = {stem: sds.Table(sheet, _SYNONYMS[stem]) for stem, sheet in sheets.items() if stem in _SYNONYMS}
    intake.files += [table.facts() for table in tables.values()]
    intake.files += [sds.unused(sheet) for stem, sheet in sheets.items() if stem not in tables]
    for stem, kind in _KINDS.items():
        if stem in tables:
            _read_people(intake, tables[stem], kind)
    sections = _read_sections(intake, tables)
    _read_roster(intake, tables, "studentenrollment", PersonKind.STUDENT, sections)
    _read_roster(intake, tables, "teacherroster", PersonKind.STAFF, sections)
    sds.choose_homes(intake)
    return intake


def _normal(sheet: Sheet) -> set[str]:
    return {columns.normal(header) for header in sheet.header}


def _read_people(intake: Intake, table: sds.Table, kind: PersonKind) -> None:
    email = "personal_email" if kind == PersonKind.STUDENT else "contact_email"
    labels = table.labels | {email: table.labels.get("email", "Secondary Email")}
    for where, raw in table.rows(intake):
        raw[email] = raw.pop("email", "")
        if "@" not in raw.get("external_email", ""):
            raw.pop("external_email", "")  # a bare name completed by a domain that the file does not tell
        if kind != PersonKind.STUDENT:
            raw.pop("grade", "")
        people.add(intake, where, kind.value, raw, labels)


def _read_sections(intake: Intake, tables: dict[str, sds.Table]) -> dict[str, SectionKey]:
    """Classes with the names of their schools and their terms; gives each one's key by its id."""
    schools: dict[str, str] = {}
    for _where, raw in tables["school"].rows(intake) if "school" in tables else ():
        schools[cells.clean(raw.get("source_id", ""))] = cells.clean(raw.get("title", ""))[: people.MAX_NAME]
    for where, raw in tables["section"].rows(intake) if "section" in tables else ():
        text = {name: cells.clean(raw.get(name, "")) for name in ("period", "term", "starts", "ends")}
        period = sds.add_period(intake, text["period"], text["term"], text["starts"], text["ends"])
        sds.add_section(intake, where, period or NO_PERIOD, raw, schools.get(cells.clean(raw.get("school", "")), ""))
    return {key[1]: key for key in intake.sections}


def _read_roster(
    intake: Intake, tables: dict[str, sds.Table], stem: str, kind: PersonKind, sections: dict[str, SectionKey]
) -> None:
    if stem not in tables:
        return
    labels = tables[stem].labels
    enrolment = EnrolmentKind.LEARNER if kind == PersonKind.STUDENT else EnrolmentKind.TEACHER
    for where, raw in tables[stem].rows(intake):
        section, user = cells.clean(raw.get("section", "")), cells.clean(raw.get("user", ""))
        if section not in sections:
            message = "There is no such class; this enrolment is left out."
            intake.warn(where, labels.get("section", ""), section, message)
        elif (kind.value, user) not in intake.people:
            message = "There is no such person; this enrolment is left out."
            intake.warn(where, labels.get("user", ""), user, message)
        else:
            intake.enrolments[(sections[section], (kind.value, user))] = enrolment.value
