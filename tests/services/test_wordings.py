"""Wordings: versions that are followed and never changed."""

from __future__ import annotations

import pytest
from sqlmodel import select

from core import database
from core.errors import Conflict, InputProblem, NotAllowed
from core.models import AuditEntry, Wording
from core.rules import wording_checks
from core.services import audit, wordings
from core.tables import wordings as table
from tests.cast import Cast
from tests.meanwhile import meanwhile

pytestmark = pytest.mark.both_databases

MAIL = {"kind": "initial_invitation", "channel": "email", "language": "en"}
SMS = {"kind": "initial_credentials", "channel": "sms", "language": "en"}
BODY = "Hello {first_name}, {username} {link}"


@pytest.fixture(autouse=True)
def _texts(cast: Cast) -> None:
    with database.transaction() as db:
        wordings.ensure_defaults(db)


def save(cast: Cast, of: dict[str, str], body: str, *, seen: int = 1) -> Wording:
    with database.transaction() as db:
        return wordings.save(db, cast.ada.actor, **of, seen=seen, subject="Your key", body=body)


def test_there_is_a_text_for_every_message_in_english_and_greek(cast: Cast) -> None:
    with database.reading() as db:
        for kind, channel in wording_checks.RULES:
            assert table.languages(db, kind=kind, channel=channel) == ["el", "en"], kind


def test_defaults_are_stored_once_and_never_over_a_text_of_the_school(cast: Cast) -> None:
    made = save(cast, MAIL, BODY)
    with database.transaction() as db:
        wordings.ensure_defaults(db)
        assert table.newest(db, kind=MAIL["kind"], channel="email")["en"] == made.id
        assert [version.version for version in table.history(db, **MAIL)] == [2, 1]


def test_a_campaign_keeps_the_version_that_was_checked(cast: Cast) -> None:
    with database.reading() as db:
        frozen = table.newest(db, kind=MAIL["kind"], channel="email")
    save(cast, MAIL, BODY)
    with database.reading() as db:
        assert table.texts(db, ids=frozen)["en"].version == 1


def test_of_two_who_change_a_text_the_second_looks_again(cast: Cast) -> None:
    save(cast, MAIL, BODY)
    with pytest.raises(Conflict, match="another version"):
        save(cast, MAIL, f"{BODY}!")


def test_a_text_message_that_grows_over_two_segments_is_refused(cast: Cast) -> None:
    with pytest.raises(InputProblem, match="segments"):
        save(cast, SMS, "{school} {username} {password} {portal} " + "long " * 60)
    with pytest.raises(InputProblem, match="UCS-2"):
        save(cast, SMS, "{school} {username} {password} {portal} " + "ψ" * 80)


def test_of_two_who_save_at_the_same_moment_the_second_is_told(cast: Cast) -> None:
    of = {**MAIL, "seen": 1, "subject": "Your key"}
    came_to = meanwhile(
        lambda db: wordings.save(db, cast.ada.actor, **of, body=BODY),
        lambda db: wordings.save(db, cast.ada.actor, **of, body=f"{BODY}!"),
    )
    assert isinstance(came_to[0], Conflict)


def test_an_earlier_text_comes_back_as_a_new_version(cast: Cast) -> None:
    save(cast, MAIL, BODY)
    subject, body = wordings.default(**MAIL)
    with database.transaction() as db:
        made = wordings.save(db, cast.ada.actor, **MAIL, seen=2, subject=subject, body=body)
    with database.reading() as db:
        first = table.history(db, **MAIL)[-1]
    assert (made.version, made.subject, made.body) == (3, first.subject, first.body)


def test_a_text_that_is_the_same_makes_no_version(cast: Cast) -> None:
    subject, body = wordings.default(**MAIL)
    with pytest.raises(InputProblem, match="Nothing has changed"), database.transaction() as db:
        wordings.save(db, cast.ada.actor, **MAIL, seen=1, subject=f" {subject}", body=body.replace("\n", "\r\n"))


def test_a_changed_text_is_written_to_the_audit_without_its_words(cast: Cast) -> None:
    made = save(cast, MAIL, BODY)
    with database.reading() as db:
        entry = db.exec(select(AuditEntry).where(AuditEntry.action == "wording.changed")).one()
        assert audit.verify(db).broken_at is None
    assert (entry.object_kind, entry.object_id) == ("wording", made.id)
    assert entry.details == {**MAIL, "version": 2}


def test_the_texts_that_come_with_it_could_be_saved_as_they_are(cast: Cast) -> None:
    with database.reading() as db:
        for kind, channel in wording_checks.RULES:
            for language in ("en", "el"):
                subject, body = wordings.default(kind, channel, language)
                wordings.check(db, kind=kind, channel=channel, language=language, subject=subject, body=body)


def test_campaigns_find_their_texts_under_their_own_names_for_them(cast: Cast) -> None:
    with database.reading() as db:
        local = table.newest(db, kind="initial_credentials", channel="sms")
        beside = table.newest(db, kind="initial_credentials_microsoft", channel="sms")
        found = table.texts(db, ids={"en": local["en"], "en.microsoft": beside["en"], "el": 999_999})
    assert {name: text.kind for name, text in found.items()} == {
        "en": "initial_credentials",
        "en.microsoft": "initial_credentials_microsoft",
    }


@pytest.mark.parametrize("field", ["student", "sign_in", "people"])
def test_r80_the_full_name_never_stands_beside_a_credential_in_a_text_message(cast: Cast, field: str) -> None:
    with pytest.raises(InputProblem, match="There is no field"):
        save(cast, SMS, f"{{{field}}} {{username}} {{password}}")


def test_the_text_for_microsoft_accounts_carries_no_password(cast: Cast) -> None:
    with pytest.raises(InputProblem, match="There is no field"):
        save(cast, SMS | {"kind": "initial_credentials_microsoft"}, "{username} {password} {link}")


def test_only_who_may_change_settings_changes_a_text(cast: Cast) -> None:
    with pytest.raises(NotAllowed), database.transaction() as db:
        wordings.save(db, cast.olga.actor, **MAIL, seen=1, subject="x", body=BODY)


def test_r68_a_text_that_a_phone_would_make_a_link_of_is_not_saved(cast: Cast) -> None:
    with pytest.raises(InputProblem, match="nowhere but"):
        save(cast, SMS, "{username} {password} bit.ly")
    assert save(cast, SMS, "{username} {password} π.χ. office@school.example").version == 2
