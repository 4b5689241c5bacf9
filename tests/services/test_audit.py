"""The audit chain."""

from __future__ import annotations

import io
import json
import logging
import stat
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import select
from typer.testing import CliRunner

from core import database, keys, logs, requests
from core.config import settings
from core.delivery import alarms
from core.errors import InputProblem
from core.manage.__main__ import app
from core.models import AuditEntry, AuditPeople, AuditPruning
from core.permissions import command_line
from core.rules import people_sets
from core.services import audit, audit_anchors, audit_chain
from tests.cast import Cast
from tests.conftest import Clock

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("database")]

_COPIED = ", ".join(name for name in AuditEntry.model_fields if name != "seq")
TAMPERINGS = {
    "a changed byte": ["UPDATE audit_entry SET action = 'nothing' WHERE seq = 3"],
    "a changed number": ["UPDATE audit_entry SET details = '{\"number\": 9}' WHERE seq = 3"],
    "another reason": ["UPDATE audit_entry SET reason = 'none' WHERE seq = 3"],
    "another time": ["UPDATE audit_entry SET at = '2020-01-01 00:00:00.000000' WHERE seq = 3"],
    "a removed entry": ["DELETE FROM audit_entry WHERE seq = 3"],
    "a changed seal": ["UPDATE audit_entry SET seal = previous_seal WHERE seq = 3"],
    "another actor": ["UPDATE audit_entry SET actor = 'somebody else' WHERE seq = 3"],
    "another address": ["UPDATE audit_entry SET ip = '10.0.0.1' WHERE seq = 3"],
    "another role": ["UPDATE audit_entry SET role = 'teacher' WHERE seq = 3"],
    "another result": ["UPDATE audit_entry SET result = 'refused' WHERE seq = 3"],
    "another object": ["UPDATE audit_entry SET object_id = 99 WHERE seq = 3"],
    "another account": ["UPDATE audit_entry SET account_id = 99 WHERE seq = 3"],
    "an entry put between two": [
        "UPDATE audit_entry SET seq = -seq WHERE seq >= 3",
        "UPDATE audit_entry SET seq = 1 - seq WHERE seq < 0",
        f"INSERT INTO audit_entry (seq, {_COPIED}) SELECT 3, {_COPIED} FROM audit_entry WHERE seq = 2",
    ],
    "two entries that changed places": [
        "UPDATE audit_entry SET seq = 0 WHERE seq = 3",
        "UPDATE audit_entry SET seq = 3 WHERE seq = 4",
        "UPDATE audit_entry SET seq = 4 WHERE seq = 0",
    ],
}
TRIGGERS = {
    "sqlite": [f"DROP TRIGGER audit_entry_{name}" for name in ("unchanged", "kept", "new")],
    "postgresql": ["ALTER TABLE audit_entry DISABLE TRIGGER ALL"],
}


def _entries(number: int = 5) -> None:
    with database.transaction() as db:
        for place in range(number):
            audit.record(db, command_line("root"), action="test.done", reason="why", details={"number": place})


def behind_our_back(*statements: str) -> None:
    """As somebody who owns the database, and has not the key."""
    with database.transaction() as db:
        for statement in (*TRIGGERS[db.get_bind().dialect.name], *statements):
            db.execute(sa.text(statement.replace(":", "\\:")))


def _verdict() -> audit.Verdict:
    with database.reading() as db:
        return audit.verify(db)


def test_r95_an_untouched_chain_verifies() -> None:
    _entries()
    assert _verdict() == audit.Verdict(entries=5)


@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_r99_verification_names_the_first_entry_that_does_not_fit(tampering: str) -> None:
    _entries()
    behind_our_back(*TAMPERINGS[tampering])
    assert _verdict().broken_at == 3


@pytest.mark.parametrize(
    ("statement", "row"),
    [
        ("DELETE FROM audit_entry", 1),
        ("DELETE FROM audit_entry WHERE seq = 1", 1),
        (f"INSERT INTO audit_entry (seq, {_COPIED}) SELECT 6, {_COPIED} FROM audit_entry WHERE seq = 5", 6),
    ],
    ids=["all entries removed", "the first entry removed", "a forged entry at the end"],
)
def test_r99_what_is_done_at_the_ends_is_found_too(statement: str, row: int) -> None:
    _entries()
    with database.reading() as db:
        assert audit_anchors.drop(db)
    behind_our_back(statement)
    assert _verdict().broken_at == row


def test_r99_a_check_without_notes_says_that_a_cut_would_not_show() -> None:
    _entries()
    with database.reading() as db:
        assert audit_anchors.drop(db)
    assert CliRunner().invoke(app, ["verify-audit"]).exit_code == 0
    audit_anchors.set_aside()
    behind_our_back("DELETE FROM audit_entry WHERE seq > 2")
    said = CliRunner().invoke(app, ["verify-audit"])
    assert said.exit_code == 3
    assert f"whole {audit_anchors.UNSEEN}: 2 entries" in said.output


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_r99_a_cut_shows_by_the_lines_of_a_log_host_where_the_notes_of_the_machine_went_with_it(
    log_format: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever owns the machine cuts the chain and forges its notes; the lines have left it before."""
    lines, log = io.StringIO(), logging.getLogger("core.delivery.alarms")
    monkeypatch.setenv("FIRSTKEY_LOG_FORMAT", log_format)
    settings.cache_clear()
    handler = logging.StreamHandler(lines)
    handler.setFormatter(logs._formatter())
    monkeypatch.setattr(log, "handlers", [handler])
    log.setLevel(logging.INFO)
    for _minute in range(2):
        _entries(3)
        alarms.note_audit()
        clock.forward(minutes=2)
    said = CliRunner().invoke(app, ["verify-audit", "--noted", "-"], input=lines.getvalue())
    assert (said.exit_code, "and as noted elsewhere, 2 times: 6 entries" in said.output) == (0, True), said.output
    behind_our_back("DELETE FROM audit_entry WHERE seq > 4")
    audit_anchors.set_aside()
    with database.reading() as db:
        assert audit_anchors.drop(db)
    assert CliRunner().invoke(app, ["verify-audit"]).exit_code == 0, "the forged notes fit"
    said = CliRunner().invoke(app, ["verify-audit", "--noted", "-"], input=lines.getvalue())
    assert (said.exit_code, "broken at entry 5" in said.output) == (1, True), said.output


def test_r99_notes_that_were_copied_elsewhere_are_read_as_they_are(tmp_path: Path) -> None:
    _entries()
    with database.reading() as db:
        assert audit_anchors.drop(db)
    copied = tmp_path / "copied"
    copied.write_text((settings().var_folder / "audit.anchors").read_text())
    audit_anchors.set_aside()
    assert CliRunner().invoke(app, ["verify-audit", "--noted", str(copied)]).exit_code == 0
    behind_our_back("DELETE FROM audit_entry WHERE seq > 3")
    assert CliRunner().invoke(app, ["verify-audit", "--noted", str(copied)]).exit_code == 1
    copied.write_text("nothing of ours\n")
    with pytest.raises(InputProblem, match="no note of the audit"):
        CliRunner().invoke(app, ["verify-audit", "--noted", str(copied)], catch_exceptions=False)


def test_r99_a_check_in_parts_finds_the_same_as_one_at_once() -> None:
    _entries(7)
    behind_our_back("UPDATE audit_entry SET actor = 'somebody else' WHERE seq = 6")
    walk = audit_chain.Walk()
    while walk.broken_at is None:
        with database.reading() as db:
            walk = audit_chain.go_on(db, walk, part=2)
    assert walk.verdict == _verdict() == audit.Verdict(5, 6, "its contents do not fit its seal")


def test_r99_entries_cut_off_at_the_end_are_missed(clock: Clock) -> None:
    _entries()
    with database.reading() as db:
        assert audit_anchors.drop(db)
    behind_our_back("DELETE FROM audit_entry WHERE seq > 3")
    assert _verdict() == audit.Verdict(3, 4, "entries up to 5, noted on 23 Nov 2026, 09:00 UTC, were cut off")


def test_r99_a_chain_that_grew_again_after_a_cut_is_not_the_one_that_was_noted(clock: Clock) -> None:
    for _minute in range(3):
        _entries(2)
        with database.reading() as db:
            assert audit_anchors.drop(db)
        clock.forward(minutes=1)
    behind_our_back("DELETE FROM audit_entry WHERE seq > 3")
    _entries(5)
    assert _verdict().broken_at == 3  # the last note that fits is of entry 2
    with database.reading() as db:
        assert not audit_anchors.drop(db), "the evidence stays"


def test_r99_the_notes_are_a_private_file_beside_the_key(clock: Clock) -> None:
    _entries()
    with database.reading() as db:
        assert audit_anchors.drop(db)
        assert not audit_anchors.drop(db), "once a minute is enough"
    (file,) = settings().var_folder.glob("audit.anchors*")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert audit_anchors.set_aside() is not None
    assert audit_anchors.read() == []


def test_r63_the_database_refuses_to_change_or_delete_entries() -> None:
    _entries()
    forbidden = [
        "UPDATE audit_entry SET actor = 'somebody else'",
        "DELETE FROM audit_entry WHERE seq = 5",
        "DELETE FROM audit_entry",
    ]
    if database.is_sqlite():
        forbidden.append(f"REPLACE INTO audit_entry (seq, {_COPIED}) SELECT 3, {_COPIED} FROM audit_entry LIMIT 1")
    else:
        forbidden.append("TRUNCATE audit_entry")
    for statement in forbidden:
        with pytest.raises(sa.exc.DBAPIError, match="audit"), database.transaction() as db:
            db.execute(sa.text(statement))
    assert _verdict() == audit.Verdict(5)


def test_r63_only_what_retention_allows_can_go() -> None:
    _entries()
    with database.transaction() as db:
        db.add(AuditPruning(upto=2))
        db.flush()
        db.execute(sa.text("DELETE FROM audit_entry WHERE seq <= 2"))
        with pytest.raises(sa.exc.DBAPIError, match="retention"), db.begin_nested():
            db.execute(sa.text("DELETE FROM audit_entry WHERE seq = 3"))


def test_r96_an_entry_says_which_request_it_belongs_to_and_why_something_was_refused() -> None:
    requests.begin()
    _entries(2)
    with database.reading() as db:
        first, second = db.exec(select(AuditEntry)).all()
    assert first.request == second.request == requests.current() != ""
    assert first.reason == "why"


def test_r104_the_people_of_an_entry_are_kept_and_sealed() -> None:
    for _twice in range(2):
        with database.transaction() as db:
            audit.record(db, command_line("root"), action="list.exported", people=[7, 3, 100_000, 3])
    with database.reading() as db:
        (known,) = db.exec(select(AuditPeople)).all()
        entry = db.get_one(AuditEntry, 1)
    assert list(people_sets.unpack(known.packed)) == [3, 7, 100_000]
    assert entry.details == {"people": known.digest}
    changed = people_sets.pack([3, 7]).content.hex()
    content = f"x'{changed}'" if database.is_sqlite() else f"decode('{changed}', 'hex')"
    with database.transaction() as db:
        db.execute(sa.text(f"UPDATE audit_people SET packed = {content}"))
    assert _verdict() == audit.Verdict(2, 1, "the people that it names were changed")


def test_r99_the_text_that_is_sealed_is_what_a_json_encoder_writes(cast: Cast) -> None:
    with database.transaction() as db:
        audit.record(
            db, replace(cast.olga.actor, ip="::1"), action='a "quoted" Ωord', details={"b": [1, None], "a": "é"}
        )
        audit.record(db, command_line("röot"), action="x", object_kind="k", object_id=5, reason="r\n")
        for entry in db.exec(select(AuditEntry)):
            values = entry.model_dump(exclude={"seal"}) | {"at": entry.at.isoformat(timespec="microseconds")}
            plain = {name: value for name, value in values.items() if value or name not in ("reason", "request")}
            text = json.dumps(plain, sort_keys=True, separators=(",", ":"))
            assert entry.seal == keys.current().sign("audit", text).hex()
        assert audit.verify(db) == audit.Verdict(2)


def test_r100_an_act_that_fails_leaves_no_entry() -> None:
    with pytest.raises(ZeroDivisionError), database.transaction() as db:
        audit.record(db, command_line("root"), action="test.done")
        1 / 0  # noqa: B018
    with database.reading() as db:
        assert audit.verify(db).entries == 0


def test_r97_an_entry_names_the_account_and_never_its_username(cast: Cast) -> None:
    with database.transaction() as db:
        actor = replace(cast.olga.actor, label="olga@mail.example")
        audit.record(db, actor, action="tested")
        audit.record(db, command_line("root"), action="tested")
        assert [entry.actor for entry in db.exec(select(AuditEntry).order_by("seq"))] == [
            f"account {cast.olga.account.id}",
            "command line, root",
        ]


def test_r96_entries_sealed_with_a_username_verify_as_before(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    with database.transaction() as db:
        with monkeypatch.context() as before:
            before.setattr(audit, "name_of", lambda actor: actor.label)
            audit.record(db, cast.olga.actor, action="tested")
        audit.record(db, cast.olga.actor, action="tested")
        assert db.exec(select(AuditEntry).order_by("seq")).first().actor == cast.olga.account.username  # type: ignore[union-attr]
        assert audit.verify(db) == audit.Verdict(2)
