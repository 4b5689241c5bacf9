"""The audit as people read it, and the question after a data breach."""

from __future__ import annotations

import ast
import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import select

from core import database
from core.config import ROOT
from core.errors import Conflict, InputProblem, NotAllowed
from core.models import AuditEntry, CampaignKind, Channel, Message, MessageStatus
from core.permissions import Actor
from core.rules import audit_words
from core.rules.account_acts import Act
from core.services import (
    access,
    account_acts,
    account_changes,
    audit,
    audit_files,
    campaigns,
    disclosures,
    selections,
    wordings,
)
from core.services.campaigns import Draft
from core.tables import audit as table
from core.tables import audit_about, audit_names, subject
from core.tables.disclosures import Disclosure
from core.tables.filters import AuditFilter, DisclosureFilter, Page, StudentFilter
from tests.cast import Cast
from tests.conftest import Clock

pytestmark = pytest.mark.both_databases


def _note(actor: Actor, action: str, **about: object) -> None:
    with database.transaction() as db:
        audit.record(db, actor, action=action, **about)  # type: ignore[arg-type]


def _found(cast: Cast, **asked: object) -> list[str]:
    with database.reading() as db:
        filter = AuditFilter.from_json(asked)
        rows = table.entries(db, cast.ada.actor, filter=filter, page=Page())
        assert table.count(db, cast.ada.actor, filter=filter) == len(rows)
        return list(rows["action"])


def test_each_filter_finds_its_entries(cast: Cast, clock: Clock) -> None:
    _note(cast.olga.actor, "card.viewed", object_kind="person", object_id=cast.sam.person.id)
    clock.forward(days=1)
    _note(cast.cora.actor, "access.refused", result="refused", reason="it is not theirs")
    _note(cast.olga.actor, "account.unlocked", object_kind="account", object_id=cast.sam.account.id)
    clock.forward(days=1)
    _note(cast.ada.actor, "campaign.paused", object_kind="campaign", object_id=7)
    assert len(_found(cast)) == 4
    assert _found(cast, account_id=cast.cora.account.id) == ["access.refused"]
    assert _found(cast, person_id=cast.sam.person.id) == ["account.unlocked", "card.viewed"]
    assert _found(cast, campaign_id=7) == ["campaign.paused"]
    assert _found(cast, results=["refused"]) == ["access.refused"]
    assert _found(cast, kinds=["saw"]) == ["card.viewed"]
    assert _found(cast, actions=["campaign.paused"]) == ["campaign.paused"]
    assert _found(cast, since="2026-11-24", until="2026-11-24") == ["account.unlocked", "access.refused"]
    assert _found(cast, text="sideris sam") == ["account.unlocked", "card.viewed"]
    assert _found(cast, text="olga") == ["account.unlocked", "card.viewed"]
    assert _found(cast, text="2") == ["access.refused"]


def test_done_to_one_person_finds_what_was_done_to_several_or_sent_and_the_entry_names_them(cast: Cast) -> None:
    several = [cast.sam, cast.max, cast.otto, cast.gina]
    with database.transaction() as db:
        chosen = [member.account.id or 0 for member in several]
        seen = account_acts.check(db, cast.ada.actor, act=Act.DEACTIVATE, account_ids=chosen).seen
        done = account_acts.carry_out(db, cast.ada.actor, act=Act.DEACTIVATE, account_ids=chosen, seen=seen)
        account_changes.undo(db, cast.ada.actor, change_id=done.change_id)
    _note(cast.cora.actor, "list.exported", people=[cast.max.person.id or 0])
    _note(cast.cora.actor, "audit.asked", people=[cast.sam.person.id or 0])
    acts = ["accounts.deactivate.undone", "accounts.deactivate"]
    assert _found(cast, person_id=cast.sam.person.id) == acts
    assert _found(cast, person_id=cast.max.person.id) == ["list.exported", *acts]
    assert _found(cast, person_id=cast.max.person.id, kinds=["took"]) == ["list.exported"]
    assert _found(cast, person_id=cast.max.person.id, until="2020-01-01") == []
    assert _found(cast, person_id=cast.tom.person.id) == []
    with database.reading() as db:
        rows = table.entries(db, cast.ada.actor, filter=AuditFilter(actions=("accounts.deactivate",)), page=Page())
    assert rows["whom"][0].endswith(" and 1 more") and "Sideris Sam" in rows["whom"][0]


@pytest.mark.parametrize(("entries", "acts"), [(100, 2), (2, 100)])
def test_done_to_one_person_looks_through_the_newest_and_says_since_when_it_did(
    clock: Clock, cast: Cast, monkeypatch: pytest.MonkeyPatch, entries: int, acts: int
) -> None:
    monkeypatch.setattr(audit_about, "ENTRIES", entries)
    monkeypatch.setattr(audit_about, "ACTS", acts)
    sam = cast.sam.person.id or 0
    _note(cast.olga.actor, "card.viewed", object_kind="person", object_id=sam)
    for kind in ("accounts.deactivate", "list.exported", "report.printed"):
        clock.forward(days=1)
        _note(cast.olga.actor, kind, people=[sam, cast.max.person.id or 0])
    with database.reading() as db:
        shown = table.shown(db, cast.ada.actor, filter=AuditFilter(person_id=sam), page=Page())
        assert shown.read_back_to == clock.now - timedelta(days=1 if acts == 2 else 2)
        read = ["report.printed", "list.exported", "accounts.deactivate"][: min(acts, entries + 1)]
        assert list(shown.rows["action"]) == [*read, "card.viewed"], "what was done to them alone is always found"
        then = AuditFilter(person_id=sam, until=f"{clock.now - timedelta(days=2):%Y-%m-%d}")
        assert list(table.entries(db, cast.ada.actor, filter=then, page=Page())["action"]) == [
            "accounts.deactivate",
            "card.viewed",
        ]
        with pytest.raises(Conflict, match="Choose days"):
            audit_files.prepare(db, cast.ada.actor, kind="audit-csv", asked=json.dumps({"person_id": sam})).content()
        assert len(subject.seen_by(db, person_id=cast.max.person.id or 0)) == 3, "the export of their data has all"


def test_entries_name_people_who_are_there_and_say_so_of_those_who_are_not(cast: Cast) -> None:
    _note(cast.olga.actor, "card.viewed", object_kind="person", object_id=cast.sam.person.id)
    _note(cast.olga.actor, "card.viewed", object_kind="person", object_id=987_654)
    with database.reading() as db:
        rows = table.entries(db, cast.ada.actor, filter=AuditFilter(), page=Page())
    assert list(rows["who"]) == ["Orlova Olga"] * 2
    assert list(rows["whom"]) == ["somebody who was erased", "Sideris Sam"]
    assert list(rows["what"]) == ["Opened the card with contacts"] * 2


def test_numbers_of_accounts_and_accounts_by_number_are_told_apart(cast: Cast) -> None:
    _note(Actor(label="command line"), "demo.made", details={"accounts": 12, "classes": 3})
    _note(cast.ada.actor, "directory.released", details={"accounts": [cast.sam.account.id]})
    with database.reading() as db:
        rows = table.entries(db, cast.ada.actor, filter=AuditFilter(), page=Page())
    assert list(rows["more"]) == ["accounts: Sideris Sam", "accounts: 12 · classes: 3"]


@pytest.mark.parametrize("who", ["olga", "cora", "tom", "sam"])
def test_r59_only_administrators_read_the_audit(cast: Cast, who: str) -> None:
    actor = getattr(cast, who).actor
    with database.transaction() as db:
        for call in (
            lambda: table.entries(db, actor, filter=AuditFilter(), page=Page()),
            lambda: table.count(db, actor, filter=AuditFilter()),
            lambda: table.actors(db, actor),
            lambda: disclosures.ask(db, actor, question=DisclosureFilter(person_ids=(1,))),
            lambda: audit_files.prepare(db, actor, kind="audit-csv", asked="{}"),
            lambda: audit.record_check(db, actor, verdict=audit.Verdict(0)),
        ):
            with pytest.raises(NotAllowed):
                call()


def _question(cast: Cast, *people: int, **more: object) -> DisclosureFilter:
    asked = {"person_ids": people, "since": "2026-11-01", "until": "2026-11-30"} | more
    return DisclosureFilter.from_json(asked)


def _ask(cast: Cast, question: DisclosureFilter) -> list[Disclosure]:
    with database.transaction() as db:
        return list(disclosures.ask(db, cast.ada.actor, question=question).acts)


def test_r104_every_way_of_seeing_a_student_is_found_and_no_other_act(cast: Cast, clock: Clock) -> None:
    sam, otto, account = cast.sam.person.id or 0, cast.otto.person.id or 0, cast.sam.account.id
    with database.transaction() as db:
        access.note_look(db, cast.olga.actor, person_id=sam)
        access.note_look(db, cast.olga.actor, person_id=otto)
    _note(cast.olga.actor, "initial_password.revealed", object_kind="account", object_id=account)
    _note(cast.cora.actor, "list.exported", people=[sam, cast.max.person.id or 0, otto])
    _note(cast.cora.actor, "list.exported", people=[otto])
    _note(cast.olga.actor, "person.saved", object_kind="person", object_id=sam)
    found = _ask(cast, _question(cast, sam, cast.max.person.id or 0))
    assert [(act.who, act.what, act.people) for act in found] == [
        ("Cole Cora", "Exported a list", 2),
        ("Orlova Olga", "Was shown the initial password", 1),
        ("Orlova Olga", "Opened the card with contacts", 1),
    ]
    assert found[0].named == "Sideris Sam, Sideris Max"
    clock.forward(days=30)
    assert _ask(cast, _question(cast, sam, since="2026-12-01", until="2026-12-31")) == []


def test_r104_what_a_campaign_sent_is_found_by_its_messages(cast: Cast) -> None:
    with database.transaction() as db:
        selections.tick(db, cast.olga.actor, list_name="students", on=[cast.sam.person.id or 0])
        chosen = selections.current(db, cast.olga.actor, list_name="students").id
        draft = Draft(CampaignKind.INITIAL_INVITATION, Channel.EMAIL, selection_id=chosen)
        wordings.ensure_defaults(db)
        seen = campaigns.check(db, cast.olga.actor, draft=draft).fingerprint
        campaign = campaigns.launch(db, cast.olga.actor, draft=draft, seen=seen, idempotency_key="k")
    question = _question(cast, cast.sam.person.id or 0, since=_today(), until=_today())
    assert _ask(cast, question) == [], "it waits: nothing was sent to anybody yet"
    with database.transaction() as db:
        db.execute(sa.update(Message).values(status=MessageStatus.SENT))
    _note(cast.olga.actor, "campaign.paused", object_kind="campaign", object_id=campaign.id)
    assert [act.what for act in _ask(cast, question)] == ["Sent a campaign"]
    assert _ask(cast, _question(cast, cast.otto.person.id or 0, since=_today(), until=_today())) == []


def _today() -> str:
    with database.reading() as db:
        newest = db.exec(select(AuditEntry.at).order_by(AuditEntry.seq.desc())).first()  # type: ignore[attr-defined]
    assert newest is not None
    return (newest + timedelta(hours=2)).date().isoformat()


def test_r104_whole_classes_and_a_selection_can_be_asked_about(cast: Cast, clock: Clock) -> None:
    _note(cast.olga.actor, "card.viewed", object_kind="person", object_id=cast.max.person.id)
    assert len(_ask(cast, _question(cast, section_ids=[cast.class_7b.id]))) == 1
    assert _ask(cast, _question(cast, section_ids=[cast.class_8a.id])) == []
    with database.transaction() as db:
        selections.everything(db, cast.ada.actor, list_name="students", filter=StudentFilter(grades=("7",)))
    assert len(_ask(cast, _question(cast, selected=True))) == 1


def test_r95_that_somebody_asked_and_about_whom_is_an_entry_itself(cast: Cast, clock: Clock) -> None:
    _ask(cast, _question(cast, cast.sam.person.id or 0))
    with database.reading() as db:
        entry = db.exec(select(AuditEntry)).one()
    assert (entry.action, entry.details["count"]) == ("audit.asked", 1)
    assert "people" in entry.details


@pytest.mark.parametrize(
    "asked", [{}, {"person_ids": [1]}, {"person_ids": [1], "since": "2026-11-03", "until": "2026-11-01"}]
)
def test_an_incomplete_question_is_refused_in_words(cast: Cast, asked: dict[str, object]) -> None:
    with database.transaction() as db, pytest.raises(InputProblem, match=r"Choose|Nobody"):
        disclosures.ask(db, cast.ada.actor, question=DisclosureFilter.from_json(asked))


def test_r70_the_file_has_the_entries_and_no_formulas(cast: Cast) -> None:
    with database.transaction() as db:
        audit.record(db, Actor(label="=1+1"), action="demo.made")
        prepared = audit_files.prepare(db, cast.ada.actor, kind="audit-csv", asked="{}")
        plain = audit_files.prepare(db, cast.ada.actor, kind="audit-csv-plain", asked="{}")
    lines = prepared.content().decode("utf-8-sig").splitlines()
    assert prepared.content().startswith(b"\xef\xbb\xbf") and plain.content().startswith(b"Entry,When")
    assert lines[0].startswith("Entry,When,Who,Role,What,Whom,Result,Why,From")
    assert "'=1+1" in lines[1]
    with database.reading() as db:
        newest = db.exec(select(AuditEntry).where(AuditEntry.action == "audit.exported")).first()
    assert newest and newest.account_id == cast.ada.account.id


def test_every_action_that_is_written_has_words() -> None:
    written: set[str] = set()
    for path in sorted((ROOT / "core").rglob("*.py")):
        written |= _actions(path)
    assert written, "actions are found"
    assert written - set(audit_words.ACTION) == set()


def test_whatever_an_act_was_done_to_has_words() -> None:
    """Of a person, an account and a campaign the name stands there."""
    sources = (path.read_text() for path in sorted((ROOT / "core").rglob("*.py")))
    written = {kind for source in sources for kind in re.findall(r'object_kind="(\w+)"', source)}
    assert {"report_request", "account"} <= written, "they are found"
    assert written - {"person", "account", "campaign"} <= set(audit_names.THINGS)


def _actions(path: Path) -> set[str]:
    """What stands as `action=` in calls, with both answers of a choice; f-strings are of enums and are named apart."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        texts: list[ast.expr] = [node.value] if isinstance(node, ast.keyword) and node.arg == "action" else []
        if isinstance(node, ast.Assign) and any(isinstance(to, ast.Name) and to.id == "action" for to in node.targets):
            texts = [node.value]
        for text in texts:
            found |= {
                part.value for part in ast.walk(text) if isinstance(part, ast.Constant) and "." in str(part.value)
            }
    return {str(one) for one in found} - {".", ".undone", "accounts.", "campaign.", "guardianship.", "report_file."}
