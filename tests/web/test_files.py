"""Downloads over HTTP: who gets them, who gets nothing, and what a refusal looks like."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from html import escape

import pypdfium2
import pytest
from httpx import Response
from openpyxl import load_workbook
from sqlmodel import col, select
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core import database
from core.config import settings
from core.delivery import report_maker
from core.models import AccountRole, AuditEntry, Campaign, ReportPart, ReportRequest, SchoolSettings
from core.permissions import Actor, visitor
from core.rules import report_parameters
from core.rules import report_requests as report_requests_rules
from core.rules.report_parameters import CredentialParameters
from core.services import campaigns, open_session, previews, selections, sign_in, wordings
from core.services.campaigns import Draft
from core.services.printed_accounts import Printed
from core.tables import candidates
from core.tables.filters import AccountFilter, StudentFilter
from core.web import cookies, files
from tests import cast as make
from tests.cast import Cast, Member
from tests.conftest import Clock
from tests.documents import papers
from tests.documents.test_slips import decoded
from tests.rules.test_exports import HOSTILE
from tests.web import browsing

PATH = "/files/student-account-info"
CREDENTIALS = "/files/credentials"


@pytest.fixture
def client(cast: Cast) -> Iterator[TestClient]:
    with TestClient(Starlette(routes=files.ROUTES), base_url=settings().base_url, follow_redirects=False) as made:
        yield made


def _signed_in(client: TestClient, member: Member) -> Actor:
    with database.transaction() as db:
        candidate = candidates.named(db, username=member.account.username)
        opened = sign_in.open(db, visitor(), candidate=candidate, fits=True)
        assert opened
    client.cookies.set(cookies.session_name(), opened.token)
    return opened.actor


def _form(actor: Actor, **values: object) -> dict[str, str]:
    with database.transaction() as db:
        selections.current(db, actor, list_name="students")
        selections.show(db, actor, list_name="students", filter=StudentFilter())
    with database.transaction() as db:
        view = selections.current(db, actor, list_name="students")
    form = {
        "form_token": open_session.form_token(actor),
        "selection_id": view.id,
        "scope": "shown",
        "expected": 3,
    } | values
    return {name: str(value) for name, value in form.items()}


def _post(client: TestClient, form: dict[str, str], path: str = PATH, **headers: str) -> Response:
    ours = {"Origin": settings().base_url, "Sec-Fetch-Site": "same-origin"}
    return client.post(path, data=form, headers=ours | headers)


def test_the_document_is_downloaded_under_its_name_and_kept_by_no_cache(client: TestClient, cast: Cast) -> None:
    answer = _post(client, _form(_signed_in(client, cast.olga)))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"].startswith('attachment; filename="Student Account Info 20')
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "Sideris" in papers.pages(answer.content)[0]
    with database.reading() as db:
        assert db.exec(select(AuditEntry).where(AuditEntry.action == "report.printed")).one().account_id


def test_without_a_session_there_is_nothing(client: TestClient, cast: Cast) -> None:
    form = _form(_signed_in(client, cast.olga))
    client.cookies.clear()
    assert _post(client, form).status_code == 404
    client.cookies.set(cookies.session_name(), "made up")
    assert _post(client, form).status_code == 404


def test_a_student_gets_nothing_and_a_teacher_a_sentence(client: TestClient, cast: Cast) -> None:
    actor = _signed_in(client, cast.sam)
    form = {"form_token": open_session.form_token(actor), "selection_id": "1", "scope": "shown", "expected": "3"}
    assert _post(client, form).status_code == 404
    answer = _post(client, form | {"form_token": open_session.form_token(_signed_in(client, cast.tom))})
    assert answer.status_code == 403
    assert "Your role does not include this" in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_form_of_another_site_is_refused(client: TestClient, cast: Cast, headers: dict[str, str]) -> None:
    answer = _post(client, _form(_signed_in(client, cast.olga)), **headers)
    assert answer.status_code == 403
    assert "This form has expired" in answer.text


def test_a_form_that_names_no_page_is_refused(client: TestClient, cast: Cast) -> None:
    assert client.post(PATH, data=_form(_signed_in(client, cast.olga))).status_code == 403


@pytest.mark.parametrize("token", ["", "0" * 32, "é"])
def test_a_form_without_the_token_of_this_session_is_refused(client: TestClient, cast: Cast, token: str) -> None:
    assert _post(client, _form(_signed_in(client, cast.olga), form_token=token)).status_code == 403


def test_r95_a_denial_is_written_down_and_a_strangers_request_is_not(client: TestClient, cast: Cast) -> None:
    form = _form(_signed_in(client, cast.olga))
    tom = _signed_in(client, cast.tom)
    _post(client, form | {"form_token": open_session.form_token(tom)})
    client.cookies.clear()
    _post(client, form)
    with database.reading() as db:
        denied = db.exec(select(AuditEntry).where(AuditEntry.action == "access.refused")).one()
        assert (denied.account_id, denied.result) == (cast.tom.account.id, "refused")
        assert denied.details == {"service": "reports.prepare", "permission": "print_reports"}


def test_somebody_elses_selection_is_not_found(client: TestClient, cast: Cast) -> None:
    selection_id = _form(_signed_in(client, cast.olga))["selection_id"]
    answer = _post(client, _form(_signed_in(client, cast.ada), selection_id=selection_id))
    assert answer.status_code == 404
    assert "Go back to the list and choose again" in answer.text


def test_a_changed_list_is_refused_with_a_way_back(client: TestClient, cast: Cast) -> None:
    form = _form(_signed_in(client, cast.olga), expected=99)
    answer = _post(client, form, Referer=f"{settings().base_url}/accounts")
    assert answer.status_code == 409
    assert "now has 3 entries, not 99" in answer.text
    assert 'href="/accounts"' in answer.text
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "values", [{"expected": "x"}, {"selection_id": "-1"}, {"expected": "٣"}, {"expected": "9" * 30}]
)
def test_numbers_that_are_none_are_refused(client: TestClient, cast: Cast, values: dict[str, str]) -> None:
    assert _post(client, _form(_signed_in(client, cast.olga), **values)).status_code == 422


def test_an_unknown_report_and_a_huge_form_are_refused(client: TestClient, cast: Cast) -> None:
    form = _form(_signed_in(client, cast.olga))
    assert _post(client, form, path="/files/passwords").status_code == 404
    assert _post(client, form | {"more": "x" * 20_000}).status_code == 413
    assert client.get(PATH).status_code == 404


def test_credentials_are_printed_as_asked_and_locked_with_the_password_typed(client: TestClient, cast: Cast) -> None:
    asked = report_parameters.as_text(CredentialParameters(whose="students", layout="table", extra_text="Καλή χρονιά"))
    form = _form(_signed_in(client, cast.olga), parameters=asked)
    answer = _post(client, form, path=CREDENTIALS)
    text = papers.pages(answer.content)[0]
    assert "Καλή χρονιά" in text and "Sideris" in text and cast.gina.account.username not in text
    locked = _post(client, form | {"pdf_password": "correct horse"}, path=CREDENTIALS)
    with pytest.raises(pypdfium2.PdfiumError):
        papers.pages(locked.content)
    assert len(pypdfium2.PdfDocument(locked.content, password="correct horse")) == 1


@pytest.mark.parametrize("layout", ["letter", "2", "4", "8"])
def test_every_code_on_paper_opens_the_page_of_its_own_person(client: TestClient, cast: Cast, layout: str) -> None:
    issued = {browsing.link_for(member.account): member.person.first_name for member in (cast.sam, cast.max)}
    asked = report_parameters.as_text(CredentialParameters(whose="students", layout=layout))  # type: ignore[arg-type]
    paper = _post(client, _form(_signed_in(client, cast.olga), parameters=asked), path=CREDENTIALS).content
    greeted = {}
    for link in decoded(paper):
        with browsing.browser() as phone:
            opened = phone.open(link)
            assert (opened.status_code, opened.headers["location"]) == (303, "/invitation")
            greeted[link[-26:]] = re.search("Hello ([^<]+)</h1>", phone.open("/invitation").text)[1]  # type: ignore[index]
    assert greeted == issued and set(issued.values()) == {"Sam", "Max"}


@pytest.mark.parametrize(
    "values", [{"parameters": "made up"}, {"parameters": "W10"}, {"pdf_password": "short", "parameters": ""}]
)
def test_what_our_window_would_not_ask_is_refused_in_words(
    client: TestClient, cast: Cast, values: dict[str, str]
) -> None:
    asked = {"parameters": values["parameters"] or report_parameters.as_text(CredentialParameters())}
    answer = _post(client, _form(_signed_in(client, cast.olga), **(values | asked)), path=CREDENTIALS)
    assert answer.status_code == 422
    assert "Traceback" not in answer.text


def test_r31_an_old_sign_in_is_asked_who_it_is_and_the_download_goes_on_from_there(
    client: TestClient, cast: Cast, clock: Clock
) -> None:
    browsing.give_password(cast.olga.account)
    form = _form(_signed_in(client, cast.olga)) | {"pdf_password": "correct horse"}
    clock.forward(minutes=11)
    asked = _post(client, form, path=CREDENTIALS)
    assert asked.status_code == 403 and "is it you?" in asked.text
    assert "correct horse" not in asked.text  # typed again: it stands in no page
    carried = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', asked.text))
    assert carried | {"pdf_password": "correct horse"} == {key: escape(value) for key, value in form.items()}
    assert _post(client, form | {"proof": "wrong"}, path=CREDENTIALS).status_code == 403
    answer = _post(client, form | {"proof": browsing.PASSWORD}, path=CREDENTIALS)
    assert answer.status_code == 200 and answer.headers["content-disposition"].startswith("attachment")
    assert _post(client, form, path=CREDENTIALS).status_code == 200  # for ten minutes
    clock.forward(minutes=10)
    assert _post(client, form, path=CREDENTIALS).status_code == 403


def test_r31_lists_up_to_the_schools_limit_are_exported_at_any_time(
    client: TestClient, cast: Cast, clock: Clock
) -> None:
    form = _form(_signed_in(client, cast.olga), columns="name")
    clock.forward(minutes=11)
    assert _post(client, form, path="/files/list-csv").status_code == 200
    with database.transaction() as db:
        db.get_one(SchoolSettings, 1).fresh_code_above = int(form["expected"]) - 1
    assert _post(client, form, path="/files/list-csv").status_code == 403


def test_a_coordinator_gets_no_credentials(client: TestClient, cast: Cast) -> None:
    assert _post(client, _form(_signed_in(client, cast.cora)), path=CREDENTIALS).status_code in (403, 404)


def _campaign(cast: Cast) -> int:
    """A campaign to all students."""
    draft = Draft(filter=AccountFilter(user_types=("student",)))
    with database.transaction() as db:
        wordings.ensure_defaults(db)
        seen = campaigns.check(db, cast.olga.actor, draft=draft).fingerprint
        made = campaigns.launch(db, cast.olga.actor, draft=draft, seen=seen, idempotency_key=seen)
        return made.id or 0


@pytest.mark.parametrize(
    ("kind", "starts"), [("csv", b"\xef\xbb\xbfLast name"), ("csv-plain", b"Last name"), ("xlsx", b"PK")]
)
def test_the_outcome_of_a_campaign_is_downloaded_and_noted(
    client: TestClient, cast: Cast, kind: str, starts: bytes
) -> None:
    campaign_id = _campaign(cast)
    form = _form(_signed_in(client, cast.olga), selection_id=campaign_id)
    answer = _post(client, form, f"/files/campaign-outcome-{kind}")
    assert answer.status_code == 200
    assert answer.content.startswith(starts)
    assert f'filename="Campaign {campaign_id} ' in answer.headers["content-disposition"]
    with database.reading() as db:
        entry = db.exec(select(AuditEntry).where(AuditEntry.action == "outcome.exported")).one()
    assert entry.details == {"kind": f"campaign-outcome-{kind}", "count": 3}


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_r70_the_outcome_of_a_campaign_to_hostile_names_holds_no_formula(
    client: TestClient, cast: Cast, kind: str
) -> None:
    names = [name for name in HOSTILE if name.strip()]
    with database.transaction() as db:
        for number, name in enumerate(names):
            hostile = make.person(db, last_name=name, first_name=name, in_section=cast.class_7b)
            make.account(db, person=hostile, username=f"hostile{number}")
    form = _form(_signed_in(client, cast.olga), selection_id=_campaign(cast))
    content = _post(client, form, f"/files/campaign-outcome-{kind}").content
    if kind == "csv":
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    else:
        cells = list(load_workbook(io.BytesIO(content)).worksheets[0].iter_rows())
        assert not any(cell.data_type == "f" or cell.hyperlink for row in cells for cell in row)
        rows = [[str(cell.value or "") for cell in row] for row in cells]
    assert len(rows) == len(names) + 4
    assert not any(cell.startswith(tuple("=+-@\t\r\n＝＋－＠")) for row in rows for cell in row)


def test_r60_who_may_not_send_gets_no_outcome(client: TestClient, cast: Cast) -> None:
    form = _form(_signed_in(client, cast.cora), selection_id=_campaign(cast))
    assert _post(client, form, "/files/campaign-outcome-csv").status_code == 403


@pytest.mark.parametrize("kind", ["csv", "csv-plain", "xlsx"])
def test_r70_the_list_of_campaigns_is_downloaded_noted_and_holds_no_formula(
    client: TestClient, cast: Cast, kind: str
) -> None:
    campaign_id = _campaign(cast)
    with database.transaction() as db:
        db.get_one(Campaign, campaign_id).launched_by_label = "=1+1"
    answer = _post(client, _form(_signed_in(client, cast.olga), selection_id=0), f"/files/campaigns-{kind}")
    assert answer.status_code == 200 and 'filename="Campaigns ' in answer.headers["content-disposition"]
    if kind == "xlsx":
        cells = list(load_workbook(io.BytesIO(answer.content)).worksheets[0].iter_rows())
        assert not any(cell.data_type == "f" for row in cells for cell in row)
        rows = [[str(cell.value or "") for cell in row] for row in cells]
    else:
        assert answer.content.startswith(b"\xef\xbb\xbf") == (kind == "csv")
        rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert len(rows) == 2 and rows[0][:3] == ["Campaign", "Launched", "By"]
    assert rows[1][2] == "'=1+1" and rows[1][3] == "Initial invitation"
    with database.reading() as db:
        entry = db.exec(select(AuditEntry).where(AuditEntry.action == "list.exported")).one()
    assert entry.details == {"kind": f"campaigns-{kind}", "list": "Campaigns", "rows": 1}


def test_r60_who_may_not_send_and_a_signed_out_browser_get_no_list_of_campaigns(client: TestClient, cast: Cast) -> None:
    _campaign(cast)
    form = _form(_signed_in(client, cast.cora), selection_id=0)
    assert _post(client, form, "/files/campaigns-csv").status_code == 403
    client.cookies.clear()
    assert _post(client, form, "/files/campaigns-csv").status_code == 404


def test_the_staff_that_the_search_finds_and_the_years_are_downloaded(client: TestClient, cast: Cast) -> None:
    form = _form(_signed_in(client, cast.ada), selection_id=0, asked="cora")
    answer = _post(client, form, "/files/staff-csv")
    assert answer.status_code == 200 and answer.headers["cache-control"] == "no-store"
    assert 'filename="Staff and roles ' in answer.headers["content-disposition"]
    (row,) = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))[1:]
    assert row[2] == cast.cora.account.username and row[8] == "7B"
    answer = _post(client, form, "/files/years-xlsx")
    assert 'filename="Academic years ' in answer.headers["content-disposition"]
    assert load_workbook(io.BytesIO(answer.content)).worksheets[0]["A2"].value == cast.period.title
    client.cookies.clear()
    assert [_post(client, form, f"/files/{kind}-csv").status_code for kind in ("staff", "years")] == [404, 404]


def test_what_went_wrong_in_a_round_in_microsoft_365_is_downloaded(client: TestClient, cast: Cast) -> None:
    with database.transaction() as db:
        run_id = make.directory_round(db, cast.sam.person)
    form = _form(_signed_in(client, cast.ada), selection_id=run_id)
    answer = _post(client, form, "/files/directory-outcome-csv")
    assert answer.status_code == 200 and f'filename="Microsoft 365 round {run_id} ' in str(answer.headers)
    assert _post(client, form | {"selection_id": str(run_id + 1)}, "/files/directory-outcome-csv").status_code == 422


def test_a_list_is_downloaded_as_it_stands_on_screen(client: TestClient, cast: Cast) -> None:
    form = _form(_signed_in(client, cast.olga), columns="name,section", sort="name", descending="yes")
    answer = _post(client, form, path="/files/list-csv")
    assert answer.status_code == 200 and answer.headers["cache-control"] == "no-store"
    assert 'filename="Students List ' in answer.headers["content-disposition"]
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert lines[0] == "Name,Class" and len(lines) == 4 and lines[1:] == sorted(lines[1:], reverse=True)


def test_r61_an_order_made_up_is_the_one_by_name_and_a_column_made_up_none(client: TestClient, cast: Cast) -> None:
    form = _form(_signed_in(client, cast.olga), columns="name", sort="password_hash")
    assert _post(client, form, path="/files/list-csv").status_code == 200
    form = _form(_signed_in(client, cast.olga), columns="password_hash")
    assert _post(client, form, path="/files/list-csv").status_code == 422


def test_a_signed_out_browser_exports_nothing(client: TestClient, cast: Cast) -> None:
    form = _form(_signed_in(client, cast.olga), columns="name")
    client.cookies.clear()
    assert _post(client, form, path="/files/list-xlsx").status_code == 404


def test_a_page_of_a_preview_is_shown_to_nobody_but_who_asked(client: TestClient, cast: Cast) -> None:
    olga = _signed_in(client, cast.olga)
    with database.transaction() as db:
        shown = selections.show(db, olga, list_name="students", filter=StudentFilter()).id or 0
        begun = previews.read(db, olga, Printed(shown, "shown", CredentialParameters(show_passwords=False)))
    pictures = previews.draw(begun)
    with database.transaction() as db:
        preview = previews.keep(db, olga, begun=begun, pictures=pictures)
    path = f"/files/{preview.id}/page/1"
    answer = client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    assert answer.headers["cache-control"] == "no-store"
    assert client.get(f"/files/{preview.id}/page/99").status_code == 404
    _signed_in(client, cast.ada)
    assert client.get(path).status_code == 404
    _signed_in(client, cast.cora)
    assert client.get(path).status_code == 404
    client.cookies.clear()
    assert client.get(path).status_code == 404


def _ready(client: TestClient, cast: Cast, monkeypatch: pytest.MonkeyPatch, kind: str) -> str:
    monkeypatch.setattr(report_requests_rules, "LONG", 2)
    monkeypatch.setattr(report_requests_rules, "LONG_CREDENTIALS", 2)
    monkeypatch.setattr(report_requests_rules, "PART", 20 if kind == "list-csv" else 20_000)
    answer = _post(client, _form(_signed_in(client, cast.olga), columns="name,section"), path=f"/files/{kind}")
    assert (answer.status_code, answer.headers["location"]) == (303, "/reports")
    return _made()


@pytest.fixture
def ready(client: TestClient, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a long list that Olga asked for, made; she is signed in."""
    return _ready(client, cast, monkeypatch, "list-csv")


@pytest.fixture(params=["list-csv", "credentials"])
def either(client: TestClient, cast: Cast, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """The same of a list, and of slips with their passwords."""
    return _ready(client, cast, monkeypatch, request.param)


def _made() -> str:
    with database.reading() as db:
        row = db.exec(select(ReportRequest).order_by(col(ReportRequest.id).desc())).first()
    assert row
    report_maker.run(row.id or 0)
    return f"/files/{row.token}"


def test_r44_a_long_file_is_fetched_once_and_nothing_of_it_is_kept(client: TestClient, cast: Cast, ready: str) -> None:
    with database.reading() as db:
        sealed = b"".join(part.sealed for part in db.exec(select(ReportPart)))
    assert b"Sideris" not in sealed and len(sealed) > 100
    assert client.head(ready).status_code == 404
    answer = client.get(ready)
    assert answer.status_code == 200 and answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-disposition"].startswith('attachment; filename="Students List 20')
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert len(answer.content.decode("utf-8-sig").splitlines()) == 4
    assert client.get(ready).status_code == 404
    with database.reading() as db:
        assert db.exec(select(ReportPart)).first() is None
        said = [
            (entry.action, entry.details["count"]) for entry in db.exec(select(AuditEntry)) if "count" in entry.details
        ]
    assert said == [("report_file.asked", 3), ("list.exported", 3), ("report_file.fetched", 3)]


def test_r44_another_user_a_coordinator_another_session_and_nobody_get_nothing(
    client: TestClient, cast: Cast, either: str
) -> None:
    mine = client.cookies[cookies.session_name()]
    client.cookies.clear()
    assert client.get(either).status_code == 404
    for member in (cast.ada, cast.cora, cast.tom, cast.sam, cast.olga):
        _signed_in(client, member)
        assert client.get(either).status_code == 404
    client.cookies.clear()
    client.cookies.set(cookies.session_name(), mine)
    assert client.get(either).status_code == 200


def test_r44_after_ten_minutes_or_another_role_there_is_nothing(
    client: TestClient, cast: Cast, clock: Clock, either: str
) -> None:
    with database.transaction() as db:
        held = db.exec(select(AccountRole).where(AccountRole.account_id == cast.olga.account.id)).one()
        held.everybody, held.section_ids = False, [cast.class_7b.id or 0]
        db.add(held)
    assert client.get(either).status_code == 404
    with database.transaction() as db:
        again = db.get_one(AccountRole, held.id)
        again.everybody, again.section_ids = True, []
    clock.forward(minutes=11)
    assert client.get(either).status_code == 404


def test_r72_long_credentials_are_sealed_with_the_password_of_their_file_and_gone_when_fetched(
    client: TestClient, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_requests_rules, "LONG_CREDENTIALS", 2)
    asked = report_parameters.as_text(CredentialParameters(whose="students", layout="table"))
    form = _form(_signed_in(client, cast.olga), parameters=asked, pdf_password="correct horse")
    assert _post(client, form, path=CREDENTIALS).status_code == 303
    with database.reading() as db:
        assert b"correct horse" not in db.exec(select(ReportRequest.asked)).one()
    address = _made()
    with database.reading() as db:
        kept = [part.sealed for part in db.exec(select(ReportPart))]
        assert db.exec(select(ReportRequest.asked)).one() == b""
    assert kept and not any(b"%PDF" in part for part in kept)
    answer = client.get(address)
    assert len(pypdfium2.PdfDocument(answer.content, password="correct horse")) == 1
    assert client.get(address).status_code == 404
    with database.reading() as db:
        assert db.exec(select(ReportPart)).first() is None


def test_as_many_slips_as_will_be_drawn_decide_whether_it_is_long(
    client: TestClient, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_requests_rules, "LONG_CREDENTIALS", 3)
    olga = _signed_in(client, cast.olga)
    students = report_parameters.as_text(CredentialParameters(whose="students"))
    assert _post(client, _form(olga, parameters=students), path=CREDENTIALS).status_code == 200
    both = report_parameters.as_text(CredentialParameters(whose="both"))  # three students, and Gina
    assert _post(client, _form(olga, parameters=both), path=CREDENTIALS).status_code == 303
    with database.reading() as db:
        row = db.exec(select(ReportRequest)).one()
    assert row.people == 4
    assert _made() and client.get(f"/files/{row.token}").content.startswith(b"%PDF")


def test_a_long_file_is_refused_at_once_when_it_could_not_be_made(
    client: TestClient, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_requests_rules, "LONG", 2)
    form = _form(_signed_in(client, cast.olga), expected=99)
    assert _post(client, form).status_code == 409
    assert _post(client, form, path="/files/made-up").status_code == 404
    with database.reading() as db:
        assert db.exec(select(ReportRequest)).first() is None


def test_six_long_files_at_a_time_are_too_many(client: TestClient, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_requests_rules, "LONG", 2)
    form = _form(_signed_in(client, cast.olga))
    answers = [_post(client, form).status_code for _ in range(6)]
    assert answers == [303] * 5 + [429]
