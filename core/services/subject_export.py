"""Answering a person who asks what is held about them: as JSON and as PDF, with who saw what (R103, R104)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock, config
from core.documents import press
from core.documents.papers import Letterhead, SubjectFile
from core.errors import NotFound
from core.models import Person
from core.permissions import Actor, Permission
from core.services import audit
from core.tables import people, school, scope, subject
from core.tables.subject import Held

KINDS = {"person-json": ("json", "application/json"), "person-pdf": ("pdf", "application/pdf")}
TITLES = {
    "person": "The person",
    "account": "The account",
    "account_role": "Roles",
    "invitation": "Links and initial passwords",
    "guardianship": "Guardianships",
    "enrolment": "Classes",
    "message": "Messages",
    "sign_in_session": "Sign-ins",
    "account_change_item": "Changes of the account",
    "seen_and_changed_by": "Who saw or changed what",
    "done_by_this_person": "What this person did in Firstkey",
}
NOTES = (
    "This is everything that Firstkey holds about this person, and who opened, printed, exported, sent or changed it, "
    "alone or together with others. Rows of lists that were only looked at are not written down, nor what an import "
    "changed for each person. Passwords and what opens an account are not stored in a form that could be shown. "
    "Times are in UTC.",
)


@dataclass(frozen=True)
class SubjectExport:
    """Read and audited; written to a file when the transaction is over."""

    name: str
    media_type: str
    held: Held = field(repr=False)
    paper: SubjectFile = field(repr=False)

    def content(self) -> bytes:
        if self.media_type == "application/json":
            return json.dumps(self.held, ensure_ascii=False, indent=2).encode()
        return press.draw(self.paper)


def prepare(db: Session, actor: Actor, *, kind: str, person_id: int) -> SubjectExport:
    """Read everything held about a person; the audit says who took it."""
    actor.require(Permission.ANSWER_RIGHTS)
    if kind not in KINDS:
        raise NotFound("There is no such file.")
    person = db.scalars(sa.select(Person).where(col(Person.id) == person_id, scope.people(actor))).first()
    if person is None:
        raise NotFound("There is no such person any more. Go back to the list.")
    actor.require_fresh()
    details = {"kind": kind}
    audit.record(db, actor, action="person.exported", object_kind="person", object_id=person_id, details=details)
    held = subject.held(db, person_id=person_id)
    own = school.settings(db)
    ending, media_type = KINDS[kind]
    name = f"Person {person_id} {clock.now().astimezone(ZoneInfo(own.time_zone)):%Y-%m-%d}.{ending}"
    head = Letterhead(
        school=own.school_name,
        title="Personal data",
        period="",
        scope=f"{person.first_name} {person.last_name} ({person.source_id})",
        printed_by=people.name_of(db, actor),
        created=clock.now(),
        zone=own.time_zone,
        logo=school.logo(db),
        cjk_font=config.settings().cjk_font,
    )
    return SubjectExport(name, media_type, held, SubjectFile(head, _sections(held), NOTES))


def _sections(held: Held) -> tuple[tuple[str, tuple[tuple[tuple[str, str], ...], ...]], ...]:
    order = [*TITLES, *(name for name in held if name not in TITLES)]
    return tuple((TITLES.get(name, _words(name)), _rows(held[name])) for name in order if name in held)


def _rows(rows: Sequence[dict[str, Any]]) -> tuple[tuple[tuple[str, str], ...], ...]:
    """What says something; numbers of other rows tell a reader nothing."""
    return tuple(
        tuple((_words(name), _text(value)) for name, value in row.items() if _says_something(name, value))
        for row in rows
    )


def _says_something(name: str, value: Any) -> bool:
    return value not in ("", [], {}) and name != "id" and not name.endswith("_id")


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
