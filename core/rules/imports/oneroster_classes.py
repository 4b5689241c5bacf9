"""Schools, years, classes and enrolments of a OneRoster set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.errors import Severity
from core.models import PersonKind
from core.rules.imports import cells, columns, oneroster_days, oneroster_users
from core.rules.imports.intake import NO_PERIOD, EnrolmentRow, Intake, PeriodRow, SectionRow
from core.rules.imports.oneroster_users import is_over, several
from core.rules.imports.people import MAX_NAME
from core.rules.imports.sds import Table, Where

SCHOOL_COLUMNS = {"sourcedid": "source_id", "name": "title"}
SESSION_COLUMNS = {
    **{"sourcedid": "source_id", "title": "title", "type": "type", "status": "state"},
    **{"startdate": "starts", "enddate": "ends", "parentsourcedid": "parent"},
}
CLASS_COLUMNS = {
    **{"sourcedid": "source_id", "title": "title", "grades": "grade", "grade": "grade", "classcode": "code"},
    **{"classtype": "type", "schoolsourcedid": "school", "termsourcedids": "terms", "status": "state"},
}
ENROLMENT_COLUMNS = {
    **{"classsourcedid": "section", "usersourcedid": "user", "role": "role", "status": "state"},
    **{"begindate": "begins", "enddate": "ends"},
}
_GENERATIONS = 10  # a session that is its own grandparent ends here


@dataclass(frozen=True)
class Session:
    """A session of the files, with the row where it stands."""

    where: Where
    period: PeriodRow
    is_year: bool
    parent: str


@dataclass(frozen=True)
class Term:
    """A session with the school year above it, which is itself where the files know none."""

    year_id: str
    year: PeriodRow
    own: PeriodRow

    @property
    def is_part(self) -> bool:
        return self.own is not self.year


def schools(intake: Intake, table: Table) -> dict[str, str]:
    """The names of schools by their ids."""
    rows = table.rows(intake, Severity.WARNING)
    return {cells.clean(raw.get("source_id", "")): cells.clean(raw.get("title", ""))[:MAX_NAME] for _where, raw in rows}


def years(intake: Intake, table: Table) -> dict[str, Term]:
    """Every session by its id."""
    found: dict[str, Session] = {}
    for where, raw in table.rows(intake, Severity.WARNING):
        source_id = cells.clean(raw.get("source_id", ""))
        if not source_id or len(source_id) > MAX_NAME or source_id in found:
            message = "The id of this session is missing, too long, or stands in an earlier row; the row is left out."
            intake.warn(where, table.labels.get("source_id", "sourcedId"), source_id, message)
        elif not is_over(raw):
            found[source_id] = _session(intake, where, source_id, raw, table.labels)
    return {source_id: _year(source_id, found) for source_id in found}


def read(intake: Intake, table: Table, schools_: Mapping[str, str] | None, years_: Mapping[str, Term]) -> None:
    """Enter the classes, each in the year of its first term."""
    seen: set[str] = set()
    for where, raw in table.rows(intake, Severity.WARNING):
        source_id = cells.clean(raw.get("source_id", ""))
        title = cells.clean(raw.get("title", "")) or cells.clean(raw.get("code", "")) or source_id
        if not source_id or len(source_id) > MAX_NAME or source_id in seen:
            message = "The id of this class is missing, too long, or stands in an earlier row; the row is left out."
            intake.warn(where, table.labels.get("source_id", "sourcedId"), source_id, message)
        elif not is_over(raw):
            seen.add(source_id)
            if len(title) > MAX_NAME:
                intake.warn(where, table.labels["title"], title, f"At most {MAX_NAME} characters fit; it is shortened.")
            period = _period(intake, where, raw, years_)
            school = _school(intake, where, raw, schools_)
            grade = oneroster_users.grade(raw.get("grade", ""))[:MAX_NAME]
            intake.sections[(period, source_id)] = SectionRow(title[:MAX_NAME], grade, school)
            terms = [years_[term] for term in several(raw.get("terms", "")) if term in years_]
            if terms and all(term.is_part for term in terms):
                intake.terms[(period, source_id)] = [term.own for term in terms]
            if columns.normal(raw.get("type", "")) == "homeroom":
                intake.homerooms.add(source_id)


def read_enrolments(intake: Intake, table: Table) -> None:
    """Note who is in which class; whether there are such people and classes is seen when they are compared."""
    labels = table.labels
    for where, raw in table.rows(intake, Severity.WARNING):
        role = columns.normal(raw.get("role", ""))
        kind = PersonKind.STUDENT if role == "student" else PersonKind.STAFF
        if role not in ("student", "teacher", "aide", "proctor", "administrator"):
            message = "Firstkey knows no such role in a class; the enrolment is left out."
            intake.warn_once(where, labels.get("role", "role"), cells.clean(raw.get("role", "")), message)
            continue
        section, user = cells.clean(raw.get("section", "")), cells.clean(raw.get("user", ""))
        begins, ends = oneroster_days.read(intake, where, raw, labels, ("begins", "ends"))
        intake.enrolled.append(EnrolmentRow(where, section, (kind.value, user), is_over(raw), begins, ends))


def _session(
    intake: Intake, where: Where, source_id: str, raw: Mapping[str, str], labels: Mapping[str, str]
) -> Session:
    title = cells.clean(raw.get("title", ""))[:MAX_NAME] or source_id
    period = PeriodRow(title, *oneroster_days.read(intake, where, raw, labels, ("starts", "ends")))
    is_year = columns.normal(raw.get("type", "")) == "schoolyear"
    return Session(where, period, is_year, cells.clean(raw.get("parent", "")))


def _year(source_id: str, sessions: Mapping[str, Session]) -> Term:
    at, own = source_id, sessions[source_id].period
    for _generation in range(_GENERATIONS):
        if at not in sessions:
            break
        if sessions[at].is_year:
            return Term(at, sessions[at].period, own)
        at = sessions[at].parent
    return Term(source_id, own, own)


def _period(intake: Intake, where: Where, raw: Mapping[str, str], years_: Mapping[str, Term]) -> str:
    terms = several(raw.get("terms", ""))
    known = next((term for term in terms if term in years_), "")
    if not known:
        if terms:
            message = "This session is not in academicSessions.csv. The class is put into the current year."
            intake.warn_once(where, "termSourcedIds", terms[0], message)
        return NO_PERIOD
    year = years_[known]
    intake.periods.setdefault(year.year_id, year.year)
    return year.year_id


def _school(intake: Intake, where: Where, raw: Mapping[str, str], schools_: Mapping[str, str] | None) -> str:
    school = cells.clean(raw.get("school", ""))
    if school and schools_ is not None and school not in schools_:
        intake.warn_once(where, "schoolSourcedId", school, "There is no such school in orgs.csv. The class has none.")
    return (schools_ or {}).get(school, "")
