"""The rows of the demo school while they are being made, numbered as they will stand in the database."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

from core.demo.names import Culture, Name
from core.models import EnrolmentKind, PersonKind
from core.rules import person_facts

Row = dict[str, Any]
_LETTER = {PersonKind.STUDENT: "S", PersonKind.GUARDIAN: "G", PersonKind.STAFF: "T"}


@dataclass
class Register:
    """Everybody so far. `written_at` is the moment that stands in every row."""

    chance: Random
    region: str
    written_at: datetime
    people: list[Row] = field(default_factory=list)
    enrolments: list[Row] = field(default_factory=list)
    guardianships: list[Row] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)

    def next_number(self, kind: str) -> int:
        """How manieth of its kind the next person is."""
        self.numbers[kind] = self.numbers.get(kind, 0) + 1
        return self.numbers[kind]

    def add(self, kind: PersonKind, first: Name, last: Name, culture: Culture, **fields: Any) -> Row:
        """Enter a person; the facts that follow from the contact data are made as for anybody."""
        row: Row = {
            "id": len(self.people) + 1,
            "kind": kind.value,
            "source_id": f"{_LETTER[kind]}{fields.pop('number'):06}",
            "first_name": first.written,
            "middle_name": "",
            "last_name": last.written,
            "status": "registered" if kind == PersonKind.STUDENT else "active",
            "grade": "",
            "programme": "",
            "section_id": None,
            "language": culture.language,
            "personal_email": "",
            "use_personal_email": False,
            "contact_email": "",
            "external_email": "",
            "mobile": "",
            "phone": "",
            "created_at": self.written_at,
            "updated_at": self.written_at,
        } | fields
        row |= person_facts.derived(row, default_region=self.region)
        self.people.append(row)
        return row

    def enrol(self, person: Row, section_id: int, kind: EnrolmentKind) -> None:
        self.enrolments.append({"section_id": section_id, "person_id": person["id"], "kind": kind.value})

    def answers_for(self, guardian: Row, student: Row, *, relation: str, priority: int) -> None:
        """A guardianship without end."""
        row = {"student_id": student["id"], "guardian_id": guardian["id"], "relation": relation, "priority": priority}
        self.guardianships.append(row | {"may_email": True, "may_sms": True})
