"""What the matrix calls OWN or SCOPED is proved: asked for somebody else's, it refuses or gives and changes nothing.

Each argument that can name somebody, or something of theirs, is filled with another's. A function that is added later
with an argument that is not listed here fails, so that nobody merely declares it harmless.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock, database
from core.backup import census
from core.documents.papers import Pictures
from core.errors import AppError, NotFound, Sought
from core.models import (
    Account,
    AccountChange,
    Campaign,
    Person,
    PreviewPage,
    ReportRequest,
    SavedView,
    Section,
    Selection,
    SelectionItem,
    metadata,
)
from core.permissions import Actor
from core.rules.report_parameters import CredentialParameters
from core.services import wordings
from core.services.printed_accounts import Printed
from core.services.report_papers import ReportKind
from core.tables import status, status_people
from core.tables.candidates import Candidate
from core.tables.filters import StatusFilter
from core.tables.status import Asked
from tests import cast as make
from tests import role_matrix
from tests.cast import Cast
from tests.role_matrix import ENTRIES, Asks

FOUND = role_matrix.discovered()
CLAIMED = sorted(name for name, needs in ENTRIES.items() if needs in (Asks.OWN, Asks.SCOPED))
MARK = "Quirina"  # stands in whatever is Otto's or Olga's
Rows = dict[tuple[str, Any], Mapping[str, Any]]


def of_others(db: Session, cast: Cast) -> dict[str, Any]:
    """A value for every argument. Otto is out of scope; the rows are Olga's. `name.argument` is of one function."""
    now, olga = clock.now(), {"account_id": cast.olga.account.id}
    otto, section = cast.otto.person.id or 0, cast.class_8a.id or 0
    wordings.ensure_defaults(db)
    named = {"first_name": MARK, "grade": MARK, "programme": MARK, "language": MARK}
    db.execute(sa.update(Person).where(col(Person.id) == otto).values(**named))
    db.execute(sa.update(Section).where(col(Section.id) == section).values(title=MARK, grade=MARK))
    hers = Selection(list_name="students", shown_filter={"text": MARK}, changed_at=now, **olga)
    view = SavedView(list_name="students", name=MARK, filter={"text": MARK}, created_at=now, **olga)
    change = AccountChange(act="deactivate", made_by=cast.olga.account.id or 0, made_at=now)
    ready = {"kid": "k", "asked": b"", "status": "ready", "created_at": now, "session_id": "hers"}
    file = ReportRequest(token=MARK, kind="students.csv", title=MARK, people=1, name=MARK, **ready, **olga)
    launch: dict[str, Any] = {"launched_by_label": MARK, "launched_at": now, "starts_at": now, "recipients": 1}
    launch |= {"kind": "initial_invitation", "channel": "email", "idempotency_key": "k", "recipients_digest": ""}
    campaign = Campaign(wording_ids={}, link_days=7, **launch)
    sealed = {"number": 1, "session_id": "hers", "expires_at": now, "kid": "k", "sealed": b""}
    picture = PreviewPage(preview=MARK, **sealed, **olga)
    db.add_all([hers, view, change, file, campaign, picture])
    db.flush()
    db.add(SelectionItem(selection_id=hers.id or 0, row_id=otto))
    db.flush()
    printed = Printed(hers.id or 0, "selected", CredentialParameters())
    listed, contents = SimpleNamespace(title="Students List", of_people=True), SimpleNamespace(people=1, ids=[otto])
    was_read = SimpleNamespace(
        **{"kind": ReportKind.CREDENTIALS, "listed": listed, "columns": {}, "ids": [otto], "rows": [[MARK]]},
        **{"printed": printed, "contents": contents, "paper_rows": 1, "whole": True},
    )
    return {
        **{"selection_id": hers.id, "view_id": view.id, "change_id": change.id, "request_id": file.id, "token": MARK},
        **{"person_id": otto, "account_id": cast.otto.account.id, "campaign_id": campaign.id, "ids": [otto]},
        **{"sought": Sought("person", otto), "candidate": Candidate(cast.otto.account.id, "$argon2id$his")},
        **{"account_ids": sa.select(col(Account.id)).where(col(Account.id) == cast.otto.account.id)},
        **{"printed": printed, "begun": was_read, "found": was_read, "pictures": Pictures((b"", b""), 2)},
        **{"rows": [otto], "named": (section,), "sections": {}, "filter": StatusFilter(section_ids=(section,))},
        **{"list_name": "students", "stored": {"text": MARK}, "scope": "selected", "expected": 1, "count": 1},
        **{"kind": "student", "limit": 9, "period_id": None, "parameters": CredentialParameters(), "fits": False},
        **{"password": "a long enough phrase", "password_hash": "$argon2id$new", "codes": {"ab": "$argon2id$code"}},
        **{
            "name": "A new name",
            "language": "el",
            "target": "/me",
            "text": "x",
            "refusal": NotFound("x"),
            "reason": "x",
        },
        **{"action": "test.done", "object_kind": "person", "object_id": otto, "result": "done", "details": None},
        **{"enrol": False, "trusted": False, "removed": False, "tables.freshness.require_above.people": 1_000_000},
        **{"services.audit.record.people": [otto], "tables.account_roles.held_by.account_ids": [cast.otto.account.id]},
        **{"section_ids": (section,), "preview": MARK},
    }


def call(name: str, db: Session, actor: Actor, values: dict[str, Any]) -> Any:
    """With every argument filled, also those that may be left out; an argument without a value here is a KeyError."""
    asked = inspect.signature(FOUND[name]).parameters
    if name == "tables.status.ask":
        values = values | {"people": status_people.read(db, actor, user_type="all")}
    rest = [argument for argument in asked if argument not in ("db", "actor")]
    given = {
        argument: values[f"{name}.{argument}" if f"{name}.{argument}" in values else argument] for argument in rest
    }
    return seen(db, FOUND[name](**given | {"actor": actor} | ({"db": db} if "db" in asked else {})))


def seen(db: Session, result: Any) -> Any:
    """What is read by whoever gets it."""
    if isinstance(result, sa.ColumnElement):
        result = sa.select(col(Person.id)).where(result)
    if isinstance(result, sa.Select | sa.CompoundSelect):
        return [tuple(row) for row in db.execute(result)]
    return status.total(result)[0] if isinstance(result, Asked) else result


def tells_of_others(result: Any, cast: Cast) -> bool:
    """Otto's mark or number, or a number of rows that can only be of others."""
    if isinstance(result, list) and result and isinstance(result[0], tuple):
        return any({cast.otto.person.id, cast.otto.account.id} & set(row) for row in result)
    if isinstance(result, dict) and result and all(isinstance(value, int) for value in result.values()):
        return any(result.values())
    counted = isinstance(result, int) and not isinstance(result, bool)
    return bool(result) if counted else MARK in repr(result)


def rows(db: Session) -> Rows:
    db.flush()
    return {
        (name, tuple(row[column.name] for column in table.primary_key)): dict(row)
        for name, table in metadata.tables.items()
        if name != census.OWN_NOTES  # they tell of the change itself
        for row in db.execute(sa.select(table)).mappings()
    }


def is_own(place: tuple[str, Any], row: Mapping[str, Any], actor: Actor) -> bool:
    name, key = place
    if name in ("account", "person"):
        return bool(key == ((actor.account_id if name == "account" else actor.person_id),))
    if name == "audit_people":  # whom an entry of the audit names; the entry itself is looked at
        return True
    return row.get("account_id") == actor.account_id


class _Undone(Exception):
    """Nothing of this is kept."""


def test_r59_what_is_called_own_or_scoped_gives_and_changes_nothing_of_others(cast: Cast) -> None:
    with database.transaction() as db:
        values = of_others(db, cast)
        make.just_signed_in(db, cast.tom.actor)
    wrong = []
    for name in CLAIMED:
        for actor in (cast.tom.actor, replace(cast.cora.actor, session_id="another")):
            try:
                with database.transaction() as db:
                    before = rows(db)
                    if tells_of_others(call(name, db, actor, values), cast):
                        wrong.append(f"{name} tells {actor.label}")
                    after = rows(db)
                    different = [place for place in before | after if before.get(place) != after.get(place)]
                    wrong += [
                        f"{name} lets {actor.label} change {place}"
                        for place in different
                        if not is_own(place, after.get(place) or before[place], actor)
                    ]
                    raise _Undone
            except (AppError, _Undone):
                continue
    assert not wrong, "\n".join(wrong)


def test_the_same_functions_do_give_what_is_ones_own(cast: Cast) -> None:
    """Else the proof would be worth nothing: Olga gets what the others did not."""
    with database.transaction() as db:
        values = of_others(db, cast)
    hers = {
        "selection_rows.size",
        "selection_rows.row_ids",
        "selection_rows.shown_filter",
        "list_views.rename",
        "list_views.own",
    }
    given = set()
    for name in CLAIMED:
        try:
            with database.transaction() as db:
                call(name, db, cast.olga.actor, values)
                given.add(name.partition(".")[2])
                raise _Undone
        except (AppError, _Undone):
            continue
    assert hers <= given
    assert "found_people.of" in given
