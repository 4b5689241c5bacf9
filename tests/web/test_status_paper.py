"""Account status as a PDF: of one's own scope, audited, and refused like any other download."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from httpx import Response
from sqlmodel import select
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core import database
from core.config import settings
from core.models import AuditEntry
from core.permissions import Actor, visitor
from core.services import open_session, sign_in
from core.tables import candidates
from core.tables.filters import StatusFilter
from core.web import cookies, files
from tests.cast import Cast, Member
from tests.documents import papers


@pytest.fixture
def client(cast: Cast) -> Iterator[TestClient]:
    with TestClient(Starlette(routes=files.ROUTES), base_url=settings().base_url) as made:
        yield made


def _signed_in(client: TestClient, member: Member) -> Actor:
    with database.transaction() as db:
        candidate = candidates.named(db, username=member.account.username)
        opened = sign_in.open(db, visitor(), candidate=candidate, fits=True)
        assert opened
    client.cookies.set(cookies.session_name(), opened.token)
    return opened.actor


def _post(client: TestClient, actor: Actor, text: str) -> Response:
    ours = {"Origin": settings().base_url, "Sec-Fetch-Site": "same-origin"}
    form = {"form_token": open_session.form_token(actor), "filter": text}
    return client.post("/files/account-status", data=form, headers=ours)


def test_r60_a_coordinator_prints_the_numbers_of_her_classes_and_no_others(client: TestClient, cast: Cast) -> None:
    actor = _signed_in(client, cast.cora)
    answer = _post(client, actor, json.dumps(StatusFilter().as_json()))
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith('attachment; filename="Account status 20')
    said = " ".join(papers.pages(answer.content))
    assert "Students: 2 students" in said
    assert "7B" in said
    assert "8A" not in said
    with database.reading() as db:
        entry = db.exec(select(AuditEntry).where(AuditEntry.action == "report.printed")).one()
    assert entry.details == {"kind": "account-status", "counted": 2}


def test_what_is_no_filter_is_refused_in_words(client: TestClient, cast: Cast) -> None:
    actor = _signed_in(client, cast.cora)
    for text in ("[1]", "{", "7"):
        answer = _post(client, actor, text)
        assert answer.status_code == 422
        assert "not complete" in answer.text


def test_r44_whoever_is_no_staff_finds_nothing(client: TestClient, cast: Cast) -> None:
    actor = _signed_in(client, cast.sam)
    assert _post(client, actor, "{}").status_code == 404
