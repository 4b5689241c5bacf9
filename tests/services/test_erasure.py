"""Erasing a person: what was said goes, the audit stays whole, and nothing of them is left in the files (R103)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from core import clock, compaction, database, outbox
from core.delivery import batches
from core.errors import Conflict, FreshCodeRequired, InputProblem, NotAllowed
from core.models import (
    Account,
    AccountChange,
    AuditEntry,
    Campaign,
    Guardianship,
    Invitation,
    Message,
    MessageAccount,
    MessageStatus,
    OptOut,
    Person,
    SchoolSettings,
    SelectionItem,
    SignInSession,
)
from core.permissions import Role
from core.rules import person_facts
from core.services import (
    access,
    account_acts,
    audit,
    campaigns,
    erasure,
    invitations,
    list_views,
    selections,
    wordings,
)
from core.services.campaigns import Draft
from core.services.traces import Removed
from core.tables import accounts, students
from core.tables.filters import AccountFilter, StudentFilter
from tests import cast as casting
from tests.cast import Cast, Member

pytestmark = pytest.mark.both_databases
SECRETS = ("Zyxwolski", "zyxwolski.private@mail.example", "+306971234567", "q.zyxwolski77")


@pytest.fixture
def zoe(cast: Cast) -> Member:
    """A student of 7B with everything that can be held about one: nobody else has her name, address or number."""
    with database.transaction() as db:
        wordings.ensure_defaults(db)
        db.merge(SchoolSettings(id=1, school_name="Athena School", is_demo=True))
        named = {"first_name": "Quirina", "last_name": SECRETS[0], "personal_email": SECRETS[1], "mobile": SECRETS[2]}
        person = casting.person(db, in_section=cast.class_7b, **named)
        account = casting.account(db, person=person, username=SECRETS[3], user_type="student")
        casting.role(db, account=account, role=Role.STUDENT)
        casting.guardianship(db, student=person, guardian=cast.gina.person)
        db.add(OptOut(channel="sms", address=SECRETS[2], since=clock.now()))
        now = clock.now()
        times = {"created_at": now, "last_used_at": now, "expires_at": now + timedelta(hours=1)}
        db.add(SignInSession(id="hers", token_hash="t", account_id=account.id or 0, **times))
    return Member(person, account, casting.actor(account, Role.STUDENT))


def live(cast: Cast, zoe: Member) -> None:
    """Staff look at her, search for her, tick her, write to her, change her account."""
    who = cast.ada.actor
    batches.stopping.clear()  # an engine that was stopped before leaves it set
    with database.transaction() as db:
        casting.just_signed_in(db, who)
        access.note_look(db, who, person_id=zoe.person.id or 0)
        selections.show(db, who, list_name="students", filter=StudentFilter(text=SECRETS[0]))
        selections.everything(db, who, list_name="students", filter=StudentFilter(text=SECRETS[1]))
        selections.tick(db, cast.olga.actor, list_name="accounts", on=[zoe.account.id or 0])
        list_views.save(
            db, who, list_name="students", name=f"About {SECRETS[0]}", filter=StudentFilter(text=SECRETS[3])
        )
        seen = account_acts.check(db, who, act=account_acts.Act.VOID_LINKS, account_ids=[zoe.account.id or 0])
        assert seen.will == 0
        draft = Draft(filter=AccountFilter(user_types=("student",)))
        check = campaigns.check(db, who, draft=draft)
        number = campaigns.launch(db, who, draft=draft, seen=check.fingerprint, idempotency_key="k").id or 0
    batches.send(number, 0)
    with database.transaction() as db:
        seen = account_acts.check(db, who, act=account_acts.Act.VOID_LINKS, account_ids=[zoe.account.id or 0])
        account_acts.carry_out(
            db, who, act=account_acts.Act.VOID_LINKS, account_ids=[zoe.account.id or 0], seen=seen.seen
        )


def erase(cast: Cast, member: Member, *, name: str = "") -> Removed:
    typed = name or f"{member.person.first_name} {member.person.last_name}"
    with database.transaction() as db:
        removed = erasure.erase(db, cast.ada.actor, person_id=member.person.id or 0, typed_name=typed)
    outbox.forget(removed.references)
    compaction.compact()
    return removed


def test_r103_after_erasure_no_file_of_the_database_holds_a_word_of_the_person(
    cast: Cast, zoe: Member, tmp_path: Path
) -> None:
    live(cast, zoe)
    before = _everywhere(tmp_path)
    assert {word for word in SECRETS if word.encode() in before or word in before.decode("latin1")} == set(SECRETS)
    erase(cast, zoe)
    after = _everywhere(tmp_path)
    for word in (*SECRETS, SECRETS[0].casefold(), SECRETS[1].casefold(), SECRETS[2].removeprefix("+")):
        assert after.count(word.encode()) == 0, word
    with database.reading() as db:
        assert audit.verify(db).broken_at is None


def _everywhere(folder: Path) -> bytes:
    """All files of the school; on PostgreSQL what all its tables hold instead."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "secret.key"]
    found = b"".join(path.read_bytes() for path in files)
    if database.is_sqlite():
        return found
    with database.reading() as db:
        for table in sa.inspect(database.engine()).get_table_names():
            found += repr(db.execute(sa.text(f'SELECT * FROM "{table}"')).all()).encode()
    return found


def test_what_is_left_is_told_by_numbers_and_the_campaign_keeps_its_count(cast: Cast, zoe: Member) -> None:
    live(cast, zoe)
    removed = erase(cast, zoe)
    assert (removed.people, removed.accounts, len(removed.references)) == (1, 1, 1)
    with database.reading() as db:
        assert db.get(Person, zoe.person.id) is None
        assert db.get(Account, zoe.account.id) is None
        messages = db.exec(select(Message)).all()
        assert sorted(message.address == "" for message in messages) == [False, False, False, True]
        assert db.exec(select(MessageAccount).where(MessageAccount.account_id == zoe.account.id)).first() is None
        assert db.exec(select(Campaign)).one().recipients == 4
        assert db.exec(select(Guardianship).where(Guardianship.student_id == zoe.person.id)).first() is None
        assert db.exec(select(OptOut)).first() is None
        entry = db.exec(select(AuditEntry).where(AuditEntry.action == "person.erased")).one()
        assert (entry.object_id, entry.details) == (zoe.person.id, {"accounts": [zoe.account.id], "messages": 1})
        assert db.exec(select(SelectionItem)).first() is None
        assert not selections.current(db, cast.ada.actor, list_name="students").everything
        looks = db.exec(select(AuditEntry).where(AuditEntry.action == "card.viewed")).all()
        assert [look.object_id for look in looks] == [zoe.person.id]
    names = [outbox.read(name) for name in outbox.names()]
    assert len(names) == 3
    assert all(SECRETS[0] not in repr(written) for written in names)


def test_the_others_of_a_family_keep_their_address_and_their_message(cast: Cast, zoe: Member) -> None:
    with database.transaction() as db:
        for member in (zoe, cast.sam):
            member.person.personal_email = "family@mail.example"
            facts = person_facts.derived(member.person.model_dump(), default_region="GR")
            db.merge(Person(**(member.person.model_dump() | facts)))
        draft = Draft(filter=AccountFilter(user_types=("student",)), by_family=True)
        casting.just_signed_in(db, cast.ada.actor)
        seen = campaigns.check(db, cast.ada.actor, draft=draft)
        campaigns.launch(db, cast.ada.actor, draft=draft, seen=seen.fingerprint, idempotency_key="k")
    erase(cast, zoe)
    with database.reading() as db:
        shared = db.exec(select(Message).where(Message.address == "family@mail.example")).one()
        tied = db.exec(select(MessageAccount.account_id).where(MessageAccount.message_id == shared.id)).all()
    assert (shared.status, list(tied)) == (MessageStatus.QUEUED, [cast.sam.account.id])


def test_what_went_to_a_guardians_number_about_a_child_goes_with_the_guardian(cast: Cast) -> None:
    number = "+306979999999"
    with database.transaction() as db:
        casting.just_signed_in(db, cast.ada.actor)
        db.merge(Person(**(cast.gina.person.model_dump() | {"mobile": number})))
        child = cast.sam.account.id or 0
        invitations.issue_link(db, account_id=child, channel="sms", address=number, days=7)
        db.execute(sa.update(Account).where(col(Account.id) == child).values(delivery_address=number))
    erase(cast, cast.gina)
    with database.reading() as db:
        link = db.exec(select(Invitation)).one()
        assert (link.account_id, link.address, link.superseded_because) == (child, "", "address_changed")
        assert db.get_one(Account, child).delivery_address is None
        assert len(db.exec(select(Guardianship)).all()) == 0


def test_a_member_of_staff_goes_with_their_acts_told_by_number(cast: Cast) -> None:
    with database.transaction() as db:
        wordings.ensure_defaults(db)
        casting.just_signed_in(db, cast.ada.actor)
        draft = Draft(filter=AccountFilter(user_types=("student",)))
        seen = campaigns.check(db, cast.olga.actor, draft=draft)
        casting.just_signed_in(db, cast.olga.actor)
        campaigns.launch(db, cast.olga.actor, draft=draft, seen=seen.fingerprint, idempotency_key="k")
        db.add(AccountChange(act="deactivate", made_by=cast.olga.account.id or 0, made_at=clock.now()))
        casting.just_signed_in(db, cast.ada.actor)
    erase(cast, cast.olga)
    with database.reading() as db:
        campaign = db.exec(select(Campaign)).one()
        assert (campaign.launched_by, campaign.launched_by_label) == (None, f"account {cast.olga.account.id}")
        assert db.exec(select(AccountChange)).first() is None
        assert audit.verify(db).broken_at is None


def test_before_erasing_it_is_said_what_goes_and_what_stays(cast: Cast, zoe: Member) -> None:
    live(cast, zoe)
    with database.reading() as db:
        said = erasure.foresee(db, cast.ada.actor, person_id=zoe.person.id or 0)
    assert said.name == "Quirina Zyxwolski"
    assert said.goes["Guardianships"] == said.goes["Classes"] == 1
    assert said.goes["Links and initial passwords"] == said.goes["Messages: to whom, and the address"] == 1
    assert (said.entries, said.comes_back) == (2, True)


def test_r31_erasing_asks_for_the_name_and_a_fresh_password_and_is_for_administrators(cast: Cast, zoe: Member) -> None:
    stale = replace(cast.ada.actor, fresh_until=None)
    with pytest.raises(FreshCodeRequired), database.transaction() as db:
        erasure.erase(db, stale, person_id=zoe.person.id or 0, typed_name="Quirina Zyxwolski")
    with pytest.raises(InputProblem, match="not the name"):
        erase(cast, zoe, name="Quirina")
    with pytest.raises(NotAllowed), database.transaction() as db:
        erasure.erase(db, cast.olga.actor, person_id=zoe.person.id or 0, typed_name="x")
    assert erase(cast, zoe, name="  quirina   ZYXWOLSKI ").people == 1


def test_nobody_erases_themselves_nor_the_last_administrator(cast: Cast) -> None:
    with database.transaction() as db:
        casting.just_signed_in(db, cast.ada.actor)
    with pytest.raises(Conflict, match="This is you"):
        erase(cast, cast.ada)
    other = casting.actor(cast.olga.account, Role.ADMINISTRATOR)
    with pytest.raises(Conflict, match="nobody could administer"), database.transaction() as db:
        casting.just_signed_in(db, other)
        erasure.erase(db, other, person_id=cast.ada.person.id or 0, typed_name="Ada Adams")
    with database.reading() as db:
        assert db.get(Person, cast.ada.person.id) is not None


def test_search_finds_the_others_as_before_when_the_index_was_made_anew(cast: Cast, zoe: Member) -> None:
    with database.transaction() as db:
        casting.just_signed_in(db, cast.ada.actor)
    erase(cast, zoe)
    with database.reading() as db:
        wanted = StudentFilter(text="ideris")
        assert students.count(db, cast.ada.actor, filter=wanted) == 2
        assert students.count(db, cast.ada.actor, filter=StudentFilter(text="yxwols")) == 0
        assert students.count(db, cast.ada.actor, filter=StudentFilter(text=cast.sam.account.username)) == 1
        assert students.count(db, cast.ada.actor, filter=StudentFilter(text=cast.tom.account.username)) == 0
        assert accounts.count(db, cast.ada.actor, filter=AccountFilter(text=cast.tom.account.username)) == 1
