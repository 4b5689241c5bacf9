"""Rows that name other rows: settled by what the files say and, for files of changes, by what Firstkey knows."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from core.models import EnrolmentKind, PersonKind
from core.rules.imports import cells, oneroster_users, role_days
from core.rules.imports.intake import (
    NO_PERIOD,
    AgentRow,
    EnrolmentRow,
    Intake,
    PeriodRow,
    PersonKey,
    PersonRow,
    SectionKey,
    SectionRow,
)
from core.rules.imports.places import Places
from core.rules.imports.world import World

_LATER = "This enrolment has not begun and is left out, like all others of its kind. "
_COMES_AGAIN = {True: "The first file of that day enters it.", False: "Import a whole set (bulk) when it has begun."}
_STUDENT, _GUARDIAN = PersonKind.STUDENT.value, PersonKind.GUARDIAN.value


def settled(intake: Intake, world: World) -> Intake:
    """The same with enrolments and guardianships in place of the rows that name them; what was read stays as it is."""
    if not (intake.enrolled or intake.agents or intake.kindless or intake.roles):
        return intake
    copies = {name: dict(getattr(intake, name)) for name in ("people", "sections", "enrolments", "guardianships")}
    found = replace(intake, **copies, homes={}, problems=[], ended=set(), said=set(), kept_out=set())  # type: ignore[arg-type]
    for row in intake.kindless:
        _enter(found, world, row.where, row.raw, row.labels)
    role_days.settle(found, world)
    sections, resting = _sections(found, world), _resting(intake, world)
    for enrolment in intake.enrolled:
        _enrol(found, world, sections, resting, enrolment)
    for agent in intake.agents:
        _answer(found, world, agent)
    _choose_homes(found, world)
    return found


def _enter(found: Intake, world: World, where: tuple[str, int], raw: dict[str, str], labels: dict[str, str]) -> None:
    known = [kind for kind in PersonKind if (kind.value, cells.clean(raw.get("source_id", ""))) in world.people]
    for kind in known:
        oneroster_users.enter(found, where, raw, kind.value, labels)
    if not known:
        message = "Neither the files nor Firstkey say what this person is; they are left out."
        found.warn(where, labels.get("source_id", "sourcedId"), raw.get("source_id", ""), message)


def _sections(found: Intake, world: World) -> dict[str, SectionKey]:
    """Keys by the id of the class: those of the files, else, in a set of changes, those of the current period first."""
    known = [] if found.whole else sorted(world.sections, key=lambda key: key[0] == world.current_period)
    return {key[1]: key for key in [*known, *found.sections]}


def _is_there(found: Intake, world: World, key: PersonKey, where: tuple[str, int]) -> bool:
    """Whether the files have the person; in a set of changes, one whom Firstkey knows is added with nothing new."""
    if key not in found.people and not found.whole and key in world.people and not _is_away(found, key):
        found.people[key] = PersonRow(*key, {}, *where)
    return key in found.people


def _is_away(found: Intake, key: PersonKey) -> bool:
    """Whether the files say that the person has left, or that nothing they are counts today."""
    return key in found.leaving or key in found.kept_out


def _resting(intake: Intake, world: World) -> set[SectionKey]:
    """Classes whose terms have all ended or not yet begun, while another class of their year has its term now.

    In the holidays, between two terms and in a set that knows one term only nobody loses a class.
    """
    running = {key for key, terms in intake.terms.items() if any(_runs(term, world.today) for term in terms)}
    years = {period for period, _section in running}
    return {key for key in intake.terms if key not in running and key[0] in years}


def _runs(term: PeriodRow, today: date) -> bool:
    """Whether a term runs; one whose days are not known does."""
    return (term.starts_on or today) <= today <= (term.ends_on or today)


def _enrol(
    found: Intake, world: World, sections: dict[str, SectionKey], resting: set[SectionKey], row: EnrolmentRow
) -> None:
    key = sections.get(row.section)
    if key is None:
        found.warn_once(
            row.where, "classSourcedId", row.section, "There is no such class; who is in it cannot be entered."
        )
    elif row.is_past(world.today) or (key in resting and not row.is_to_come(world.today)):
        found.ended.add((key, row.person))
    elif row.is_to_come(world.today):
        found.warn_once(row.where, "beginDate", "", _LATER + _COMES_AGAIN[found.whole])
    elif not _is_there(found, world, row.person, row.where):
        if not _is_away(found, row.person) and row.person[1] not in found.present:
            message = f"There is no such {row.person[0]}; their enrolments are left out."
            found.warn_once(row.where, "userSourcedId", row.person[1], message)
    else:
        known = world.sections.get(key)
        if known:
            found.sections.setdefault(key, SectionRow(known["title"], known["grade"], known["school"]))
        kind = EnrolmentKind.LEARNER if row.person[0] == _STUDENT else EnrolmentKind.TEACHER
        found.enrolments[(key, row.person)] = kind.value


def _answer(found: Intake, world: World, row: AgentRow) -> None:
    """Some systems write the parents into the row of the student, others the students into the row of the parent."""
    for student, guardian in ((row.one, row.other), (row.other, row.one)):
        keys = (_STUDENT, student), (_GUARDIAN, guardian)
        if all(_is_there(found, world, key, row.where) for key in keys):
            said = found.guardianships.get(keys, "")
            found.guardianships[keys] = row.relation or said or "guardian"
            return
    if any((kind.value, code) in found.kept_out for kind in PersonKind for code in (row.one, row.other)):
        return  # why they are out is told already
    if row.other in found.present or any((kind.value, row.other) in found.people for kind in PersonKind):
        message = "This agent is no parent, guardian or relative of the person; the link is left out."
    else:
        message = "There is no such person; the link is left out."
    if not any((kind.value, row.other) in found.leaving for kind in PersonKind):
        found.warn_once(row.where, "agentSourcedIds", row.other, message)


def _choose_homes(found: Intake, world: World) -> None:
    """The class under which a student is listed: one of the current year, a homeroom, else the first by its id.

    In a set of changes, whoever has a class keeps it, unless a homeroom comes or that class has ended.
    """
    current = Places(found, world).current
    for (key, person), kind in found.enrolments.items():
        if kind == EnrolmentKind.LEARNER.value and _may_become_home(found, world, key, person):
            now = found.homes.get(person)
            if now is None or _rank(found, key, current) < _rank(found, now, current):
                found.homes[person] = key


def _rank(found: Intake, key: SectionKey, current: str) -> tuple[bool, bool, SectionKey]:
    return key[0] not in (NO_PERIOD, current), key[1] not in found.homerooms, key


def _may_become_home(found: Intake, world: World, key: SectionKey, person: PersonKey) -> bool:
    known = world.people.get(person)
    if found.whole or known is None or known["section"] is None or key[1] in found.homerooms:
        return True
    return (known["section"], person) in found.ended
