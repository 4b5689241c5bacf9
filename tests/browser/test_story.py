"""The whole job in a real browser: from the printed link to a pupil who has signed in, and the PDF that says so."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser import second_factor
from tests.peers import firstkey
from tests.peers.firstkey import Server
from tests.peers.mailbox import Mailbox, mailbox

pytestmark = pytest.mark.browser

PASSWORD = "violet kettle over the harbour"
STUDENTS = """Student code;Last name;First name;Grade;Class;Personal e-mail;Use Personal E-mail;Language
S1;Παπαδοπούλου;Μαρία;7;7B;maria@mail.example;yes;el
S2;Nguyễn;Thị Ánh;7;7B;anh@mail.example;yes;en
S3;O'Brien <b>;Zoë;8;8A;zoe@mail.example;yes;en
S4;Sideris;Sam;8;8A;;no;en
"""


def test_from_the_printed_link_to_a_pupil_who_has_signed_in(chromium: Browser, tmp_path: Path) -> None:
    with mailbox() as box, _school(tmp_path, box) as server:
        staff = chromium.new_context(viewport={"width": 1440, "height": 1000}, base_url=server.url)
        page = staff.new_page()
        problems: list[str] = []
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        _create_administrator(page, server)
        _import_students(page, tmp_path)
        _create_accounts(page)
        _send_invitations(page, box)
        phone = chromium.new_context(viewport={"width": 360, "height": 740}, base_url=server.url, locale="el-GR")
        _activate_on_the_phone(phone, box)
        _see_it_on_the_status_page(page)
        _read_the_pdf(page, tmp_path)
        assert [text for text in problems if "Content Security Policy" in text] == []


def _school(folder: Path, box: Mailbox):
    return firstkey.running(folder, demo="no", email="smtp", smtp_url=box.url, email_rate="500")


def _create_administrator(page: Page, server: Server) -> None:
    assert server.setup_link
    page.goto(server.setup_link)
    page.get_by_label("Name of the school").fill("Athena School")
    for label, value in {
        "First name": "Ada",
        "Last name": "Adams",
        "E-mail": "ada@school.example",
        "Username": "ada",
    }.items():
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create administrator").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    second_factor.set_up(page)
    expect(page.get_by_role("heading", name="Account status")).to_be_visible(timeout=30_000)
    page.goto(server.setup_link)
    expect(page.get_by_text("This link has been used or has ended")).to_be_visible()


def _import_students(page: Page, folder: Path) -> None:
    file = folder / "students.csv"
    file.write_bytes(STUDENTS.encode("utf-16"))
    page.goto("/imports")
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name=re.compile("^Import 4 ")).click(timeout=30_000)
    expect(page.get_by_text("Imported: 4 new").first).to_be_visible(timeout=30_000)


def _create_accounts(page: Page) -> None:
    page.goto("/students")
    page.get_by_role("button", name="Select all 4").click(timeout=30_000)
    expect(page.get_by_text("4 selected", exact=False)).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="Bulk Actions").click()
    page.get_by_text("Create user accounts", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile("^Create 4 ")).click(timeout=30_000)
    expect(page.get_by_text("Accounts made: 4")).to_be_visible(timeout=30_000)


def _send_invitations(page: Page, box: Mailbox) -> None:
    """The manual's own steps: User Types = Students, Search, tick, Bulk Actions > Send Initial Invitation."""
    page.goto("/accounts")
    expect(page.get_by_role("button", name="Select all 5")).to_be_visible(timeout=30_000)  # Ada and the four
    page.get_by_label("User Types", exact=False).first.click(timeout=30_000)
    page.get_by_role("option", name="Students", exact=True).click()
    page.keyboard.press("Escape")  # the list of options stays open for a second answer
    page.get_by_role("button", name="Search", exact=True).click()
    page.get_by_role("button", name="Select all 4").click(timeout=30_000)
    expect(page.get_by_text("4 selected")).to_be_visible(timeout=30_000)  # else the run that follows closes the menu
    page.get_by_role("button", name="Bulk Actions").click()
    page.get_by_text("Send Initial Invitation", exact=True).click()
    expect(page.get_by_text("Use Personal E-mail is off")).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="Send 3 invitations").dblclick()
    assert len(box.wait_for(3)) == 3
    expect(page.get_by_text("3 of 3")).to_be_visible(timeout=30_000)


def _activate_on_the_phone(phone: BrowserContext, box: Mailbox) -> None:
    message = next(message for message in box.messages if "maria@mail.example" in str(message["To"]))
    body = message.get_body(("plain",))
    assert body is not None
    link = re.search(r"http://\S+/i/\w{26}", body.get_content())
    assert link is not None
    page = phone.new_page()
    page.goto(link[0])
    assert "/i/" not in page.url
    expect(page.get_by_role("heading", name="Μαρία")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.locator("#password").fill("kort")
    expect(page.locator("#again")).to_have_count(0)  # with a script the password can be shown, so it is typed once
    page.evaluate("document.querySelector('form[action=\"/invitation\"]').noValidate = true")
    page.get_by_role("button", name="Είμαι εγώ").click()
    expect(page.get_by_role("alert")).to_contain_text("μικρός")
    page.locator("#password").fill(PASSWORD)
    page.get_by_role("button", name="Είμαι εγώ").click()
    expect(page.locator("#username")).not_to_have_value("")
    page.locator("#password").fill(PASSWORD)
    page.get_by_role("button", name="Σύνδεση").click()
    expect(page.get_by_role("heading", name="Ο λογαριασμός μου")).to_be_visible()
    expect(page.get_by_text("Μαρία Παπαδοπούλου")).to_be_visible()
    _go_back(page)
    page.goto("/students")
    expect(page.get_by_role("heading", name="Ο λογαριασμός μου")).to_be_visible()
    page.goto(link[0])
    expect(page.get_by_role("link", name="Σύνδεση")).to_be_visible()


def _go_back(page: Page) -> None:
    """From *My account* past the sign-in page to the form that was refused: a page of ours each time, nothing sent."""
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.go_back()
    expect(page.get_by_text("Μαρία Παπαδοπούλου").or_(page.locator("#username"))).to_be_visible()
    page.go_back()
    expect(page.get_by_role("link", name="Σύνδεση")).to_be_visible()  # the link has been used
    page.reload()
    expect(page.get_by_role("link", name="Σύνδεση")).to_be_visible()
    assert page.url.endswith("/invitation") and sent == []


def _see_it_on_the_status_page(page: Page) -> None:
    page.goto("/")
    expect(page.get_by_role("heading", name="Account status")).to_be_visible(timeout=30_000)
    page.goto("/accounts?state=signed_in")
    expect(page.get_by_role("button", name="Select all 2")).to_be_visible(timeout=30_000)


def _read_the_pdf(page: Page, folder: Path) -> None:
    page.goto("/students")
    page.get_by_role("button", name="Reports").click(timeout=30_000)
    with page.expect_download(timeout=60_000) as download:
        page.get_by_role("button", name="Student Account Info").click()
    file = folder / "report.pdf"
    download.value.save_as(file)
    text = subprocess.run(["pdftotext", "-layout", str(file), "-"], check=True, capture_output=True, text=True).stdout
    for expected in ("Παπαδοπούλου", "Nguyễn", "O'Brien <b>", "Signed in", "Athena School"):
        assert expected in text
    assert PASSWORD not in text
