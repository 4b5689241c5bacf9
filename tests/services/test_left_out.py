"""What became of each person who was chosen: those who were left out are on record, with the reason of that day."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from core import clock, database
from core.errors import FreshCodeRequired, InputProblem
from core.models import Campaign, CampaignLeftOut, Message, SchoolSettings
from core.rules.reachability import Refusal
from core.rules.words import SENT_LATELY
from core.services import (
    accounts,
    auto_invitations,
    campaigns,
    left_out,
    outcome_files,
    selections,
    traces,
    wordings,
)
from core.services.drafts import Draft
from core.tables import accounts as account_list
from core.tables import left_out as table
from core.tables import students as student_list
from core.tables.filters import AccountFilter, Page, StudentFilter
from tests import cast as make
from tests.cast import Cast

pytestmark = pytest.mark.both_databases


@pytest.fixture
def chosen(cast: Cast) -> Cast:
    """Olga has ticked Sam, Max, Otto and a newcomer without an account; Otto was sent the same an hour ago."""
    with database.transaction() as db:
        wordings.ensure_defaults(db)
        cast.max.person.use_personal_email = False
        newcomer = make.person(db, kind="student", status="registered", last_name="Newcomer", first_name="Nina")
        db.add(cast.max.person)
        db.flush()
    only = Draft(selection_id=_ticked(cast, "accounts", {cast.otto.account.id or 0}))
    _launch(cast, only)
    people = {member.person.id or 0 for member in (cast.sam, cast.max, cast.otto)} | {newcomer.id or 0}
    _ticked(cast, "students", people)
    return cast


def _ticked(cast: Cast, list_name: selections.ListName, rows: set[int]) -> int:
    with database.transaction() as db:
        selections.tick(db, cast.olga.actor, list_name=list_name, on=rows)
        return selections.current(db, cast.olga.actor, list_name=list_name).id or 0


def _launch(cast: Cast, draft: Draft) -> int:
    with database.transaction() as db:
        seen = campaigns.check(db, cast.olga.actor, draft=draft).fingerprint
        return campaigns.launch(db, cast.olga.actor, draft=draft, seen=seen, idempotency_key=seen).id or 0


def _launched(cast: Cast) -> int:
    with database.reading() as db:
        selection = selections.current(db, cast.olga.actor, list_name="students").id
    return _launch(cast, Draft(selection_id=selection))


def _file(cast: Cast, campaign_id: int) -> list[dict[str, str]]:
    with database.transaction() as db:
        made = outcome_files.prepare(db, cast.olga.actor, kind="campaign-outcome-csv-plain", campaign_id=campaign_id)
    return list(csv.DictReader(io.StringIO(made.content().decode())))


def test_the_file_says_what_became_of_each_person_who_was_chosen(chosen: Cast) -> None:
    rows = _file(chosen, _launched(chosen))
    assert [(row["First name"], row["Outcome"], row["Why"]) for row in rows] == [
        ("Sam", "Waiting", ""),
        ("Nina", "Left out", "no account yet"),
        ("Otto", "Left out", "was sent the same in the 24 hours before"),
        ("Max", "Left out", "Use Personal E-mail is off"),
    ]


def test_the_reason_stays_that_of_the_launch_whatever_is_repaired_later(chosen: Cast) -> None:
    launched = _launched(chosen)
    before = _file(chosen, launched)
    with database.transaction() as db:
        db.execute(sa.update(Message).values(claimed_at=clock.now(), status="failed"))
        chosen.max.person.use_personal_email = True
        db.add(chosen.max.person)
        selections.clear(db, chosen.olga.actor, list_name="students")
    assert _file(chosen, launched)[1:] == before[1:]


def test_as_many_are_on_record_as_the_campaign_counts_and_each_reason_opens_their_list(chosen: Cast) -> None:
    launched, olga = _launched(chosen), chosen.olga.actor
    with database.reading() as db:
        skipped = db.get_one(Campaign, launched).skipped
        assert set(skipped) == {Refusal.NO_ACCOUNT, Refusal.PERSONAL_EMAIL_OFF, SENT_LATELY}
        assert table.count(db, olga, campaign_id=launched) == sum(skipped.values())
        assert outcome_files.count(db, olga, campaign_id=launched) == 4
    for reason, number in skipped.items():
        with database.transaction() as db:
            name = left_out.open_list(db, olga, campaign_id=launched, reason=reason)
            assert name == ("students" if reason == Refusal.NO_ACCOUNT else "accounts")
            if name == "students":
                found = student_list.count(db, olga, filter=StudentFilter(of_check="yes"))
            else:
                found = account_list.count(db, olga, filter=AccountFilter(of_check="yes"))
            assert found == number == len(table.page(db, olga, campaign_id=launched, reason=reason, page=Page()))


def test_r31_those_who_were_left_out_count_for_the_fresh_code(chosen: Cast) -> None:
    launched = _launched(chosen)
    with database.transaction() as db:
        db.execute(sa.update(SchoolSettings).values(fresh_code_above=3))
    stale = replace(chosen.olga.actor, fresh_until=clock.now())
    with pytest.raises(FreshCodeRequired), database.transaction() as db:
        outcome_files.check(db, stale, kind="campaign-outcome-csv", campaign_id=launched)


def test_a_campaign_without_anybody_has_no_file(chosen: Cast) -> None:
    launched = _launched(chosen)
    with database.transaction() as db:
        for model in ("message_account", "message", "campaign_left_out"):
            db.execute(sa.text(f"DELETE FROM {model}"))
    with pytest.raises(InputProblem, match="nothing to export"), database.transaction() as db:
        outcome_files.check(db, chosen.olga.actor, kind="campaign-outcome-csv", campaign_id=launched)


def test_r103_who_is_erased_is_on_no_record_of_those_left_out(chosen: Cast) -> None:
    launched = _launched(chosen)
    with database.transaction() as db:
        traces.remove(db, person_ids=[chosen.max.person.id or 0])
    assert "Max" not in [row["First name"] for row in _file(chosen, launched)]
    with database.reading() as db:
        assert db.get_one(Campaign, launched).skipped[Refusal.PERSONAL_EMAIL_OFF] == 1


def test_invitations_that_leave_by_themselves_say_whom_they_left_out(cast: Cast) -> None:
    with database.transaction() as db:
        wordings.ensure_defaults(db)
        db.execute(sa.update(SchoolSettings).values(auto_invite=["student"]))
        for name, email in (("Nina", "nina@mail.example"), ("Nick", "")):
            make.person(db, kind="student", status="registered", first_name=name, personal_email=email)
        db.flush()
        asked = StudentFilter(states=("no_account",))
        selections.everything(db, cast.olga.actor, list_name="students", filter=asked)
        selection = selections.current(db, cast.olga.actor, list_name="students").id or 0
        plan = accounts.preview(db, cast.olga.actor, selection_id=selection)
        made = accounts.create(db, cast.olga.actor, selection_id=selection, seen=plan.seen)
        sent = auto_invitations.send(db, cast.olga.actor, change_id=made.change_id)
    with database.reading() as db:
        rows = db.exec(select(CampaignLeftOut).where(col(CampaignLeftOut.campaign_id) == sent.campaign_id)).all()
        assert [row.reason for row in rows] == [Refusal.NO_PERSONAL_EMAIL]
