"""R31: the acts that ask anew who does them, all in one table; each refuses by itself, whatever the page shows."""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from core import clock as core_clock
from core import database
from core.config import ROOT
from core.errors import AppError, FreshCodeRequired
from core.models import Account, AccountRole, Campaign, CampaignStatus, SchoolSettings, SignInSession
from core.permissions import Actor, Role, command_line
from core.rules.account_acts import Act, Gift
from core.rules.imports import reading
from core.rules.report_parameters import CredentialParameters
from core.rules.spreadsheets import PAGE_LIMITS, Upload
from core.services import (
    account_acts,
    account_changes,
    account_roles,
    audit,
    audit_files,
    campaign_approval,
    campaign_files,
    campaigns,
    copied_links,
    directory_creation,
    directory_files,
    directory_matches,
    directory_updates,
    erasure,
    imports,
    initial_passwords,
    key_rotation,
    list_files,
    open_session,
    outbox,
    outcome_files,
    previews,
    reports,
    school,
    second_factor,
    selections,
    sending_hold,
    staff_files,
    step_up,
    subject_export,
    wordings,
)
from core.services.campaigns import Draft
from core.services.list_files import Order
from core.services.printed_accounts import Printed
from core.tables.filters import AccountFilter, StudentFilter
from tests import cast as make
from tests.cast import Cast
from tests.conftest import Clock

ALL = Draft(filter=AccountFilter(user_types=("student",)))
GIFT = Gift(Role.OFFICE, everybody=True)


def _rows(db: Session, actor: Actor) -> dict[str, Any]:
    """All students, as a list shows them."""
    selections.current(db, actor, list_name="students")
    selections.show(db, actor, list_name="students", filter=StudentFilter())
    db.flush()
    selection_id = selections.current(db, actor, list_name="students").id
    return {"selection_id": selection_id, "scope": "shown", "expected": 3}


def _role_of_cora(db: Session, cast: Cast) -> int:
    return db.exec(select(AccountRole.id).where(AccountRole.account_id == cast.cora.account.id)).one() or 0


def _launch(db: Session, actor: Actor, _cast: Cast) -> Campaign:
    seen = campaigns.check(db, actor, draft=ALL).fingerprint
    return campaigns.launch(db, actor, draft=ALL, seen=seen, idempotency_key=seen)


def _audit_file(db: Session, actor: Actor, cast: Cast) -> object:
    """More entries than the school's limit."""
    for _entry in range(3):
        audit.record(db, cast.ada.actor, action="list.exported")
    return audit_files.prepare(db, actor, kind="audit-csv", asked="{}")


def _held(db: Session, cast: Cast) -> int:
    """A campaign of somebody else that waits for a second administrator."""
    campaign = _launch(db, cast.ada.actor, cast)
    campaign.launched_by, campaign.needs_approval = cast.olga.account.id, True
    campaign.status = CampaignStatus.PAUSED
    db.add(campaign)
    db.flush()
    return campaign.id or 0


def _outcome(db: Session, actor: Actor, cast: Cast) -> object:
    made = _launch(db, cast.ada.actor, cast)
    return outcome_files.prepare(db, actor, kind="campaign-outcome-csv", campaign_id=made.id or 0)


def _campaigns(db: Session, actor: Actor, cast: Cast) -> object:
    """More campaigns than the school's limit."""
    made = _launch(db, cast.ada.actor, cast)
    for _again in range(2):
        db.add(again := Campaign(**made.model_dump(exclude={"id", "idempotency_key"}), idempotency_key=f"{_again}"))
        db.flush()
        assert again.id
    return campaign_files.prepare(db, actor, kind="campaigns-csv")


def _round(db: Session, actor: Actor, cast: Cast) -> object:
    """More people to be looked at than the school's limit."""
    run_id = make.directory_round(db, cast.sam.person, cast.max.person, cast.otto.person)
    return directory_files.prepare(db, actor, kind="directory-outcome-csv", run_id=run_id)


def _undo(db: Session, actor: Actor, cast: Cast) -> object:
    change = account_roles.end(db, cast.ada.actor, role_id=_role_of_cora(db, cast))
    return account_changes.undo(db, actor, change_id=change)


def _give(db: Session, actor: Actor, cast: Cast) -> object:
    whom: dict[str, Any] = {"act": Act.GIVE_ROLE, "account_ids": [cast.tom.account.id or 0], "gift": GIFT}
    return account_acts.carry_out(db, actor, seen=account_acts.check(db, actor, **whom).seen, **whom)


def _sam(cast: Cast) -> int:
    return cast.sam.account.id or 0


ACTS: dict[str, Callable[[Session, Actor, Cast], object]] = {
    "initial_passwords.issue": lambda db, by, cast: initial_passwords.issue(db, by, account_id=_sam(cast), expected=1),
    "initial_passwords.reveal": lambda db, by, cast: initial_passwords.reveal(db, by, account_id=_sam(cast)),
    "copied_links.issue": lambda db, by, cast: copied_links.issue(db, by, account_id=_sam(cast)),
    "previews.read": lambda db, by, _cast: previews.read(
        db, by, Printed(_rows(db, by)["selection_id"], "shown", CredentialParameters())
    ),
    "reports.prepare": lambda db, by, _cast: reports.prepare(db, by, kind="credentials", **_rows(db, by)),
    "reports.prepare above the limit": lambda db, by, _cast: reports.prepare(
        db, by, kind="student-account-info", **_rows(db, by)
    ),
    "reports.check": lambda db, by, _cast: reports.check(db, by, kind="credentials", **_rows(db, by)),
    "list_files.check": lambda db, by, _cast: list_files.check(
        db, by, kind="list-csv", columns=["name"], **_rows(db, by)
    ),
    "outcome_files.check": lambda db, by, cast: outcome_files.check(
        db, by, kind="campaign-outcome-csv", campaign_id=_launch(db, cast.ada.actor, cast).id
    ),
    "subject_export.prepare": lambda db, by, cast: subject_export.prepare(
        db, by, kind="person-json", person_id=cast.sam.person.id or 0
    ),
    "erasure.erase": lambda db, by, cast: erasure.erase(
        db, by, person_id=cast.sam.person.id or 0, typed_name="Sam Sideris"
    ),
    "account_roles.change_dates": lambda db, by, cast: account_roles.change_dates(
        db, by, role_id=_role_of_cora(db, cast), starts_on=None, ends_on=None
    ),
    "list_files.prepare": lambda db, by, _cast: list_files.prepare(
        db, by, kind="list-csv", columns=["name"], order=Order(), **_rows(db, by)
    ),
    "outcome_files.prepare": _outcome,
    "campaign_files.prepare": _campaigns,
    "staff_files.prepare": lambda db, by, _cast: staff_files.prepare(db, by, kind="staff-csv"),
    "directory_files.prepare": _round,
    "outbox.read": lambda db, by, _cast: outbox.read(db, by, name=_written()),
    "campaigns.launch": _launch,
    "campaign_approval.approve": lambda db, by, cast: campaign_approval.approve(db, by, campaign_id=_held(db, cast)),
    "audit_files.prepare": _audit_file,
    "account_acts.carry_out": _give,
    "account_roles.change_scope": lambda db, by, cast: account_roles.change_scope(
        db, by, role_id=_role_of_cora(db, cast), everybody=True
    ),
    "account_roles.end": lambda db, by, cast: account_roles.end(db, by, role_id=_role_of_cora(db, cast)),
    "account_changes.undo": _undo,
    "school.change_settings": lambda db, by, _cast: school.change_settings(db, by, changes={"link_days": 3}),
    "school.change_logo": lambda db, by, _cast: school.change_logo(db, by, content=None),
    "school.start_own": lambda db, by, _cast: school.start_own(db, by, school_name="Ours"),
    "directory_matches.accept_certain": lambda db, by, _cast: directory_matches.accept_certain(db, by, expected=0),
    "directory_matches.accept": lambda db, by, _cast: directory_matches.accept(db, by, match_ids=[1]),
    "directory_creation.launch": lambda db, by, _cast: directory_creation.launch(db, by, seen=""),
    "directory_creation.resume": lambda db, by, _cast: directory_creation.resume(db, by, run_id=1),
    "directory_updates.launch": lambda db, by, _cast: directory_updates.launch(db, by, seen=""),
    "directory_matches.release": lambda db, by, _cast: directory_matches.release(db, by, match_id=1),
    "wordings.save": lambda db, by, _cast: wordings.save(
        db, by, kind="new_link", channel="email", language="en", seen=1, subject="New", body="{username} {link}"
    ),
    "key_rotation.reseal": lambda db, by, _cast: key_rotation.reseal(db, by),
    "key_rotation.give_up": lambda db, by, _cast: key_rotation.give_up(db, by),
    "second_factor.renew_codes": lambda db, by, _cast: second_factor.renew_codes(db, by, codes={}),
    "second_factor.begin_again": lambda db, by, _cast: second_factor.begin_again(db, by),
    "sending_hold.release": lambda db, by, _cast: sending_hold.release(db, by),
    "imports.apply": lambda db, by, cast: _many_leave(db, by),
    "second_factor.remove": lambda db, by, cast: second_factor.remove(db, by, account_id=cast.olga.account.id or 0),
}


def _many_leave(db: Session, actor: Actor) -> object:
    """Three students, and the file has none of them."""
    uploads = [Upload("list.csv", b"Student code,Last name,First name\nS9,Sample,Sim\n")]
    seen = imports.check(db, actor, intake=reading.read(reading.sheets(uploads, limits=PAGE_LIMITS)))
    return imports.apply(db, actor, seen=seen, uploads=uploads, leave=imports.Leave.WHO_IS_MISSING)


def _written() -> str:
    from core import outbox as folder

    return folder.write(to="x@mail.example", subject="Subject", text="Text", reference="0" * 32)


@pytest.fixture(autouse=True)
def _small_limit(cast: Cast) -> None:
    with database.transaction() as db:
        wordings.ensure_defaults(db)
        db.get_one(SchoolSettings, 1).fresh_code_above = 2


@pytest.mark.parametrize("act", ACTS)
def test_r31_each_act_is_refused_after_ten_minutes_and_done_after_a_fresh_code(cast: Cast, act: str) -> None:
    stale = replace(cast.ada.actor, fresh_until=core_clock.now())
    with pytest.raises(FreshCodeRequired), database.transaction() as db:
        ACTS[act](db, stale, cast)
    with contextlib.suppress(AppError), database.transaction() as db:
        ACTS[act](db, cast.ada.actor, cast)
        return
    with database.transaction() as db, pytest.raises(AppError) as refusal:
        ACTS[act](db, cast.ada.actor, cast)
    assert not isinstance(refusal.value, FreshCodeRequired)  # the world says no, the code did not


def test_r31_the_table_is_complete() -> None:
    """Every public function of a service that asks for a fresh code, itself or through a private one."""
    assert _asking() == {act.split(" ")[0] for act in ACTS}


def _asking() -> set[str]:
    found = set()
    for path in (ROOT / "core" / "services").glob("*.py"):
        functions = {node.name: node for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)}
        asks = {
            name for name, node in functions.items() if _calls(node, ast.Attribute) & {"require_fresh", "require_above"}
        }
        asks |= {name for name, node in functions.items() if _calls(node, ast.Name) & asks}
        found |= {f"{path.stem}.{name}" for name in asks if not name.startswith("_")}
    return found


def _calls(function: ast.FunctionDef, kind: type[ast.Name] | type[ast.Attribute]) -> set[str]:
    """The names of what is called: by its own name, or as a part of something."""
    called = [node.func for node in ast.walk(function) if isinstance(node, ast.Call)]
    return {str(getattr(each, "attr", getattr(each, "id", ""))) for each in called if isinstance(each, kind)}


@pytest.mark.both_databases
def test_r31_a_proof_counts_for_ten_minutes_of_the_session_in_which_it_was_given(cast: Cast, clock: Clock) -> None:
    with database.transaction() as db:
        db.get_one(Account, cast.olga.account.id).password_hash = "$argon2"
        make.just_signed_in(db, cast.olga.actor)
        db.get_one(SignInSession, "session-of-test").token_hash = open_session._hash("token")

    def fresh() -> bool:
        with database.reading() as db:
            actor = open_session.actor_of(db, token="token")
        assert actor
        return actor.is_fresh

    assert fresh()
    clock.forward(minutes=10)
    assert not fresh()
    with database.transaction() as db:
        step_up.note(db, cast.olga.actor)
    assert fresh()
    clock.forward(minutes=9, seconds=59)
    assert fresh()
    clock.forward(seconds=1)
    assert not fresh()


def test_r31_the_command_line_has_proved_more_already() -> None:
    assert command_line("root").is_fresh
    assert not replace(command_line("root"), account_id=1, fresh_until=core_clock.now() - timedelta(1)).is_fresh
