"""What people change of their own account, on both databases."""

from __future__ import annotations

import pytest
from sqlmodel import select

from core import database
from core.errors import InputProblem, NotAllowed
from core.models import Account, AuditEntry, Invitation, Person, Section
from core.permissions import visitor
from core.services import invitations, portal, sign_in
from core.tables import candidates
from tests.cast import Cast
from tests.conftest import Clock

pytestmark = pytest.mark.both_databases


def test_own_is_about_the_actor_and_whom_they_answer_for(cast: Cast) -> None:
    with database.reading() as db:
        sam, gina = portal.own(db, cast.sam.actor), portal.own(db, cast.gina.actor)
        assert (sam.first_name, sam.section, sam.students) == ("Sam", "7B", ())
        assert (gina.section, set(gina.students)) == ("", {"Sam Sideris", "Max Sideris"})
        with pytest.raises(NotAllowed):
            portal.own(db, visitor())
        assert db.exec(select(Section)).all()


def test_a_new_password_ends_open_links_and_is_written_down(cast: Cast, clock: Clock) -> None:
    with database.transaction() as db:
        invitations.issue_link(db, account_id=cast.sam.account.id or 0, channel="email", address="", days=7)
    with database.transaction() as db:
        portal.change_password(db, cast.sam.actor, password_hash="$argon2id$new")
    with database.reading() as db:
        account = db.get_one(Account, cast.sam.account.id)
        assert (account.password_hash, account.password_changed_at) == ("$argon2id$new", clock.now)
        assert db.exec(select(Invitation)).one().superseded_because == "password_chosen"
        entry = db.exec(select(AuditEntry)).one()
        assert (entry.action, entry.object_id, entry.account_id) == (
            "password.changed",
            cast.sam.account.id,
            cast.sam.account.id,
        )


def test_the_current_password_is_confirmed_and_wrong_ones_count(cast: Cast) -> None:
    with database.transaction() as db:
        candidate = candidates.own(db, cast.sam.actor)
        assert candidate.account_id == cast.sam.account.id
        assert not sign_in.confirm(db, cast.sam.actor, candidate=candidate, fits=False)
        assert sign_in.confirm(db, cast.sam.actor, candidate=candidate, fits=True)
    with database.reading() as db:
        assert db.get_one(Account, cast.sam.account.id).failed_sign_ins == 1


def test_a_password_about_oneself_is_refused(cast: Cast) -> None:
    with database.reading() as db, pytest.raises(InputProblem, match="Others know your name"):
        portal.check_new_password(db, cast.sam.actor, password="samsideris-athena")


def test_the_language_is_one_of_ours(cast: Cast) -> None:
    with database.transaction() as db:
        portal.choose_language(db, cast.sam.actor, language="el")
    with database.reading() as db:
        assert db.get_one(Person, cast.sam.person.id).language == "el"
    for language in ("", "xx", "EL", "el\x00"):
        with pytest.raises(InputProblem), database.transaction() as db:
            portal.choose_language(db, cast.sam.actor, language=language)
