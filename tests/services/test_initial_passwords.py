"""Initial passwords that staff hand over, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import select

from core import database
from core.errors import Conflict, InputProblem, NotAllowed, NotFound
from core.models import Account, AuditEntry, Invitation, Purpose, SignInMethod
from core.permissions import Actor, Role
from core.rules import initial_credentials
from core.rules.handing_over import Check, NoPassword, SlipSecret
from core.rules.report_parameters import CredentialParameters
from core.services import copied_links, initial_passwords, printed_accounts, reports, selections, selections_beside
from core.services.initial_passwords import Revealed
from core.services.printed_accounts import Printed
from core.tables import selection_rows, slips
from core.tables.filters import AccountFilter, StudentFilter
from tests import cast as tests_cast
from tests.cast import Cast, Member
from tests.conftest import Clock

pytestmark = pytest.mark.both_databases


def _everybody(actor: Actor) -> int:
    """A selection of all accounts that the actor sees."""
    with database.transaction() as db:
        selections.everything(db, actor, list_name="accounts", filter=AccountFilter())
        return selections.current(db, actor, list_name="accounts").id or 0


def _check(actor: Actor, selection_id: int) -> Check:
    with database.reading() as db:
        return initial_passwords.check(db, actor, selection_id=selection_id)


def _issue(actor: Actor, member: Member) -> Check:
    with database.transaction() as db:
        return initial_passwords.issue(db, actor, account_id=member.account.id, expected=1)


def _reveal(actor: Actor, member: Member) -> Revealed | None:
    with database.transaction() as db:
        return initial_passwords.reveal(db, actor, account_id=member.account.id or 0)


def _password(actor: Actor, member: Member) -> str:
    _issue(actor, member)
    revealed = _reveal(actor, member)
    assert revealed
    return revealed.password


def _rows(member: Member) -> list[Invitation]:
    with database.reading() as db:
        mine = select(Invitation).where(Invitation.account_id == member.account.id)
        return list(db.exec(mine.order_by(Invitation.id)))  # type: ignore[arg-type]


def _change(member: Member, **values: object) -> None:
    with database.transaction() as db:
        account = db.get_one(Account, member.account.id)
        for name, value in values.items():
            setattr(account, name, value)


def _audit() -> list[AuditEntry]:
    with database.reading() as db:
        return list(db.exec(select(AuditEntry).order_by(AuditEntry.seq)))  # type: ignore[arg-type]


def test_an_issue_is_a_row_that_holds_a_hash_and_names_who_issued_it(cast: Cast, clock: Clock) -> None:
    password = _password(cast.olga.actor, cast.sam)
    (row,) = _rows(cast.sam)
    assert (row.purpose, row.channel, row.issued_by) == (Purpose.PASSWORD, "paper", cast.olga.account.id)
    assert row.expires_at == clock.now + timedelta(days=21)
    assert row.token_hash == initial_credentials.token_hash(password.lower().replace("-", ""))
    with database.reading() as db:
        account = db.get_one(Account, cast.sam.account.id)
    assert (account.invited_at, account.invitation_ends_at) == (clock.now, row.expires_at)
    assert (account.times_invited, account.password_hash, account.standing) == (1, "", "invited")


def test_r17_a_new_issue_ends_the_older_ones_of_its_purpose_and_no_link(cast: Cast) -> None:
    with database.transaction() as db:
        copied_links.issue(db, cast.olga.actor, account_id=cast.sam.account.id or 0)
    first, second = _password(cast.olga.actor, cast.sam), _password(cast.olga.actor, cast.sam)
    assert first != second
    link, older, newest = _rows(cast.sam)
    assert (link.superseded_at, newest.superseded_at) == (None, None)
    assert older.superseded_because == "replaced"


def test_looking_resets_nothing_and_is_written_down(cast: Cast) -> None:
    password = _password(cast.olga.actor, cast.sam)
    before = [row.model_dump() for row in _rows(cast.sam)]
    for _look in range(2):
        revealed = _reveal(cast.ada.actor, cast.sam)
        assert revealed and revealed.password == password
    assert [row.model_dump() for row in _rows(cast.sam)] == before
    assert [entry.action for entry in _audit()].count("initial_password.revealed") == 3


def test_r16_an_ended_password_is_shown_to_nobody(cast: Cast, clock: Clock) -> None:
    assert _reveal(cast.olga.actor, cast.sam) is None
    _issue(cast.olga.actor, cast.sam)
    clock.forward(days=21, seconds=-1)
    assert _reveal(cast.olga.actor, cast.sam)
    clock.forward(seconds=1)
    assert _reveal(cast.olga.actor, cast.sam) is None


def test_who_is_left_out_is_counted_by_reason(cast: Cast, clock: Clock) -> None:
    _change(cast.sam, password_hash="$argon2id$chosen")
    _change(cast.max, sign_in_method=SignInMethod.MICROSOFT.value)
    _change(cast.gina, deactivated_at=clock.now)
    found = _check(cast.olga.actor, _everybody(cast.olga.actor))
    assert found.receive == 1
    assert found.left_out == {
        NoPassword.DEACTIVATED: 1,
        NoPassword.MICROSOFT: 1,
        NoPassword.HAS_CHOSEN: 1,
        NoPassword.STAFF: 4,
    }
    assert _check(cast.ada.actor, _everybody(cast.ada.actor)).receive == 5


def test_a_bulk_issue_does_what_the_check_said(cast: Cast) -> None:
    _issue(cast.olga.actor, cast.sam)
    chosen = _everybody(cast.olga.actor)
    seen = _check(cast.olga.actor, chosen)
    assert (seen.receive, seen.replaced, seen.links) == (4, 1, 0)
    with database.transaction() as db:
        assert initial_passwords.issue(db, cast.olga.actor, selection_id=chosen, expected=4) == seen
    assert [len(_rows(member)) for member in (cast.sam, cast.max, cast.gina, cast.otto, cast.tom)] == [2, 1, 1, 1, 0]
    details = _audit()[-1].details
    assert len(str(details.pop("people"))) == 64, "the digest of whom it was done to"
    assert details == {"issued": 4, "replaced": 1, "left_out": 4}


def test_who_has_a_live_one_may_keep_it(cast: Cast) -> None:
    password, chosen = _password(cast.olga.actor, cast.sam), _everybody(cast.olga.actor)
    with database.transaction() as db:
        printed = Printed(chosen, "selected", CredentialParameters())
        initial_passwords.issue(db, cast.olga.actor, printed=printed, expected=3)
    kept = _reveal(cast.olga.actor, cast.sam)
    assert kept and kept.password == password


def test_they_are_issued_to_those_whom_the_report_prints_parents_and_unticked_rows_too(cast: Cast) -> None:
    olga, sideris = cast.olga.actor, StudentFilter(text="sideris")
    with database.transaction() as db:
        shown = selections.show(db, olga, list_name="students", filter=sideris).id or 0
    printed = Printed(shown, "shown", CredentialParameters())
    with database.transaction() as db:
        assert initial_passwords.check(db, olga, printed=printed).receive == 3
        initial_passwords.issue(db, olga, printed=printed, expected=3)
        found = slips.count(db, olga, account_ids=printed_accounts.accounts(db, olga, printed))
        assert found[SlipSecret.PASSWORD] == 3 and not found[SlipSecret.NONE]
    assert not any(row.purpose == Purpose.PASSWORD for row in _rows(cast.otto))
    assert _audit()[-1].object_id == shown


def test_a_changed_number_is_refused_and_nothing_is_issued(cast: Cast) -> None:
    chosen = _everybody(cast.olga.actor)
    with pytest.raises(Conflict, match="now 4 people"), database.transaction() as db:
        initial_passwords.issue(db, cast.olga.actor, selection_id=chosen, expected=5)
    assert _rows(cast.sam) == []
    _change(cast.sam, password_hash="$argon2id$chosen")
    with pytest.raises(InputProblem, match="Nobody here"), database.transaction() as db:
        initial_passwords.issue(db, cast.olga.actor, account_id=cast.sam.account.id, expected=0)


def test_a_new_password_lets_in_whom_wrong_tries_had_locked_out(cast: Cast, clock: Clock) -> None:
    _change(cast.sam, failed_sign_ins=100, suspended_at=clock.now, next_try_at=clock.now + timedelta(hours=1))
    _issue(cast.olga.actor, cast.sam)
    with database.reading() as db:
        account = db.get_one(Account, cast.sam.account.id)
    assert (account.failed_sign_ins, account.suspended_at, account.next_try_at) == (0, None, None)


def test_only_administrators_hand_over_what_opens_a_staff_account(cast: Cast) -> None:
    _issue(cast.ada.actor, cast.tom)
    for act in (_issue, _reveal):
        with pytest.raises(NotAllowed, match="Ask an administrator"):
            act(cast.olga.actor, cast.tom)
    with pytest.raises(NotAllowed, match="Ask an administrator"), database.transaction() as db:
        copied_links.issue(db, cast.olga.actor, account_id=cast.ada.account.id or 0)


def test_r61_coordinators_and_teachers_see_no_codes(cast: Cast) -> None:
    for actor in (cast.cora.actor, cast.tom.actor, cast.sam.actor):
        for act in (_issue, _reveal):
            with pytest.raises(NotAllowed):
                act(actor, cast.sam)
        with pytest.raises(NotAllowed), database.transaction() as db:
            copied_links.issue(db, actor, account_id=cast.sam.account.id or 0)


def test_r60_whom_the_actor_may_not_see_is_not_there(cast: Cast) -> None:
    narrow = replace(tests_cast.actor(cast.olga.account, Role.OFFICE), scope=cast.cora.actor.scope)
    _issue(narrow, cast.sam)
    for act in (_issue, _reveal):
        with pytest.raises(NotFound):
            act(narrow, cast.otto)


def test_a_copied_link_ends_the_older_ones_and_says_until_when(cast: Cast, clock: Clock) -> None:
    with database.transaction() as db:
        first = copied_links.issue(db, cast.olga.actor, account_id=cast.sam.account.id or 0)
        second = copied_links.issue(db, cast.olga.actor, account_id=cast.sam.account.id or 0)
    assert (first.replaced, second.replaced) == (0, 1)
    assert second.expires_at == clock.now + timedelta(days=7)
    assert "/i/" in second.address and first.address != second.address
    older, newest = _rows(cast.sam)
    assert (newest.channel, newest.issued_by, newest.address) == ("copied", cast.olga.account.id, "")
    assert older.superseded_at and not newest.superseded_at
    _change(cast.sam, deactivated_at=clock.now)
    with pytest.raises(Conflict, match="deactivated"), database.transaction() as db:
        copied_links.issue(db, cast.olga.actor, account_id=cast.sam.account.id or 0)


def test_r97_no_secret_stands_in_the_audit_or_in_what_is_printed_of_objects(cast: Cast) -> None:
    password = _password(cast.olga.actor, cast.sam)
    with database.transaction() as db:
        link = copied_links.issue(db, cast.olga.actor, account_id=cast.sam.account.id or 0)
    revealed = _reveal(cast.olga.actor, cast.sam)
    with database.reading() as db:
        prepared = slips.of_accounts(db, cast.olga.actor, account_ids=select(Account.id))  # type: ignore[arg-type]
        groups = list(prepared)
    said = str([entry.model_dump() for entry in _audit()]) + repr((link, revealed, groups))
    said += str([row.model_dump() for row in _rows(cast.sam)])
    for secret in (password, password.replace("-", ""), link.address[-26:]):
        assert secret not in said


def test_slips_count_and_say_what_is_live(cast: Cast, clock: Clock) -> None:
    password = _password(cast.olga.actor, cast.sam)
    with database.transaction() as db:
        link = copied_links.issue(db, cast.olga.actor, account_id=cast.max.account.id or 0)
    _change(cast.otto, password_hash="$argon2id$chosen")
    everybody = select(Account.id)
    with database.reading() as db:
        found = slips.count(db, cast.olga.actor, account_ids=everybody)  # type: ignore[arg-type]
        groups = list(slips.of_accounts(db, cast.olga.actor, account_ids=everybody))  # type: ignore[arg-type]
    assert (found[SlipSecret.PASSWORD], found[SlipSecret.LINK], found[SlipSecret.CHOSEN]) == (1, 1, 1)
    assert (found[SlipSecret.STAFF], found[SlipSecret.NONE]) == (4, 1)
    assert [group.title for group in groups] == ["7B", "8A", "Staff"]
    rows = {row[6]: row for group in groups for row in group.rows}
    assert rows[cast.sam.account.username][7:10] == ("password", password, "2026-12-14 09:00")
    assert rows[cast.max.account.username][10] == link.address[-26:]
    gina = rows[cast.gina.account.username]
    assert gina[2:6] == ("7B", "guardian", "mother", "Max Sideris, Sam Sideris")


def test_a_slip_of_a_password_and_a_link_has_the_end_of_each(cast: Cast, clock: Clock) -> None:
    _issue(cast.olga.actor, cast.sam)
    with database.transaction() as db:
        for member in (cast.sam, cast.max, cast.otto):
            copied_links.issue(db, cast.olga.actor, account_id=member.account.id or 0)
    _change(cast.otto, sign_in_method=SignInMethod.MICROSOFT.value)
    with database.reading() as db:
        groups = list(slips.of_accounts(db, cast.olga.actor, account_ids=select(Account.id)))  # type: ignore[arg-type]
    ends = {row[6]: (row[9], row[11]) for group in groups for row in group.rows}
    assert ends[cast.sam.account.username] == ("2026-12-14 09:00", "2026-11-30 09:00")
    assert ends[cast.max.account.username] == ("2026-11-30 09:00", "")
    assert ends[cast.otto.account.username] == ("", "2026-11-30 09:00")


def test_printing_twice_prints_the_same_codes_and_changes_nothing(cast: Cast, clock: Clock) -> None:
    _issue(cast.olga.actor, cast.sam)
    chosen, before = _everybody(cast.olga.actor), [row.model_dump() for row in _rows(cast.sam)]
    papers = []
    with database.transaction() as db:
        tests_cast.just_signed_in(db, cast.olga.actor)
    for _print in range(2):
        with database.transaction() as db:
            papers.append(
                reports.prepare(
                    db, cast.olga.actor, kind="credentials", selection_id=chosen, scope="selected", expected=8
                ).paper
            )
    assert papers[0] == papers[1]
    assert [row.model_dump() for row in _rows(cast.sam)] == before
    entry = _audit()[-1]
    assert (entry.action, entry.details["kind"], entry.details["count"]) == ("report.printed", "credentials", 8)


def test_slips_are_refused_to_those_who_may_not_reveal(cast: Cast) -> None:
    chosen = _everybody(cast.cora.actor)
    with pytest.raises(NotAllowed), database.transaction() as db:
        reports.prepare(db, cast.cora.actor, kind="credentials", selection_id=chosen, scope="selected", expected=3)


def test_a_selection_of_one_account_is_that_account(cast: Cast) -> None:
    with database.transaction() as db:
        one = selections_beside.of_one(db, cast.olga.actor, account_id=cast.otto.account.id or 0)
    with database.reading() as db:
        wanted = selection_rows.account_ids(db, cast.olga.actor, selection_id=one)
        assert list(db.scalars(wanted)) == [cast.otto.account.id]


def test_people_without_an_account_are_counted_among_those_left_out(cast: Cast) -> None:
    with database.transaction() as db:
        tests_cast.person(db, first_name="Nora", last_name="New", in_section=cast.class_7b)
        selections.everything(db, cast.olga.actor, list_name="students", filter=StudentFilter())
        chosen = selections.current(db, cast.olga.actor, list_name="students").id or 0
    found = _check(cast.olga.actor, chosen)
    assert (found.receive, found.left_out) == (3, {NoPassword.NO_ACCOUNT: 1})
