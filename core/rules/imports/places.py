"""Periods, classes and enrolments of an import: found among what is known, or new."""

from __future__ import annotations

from functools import cached_property

from core.rules.imports.intake import NO_PERIOD, Format, Intake, PeriodRow, PersonKey, SectionKey, SectionRow
from core.rules.imports.world import World, school_year
from core.rules.search_text import fold


class Places:
    """The files' own names for places, turned into keys that the database knows or will know."""

    def __init__(self, intake: Intake, world: World) -> None:
        self._intake, self._world = intake, world

    @cached_property
    def periods(self) -> dict[str, PeriodRow]:
        """New or changed periods. Classes without one belong to the current period, made here if there is none."""
        known = self._world.periods
        found = {
            source_id: row
            for source_id, row in self._intake.periods.items()
            if source_id not in known
            or (row.title, row.starts_on, row.ends_on) != tuple(known[source_id][n] for n in _PERIOD)
        }
        if self._needs_a_period and self.current not in known and self.current not in self._intake.periods:
            found[self.current] = PeriodRow(self.current)
        return found

    @property
    def _needs_a_period(self) -> bool:
        return any(period == NO_PERIOD for period, _section in self._intake.sections)

    @cached_property
    def current(self) -> str:
        """The current period: as it is, unless it has ended and the files name one that runs today."""
        today, now = self._world.today, self._world.current_period
        running = [
            (row.starts_on, source_id)
            for source_id, row in self._intake.periods.items()
            if row.starts_on and row.ends_on and row.starts_on <= today <= row.ends_on
        ]
        ended = now and (self._world.periods[now]["ends_on"] or today) < today
        if now and not (ended and running):
            return now
        if running:
            return min(running)[1]
        started = [(row.starts_on, source_id) for source_id, row in self._intake.periods.items() if row.starts_on]
        return max(started)[1] if started else next(iter(self._intake.periods), school_year(today))

    @cached_property
    def _keys(self) -> dict[SectionKey, SectionKey]:
        """The key that each class of the files has, or gets, in the database."""
        by_title = {
            fold(row["title"]): key
            for key, row in sorted(self._world.sections.items(), reverse=True)
            if key[0] == self.current
        }
        found: dict[SectionKey, SectionKey] = {}
        for key, row in self._intake.sections.items():
            own = (key[0] or self.current, key[1])
            if self._intake.format == Format.LIST:
                own = by_title.setdefault(fold(row.title), own)
            found[key] = own
        return found

    @cached_property
    def sections(self) -> dict[SectionKey, SectionRow]:
        """New classes."""
        known = self._world.sections
        return {self._keys[key]: row for key, row in self._intake.sections.items() if self._keys[key] not in known}

    @cached_property
    def sections_changed(self) -> dict[int, SectionRow]:
        """Classes that are called something else now. A list only names classes, it does not describe them."""
        if self._intake.format == Format.LIST:
            return {}
        found: dict[int, SectionRow] = {}
        for key, row in self._intake.sections.items():
            known = self._world.sections.get(self._keys[key])
            if known and any(new and new != known[name] for name, new in zip(_SECTION, _values(row), strict=True)):
                found[known["id"]] = SectionRow(row.title, row.grade or known["grade"], row.school or known["school"])
        return found

    def home(self, person: PersonKey) -> SectionKey | None:
        """The class under which the files list a person."""
        home = self._intake.homes.get(person)
        return self._keys[home] if home else None

    def enrolments(self) -> tuple[dict[tuple[SectionKey, PersonKey], str], list[int]]:
        """New enrolments, and the ids of those that the files no longer have.

        An enrolment ends when its class and its person are both in the files but not together; a list knows one class
        of a student, so there only the class that it replaces ends.
        """
        known = self._world.enrolments
        wanted = {(self._keys[section], person): kind for (section, person), kind in self._intake.enrolments.items()}
        new = {key: kind for key, kind in wanted.items() if key not in known}
        ended = [row["id"] for key, row in known.items() if key not in wanted and self._has_ended(*key)]
        return new, [] if self.puts_nobody_into_a_class else ended

    @cached_property
    def puts_nobody_into_a_class(self) -> bool:
        """Whether a whole set has classes and people and no enrolment: an export that stopped, not a school without.

        In the holidays a set has enrolments, all of them over or still to come.
        """
        files, today = self._intake, self._world.today
        is_without = files.whole and files.format != Format.LIST and files.sections and not files.enrolments
        return bool(is_without and not files.ended and not any(row.is_to_come(today) for row in files.enrolled))

    def _has_ended(self, section: SectionKey, person: PersonKey) -> bool:
        if not self._intake.whole:
            return (section, person) in self._intake.ended
        if self._intake.format != Format.LIST:
            return section in self._in_files and person in self._intake.people
        now = self.home(person)
        return now is not None and self._world.people[person]["section"] == section != now

    @cached_property
    def _in_files(self) -> set[SectionKey]:
        return set(self._keys.values())


_PERIOD = ("title", "starts_on", "ends_on")
_SECTION = ("title", "grade", "school")


def _values(row: SectionRow) -> tuple[str, str, str]:
    return row.title, row.grade, row.school
