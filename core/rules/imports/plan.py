"""What an import would do: the difference between what the files say and what Firstkey knows."""

from __future__ import annotations

from collections import Counter
from dataclasses import astuple, dataclass, field
from typing import Any

from core.errors import RowProblem, Severity
from core.models import PersonStatus
from core.rules import person_facts
from core.rules.contact_data import read_mobile
from core.rules.imports import guardians, references, twice
from core.rules.imports.intake import Intake, PeriodRow, PersonKey, PersonRow, SectionKey, SectionRow
from core.rules.imports.places import Places
from core.rules.imports.world import Row, World

_EMPTY: Row = {
    **dict.fromkeys(("first_name", "middle_name", "last_name", "grade", "programme", "language"), ""),
    **dict.fromkeys(("personal_email", "contact_email", "external_email", "mobile", "phone"), ""),
    "use_personal_email": False,
}
_NOBODY_IN_A_CLASS = (
    "The files have classes and put nobody into one, so nobody leaves a class by them. Was the export whole?"
)
_NO_MOBILE = "This is no mobile number that can get an SMS. It is kept as typed."
_LEFT = "Firstkey has this person as Left, and leaves it so. Change the status on the card, or give the file a Status."


@dataclass(frozen=True)
class Counts:
    """How much an import does. What is counted at the check must be what is applied."""

    created: int
    changed: int
    unchanged: int
    missing: int
    periods: int
    sections_created: int
    sections_changed: int
    enrolments_created: int
    enrolments_ended: int
    guardianships_created: int
    returning: int

    @property
    def nothing(self) -> bool:
        """Whether the files say what Firstkey knows already."""
        return not any((self.created, self.changed, *astuple(self)[4:]))


@dataclass(frozen=True)
class Change:
    """A person who is known, and what becomes different."""

    before: Row
    after: Row

    @property
    def fields(self) -> list[str]:
        return [name for name, value in self.after.items() if self.before[name] != value]


@dataclass(frozen=True)
class Return:
    """Somebody who had left and is in the files again; `reopens`: their account, which the leaving had switched off."""

    row: Row
    after: str
    reopens: bool


@dataclass
class Plan:
    """Everything an import would write. Section keys carry the id of their period."""

    current_period: str = ""
    periods: dict[str, PeriodRow] = field(default_factory=dict)
    sections: dict[SectionKey, SectionRow] = field(default_factory=dict)
    sections_changed: dict[int, SectionRow] = field(default_factory=dict)
    created: list[Row] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)
    unchanged: int = 0
    missing: list[Row] = field(default_factory=list)
    enrolments: dict[tuple[SectionKey, PersonKey], str] = field(default_factory=dict)
    enrolments_ended: list[int] = field(default_factory=list)
    guardianships: dict[tuple[PersonKey, PersonKey], str] = field(default_factory=dict)
    problems: list[RowProblem] = field(default_factory=list)
    said_left: frozenset[PersonKey] = frozenset()
    returning: list[Return] = field(default_factory=list)

    @property
    def counts(self) -> Counts:
        return Counts(
            created=len(self.created),
            changed=len(self.changed),
            unchanged=self.unchanged,
            missing=len(self.missing),
            periods=len(self.periods),
            sections_created=len(self.sections),
            sections_changed=len(self.sections_changed),
            enrolments_created=len(self.enrolments),
            enrolments_ended=len(self.enrolments_ended),
            guardianships_created=len(self.guardianships),
            returning=len(self.returning),
        )

    @property
    def created_by_kind(self) -> dict[str, int]:
        return dict(Counter(row["kind"] for row in self.created))


def make(read: Intake, world: World) -> Plan:
    """Compare; changes nothing."""
    intake = references.settled(read, world)
    places = Places(intake, world)
    plan = Plan(places.current, places.periods, places.sections, places.sections_changed)
    plan.problems += intake.problems if intake is not read else []
    codes = world.guardian_codes() if intake.guardians else {}
    named, answers = guardians.place(intake, known=lambda code, name: codes.get((code, name)))
    for key, person in named.items():
        _keep_the_order_of_names(person, world.people.get(key))
    for key, person in (intake.people | named).items():
        _compare(plan, world, key, person, places.home(key))
    plan.problems += twice.look(intake, world, plan.created)
    plan.missing = [
        row for key, row in world.people.items() if row["status"] != PersonStatus.LEFT and _is_missing(intake, key)
    ]
    plan.said_left = frozenset(intake.leaving)
    plan.enrolments, plan.enrolments_ended = places.enrolments()
    if places.puts_nobody_into_a_class:
        plan.problems.append(RowProblem("enrolments", 1, "", "", _NOBODY_IN_A_CLASS, Severity.WARNING))
    wanted = intake.guardianships | answers
    plan.guardianships = {key: relation for key, relation in wanted.items() if key not in world.guardianships}
    return plan


def _is_missing(intake: Intake, key: PersonKey) -> bool:
    """Whether the files say that somebody has left, or have everybody and not them."""
    if key in intake.leaving:
        return key not in intake.people
    return key[0] in intake.covers and key not in intake.people and key[1] not in intake.present


def _keep_the_order_of_names(person: PersonRow, known: Row | None) -> None:
    """A list has a guardian's name in one cell; which half is the family name, somebody may have corrected here."""
    parts = person.fields.get("last_name", ""), person.fields.get("first_name", "")
    if known and guardians.folded_name(known["last_name"], known["first_name"]) == guardians.folded_name(*parts):
        person.fields.pop("last_name", None)
        person.fields.pop("first_name", None)


def _compare(plan: Plan, world: World, key: PersonKey, person: PersonRow, home: SectionKey | None) -> None:
    fields = person.fields | {"section": home} if home else person.fields
    typed = fields.get("mobile")
    known = world.people.get(key)
    if known is None:
        row = _new(key, fields, world)
        plan.created.append(row)
        if typed and not row["mobile_region"]:
            _note_mobile(plan, person, typed)
        return
    if typed:
        number, region = read_mobile(typed, world.region)
        fields = fields | {"mobile": number}
        if not region:
            _note_mobile(plan, person, typed)
    if fields.get("phone"):
        fields = fields | {"phone": person_facts.home_phone(fields["phone"], world.region)[0]}
    if known["status"] == PersonStatus.LEFT and "status" not in fields:
        if was := world.left.get(known["id"]):
            fields = fields | {"status": was}
        else:
            plan.problems.append(RowProblem(person.file, person.row, "", key[1], _LEFT, Severity.WARNING))
    if "status" in fields and fields["status"] != known["status"]:
        _note_return(plan, world, known, fields["status"])
    after = {name: value for name, value in fields.items() if known[name] != value}
    if not after:
        plan.unchanged += 1
        return
    whole = known | after
    plan.changed.append(Change(known, after | person_facts.derived(whole, default_region=world.region)))


def _note_return(plan: Plan, world: World, known: Row, status: str) -> None:
    """An account goes on again with a status that counts, and only where nobody but an import had switched it off."""
    reopens = status in world.counts(known["kind"]) and known["id"] in world.closed
    if reopens or (known["status"] == PersonStatus.LEFT and status != PersonStatus.LEFT):
        plan.returning.append(Return(known, status, reopens))


def _note_mobile(plan: Plan, person: PersonRow, typed: str) -> None:
    plan.problems.append(RowProblem(person.file, person.row, "Mobile", typed[:80], _NO_MOBILE, Severity.WARNING))


def _new(key: PersonKey, fields: dict[str, Any], world: World) -> Row:
    usual = str(world.counts(key[0])[0])
    row = _EMPTY | {"kind": key[0], "source_id": key[1], "status": usual, "section": None} | fields
    return row | person_facts.derived(row, default_region=world.region)
