"""The school's own settings, and leaving the demo."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlmodel import Session, SQLModel, func, select

from core import config, database, keys
from core.errors import Conflict, InputProblem, NotAllowed, SettingsError
from core.models import Account, Person, SchoolSettings, SignInSession
from core.permissions import command_line
from core.rules import password_hash
from core.services import audit, open_session, school, sign_in
from core.tables import candidates
from tests.cast import Cast

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("database")]
ROOT = command_line("root")


def _count(db: Session, model: type[SQLModel]) -> int:
    return db.exec(select(func.count()).select_from(model)).one()


def _make_demo() -> None:
    with database.transaction() as db:
        row = db.get(SchoolSettings, 1)
        assert row
        row.is_demo = True
        db.add(row)


@pytest.fixture
def key_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A key in a file, as an installation without FIRSTKEY_SECRET_KEY has it."""
    monkeypatch.setenv("FIRSTKEY_SECRET_KEY", "")
    config.settings.cache_clear()
    return tmp_path / "secret.key"


def test_leaving_the_demo_removes_everybody_makes_a_new_key_and_ends_all_sessions(cast: Cast, key_file: Path) -> None:
    _make_demo()
    before = keys.current().kid
    with database.transaction() as db:
        candidate = candidates.named(db, username=cast.ada.account.username)
        opened = sign_in.open(db, ROOT, candidate=candidate, fits=True)
        assert opened
        school.start_own(db, ROOT, school_name="Lyceum")
    with database.reading() as db:
        assert open_session.actor_of(db, token=opened.token) is None
        for model in (Person, Account, SignInSession):
            assert _count(db, model) == 0
        assert db.get(SchoolSettings, 1).school_name == "Lyceum"  # type: ignore[union-attr]
        assert audit.verify(db) == audit.Verdict(1)
    assert keys.current().kid != before


def test_a_real_school_is_never_emptied(cast: Cast) -> None:
    with pytest.raises(Conflict), database.transaction() as db:
        school.start_own(db, ROOT, school_name="Lyceum")
    with database.reading() as db:
        assert _count(db, Person) == 8


def test_a_key_from_the_environment_is_not_silently_kept(cast: Cast) -> None:
    _make_demo()
    with pytest.raises(SettingsError), database.transaction() as db:
        school.start_own(db, ROOT, school_name="Lyceum")
    with database.reading() as db:
        assert _count(db, Person) == 8


def test_only_who_may_change_settings_changes_them(cast: Cast) -> None:
    for member in (cast.olga, cast.cora, cast.tom, cast.sam, cast.gina):
        with pytest.raises(NotAllowed), database.transaction() as db:
            school.change_settings(db, member.actor, changes={"school_name": "Mine"})


def test_a_change_is_stored_and_named_in_the_audit(cast: Cast) -> None:
    with database.transaction() as db:
        changed = school.change_settings(db, cast.ada.actor, changes={"link_days": 14, "school_name": "Athena School"})
    assert changed == ["link_days"]
    with database.reading() as db:
        assert db.get(SchoolSettings, 1).link_days == 14  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "changes",
    [
        *(
            {"link_days": 31},
            {"school_name": " "},
            {"time_zone": "Mars/Base"},
            {"password_length": 7},
            {"is_demo": True},
        ),
        *({"default_language": "fr"}, {"allowed_regions": []}, {"default_region": "XX"}, {"help_contact": "x" * 201}),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(cast: Cast, changes: dict[str, object]) -> None:
    with pytest.raises(InputProblem), database.transaction() as db:
        school.change_settings(db, cast.ada.actor, changes=changes)


def test_no_password_fits_the_mark_of_the_demo() -> None:
    assert not password_hash.fits("!", "!")
