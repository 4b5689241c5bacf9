"""OneRoster 1.1 and 1.2 as CSV files: a tolerant reader, which tells of every defect and uses the rest."""

from __future__ import annotations

from collections.abc import Mapping

from core.models import PersonKind
from core.rules.imports import columns, oneroster_classes, oneroster_manifest, oneroster_users, sds
from core.rules.imports.intake import Format, Intake
from core.rules.imports.sds import Table
from core.rules.spreadsheets import Sheet

_COLUMNS = {
    "manifest": {"propertyname": "name", "value": "value"},
    "users": oneroster_users.COLUMNS,
    "roles": oneroster_users.ROLE_COLUMNS,
    "orgs": oneroster_classes.SCHOOL_COLUMNS,
    "academicsessions": oneroster_classes.SESSION_COLUMNS,
    "classes": oneroster_classes.CLASS_COLUMNS,
    "enrollments": oneroster_classes.ENROLMENT_COLUMNS,
}
_ONLY_HERE = {"enableduser", "agentsourcedids", "datelastmodified", "primaryorgsourcedid", "usermasteridentifier"}


def is_set(sheets: Mapping[str, Sheet]) -> bool:
    """Whether the files are of OneRoster, and not of School Data Sync, which has grown from it."""
    if "manifest" in sheets and oneroster_manifest.is_one(sheets["manifest"]):
        return True
    header = {columns.normal(name) for name in sheets["users"].header} if "users" in sheets else set()
    return "sourcedid" in header and bool(_ONLY_HERE & header)


def read(sheets: dict[str, Sheet]) -> Intake:
    """A whole set, by the stems of its files. Marks, demographics and passwords are never kept."""
    intake = Intake(Format.ONEROSTER)
    manifest = oneroster_manifest.read(intake, sheets)
    intake.told, intake.whole = manifest.told, manifest.whole
    if manifest.whole:
        intake.covers = frozenset({PersonKind.STUDENT.value, PersonKind.STAFF.value})
    tables = {stem: Table(sheet, _COLUMNS[stem]) for stem, sheet in sheets.items() if stem in _COLUMNS}
    intake.files += [table.facts() for table in tables.values()]
    intake.files += [sds.unused(sheet) for stem, sheet in sheets.items() if stem not in tables]
    schools = oneroster_classes.schools(intake, tables["orgs"]) if "orgs" in tables else None
    if "users" in tables:
        oneroster_users.read(intake, manifest, tables["users"], tables.get("roles"), schools)
    sessions = tables.get("academicsessions")
    years = oneroster_classes.years(intake, sessions) if sessions else {}
    if "classes" in tables:
        oneroster_classes.read(intake, tables["classes"], schools, years)
    if "enrollments" in tables:
        oneroster_classes.read_enrolments(intake, tables["enrollments"])
    return intake
