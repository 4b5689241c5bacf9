"""What PostgreSQL's own texts for searching hold, beside what they are made of."""

from __future__ import annotations

import sqlalchemy as sa

from core import database

HELD = {
    "person": "SELECT person_id, of_student, text FROM search_person ORDER BY 1",
    "account": "SELECT account_id, person_id, of_student, text FROM search_account ORDER BY 1",
}
MEANT = {
    "person": "SELECT id, kind = 'student', search_text FROM person ORDER BY 1",
    "account": (
        "SELECT account.id, person_id, kind = 'student', ' ' || username_key "
        "FROM account JOIN person ON person.id = account.person_id ORDER BY 1"
    ),
}


def agree() -> None:
    """All of both, of everybody."""
    with database.reading() as db:
        for name, held in HELD.items():
            rows = list(db.connection().execute(sa.text(held)))
            assert rows
            assert rows == list(db.connection().execute(sa.text(MEANT[name])))
