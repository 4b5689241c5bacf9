"""R103, R104: everything held about one person, with who saw what, for whoever answers the request."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pypdfium2
import pytest
import typer
from sqlmodel import select
from typer.testing import CliRunner

from core import clock, database
from core.errors import FreshCodeRequired, NotAllowed, NotFound
from core.manage import person
from core.models import AccountChange, AccountChangeItem, AuditEntry, metadata
from core.permissions import Role
from core.services import access, audit, invitations, subject_export
from core.tables import subject
from tests import cast as casting
from tests.cast import Cast

pytestmark = pytest.mark.both_databases


@pytest.fixture
def sam(cast: Cast) -> Cast:
    """Sam was invited, looked at by Olga, and changed by Ada."""
    account_id = cast.sam.account.id or 0
    with database.transaction() as db:
        casting.just_signed_in(db, cast.ada.actor)
        invitations.issue_link(db, account_id=account_id, channel="email", address="sam@mail.example", days=7)
        access.note_look(db, cast.olga.actor, person_id=cast.sam.person.id or 0)
        change = AccountChange(act="deactivate", made_by=cast.ada.account.id or 0, made_at=clock.now())
        db.add(change)
        db.flush()
        before = {"deactivated_at": None}
        db.add(AccountChangeItem(change_id=change.id or 0, account_id=account_id, before=before))
    return cast


def taken(cast: Cast, kind: str = "person-json") -> bytes:
    with database.transaction() as db:
        made = subject_export.prepare(db, cast.ada.actor, kind=kind, person_id=cast.sam.person.id or 0)
    return made.content()


def test_r103_the_export_holds_every_row_about_the_person_and_nothing_that_opens_anything(sam: Cast) -> None:
    held = json.loads(taken(sam))
    assert held["person"][0]["last_name"] == "Sideris"
    assert (held["person"][0]["section"], held["account"][0]["username"]) == ("7B", sam.sam.account.username)
    assert held["invitation"][0]["address"] == "sam@mail.example"
    assert (held["guardianship"][0]["guardian"], held["guardianship"][0]["relation"]) == ("Gina Siderí", "mother")
    assert {"enrolment", "account_role", "account_change_item", "seen_and_changed_by"} <= held.keys()
    text = json.dumps(held)
    assert not any(f'"{secret}"' in text for secret in ("token_hash", "uid", "password_hash", "kid", "seal"))
    assert "Otto" not in text


def test_r104_the_export_says_who_saw_what_and_when(sam: Cast) -> None:
    seen = json.loads(taken(sam))["seen_and_changed_by"]
    assert [(row["by"], row["role"], row["what"]) for row in seen] == [
        ("Olga Orlova", "office", "Opened the card with contacts"),
        ("Ada Adams", "administrator", "All personal data taken as a file"),
    ]


def test_r104_the_export_says_what_was_taken_of_several_and_changed_for_several(sam: Cast) -> None:
    ids = [sam.sam.person.id or 0, sam.otto.person.id or 0]
    with database.transaction() as db:
        audit.record(db, sam.cora.actor, action="list.exported", details={"count": 2}, people=ids)
        audit.record(db, sam.ada.actor, action="accounts.deactivate", object_kind="account", people=ids)
        audit.record(db, sam.tom.actor, action="list.exported", details={"count": 1}, people=ids[1:])
    rows = json.loads(taken(sam))["seen_and_changed_by"]
    assert [(row["by"], row["what"]) for row in rows[1:3]] == [
        ("Cora Cole", "Exported a list"),
        ("Ada Adams", "Accounts: Deactivate"),
    ]
    assert "Tom" not in str(rows)


def test_what_one_did_oneself_is_not_said_to_have_been_done_to_one(sam: Cast) -> None:
    ids = [sam.sam.person.id or 0]
    with database.transaction() as db:
        audit.record(db, sam.sam.actor, action="import.applied", object_kind="import_run", object_id=1, people=ids)
    held = json.loads(taken(sam))
    assert "Imported people" in [row["what"] for row in held["done_by_this_person"]]
    assert "Created, changed or marked as left by an import" in [row["what"] for row in held["seen_and_changed_by"]]


def test_what_was_said_of_an_earlier_person_of_the_same_number_is_not_theirs(sam: Cast) -> None:
    with database.transaction() as db:
        entry = audit_of(db, "card.viewed")
        created = clock.now()
        sam.sam.person.created_at = created
        db.merge(sam.sam.person)
        assert entry.at < created
    with database.reading() as db:
        seen = subject.seen_by(db, person_id=sam.sam.person.id or 0)
    assert seen == []


def audit_of(db: object, action: str) -> AuditEntry:
    return db.exec(select(AuditEntry).where(AuditEntry.action == action)).one()  # type: ignore[attr-defined,no-any-return]


def test_the_pdf_says_the_same_to_be_read(sam: Cast) -> None:
    document = pypdfium2.PdfDocument(io.BytesIO(taken(sam, "person-pdf")))
    text = "".join(page.get_textpage().get_text_range() for page in document)
    for said in ("Personal data", "Sideris", "sam@mail.example", "Olga Orlova", "Guardianships", "mother"):
        assert said in text


def test_taking_it_is_for_administrators_who_have_just_shown_who_they_are_and_is_audited(sam: Cast) -> None:
    with pytest.raises(NotAllowed), database.transaction() as db:
        subject_export.prepare(db, sam.olga.actor, kind="person-json", person_id=sam.sam.person.id or 0)
    other = casting.actor(sam.tom.account, Role.ADMINISTRATOR)
    with pytest.raises(FreshCodeRequired), database.transaction() as db:
        stale = replace(other, fresh_until=None)
        subject_export.prepare(db, stale, kind="person-json", person_id=sam.sam.person.id or 0)
    with pytest.raises(NotFound), database.transaction() as db:
        subject_export.prepare(db, sam.ada.actor, kind="person-json", person_id=9999)
    taken(sam)
    with database.reading() as db:
        entry = audit_of(db, "person.exported")
        assert (entry.object_id, entry.details) == (sam.sam.person.id, {"kind": "person-json"})
        assert audit.verify(db).broken_at is None


def test_the_command_writes_both_files_for_nobody_elses_eyes(sam: Cast, tmp_path: Path) -> None:
    app = typer.Typer()
    app.add_typer(person.person, name="person")
    result = CliRunner().invoke(app, ["person", "export", "S1", "--out", str(tmp_path)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    files = sorted(path for path in tmp_path.iterdir() if path.name.startswith("Person "))
    assert [path.suffix for path in files] == [".json", ".pdf"]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    with pytest.raises(NotFound, match="no person with the code"):
        CliRunner().invoke(app, ["person", "export", "nobody", "--out", str(tmp_path)], catch_exceptions=False)


def test_every_table_about_people_is_told_or_named_as_left_out() -> None:
    about = {
        table.name
        for table in metadata.sorted_tables
        for column in table.columns
        for key in column.foreign_keys
        if key.column.table.name in ("person", "account")
    }
    assert {"audit_entry", "message_account"} >= subject.LEFT_OUT
    assert about - subject.LEFT_OUT >= {"guardianship", "invitation", "selection", "sign_in_session", "year_move"}
