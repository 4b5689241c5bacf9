"""R102: what has ended goes when it was kept long enough, no day sooner; the audit stays whole behind a checkpoint."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from core import clock as core_clock
from core import database, outbox
from core.delivery import retention as delivery
from core.errors import InputProblem, NotAllowed
from core.models import (
    Account,
    AuditEntry,
    Campaign,
    Guardianship,
    Invitation,
    Message,
    MessageAccount,
    Person,
    SchoolSettings,
)
from core.permissions import command_line
from core.rules.retention import Kept
from core.services import audit, audit_pruning, invitations, retention, school
from tests.cast import Cast, Member
from tests.conftest import Clock
from tests.services import test_audit

pytestmark = pytest.mark.both_databases


def everything_due() -> dict[Kept, int]:
    """A run as the engine makes it, in slices."""
    counts = {Kept.OUTBOX: delivery.forget_outbox()}
    for kept in delivery.IN_ROWS:
        after, counts[kept] = 0, 0
        while after is not None:
            deleted, after = delivery.delete_slice(kept, after=after)  # type: ignore[assignment]
            counts[kept] += deleted
    delivery.finish({kept.value: number for kept, number in counts.items()})
    return {kept: number for kept, number in counts.items() if number}


def issue(member: Member, **ends: datetime) -> int:
    with database.transaction() as db:
        made = invitations.issue_link(
            db, account_id=member.account.id or 0, channel="email", address="a@mail.example", days=7
        )
        if ends:
            db.execute(sa.update(Invitation).where(col(Invitation.id) == made.invitation_id).values(**ends))
    return made.invitation_id


def left(*members: Member) -> None:
    with database.transaction() as db:
        ids = [member.person.id for member in members]
        db.execute(sa.update(Person).where(col(Person.id).in_(ids)).values(status="left", updated_at=core_clock.now()))


def people() -> set[str]:
    with database.reading() as db:
        return set(db.exec(select(Person.first_name)))


def test_ended_invitations_go_after_30_days_and_live_ones_stay(cast: Cast, clock: Clock) -> None:
    used, old = issue(cast.sam, used_at=clock.now), issue(cast.max)
    clock.forward(days=29)
    fresh = issue(cast.otto)
    assert everything_due() == {}
    clock.forward(days=2)
    assert everything_due() == {Kept.INVITATIONS: 1}  # the link to Max ended by itself, seven days later
    clock.forward(days=7)
    assert everything_due() == {Kept.INVITATIONS: 1}
    with database.reading() as db:
        assert list(db.exec(select(Invitation.id))) == [fresh]
    assert {used, old}.isdisjoint({fresh})


def test_a_message_outlives_the_link_that_it_carried(cast: Cast, clock: Clock) -> None:
    issue(cast.sam)
    clock.forward(days=40)
    with database.transaction() as db:
        link = db.exec(select(Invitation.id)).one()
        campaign = {"kind": "initial_invitation", "channel": "email", "wording_ids": {}, "link_days": 7}
        campaign |= {"idempotency_key": "k", "launched_by_label": "x", "launched_at": clock.now}
        made = Campaign(**campaign, starts_at=clock.now, recipients=1, recipients_digest="")
        db.add(made)
        db.flush()
        message = Message(
            campaign_id=made.id or 0, batch=0, channel="email", address="a@b.example", language="en", reference="r"
        )
        db.add(message)
        db.flush()
        tie = {"message_id": message.id, "account_id": cast.sam.account.id, "campaign_id": made.id}
        db.add(MessageAccount(**tie, invitation_id=link))
    assert everything_due() == {Kept.INVITATIONS: 1}
    with database.reading() as db:
        assert db.exec(select(MessageAccount)).one().invitation_id is None


def test_files_of_the_outbox_go_after_30_days(cast: Cast, clock: Clock, tmp_path: Path) -> None:
    outbox.write(to="a@mail.example", subject="s", text="t", reference="a" * 32)
    clock.forward(days=20)
    outbox.write(to="b@mail.example", subject="s", text="t", reference="b" * 32)
    clock.forward(days=11)
    with database.reading() as db:
        assert retention.foresee(db, cast.ada.actor).due[Kept.OUTBOX] == 1
    assert everything_due() == {Kept.OUTBOX: 1}
    assert [name.partition("-")[2] for name in outbox.names()] == ["b" * 32]


def test_whoever_left_goes_after_12_months_with_guardians_who_answered_for_nobody_else(
    cast: Cast, clock: Clock
) -> None:
    left(cast.sam)
    clock.forward(days=364)
    assert everything_due() == {}
    clock.forward(days=2)
    assert everything_due() == {Kept.LEAVERS: 1}  # Gina answers for Max still
    assert {"Gina", "Max"} <= people()
    assert "Sam" not in people()
    left(cast.max)
    clock.forward(days=367)
    with database.reading() as db:
        foreseen = retention.foresee(db, cast.ada.actor)
    assert foreseen.due[Kept.LEAVERS] == 2
    assert set(foreseen.people["First name"]) == {"Gina", "Max"}
    assert everything_due() == {Kept.LEAVERS: 2}
    assert people() == {"Ada", "Olga", "Cora", "Tom", "Otto"}
    with database.reading() as db:
        assert db.exec(select(Guardianship)).first() is None


def test_nobody_goes_who_still_works_with_firstkey(cast: Cast, clock: Clock) -> None:
    left(cast.tom, cast.ada)
    clock.forward(days=500)
    assert everything_due() == {}
    with database.transaction() as db:
        db.execute(sa.update(Account).where(col(Account.id) == cast.tom.account.id).values(deactivated_at=clock.now))
    assert everything_due() == {Kept.LEAVERS: 1}
    assert "Tom" not in people()


def entries(number: int) -> None:
    with database.transaction() as db:
        for count in range(number):
            audit.record(db, command_line("root"), action="test.done", details={"number": count})


def verdict() -> audit.Verdict:
    with database.reading() as db:
        return audit.verify(db)


def prune(clock: Clock, **amount: int) -> int:
    with database.transaction() as db:
        return audit_pruning.prune(db, before=clock.now - timedelta(days=730), **amount)


def test_r99_a_pruned_audit_verifies_behind_its_checkpoint_slice_by_slice(cast: Cast, clock: Clock) -> None:
    entries(7)
    clock.forward(days=731)
    entries(2)
    assert prune(clock, at_most=3) == 3
    assert verdict() == audit.Verdict(7)  # four old ones, two new ones, the checkpoint
    assert (prune(clock, at_most=3), prune(clock, at_most=3), prune(clock)) == (3, 1, 0)
    assert verdict() == audit.Verdict(5)
    with database.reading() as db:
        assert db.exec(select(sa.func.min(AuditEntry.seq))).one() == 8
    clock.forward(days=800)  # the checkpoints themselves grow old
    entries(1)
    assert prune(clock) == 5
    assert verdict() == audit.Verdict(2)


TAMPERINGS: dict[str, str] = {
    "one more from the front": "DELETE FROM audit_entry WHERE seq = (SELECT min(seq) FROM audit_entry)",
    "the checkpoint": "DELETE FROM audit_entry WHERE action = 'audit.pruned'",
    "another seal in the checkpoint": "UPDATE audit_entry SET action = 'audit.x' WHERE action = 'audit.pruned'",
    "another beginning": "UPDATE audit_entry SET previous_seal = seal WHERE seq = 4",
}


@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_r99_what_was_not_pruned_by_a_checkpoint_is_missed(tampering: str, cast: Cast, clock: Clock) -> None:
    entries(3)
    clock.forward(days=731)
    entries(3)
    assert prune(clock) == 3
    assert verdict().broken_at is None
    test_audit.behind_our_back(TAMPERINGS[tampering])
    assert verdict().broken_at is not None


def test_r99_the_front_cannot_be_cut_off_without_a_checkpoint(cast: Cast) -> None:
    entries(5)
    test_audit.behind_our_back("DELETE FROM audit_entry WHERE seq <= 2")
    assert (verdict().broken_at, "no checkpoint" in verdict().why) == (1, True)


def test_a_run_prunes_the_audit_and_says_how_much_of_each_went(cast: Cast, clock: Clock) -> None:
    entries(4)
    issue(cast.sam)
    clock.forward(days=735)
    assert everything_due() == {Kept.INVITATIONS: 1, Kept.AUDIT: 4}
    with database.reading() as db:
        entry = db.exec(select(AuditEntry).where(AuditEntry.action == "retention.ran")).one()
        assert (entry.actor, entry.details) == (
            "system, retention",
            {"outbox": 0, "invitations": 1, "leavers": 0, "audit": 4},
        )
        assert audit.verify(db).broken_at is None


def test_a_run_is_due_once_a_night_and_by_day_where_nights_are_missed(cast: Cast, clock: Clock) -> None:
    entries(1)  # Monday 09:00 UTC, 11:00 in Athens
    due: Callable[[], date | None] = delivery.day_due
    assert due() is None
    clock.set(datetime.fromisoformat("2026-11-24T00:30:00+00:00"))  # 02:30 there
    assert due() == date(2026, 11, 24)
    delivery.finish({})
    assert due() is None
    clock.forward(hours=2)
    assert due() is None
    clock.forward(hours=30)  # the next day, late in the morning: the server was off at night
    assert due() is None
    clock.forward(hours=6)
    assert due() == date(2026, 11, 25)


def test_the_school_decides_within_bounds_and_only_administrators_look(cast: Cast, clock: Clock) -> None:
    with database.transaction() as db:
        school.change_settings(db, cast.ada.actor, changes={"keep_invitations_days": 7})
        assert db.get_one(SchoolSettings, 1).keep_invitations_days == 7
    issue(cast.sam)
    clock.forward(days=15)
    with database.reading() as db:
        assert retention.foresee(db, cast.ada.actor).due[Kept.INVITATIONS] == 1
    bad = (
        ("keep_audit_months", 6),
        ("keep_leavers_months", 0),
        ("keep_outbox_days", 999),
        ("keep_invitations_days", 6),
    )
    for name, value in bad:
        with pytest.raises(InputProblem), database.transaction() as db:
            school.change_settings(db, cast.ada.actor, changes={name: value})
    with pytest.raises(NotAllowed), database.reading() as db:
        retention.foresee(db, cast.olga.actor)
