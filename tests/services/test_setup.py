"""The first administrator, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlmodel import select

from core import database
from core.errors import AppError, InputProblem
from core.models import Account, AuditEntry, SetupToken
from core.permissions import visitor
from core.services import setup
from core.services.setup import Administrator

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("database")]

ADA = Administrator("Ada", "Adams", "ada@school.example", "ada", "violet kettle over the harbour", "Zoë's")


def _token() -> str:
    with database.transaction() as db:
        return setup.new_link(db).rpartition("/")[2]


def _create(token: str, wanted: Administrator = ADA) -> bool:
    try:
        with database.transaction(wait_ms=30_000) as db:
            setup.create_administrator(db, visitor(), token=token, wanted=wanted, password_hash="$argon2id$")
    except AppError:
        return False
    return True


def test_r30_one_of_ten_at_once_uses_the_link() -> None:
    token = _token()
    everybody = [Administrator("A", "B", "a@b.example", f"ada{number}", "x") for number in range(10)]
    with ThreadPoolExecutor(10) as pool:
        made = list(pool.map(lambda wanted: _create(token, wanted), everybody))
    assert sorted(made) == [False] * 9 + [True]
    with database.reading() as db:
        assert len(db.exec(select(Account)).all()) == 1
        assert len(db.exec(select(AuditEntry)).all()) == 1


def test_the_database_does_not_know_the_token() -> None:
    token = _token()
    with database.reading() as db:
        assert token not in db.exec(select(SetupToken)).one().token_hash
        assert setup.is_live(db, token=token)
        assert not setup.is_live(db, token=token[:-1])


def test_a_username_that_is_taken_in_another_case_leaves_the_link_alone() -> None:
    assert _create(_token())
    token = _token()
    assert not _create(token, Administrator("A", "B", "a@b.example", "ADA", "x"))
    with database.reading() as db:
        assert setup.is_live(db, token=token)


@pytest.mark.parametrize(
    "field",
    [
        {"first_name": ""},
        {"last_name": "x" * 101},
        {"email": "a@b"},
        {"username": "a\x00bc"},
        {"username": "x" * 61},
        {"school_name": "a\x00b"},
        {"password": "adams zoe's ada"},
    ],
)
def test_what_will_not_do_is_said_before_anything_happens(field: dict[str, str]) -> None:
    with database.reading() as db:
        assert setup.check(db, wanted=ADA) == ADA
        with pytest.raises(InputProblem):
            setup.check(db, wanted=Administrator(**(vars(ADA) | field)))


def test_names_are_tidied() -> None:
    with database.reading() as db:
        tidy = setup.check(
            db, wanted=Administrator(**(vars(ADA) | {"first_name": "  Ada \t Maria ", "email": " a@b.gr "}))
        )
    assert (tidy.first_name, tidy.email) == ("Ada Maria", "a@b.gr")
