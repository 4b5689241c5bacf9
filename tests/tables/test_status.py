"""Every number of Account status is the number of the list behind it: whoever looks, whatever is asked and was done."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest
import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock as core_clock
from core import database
from core.models import Account, AccountRole, Enrolment, Guardianship, Invitation, Person
from core.permissions import Actor, Role
from core.rules.headlines import Headline
from core.rules.search_text import sort_key
from core.tables import actors, data_version, packed, status, status_charts, status_people
from core.tables.filters import StatusFilter, StudentFilter
from core.tables.search import is_sqlite
from tests import cast as make
from tests.cast import Cast
from tests.conftest import Clock
from tests.tables import query_plans
from tests.tables.status_numbers import agree, asked_by, numbers, shown

pytestmark = pytest.mark.both_databases

FACTS = ("deactivated_at", "suspended_at", "pending_provider_at", "first_sign_in_at", "verified_at", "invited_at")
REACH = ({}, {"personal_email": "", "contact_email": ""}, {"mobile": "6912345678"}, {"use_personal_email": False})


def fill(cast: Cast, chance: Random) -> None:
    """People of all kinds with any facts, in classes, enrolled elsewhere too, with guardians who have ended or not."""
    now = core_clock.now()
    with database.transaction() as db:
        children, guardians = [cast.sam.person, cast.otto.person], [cast.gina.person]
        for number in range(40):
            kind = chance.choice(["student", "student", "student", "guardian", "staff"])
            section = chance.choice([cast.class_7b, cast.class_8a, None]) if kind != "guardian" else None
            who = make.person(db, kind=kind, in_section=section, first_name=f"N{number}", **chance.choice(REACH))
            {"student": children, "guardian": guardians}.get(kind, []).append(who)
            if kind == "student" and chance.random() < 0.2:
                other = chance.choice([cast.class_7b, cast.class_8a])
                if other is not section:
                    db.add(Enrolment(section_id=other.id or 0, person_id=who.id or 0, kind="learner"))
            if chance.random() < 0.8:
                _account(db, who, chance)
        for guardian in guardians:
            for child in chance.sample(children, 2):
                ends = chance.choice([None, None, (now - timedelta(days=3)).date()])
                tie = {"student_id": child.id, "guardian_id": guardian.id}
                if not db.scalar(sa.select(sa.func.count()).select_from(Guardianship).filter_by(**tie)):
                    db.add(Guardianship(**tie, ends_on=ends))


def _account(db: Session, who: Person, chance: Random) -> None:
    now = core_clock.now()
    facts = {name: now - timedelta(hours=chance.randrange(24 * 40)) for name in FACTS if chance.random() < 0.3}
    if "invited_at" in facts:
        facts["invitation_ends_at"] = facts["invited_at"] + timedelta(days=7)
    failed = {"delivery": "failed", "delivery_reason": chance.choice(["bounced", "over_limit", "carrier"])}
    facts |= failed if chance.random() < 0.2 else {"delivery": chance.choice([None, "sent", "unknown"])}
    made = make.account(db, person=who, **facts, user_type=chance.choice([who.kind, who.kind, "alumnus"]))
    for _each in range(chance.choice([0, 1, 2]) if "invited_at" in facts else 0):
        issue(db, made, chance.choice(["email", "sms", "paper"]), chance.choice(["link", "password", "address"]))


def issue(db: Session, account: Account, channel: str, purpose: str) -> None:
    now, uid = core_clock.now(), f"{Random().getrandbits(128):032x}"
    facts = {"uid": uid, "token_hash": uid, "kid": "k", "issued_at": now, "expires_at": now + timedelta(days=7)}
    db.add(Invitation(account_id=account.id or 0, purpose=purpose, channel=channel, **facts))
    db.flush()


def filters(cast: Cast) -> list[StatusFilter]:
    class_7b, class_8a, period = cast.class_7b.id or 0, cast.class_8a.id or 0, cast.period.id
    return [
        StatusFilter(),
        StatusFilter(user_type="all"),
        StatusFilter(user_type="guardian"),
        StatusFilter(user_type="teacher", period_id=period),
        StatusFilter(user_type="all", grades=("7",)),
        StatusFilter(grades=("7",), section_ids=(class_8a,)),
        StatusFilter(user_type="guardian", section_ids=(class_7b,), grades=("8", "none")),
        StatusFilter(user_type="guardian", section_ids=(class_7b,), grades=("8", "")),
        StatusFilter(user_type="all", section_ids=(class_7b, class_8a), period_id=period),
        StatusFilter(period_id=period),
        StatusFilter(user_type="all", period_id=period),
        StatusFilter(user_type="all", period_id=999),
    ]


@pytest.mark.parametrize("who", ["olga", "cora", "tom"])
def test_every_number_is_that_of_the_list_behind_it(cast: Cast, who: str) -> None:
    fill(cast, Random(who))
    actor = getattr(cast, who).actor
    for asked in filters(cast) if who == "olga" else filters(cast)[:6]:
        agree(actor, asked)


def test_an_account_of_another_type_than_its_person_counts_as_in_the_lists(cast: Cast) -> None:
    others = ((cast.sam, "alumnus"), (cast.max, "guardian"), (cast.gina, "student"), (cast.olga, "student"))
    with database.transaction() as db:
        for member, user_type in others:
            _set(db, member.account, user_type=user_type, invited_at=None, delivery=None)
            by_personal = user_type in ("alumnus", "student")
            reach = {"use_personal_email": True, "mobile_region": "", "personal_email_valid": by_personal}
            whose = sa.update(Person).where(col(Person.id) == member.person.id)
            db.execute(whose.values(contact_email_valid=not by_personal, **reach))
            issue(db, member.account, "paper", "password")
    for user_type in ("student", "guardian", "alumnus", "staff", "all"):
        for actor in (cast.olga.actor, cast.cora.actor):
            agree(actor, StatusFilter(user_type=user_type))


def test_both_walks_read_nothing_but_their_indexes(cast: Cast) -> None:
    with database.reading() as db:
        if not is_sqlite(db):
            return
        with packed._SECOND, query_plans.noted(db.connection(), of="_for_status") as said:  # all by this connection
            status_people.read(db, cast.olga.actor, user_type="all")
    assert any("COVERING INDEX person_for_status" in line for line in said), said
    assert any("USING INDEX account_for_status" in line for line in said), "with a computed column SQLite says no more"


def test_r60_whoever_sees_one_class_counts_nobody_else(cast: Cast) -> None:
    for who in (cast.cora.actor, cast.tom.actor):
        with database.reading() as db:
            asked = asked_by(db, who, StatusFilter())
            of_8a = asked_by(db, who, StatusFilter(section_ids=(cast.class_8a.id or 0,)))
            by_class, many = status_charts.classes(asked, order="name", first=0, most=10)
        assert status.total(asked)[0] == 2
        assert status.total(of_8a)[0] == 0
        assert (by_class.rows, many) == (("7B",), 1)


def test_a_teacher_counts_students_whatever_the_address_says(cast: Cast) -> None:
    with database.reading() as db:
        asked = asked_by(db, cast.tom.actor, StatusFilter(user_type="staff"))
    assert status.total(asked) == (2, StudentFilter())


def test_what_has_changed_since_last_week_follows_from_dated_facts(clock: Clock, cast: Cast) -> None:
    now = clock.now
    with database.transaction() as db:
        db.execute(sa.update(Account).values(created_at=now - timedelta(days=30)))
        _set(db, cast.sam.account, verified_at=now - timedelta(days=20), deactivated_at=now - timedelta(days=2))
        _set(db, cast.max.account, invited_at=now - timedelta(days=9), verified_at=now - timedelta(days=1))
        _set(db, cast.otto.account, invited_at=now - timedelta(days=3), times_invited=1)
    with database.reading() as db:
        found = {one.headline: one for one in status.headlines(asked_by(db, cast.olga.actor, StatusFilter()))}
    assert (found[Headline.WORKING].number, found[Headline.WORKING].before) == (1, 1)
    assert (found[Headline.WAITING].number, found[Headline.WAITING].before) == (1, 1)


def test_whoever_was_invited_again_was_waiting_before(clock: Clock, cast: Cast) -> None:
    with database.transaction() as db:
        db.execute(sa.update(Account).values(created_at=clock.now - timedelta(days=30)))
        issue(db, cast.sam.account, "email", "link")
        _set(db, cast.sam.account, invited_at=clock.now, times_invited=1)
    clock.forward(days=8)
    with database.transaction() as db:
        issue(db, cast.sam.account, "sms", "password")
        _set(db, cast.sam.account, invited_at=clock.now, times_invited=2)
    with database.reading() as db:
        asked = asked_by(db, cast.olga.actor, StatusFilter())
    waiting = next(one for one in status.headlines(asked) if one.headline is Headline.WAITING)
    assert (waiting.number, waiting.before) == (1, 1)
    assert {mark.row: mark.number for mark in status_charts.channels(asked).marks}["By SMS"] == 1


def test_classes_stand_by_the_share_that_has_signed_in(clock: Clock, cast: Cast) -> None:
    with database.transaction() as db:
        _set(db, cast.sam.account, first_sign_in_at=clock.now)
    with database.reading() as db:
        asked = asked_by(db, cast.olga.actor, StatusFilter())
    fewest, many = status_charts.classes(asked, order="fewest", first=0, most=1)
    most, _many = status_charts.classes(asked, order="most", first=0, most=10)
    assert (fewest.rows, many, fewest.shares) == (("8A",), 2, (0.0,))
    assert (most.rows, most.shares) == (("7B", "8A"), (0.5, 0.0))


def _behind(db: Session, who: Actor, asked: StatusFilter, row: str) -> tuple[int, set[str]]:
    """The number of a row of *By grade* or *By class*, and whom its lists show."""
    found, number, names = asked_by(db, who, asked), 0, set[str]()
    by_class, _many = status_charts.classes(found, order="fewest", first=0, most=1)
    for mark in (*status_charts.grades(found).marks, *by_class.marks):
        if mark.row == row:
            number += mark.number
            names |= shown(db, who, mark.behind)
    return number, names


def test_those_without_a_grade_or_a_class_stand_beneath_the_others(cast: Cast) -> None:
    """Whoever has a class of another year only has none this year."""
    with database.transaction() as db:
        before = make.section(db, period=make.period(db, title="2025-2026", is_current=False), title="6B", grade="6")
        make.person(db, first_name="Nora", in_section=before)
        make.person(db, first_name="Nils", grade="7")
        make.person(db, first_name="Nell", in_section=cast.class_7b, grade="")
    with database.reading() as db:
        found = asked_by(db, cast.olga.actor, StatusFilter())
        by_class, many = status_charts.classes(found, order="fewest", first=0, most=1)
        assert status_charts.grades(found).rows == ("6", "7", "8", "No grade")
        assert (len(by_class.rows), by_class.rows[-1], many) == (2, "No class", 2), "whatever page of classes is shown"
        assert _behind(db, cast.olga.actor, StatusFilter(), "No grade") == (1, {"Nell"})
        assert _behind(db, cast.olga.actor, StatusFilter(), "No class") == (2, {"Nora", "Nils"})
        assert _behind(db, cast.olga.actor, StatusFilter(grades=("7",)), "No class") == (1, {"Nils"})
        for chosen in (StatusFilter(section_ids=(cast.class_7b.id or 0,)), StatusFilter(period_id=cast.period.id)):
            assert _behind(db, cast.olga.actor, chosen, "No class") == (0, set()), "they all have one"
        assert _behind(db, cast.olga.actor, StatusFilter(grades=("7",)), "No grade") == (0, set())


def test_guardians_have_the_grades_and_classes_of_their_students(cast: Cast) -> None:
    with database.transaction() as db:
        nobody = make.person(db, kind="guardian", first_name="Greta")
        make.account(db, person=nobody)
        child, theirs = make.person(db, first_name="Nils"), make.person(db, kind="guardian", first_name="Nora")
        make.account(db, person=theirs)
        make.guardianship(db, student=child, guardian=theirs)
    guardians = StatusFilter(user_type="guardian")
    with database.reading() as db:
        assert _behind(db, cast.olga.actor, guardians, "No grade") == (2, {"Greta", "Nora"})
        assert _behind(db, cast.olga.actor, guardians, "No class") == (2, {"Greta", "Nora"})
        assert _behind(db, cast.olga.actor, guardians, "7") == (1, {"Gina"})


OWN_GRADES = ("7", "8", "K1")


def test_what_is_typed_as_the_grade_of_staff_counts_alike_in_charts_and_lists(cast: Cast) -> None:
    """It is no grade of a student: neither the bar of grade 7 nor the list of grade 7 shows a teacher."""
    with database.transaction() as db:
        for who, grade in zip((cast.tom, cast.olga, cast.gina), OWN_GRADES, strict=True):
            person = db.get_one(Person, who.person.id)
            person.grade, person.sort_grade = grade, sort_key(grade)
    for user_type in ("all", "teacher", "staff", "guardian"):
        for grades in ((), ("7",), ("K1",), OWN_GRADES):
            agree(cast.olga.actor, StatusFilter(user_type=user_type, grades=grades))
            agree(cast.cora.actor, StatusFilter(user_type=user_type, grades=grades))
    with database.reading() as db:
        assert _behind(db, cast.olga.actor, StatusFilter(user_type="teacher"), "No grade") == (1, {"Tom"})
        assert _behind(db, cast.olga.actor, StatusFilter(user_type="all"), "7") == (3, {"Sam", "Max", "Gina"})


@pytest.mark.parametrize("held", [Role.COORDINATOR, Role.TEACHER])
def test_r60_whoever_holds_a_role_for_a_grade_counts_as_their_lists_do(cast: Cast, held: Role) -> None:
    """Its classes of this year, with those of their students who are enrolled elsewhere, too."""
    fill(cast, Random(held.value))
    with database.transaction() as db:
        db.execute(sa.delete(AccountRole).where(col(AccountRole.account_id) == cast.cora.account.id))
        db.add(AccountRole(account_id=cast.cora.account.id or 0, role=held, grades=["8", "none"]))
        before = make.section(db, period=make.period(db, title="2025-2026", is_current=False), title="8Z", grade="8")
        make.person(db, first_name="Gone", in_section=before)
        person = db.get_one(Person, cast.cora.person.id)
        person.grade, person.sort_grade = "8", sort_key("8")
    with database.reading() as db:
        who = actors.of_account(db, cast.cora.account, session_id="s", ip=None)
        named = [name for name, _number, behind in numbers(asked_by(db, who, StatusFilter())) if behind]
        assert who.scope.section_ids == {cast.class_8a.id}
        assert any(name.startswith("grades 8") for name in named)
        assert _behind(db, who, StatusFilter(), "7B")[1].isdisjoint({"Sam", "Max"})
    for asked in filters(cast):
        agree(who, asked)


def test_the_version_of_the_data_changes_with_every_commit_and_not_without(cast: Cast) -> None:
    def seen() -> str:
        with database.reading() as db:
            return data_version.now(db)

    before = seen()
    assert seen() == before
    with database.transaction() as db:
        _set(db, cast.sam.account, sign_ins=7)
    assert seen() != before


def _set(db: Session, account: Account, **facts: object) -> None:
    db.execute(sa.update(Account).where(col(Account.id) == account.id).values(**facts))
