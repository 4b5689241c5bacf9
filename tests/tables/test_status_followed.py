"""Account status as it follows is Account status read anew: after each act, and whatever concerns everybody."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import product
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from sqlmodel import col

from core import database
from core.errors import NotAllowed
from core.models import Account, Channel, Enrolment, Invitation, Person, Purpose, UserType
from core.permissions import Actor
from core.rules.account_state import AccountState
from core.services import invitations
from core.tables import status_followed, status_people
from core.tables.status_facts import CHANNELS, STATES
from core.tables.status_people import People
from core.tables.status_ties import Pairs
from tests import cast as make
from tests.cast import Cast, Member
from tests.conftest import Clock
from tests.tables.test_status_after_acts import NUMBERS, STORY, Living, at_microsoft, new_school

pytestmark = pytest.mark.both_databases
__all__ = ["at_microsoft", "new_school"]  # fixtures
TYPES = ("all", UserType.STUDENT.value, UserType.GUARDIAN.value)


def _said(people: People) -> dict[str, Any]:
    """By person, in whatever order they stand."""
    order = np.argsort(people["person"])
    said: dict[str, Any] = {name: column[order].tolist() for name, column in people.columns.items()}
    ties = {"grades": people.ties.grades, "classes": people.ties.classes, "others": people.ties.others}
    return said | {name: _pairs(people, pairs) for name, pairs in ties.items()} | {"days": people.days}


def _pairs(people: People, pairs: Pairs) -> list[tuple[int, int]]:
    return sorted(zip(people["person"][pairs.people].tolist(), pairs.values.tolist(), strict=True))


def _followed(actor: Actor, user_type: str) -> People:
    with database.reading() as db:
        return status_followed.people(db, actor, user_type=user_type)


def _anew(actor: Actor, user_type: str) -> People:
    with database.reading() as db:
        return status_people.read(db, actor, user_type=user_type)


def test_after_each_act_in_a_school_it_is_what_is_read_anew(
    new_school: Callable[[], Living], monkeypatch: pytest.MonkeyPatch
) -> None:
    school, acts = new_school(), dict[str, list[str]]()
    actors, read = (school.cast.olga.actor, school.cast.cora.actor), _counted(monkeypatch)
    for name in STORY:
        refused = school.do_somewhere(name)
        assert len(refused) < NUMBERS, f"{name} does not happen: {refused[0]}, {refused[-1]}"
        read.clear()
        for actor, user_type in product(actors, TYPES):
            said = _said(_followed(actor, user_type))
            assert said == _said(_anew(actor, user_type)), (name, actor.label, user_type)
        acts.setdefault(name, list(read))
    followed = [name for name, anew in acts.items() if not anew]
    assert len(followed) > len(acts) / 2, acts


def _counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The types of which everybody was read."""
    read, by_itself = list[str](), status_followed._anew

    def counted(db: Any, actor: Actor, user_type: str) -> status_followed.Known:
        read.append(user_type)
        return by_itself(db, actor, user_type)

    monkeypatch.setattr(status_followed, "_anew", counted)
    return read


def _state(people: People, account: Account) -> AccountState:
    (place,) = np.flatnonzero(people["account"] == account.id)
    return STATES[people["state"][place] - 1]


def test_a_link_that_ends_is_seen_although_nobody_changes_anything(
    cast: Cast, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.transaction() as db:
        cast.max.account.invited_at = clock.now - timedelta(days=1)
        cast.max.account.invitation_ends_at = clock.now + timedelta(minutes=20)
        cast.max.account.times_invited, cast.max.account.delivery = 1, "sent"
        db.add(cast.max.account)
    read = _counted(monkeypatch)
    assert _state(_followed(cast.olga.actor, "all"), cast.max.account) is AccountState.INVITED
    clock.forward(minutes=21)
    assert _state(_followed(cast.olga.actor, "all"), cast.max.account) is AccountState.LINK_EXPIRED
    assert read == ["all"]


def test_everybody_is_read_anew_after_an_hour_and_after_many_changes(
    cast: Cast, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = _counted(monkeypatch)
    for passes, expected in ((0, 1), (59, 1), (2, 2)):
        clock.forward(minutes=passes)
        _followed(cast.olga.actor, "student")
        assert len(read) == expected
    monkeypatch.setattr(status_followed, "AT_MOST", 2)
    for number, expected in ((1, 2), (3, 3)):
        with database.transaction() as db:
            for member in (cast.sam, cast.max, cast.otto)[:number]:
                member.person.first_name += "a"
                db.add(member.person)
        _followed(cast.olga.actor, "student")
        assert len(read) == expected


def test_whoever_sees_some_classes_is_told_of_these_alone(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    read = _counted(monkeypatch)
    assert _followed(cast.olga.actor, "student").size > _followed(cast.cora.actor, "student").size
    assert read == ["student", "student"]
    _move(cast.otto, cast.sam.person.section_id)
    assert cast.otto.person.id in _followed(cast.cora.actor, "student")["person"]
    assert read == ["student", "student"]
    _move(cast.otto, cast.otto.person.section_id)
    assert cast.otto.person.id not in _followed(cast.cora.actor, "student")["person"]
    assert read == ["student"] * 3, "who is gone has everybody read anew"


def _move(student: Member, section_id: int | None) -> None:
    """A grade that a class of others has not would be new to those who see it: then everybody is read anew."""
    with database.transaction() as db:
        for table, key, more in ((Person, Person.id, {"grade": "7"}), (Enrolment, Enrolment.person_id, {})):
            moved = sa.update(table).where(col(key) == student.person.id)
            db.execute(moved.values(section_id=section_id, **more))


def test_whoever_may_not_see_it_is_told_nothing_of_what_is_known(cast: Cast) -> None:
    _followed(cast.olga.actor, "student")
    with pytest.raises(NotAllowed):
        _followed(cast.sam.actor, "student")


def test_types_are_kept_while_there_is_room(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = {one: _followed(cast.olga.actor, one).size for one in ("all", "student", "guardian")}
    monkeypatch.setattr(status_followed, "ROOM", sizes["all"] + sizes["student"])
    read = _counted(monkeypatch)
    for user_type in ("guardian", "student", "all", "student", "guardian", "student", "all", "all"):
        _followed(cast.olga.actor, user_type)
    assert read == ["all", "guardian", "all"]


def test_a_new_account_and_a_new_class_of_a_ward_are_followed(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    before = _said(_followed(cast.olga.actor, "guardian"))
    read = _counted(monkeypatch)
    with database.transaction() as db:
        pia = make.person(db, kind="guardian", first_name="Pia")
        make.account(db, person=pia, user_type=UserType.GUARDIAN)
        make.guardianship(db, student=cast.sam.person, guardian=pia)
        db.add(Enrolment(person_id=cast.sam.person.id or 0, section_id=cast.class_8a.id or 0))
    now = _followed(cast.olga.actor, "guardian")
    assert _said(now) == _said(_anew(cast.olga.actor, "guardian")) != before
    assert read == []


def test_an_invitation_that_comes_or_goes_is_followed_whoever_does_it(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    _followed(cast.olga.actor, "all")
    read, account_id = _counted(monkeypatch), cast.max.account.id or 0
    for channel in (Channel.EMAIL, Channel.SMS):
        with database.transaction() as db:
            asked = {"account_id": account_id, "channel": channel, "address": "max@example.org", "days": 3}
            invitations.issue(db, Purpose.RESET, **asked)
        people = _followed(cast.olga.actor, "all")
        assert CHANNELS[people["channel"][people["account"] == account_id][0] - 1] == channel
        assert _said(people) == _said(_anew(cast.olga.actor, "all"))
    with database.transaction() as db:
        db.execute(sa.delete(Invitation))
    assert not _followed(cast.olga.actor, "all")["channel"].any()
    assert read == []
