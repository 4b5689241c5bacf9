"""Whose account somebody opens whom Microsoft has vouched for, and whose they do not. On both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from core import database
from core.models import Account, Invitation, Purpose
from core.permissions import visitor
from core.rules.microsoft_identity import Hindrance, Identity
from core.services import invitations, microsoft_sign_in
from tests.cast import Cast, Member
from tests.conftest import Clock

pytestmark = pytest.mark.both_databases

TENANT, OTHER_TENANT = "aaaa-tenant", "bbbb-tenant"


def _is_of_microsoft(member: Member, address: str, **facts: Any) -> Identity:
    """Give the account to Microsoft's, and `facts`; the person as Microsoft vouches for them."""
    with database.transaction() as db:
        account = db.get_one(Account, member.account.id)
        account.sqlmodel_update({"sign_in_method": "microsoft", "username": address, "username_key": address} | facts)
    return Identity(TENANT, f"user {member.account.id}", address.upper(), has_second_factor=False)


def _link(member: Member, purpose: Purpose = Purpose.LINK) -> str:
    with database.transaction() as db:
        whose = member.account.id or 0
        issued = invitations.issue(db, purpose, account_id=whose, channel="email", address="x@mail.example", days=7)
    return issued.token


def _arrive(identity: Identity, token: str = "") -> tuple[int | None, Hindrance | None]:
    with database.transaction() as db:
        arrival = microsoft_sign_in.arrive(db, visitor(), identity=identity, token=token)
        return arrival.account.id if arrival.account else None, arrival.hindrance


def _object_id(member: Member) -> str | None:
    with database.reading() as db:
        return db.get_one(Account, member.account.id).object_id


def test_r28_an_invitation_ties_its_own_person_in_whatever_case_their_address_is_written(cast: Cast) -> None:
    sam = _is_of_microsoft(cast.sam, "sam@school.example")
    assert _arrive(sam, _link(cast.sam)) == (cast.sam.account.id, None)
    assert _object_id(cast.sam) == sam.object_id
    assert _arrive(sam) == (cast.sam.account.id, None)


def test_r28_whoever_has_an_account_of_their_own_gets_no_second_one_by_an_invitation(cast: Cast) -> None:
    sam = _is_of_microsoft(cast.sam, "sam@school.example")
    _is_of_microsoft(cast.max, "max@school.example", tenant_id=TENANT, object_id=sam.object_id)
    assert _arrive(sam, _link(cast.sam)) == (None, Hindrance.ANOTHER_PERSON)
    assert _object_id(cast.sam) is None


def test_r28_an_account_that_is_tied_is_not_tied_to_the_next_who_bears_its_address(cast: Cast) -> None:
    sam = _is_of_microsoft(cast.sam, "sam@school.example", tenant_id=TENANT, object_id="who had it before")
    assert _arrive(sam, _link(cast.sam)) == (None, Hindrance.ANOTHER_PERSON)
    assert _object_id(cast.sam) == "who had it before"


def test_r28_the_same_id_in_another_tenant_is_somebody_else(cast: Cast) -> None:
    sam = _is_of_microsoft(cast.sam, "sam@school.example")
    _is_of_microsoft(cast.sam, "sam@school.example", tenant_id=OTHER_TENANT, object_id=sam.object_id)
    assert _arrive(sam) == (None, Hindrance.UNKNOWN_PERSON)


def test_r28_an_invitation_to_a_closed_account_or_one_with_a_password_here_ties_nobody(
    cast: Cast, clock: Clock
) -> None:
    sam = _is_of_microsoft(cast.sam, "sam@school.example", deactivated_at=clock.now)
    assert _arrive(sam, _link(cast.sam)) == (None, Hindrance.DEACTIVATED)
    _is_of_microsoft(cast.sam, "sam@school.example", deactivated_at=None, sign_in_method="local")
    assert _arrive(sam, _link(cast.sam)) == (None, Hindrance.EXPIRED)
    assert _object_id(cast.sam) is None


@pytest.mark.parametrize("purpose", [Purpose.RESET, Purpose.ADDRESS, Purpose.PASSWORD])
def test_r12_what_was_sent_for_another_purpose_ties_nobody(cast: Cast, purpose: Purpose) -> None:
    sam = _is_of_microsoft(cast.sam, "sam@school.example")
    assert _arrive(sam, _link(cast.sam, purpose)) == (None, Hindrance.UNKNOWN_PERSON)
    assert _object_id(cast.sam) is None


@pytest.mark.parametrize("column", ["used_at", "superseded_at", "expires_at"])
def test_r13_r16_r17_a_dead_invitation_ties_nobody(cast: Cast, clock: Clock, column: str) -> None:
    sam, token = _is_of_microsoft(cast.sam, "sam@school.example"), _link(cast.sam)
    with database.transaction() as db:
        for invitation in db.exec(select(Invitation)):
            setattr(invitation, column, clock.now - timedelta(seconds=1))
    assert _arrive(sam, token) == (None, Hindrance.EXPIRED)
    assert _object_id(cast.sam) is None
