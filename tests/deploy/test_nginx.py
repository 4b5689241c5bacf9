"""Two web processes on one PostgreSQL behind the real nginx, with the site that deploy/ ships."""

from __future__ import annotations

import re
import ssl
import time

import httpx
import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, expect, sync_playwright
from websockets import exceptions, typing
from websockets.sync.client import connect

from core import database
from tests.browser import conftest as browsers
from tests.deploy.district import District, trusting
from tests.web.browsing import PASSWORD


def _sign_in(client: httpx.Client, username: str, password: str = PASSWORD) -> httpx.Response:
    page = client.get("/sign-in")
    found = re.search(r'name="form_token" value="([^"]+)"', page.text)
    assert found, page.text
    return client.post("/sign-in", data={"form_token": found[1], "username": username, "password": password})


def _socket_status(district: District, cookie: str, origin: str) -> int:
    try:
        with connect(
            f"wss://localhost:{district.front.port}/_stcore/stream",
            ssl=trusting(district.front),
            origin=typing.Origin(origin),
            subprotocols=[typing.Subprotocol("streamlit")],
            additional_headers={"Cookie": cookie},
            open_timeout=60,
        ):
            return 101
    except exceptions.InvalidStatus as refusal:
        return refusal.response.status_code


def test_plain_http_is_sent_on_and_https_carries_the_headers(district: District) -> None:
    moved = httpx.get(f"http://localhost:{district.front.plain_port}/sign-in?next=/students")
    assert (moved.status_code, moved.headers["location"]) == (301, f"{district.front.url}/sign-in?next=/students")
    with district.person() as somebody:
        shown = somebody.get("/sign-in")
    assert shown.status_code == 200 and "max-age" in shown.headers["strict-transport-security"]
    assert "server" not in shown.headers or not re.search(r"\d", shown.headers["server"])
    assert "Secure" in shown.headers["set-cookie"]


def test_r89_only_tls_1_2_and_newer(district: District) -> None:
    old = trusting(district.front)
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version = ssl.TLSVersion.TLSv1
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(httpx.ConnectError):
        httpx.get(district.front.url + "/sign-in", verify=old)


def test_signing_in_and_a_websocket_work_through_it(district: District) -> None:
    with district.person() as ada:
        assert _sign_in(ada, district.cast.ada.account.username).status_code == 303
        cookie = f"__Host-sid={ada.cookies['__Host-sid']}"
        assert ada.get("/").status_code == 200
    assert _socket_status(district, cookie, district.front.url) == 101
    assert _socket_status(district, "", district.front.url) == 403
    assert _socket_status(district, cookie, "https://evil.example") == 403


def test_r57_the_address_of_the_client_reaches_the_limits_and_no_claim_of_theirs_does(district: District) -> None:
    forged = {"X-Forwarded-For": "198.51.100.7", "Forwarded": "for=198.51.100.7", "X-Real-IP": "198.51.100.7"}
    with district.person("127.0.0.9", **forged) as guesser:
        _sign_in(guesser, district.cast.olga.account.username, "not this one at all")
    with database.reading() as db:
        seen = set(db.scalars(sa.text("SELECT ip FROM audit_entry WHERE action = 'sign_in.refused'")))
        counted = set(db.scalars(sa.text("SELECT subject FROM throttle WHERE scope = 'address'")))
    assert seen == {"127.0.0.9"}
    assert counted == {"127.0.0.9"}


def test_a_browser_stays_with_its_process_and_browsers_spread_over_both(district: District) -> None:
    served: list[int] = []
    for _browser in range(12):
        with district.person() as somebody:
            mine = {district.serves(somebody) for _page in range(4)}
        assert len(mine) == 1
        served += mine
    assert set(served) == set(district.ports)


def test_r43_no_link_no_session_and_no_question_stands_in_its_log(district: District) -> None:
    secret = "canary0123456789abcdefghij"
    paths = (f"/i/{secret}", f"/v/{secret}", f"/setup/{secret}", f"/files/{secret}", f"/media/{secret}.pdf")
    with district.person() as somebody:
        for path in (*paths, f"/sign-in?next=/{secret}", f"/_stcore/upload_file/{secret}/x"):
            somebody.get(path, headers={"Referer": f"{district.front.url}/i/{secret}"})
        district.serves(somebody)
    assert secret not in district.front.log
    assert "/i/[redacted]" in district.front.log and "/_stcore/upload_file/[redacted]" in district.front.log


def test_r50_metrics_are_not_to_be_had_through_it(district: District) -> None:
    with district.person() as somebody:
        assert somebody.get("/metrics").status_code == 404


def test_after_the_loss_of_a_process_the_next_page_comes_back_within_ten_seconds(district: District) -> None:
    with sync_playwright() as playwright:
        browser = browsers.launch(playwright)
        try:
            _lose_its_process(district, browser)
        finally:
            browser.close()
    district.come_back()


def _lose_its_process(district: District, browser: Browser) -> None:
    context = browser.new_context(base_url=district.front.url, ignore_https_errors=True)
    page = context.new_page()
    district.signs_in(page, district.cast.ada)
    district.processes.kill(str(district.has(context)))
    started = time.monotonic()
    page.goto("/students", wait_until="commit")
    took = time.monotonic() - started  # drawing it is the browser's work, which has other tests beside it
    expect(page.get_by_role("heading", name="Students List")).to_be_visible(timeout=60_000)
    assert took < 10, f"{took:.1f} s"
    print(f"back after {took:.1f} s")


def test_while_nothing_answers_a_page_says_so(district: District) -> None:
    for name in list(district.processes.running):
        district.processes.stop(name)
    with district.person() as somebody:
        away = somebody.get("/sign-in")
    assert away.status_code == 502 and "Back in a moment" in away.text and away.headers["retry-after"] == "10"
    for port in district.ports:
        district.processes.web(port)
    district.processes.wait_for(*district.ports)
    time.sleep(5)  # fail_timeout of the site
    with district.person() as somebody:
        assert somebody.get("/sign-in").status_code == 200
