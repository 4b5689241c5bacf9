"""T13: the corpus through every sink. No effect, no crash, no batch lost, and a sentence where something is refused."""

from __future__ import annotations

import csv
import email
import io
import re
from email.policy import default as modern
from typing import Any
from urllib.parse import quote

import openpyxl
import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from core import database
from core.documents import press
from core.errors import InputProblem
from core.gateways import mime
from core.gateways.channels import Email
from core.models import Account, AuditEntry, Message, MessageStatus, Person
from core.permissions import command_line, visitor
from core.rules import person_facts, sms_text
from core.rules.delivery_status import Outcome
from core.rules.imports import reading
from core.rules.spreadsheets import PAGE_LIMITS, Upload
from core.services import audit, campaigns, delivery, imports, list_files, recovery, reports, selections, wordings
from core.services.campaigns import Draft
from core.services.delivery_claims import Batch, Claim
from core.services.list_files import Order
from core.tables import list_columns
from core.tables.filters import AccountFilter, StudentFilter
from pages.shared import feedback
from tests import cast as make
from tests.cast import Cast
from tests.conftest import Clock
from tests.corpus import ADDRESSES, NAMES, NUMBERS, TOKENS
from tests.pages import screens
from tests.web import browsing

ACTOR = command_line("tester")
HEADER = ["Student code", "Last name", "First name", "Class", "Personal e-mail", "Use Personal E-mail", "Mobile"]


@pytest.fixture
def hostile(cast: Cast, clock: Clock) -> Cast:
    """A school in which everybody has a name of the corpus, however it got past the forms."""
    with database.transaction() as db:
        wordings.ensure_defaults(db)
        for number, name in enumerate(NAMES):
            # No database keeps a NUL; everything else may stand there, brought by another program.
            fields = {"first_name": name.replace("\x00", ""), "last_name": f"{name} {number}".replace("\x00", "")}
            pupil = make.person(db, in_section=cast.class_7b, source_id=f"H{number}", **fields)
            make.account(db, person=pupil, username=f"hostile.{number}")
    return cast


def _import(rows: list[list[str]]) -> str:
    """What became of a file: nothing raises but a refusal with a sentence."""
    text = io.StringIO()
    csv.writer(text, delimiter=";").writerows([HEADER, *rows])
    uploads = [Upload("list.csv", text.getvalue().encode("utf-8", "surrogatepass"))]
    try:
        intake = reading.read(reading.sheets(uploads, limits=PAGE_LIMITS))
        with database.reading() as db:
            seen = imports.check(db, ACTOR, intake=intake)
        with database.transaction() as db:
            imports.apply(db, ACTOR, seen=seen, uploads=uploads)
    except InputProblem as problem:
        assert str(problem).endswith((".", "!", "?")) or len(str(problem)) > 20
        return "refused"
    return "taken"


def test_t13_import_takes_or_refuses_each_in_words_and_nothing_by_halves(cast: Cast, clock: Clock) -> None:
    rows = [["", name, name, "7B", "", "", ""] for name in NAMES]
    rows += [["", "Last", "First", "7B", address, "yes", ""] for address in ADDRESSES]
    rows += [["", "Last", "First", "7B", "", "", number] for number in NUMBERS]
    for number, row in enumerate(rows):
        row[0] = f"H{number}"
        before, became = _people(), _import([row])
        assert _people() == before + (became == "taken"), row
    with database.reading() as db:
        assert audit.verify(db).broken_at is None
        stored = db.exec(select(Person.first_name)).all()
        assert not any(sign in name for name in stored for sign in ("\u202e", "\x00", "\u200b", "\r", "\n", "\u2028"))
        assert all(len(name) <= 100 for name in stored)
        reached = db.exec(select(Person).where(col(Person.personal_email_valid))).all()
        assert not any("," in one.personal_email or "\n" in one.personal_email for one in reached)


def _people() -> int:
    with database.reading() as db:
        return db.scalar(sa.select(sa.func.count()).select_from(Person)) or 0


def test_t13_a_whole_launch_goes_out_to_one_person_each_and_nothing_is_lost(hostile: Cast) -> None:
    draft = Draft(filter=AccountFilter(user_types=("student",)))
    with database.transaction() as db:
        seen = campaigns.check(db, hostile.olga.actor, draft=draft).fingerprint
    with database.transaction() as db:
        launched = campaigns.launch(db, hostile.olga.actor, draft=draft, seen=seen, idempotency_key=seen)
    with database.transaction() as db:
        batch = delivery.open_batch(db, campaign_id=launched.id or 0, batch=0)
    assert isinstance(batch, Batch) and len(batch.message_ids) == len(NAMES) + 3
    for message_id in batch.message_ids:
        with database.transaction() as db:
            claim = delivery.claim(db, batch=batch, message_id=message_id)
        assert isinstance(claim, Claim)
        _one_clean_mail(claim)
        with database.transaction() as db:
            delivery.record(db, message_id=message_id, outcome=Outcome(MessageStatus.SENT, provider_id="x"))
    with database.reading() as db:
        assert set(db.exec(select(Message.status))) == {MessageStatus.SENT}


def _one_clean_mail(claim: Claim) -> None:
    mail = Email(claim.address, claim.text.subject, claim.text.text, claim.text.html, claim.reference)
    raw = mime.content(mail, from_header="From: a@school.example\r\n", to=claim.address, message_id="<a@b>")
    read = email.message_from_bytes(raw, policy=modern)
    assert [address.addr_spec for address in read["To"].addresses] == [claim.address]
    assert {name.lower() for name in read} == {
        *("from", "to", "subject", "message-id", "date", "auto-submitted", "mime-version", "content-type"),
    }
    html = read.get_body(("html",)).get_content()
    assert not re.search(r"<(script|img|iframe)", html)
    assert len(set(re.findall(r'href="([^"]+)"', html))) == 1
    assert "{{7*7}}" in html or "7*7" not in html


def test_t13_text_messages_stay_short_and_carry_the_whole_link(hostile: Cast) -> None:
    with database.transaction() as db:
        change = {"use_personal_email": False, "mobile": "+306912345678", "mobile_region": "GR"}
        db.execute(sa.update(Person).where(col(Person.source_id).like("H%")).values(**change))
        db.execute(sa.update(Account).values(password_hash="$argon2id$x"))
        ids = db.scalars(select(Account.id).where(col(Account.username).like("hostile.%"))).all()
    for account_id in ids[:12]:
        with database.transaction() as db:
            campaign_id = recovery.answer(db, account_id=account_id or 0)
            batch = delivery.open_batch(db, campaign_id=campaign_id or 0, batch=0)
            assert isinstance(batch, Batch)
            db.execute(sa.update(Message).values(claimed_at=None))
            claim = delivery.claim(db, batch=batch, message_id=batch.message_ids[0])
        assert isinstance(claim, Claim)
        assert re.search(r"/i/[0-9A-Z]{26}", claim.text.text)
        assert sms_text.measure(claim.text.text).segments <= 2


@pytest.mark.parametrize("kind", ["list-csv", "list-csv-plain", "list-xlsx"])
def test_t13_r70_no_cell_of_an_export_is_a_formula(hostile: Cast, kind: str) -> None:
    with database.transaction() as db:
        selections.everything(db, hostile.olga.actor, list_name="students", filter=StudentFilter())
        chosen = selections.current(db, hostile.olga.actor, list_name="students").id or 0
        listed = list_files.prepare(
            db,
            hostile.olga.actor,
            kind=kind,
            columns=list(list_columns.STUDENTS),
            order=Order("name", descending=False),
            selection_id=chosen,
            scope="selected",
            expected=len(NAMES) + 3,
        )
    content = listed.content()
    if kind == "list-xlsx":
        cells = [cell for row in openpyxl.load_workbook(io.BytesIO(content)).active.iter_rows() for cell in row]
        assert len(cells) == (len(NAMES) + 4) * len(list_columns.STUDENTS)
        assert not [cell for cell in cells if cell.data_type == "f"]
        return
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=","))
    assert len(rows) == len(NAMES) + 4
    if kind == "list-csv":
        assert not [cell for row in rows for cell in row if cell[:1] in "=+-@\t\r\n＝＋－＠" and cell[:1]]


def test_t13_r71_a_report_of_all_of_them_is_one_sound_document(hostile: Cast) -> None:
    with database.transaction() as db:
        selections.everything(db, hostile.ada.actor, list_name="students", filter=StudentFilter())
        chosen = selections.current(db, hostile.ada.actor, list_name="students").id or 0
        prepared = _report(db, hostile, chosen)
    drawn = press.draw(prepared.paper)
    assert drawn.startswith(b"%PDF") and drawn.rstrip().endswith(b"%%EOF")
    assert b"/JavaScript" not in drawn and b"evil.example" not in drawn


def _report(db: Any, hostile: Cast, chosen: int) -> Any:
    asked = {"kind": "student-account-info", "selection_id": chosen, "scope": "selected", "expected": len(NAMES) + 3}
    return reports.prepare(db, hostile.ada.actor, **asked)


def test_t13_r97_the_audit_keeps_numbers_and_still_verifies(hostile: Cast) -> None:
    with database.transaction() as db:
        for name in NAMES:
            recovery.ask(db, visitor(name.replace("\x00", "")[:200]), account_id=None)
        audit.record(db, hostile.ada.actor, action="test", details={"text": "'; DROP TABLE person; -- \u202e{{7*7}}"})
    with database.reading() as db:
        assert audit.verify(db).broken_at is None
        assert len(db.exec(select(AuditEntry)).all()) == len(NAMES) + 1


def test_t13_r53_the_list_shows_them_as_text(hostile: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    page = screens.opener(monkeypatch)(hostile.olga.actor, "students.py")
    assert not page.exception
    assert not [element for element in page.markdown if "evil.example" in element.value and "\\" not in element.value]


def test_r53_what_markdown_would_make_a_link_of_is_broken_and_read_as_before() -> None:
    for address in ("https://evil.example/x", "HTTP://evil.example", "WWW.evil.example", "a.b@evil.example"):
        shown = re.sub(r"\\(.)", r"\1", feedback.plain(f"Ada {address} Adams"))
        assert not re.search(r"https?://|www\.|[\w.+-]@[\w-]", shown, re.IGNORECASE), address
        assert shown.replace("\u200b", "") == f"Ada {address} Adams"


def test_t13_pages_headers_and_cookies_full_of_it_are_answered_in_words(cast: Cast) -> None:
    with browsing.browser() as browser:
        for text in (*TOKENS, *NAMES[:20]):
            sent = quote(text[:300])
            for path in (
                f"/i/{sent}",
                f"/v/{sent}",
                f"/setup/{sent}",
                f"/sign-in?username={sent}&next={sent}&lang={sent}",
            ):
                assert browser.open(path).status_code < 500, path
            plain = text.encode("ascii", "ignore").decode().replace("\x00", "").strip()[:500]
            plain = re.sub(r"[\x00-\x1f;,]", "", plain)
            for name in ("sid", "inv", "adr", "choice", "form", "dev", "lang"):
                browser.client.cookies.clear()
                answer = browser.open("/sign-in", Cookie=f"{name}={plain}; {name}={plain}{plain}")
                assert answer.status_code < 500, name
            headers = {"User-Agent": plain, "Accept-Language": plain, "X-Forwarded-For": plain, "Referer": plain}
            browser.client.cookies.clear()
            browser.open("/forgotten")
            assert browser.send("/forgotten", {"username": text}, **headers).status_code in (200, 422, 429)
            browser.open("/sign-in")
            assert browser.send("/sign-in", {"username": text, "password": text}, **headers).status_code in (403, 422)


def test_every_name_of_the_corpus_has_a_sort_key_and_search_text() -> None:
    for name in NAMES:
        facts = {"last_name": name, "first_name": name, "middle_name": "", "source_id": name, "grade": name}
        facts |= dict.fromkeys(("mobile", "phone", "personal_email", "contact_email", "external_email"), "")
        assert person_facts.derived(facts, default_region="GR")
