"""The jobs that come again do what they are for: what nobody may see any more is really gone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import Session, select

from core import clock as core_clock
from core import database
from core.delivery import housekeeping
from core.models import PreviewPage, ReportPart, ReportRequest, RequestStatus
from tests.cast import Cast
from tests.conftest import Clock

MINE = ("forget files", "forget previews")


@pytest.fixture(name="kept")
def _kept(cast: Cast, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file and a page of a preview, for ten minutes; and no other work than forgetting them."""
    monkeypatch.setattr(housekeeping, "JOBS", {name: housekeeping.JOBS[name] for name in MINE})
    monkeypatch.setattr(housekeeping.alarms, "note_audit", lambda: 0)
    monkeypatch.setattr(housekeeping.alarms, "look_at_disks", lambda: 0)
    ends = core_clock.now() + timedelta(minutes=10)
    owner = {"account_id": cast.olga.account.id or 0, "session_id": "here", "kid": "k"}
    with database.transaction() as db:
        made = ReportRequest(
            **owner,
            token="0" * 64,
            kind="credentials",
            title="User Account Credentials",
            people=1,
            asked=b"",
            status=RequestStatus.READY,
            created_at=core_clock.now(),
            expires_at=ends,
        )
        db.add(made)
        db.flush()
        db.add(ReportPart(request_id=made.id or 0, number=0, sealed=b"sealed"))
        db.add(PreviewPage(**owner, preview="p", number=1, expires_at=ends, sealed=b"sealed"))


def _what_is_kept(db: Session) -> tuple[int, int]:
    return len(db.exec(select(ReportPart)).all()), len(db.exec(select(PreviewPage)).all())


@pytest.mark.usefixtures("kept")
def test_r45_files_and_previews_are_gone_when_the_housekeeping_has_been_there(clock: Clock) -> None:
    housekeeping.run()
    with database.reading() as db:
        assert _what_is_kept(db) == (1, 1)
    clock.forward(minutes=16)
    housekeeping.run()
    with database.reading() as db:
        assert _what_is_kept(db) == (0, 0)
