"""A school with people to write to, a mail server that keeps everything, and the engine between them."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import sqlalchemy as sa
from sqlmodel import col, select

from core import clock, database
from core.delivery import engine
from core.models import Account, Campaign, Message, MessageStatus, Person, SchoolSettings
from core.permissions import command_line
from core.rules import person_facts
from core.services import campaigns, wordings
from core.services.campaigns import Check, Draft
from core.tables import campaigns as table
from core.tables.campaigns import Progress
from core.tables.filters import AccountFilter

SECRETARY = command_line("test")
STUDENTS = Draft(filter=AccountFilter(user_types=("student",)))


def school(students: int) -> None:
    """Students with an account and an address each, and the texts."""
    now = clock.now()
    people = []
    for number in range(1, students + 1):
        values = {"first_name": "Sam", "middle_name": "", "last_name": f"Sample {number}", "source_id": f"S{number}"}
        values |= {"personal_email": f"person{number}@mail.example", "contact_email": "", "external_email": ""}
        values |= {"mobile": "", "phone": "", "language": "el" if number % 2 else "en"}
        values |= person_facts.derived(values, default_region="GR")
        made = {"kind": "student", "status": "registered", "use_personal_email": True, "id": number}
        people.append(values | made | {"created_at": now, "updated_at": now})
    names = [f"sam{number}" for number in range(1, students + 1)]
    accounts = [
        {"person_id": number, "user_type": "student", "username": name, "username_key": name, "created_at": now}
        for number, name in enumerate(names, 1)
    ]
    with database.transaction() as db:
        db.merge(SchoolSettings(id=1, school_name="Athena School"))
        db.execute(sa.insert(Person), people)
        db.execute(sa.insert(Account), accounts)
        wordings.ensure_defaults(db)


def look(draft: Draft = STUDENTS) -> Check:
    """What the check says of all students."""
    with database.reading() as db:
        return campaigns.check(db, SECRETARY, draft=draft)


def launch(seen: Check | None = None, *, draft: Draft = STUDENTS) -> int:
    """Launch for all students what was seen."""
    seen = seen or look(draft)
    with database.transaction() as db:
        made: Campaign = campaigns.launch(
            db,
            SECRETARY,
            draft=draft,
            seen=seen.fingerprint,
            idempotency_key=seen.fingerprint,
            typed_count=seen.receive,
        )
    return made.id or 0


def progress(campaign_id: int) -> Progress:
    with database.reading() as db:
        return table.progress(db, SECRETARY, campaign_id=campaign_id)


def start_engine(*, deliver: bool = True) -> None:
    """Launch it as the server does, in a thread of its own: a browser test before may have left a loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(engine.launch, deliver=deliver).result()


def wait_until(campaign_id: int, done: Callable[[Progress], bool], *, seconds: float = 40) -> Progress:
    """Look until it is so."""
    pause, found = threading.Event(), progress(campaign_id)
    for _ in range(int(seconds / 0.05)):
        if done(found):
            return found
        pause.wait(0.05)
        found = progress(campaign_id)
    raise AssertionError(found)


def finished(found: Progress) -> bool:
    return not found.is_under_way


def statuses() -> dict[str, MessageStatus]:
    """By address."""
    with database.reading() as db:
        return {address: MessageStatus(status) for address, status in db.exec(select(Message.address, Message.status))}


def invited() -> Counter[int]:
    """How many accounts were invited how often."""
    with database.reading() as db:
        return Counter(db.exec(select(col(Account.times_invited))))
