"""T8-T11: what stands behind the sign-in, asked for by those who may not have it."""

from __future__ import annotations

import itertools
import re
import urllib.request

import httpx
import pytest
from sqlmodel import col, select
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets import exceptions, typing
from websockets.sync.client import ClientConnection, connect

from core import database
from core.config import ROOT
from core.models import AuditEntry
from tests.cast import Member
from tests.security import site as sites
from tests.security.site import Site
from tests.web.test_running_server import UPGRADE

STAFF_PAGES = ("settings", "imports", "wordings", "campaigns", "outbox", "accounts", "new_person")
PAIR = "ab" * 16
PATIENCE = 120  # seconds; a busy machine is no hole


def _cookie(site: Site, member: Member) -> str:
    with site.stranger() as browser:
        assert browser.sign_in(member.account.username).status_code == 303
        return f"sid={browser.client.cookies['sid']}"


def _socket(site: Site, cookie: str) -> ClientConnection:
    return connect(
        site.server.url.replace("http", "ws") + "/_stcore/stream",
        origin=typing.Origin(site.server.url),
        subprotocols=[typing.Subprotocol("streamlit")],
        additional_headers={"Cookie": cookie},
        max_size=None,
        open_timeout=PATIENCE,
    )


def _shown(socket: ClientConnection, page: str, query: str = "", uploaded: tuple[str, str] | None = None) -> str:
    """Everything that the server sends for one run of a page; `uploaded`: an uploader, and the file it says it has."""
    asked, everything = BackMsg(), ""
    asked.rerun_script.page_name, asked.rerun_script.query_string = page, query
    if uploaded:
        state = asked.rerun_script.widget_states.widgets.add()
        state.id = uploaded[0]
        file = state.file_uploader_state_value.uploaded_file_info.add()
        file.file_id, file.name, file.size = uploaded[1], "a.csv", 3
    socket.send(asked.SerializeToString())
    while True:
        message = ForwardMsg()
        message.ParseFromString(socket.recv(timeout=PATIENCE, decode=False))  # type: ignore[arg-type]
        everything += str(message)
        if message.WhichOneof("type") == "script_finished":
            return everything


def test_t10_r46_of_twenty_pairs_of_host_and_origin_one_opens_a_websocket(site: Site) -> None:
    cookie, url = _cookie(site, site.cast.tom), site.server.url
    ours, port = url.removeprefix("http://"), url.rpartition(":")[2]
    hosts = (ours, "evil.example", f"127.0.0.1:{port}", f"{ours}.evil.example")
    origins = (url, "http://evil.example", "null", None, f"http://127.0.0.1:{port}")
    opened = []
    for host, origin in itertools.product(hosts, origins):
        headers = UPGRADE | {"Host": host, "Cookie": cookie} | ({"Origin": origin} if origin else {})
        with httpx.stream("GET", f"{url}/_stcore/stream", headers=headers, timeout=PATIENCE) as answer:
            if answer.status_code == 101:
                opened.append((host, origin))
            else:
                assert answer.status_code == 403
    assert opened == [(ours, url)]


def test_r48_files_are_uploaded_by_staff_only_and_what_is_refused_is_not_kept(site: Site) -> None:
    """The same request from three people; Ada's page is then told that it has the file of each of them."""
    own = _cookie(site, site.cast.ada)
    with _socket(site, own) as socket:
        shown = _shown(socket, "imports")
        live, uploader = _found(r'session_id: "([^"]+)"', shown), _found(r'id: "([^"]+import_files_0)"', shown)
        answers = {
            "nobody": _upload(site, live, "nobody", ""),
            "a guardian": _upload(site, live, "a guardian", _cookie(site, site.cast.gina)),
            "ada": _upload(site, live, "ada", own),
        }
        said = {who: (answer.status_code, answer.text) for who, answer in answers.items()}
        assert said["nobody"] == (404, "Not found")
        assert said["a guardian"] == (401, "Sign in again.")
        assert said["ada"][0] == 204
        kept = {who: "a.csv" in _shown(socket, "imports", uploaded=(uploader, f"file-of-{who[-3:]}")) for who in said}
        assert kept == {"nobody": False, "a guardian": False, "ada": True}


def test_a_file_for_a_page_of_another_process_is_refused_in_a_way_that_makes_nginx_ask_the_next(site: Site) -> None:
    answer = _upload(site, "a-page-of-another-process", "ada", _cookie(site, site.cast.ada))
    assert (answer.status_code, answer.text) == (403, "Another process draws this page")


def _upload(site: Site, live: str, who: str, cookie: str) -> httpx.Response:
    """With a pair against foreign forms that the attacker makes up: it fits itself."""
    body = b'--x\r\nContent-Disposition: form-data; name="f"; filename="a.csv"\r\n\r\nabc\r\n--x--\r\n'
    headers = {
        "X-Xsrftoken": PAIR,
        "Content-Type": "multipart/form-data; boundary=x",
        "Cookie": "; ".join(filter(None, (f"_streamlit_xsrf={PAIR}", cookie))),
        "Origin": site.server.url,
    }
    path = f"{site.server.url}/_stcore/upload_file/{live}/file-of-{who[-3:]}"
    return httpx.put(path, content=body, headers=headers, timeout=PATIENCE)


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    assert found, pattern
    return found[1]


def test_t19_r48_one_session_opens_twenty_websockets_and_no_more(site: Site) -> None:
    cookie = _cookie(site, site.cast.cora)
    sockets = [_socket(site, cookie) for _number in range(20)]
    with pytest.raises(exceptions.InvalidStatus):
        _socket(site, cookie)
    for socket in sockets:
        socket.close()
    _socket(site, cookie).close()


@pytest.mark.parametrize("frame", [b"\xff", b"", "text", b"\x0a\xff\xff\xff\xff\x0f", b"\xff" * 100_000])
def test_r58_a_broken_frame_tells_nothing_of_the_machine(site: Site, frame: bytes | str) -> None:
    said = ""
    with _socket(site, _cookie(site, site.cast.ada)) as socket:
        socket.send(frame)
        try:
            while True:
                said += str(socket.recv(timeout=2))
        except (exceptions.ConnectionClosed, TimeoutError) as ended:
            said += str(ended)
    assert not any(secret in said for secret in (str(ROOT), "Traceback", ".py", "DecodeError"))
    assert _is_healthy(site)


def test_t19_r58_a_frame_of_61_megabytes_is_cut_off_and_hurts_nobody(site: Site) -> None:
    with _socket(site, _cookie(site, site.cast.ada)) as socket:
        before = sites.resident_kb(site.server)
        with pytest.raises(exceptions.ConnectionClosed):
            socket.send(b"\x00" * (61 * 1024 * 1024))
            socket.recv(timeout=PATIENCE)
    assert sites.resident_kb(site.server) - before < 200 * 1024
    assert _is_healthy(site)


def _is_healthy(site: Site) -> bool:
    with urllib.request.urlopen(f"{site.server.url}/healthz", timeout=PATIENCE) as answer:
        return bool(answer.status == 200)


def test_t11_r60_a_teacher_who_asks_for_what_is_not_theirs_sees_nothing_of_it(site: Site) -> None:
    """Pages by their names and people by their ids, as a copied request of an administrator would ask for them."""
    otto, ada, tom = site.cast.otto, site.cast.ada, site.cast.tom
    with _socket(site, _cookie(site, tom)) as socket:
        before = _refusals(tom)
        for page in STAFF_PAGES:
            shown = _shown(socket, page)
            assert "This page is not for your role" in shown, page
            assert not any(word in shown for word in ("Other", otto.account.username, "Text messages", "Adams")), page
        assert _refusals(tom)[len(before) :] == [("", None, "the role does not include it")] * len(STAFF_PAGES)
        before = _refusals(tom)
        for query in (f"id={otto.person.id}", f"id={ada.person.id}", "id=999999", "id=1%20or%201=1"):
            shown = _shown(socket, "student", query)
            assert "There is no such student in your classes" in shown, query
            assert not any(word in shown for word in ("Other", otto.account.username, "Adams")), query
        theirs = [("person", one.person.id, "it is not theirs") for one in (otto, ada)]
        assert [row for row in _refusals(tom)[len(before) :] if row[0]] == theirs
        assert "Sideris" in _shown(socket, "students")
        assert "Sideris" in _shown(socket, "student", f"id={site.cast.sam.person.id}")
    with _socket(site, _cookie(site, ada)) as socket:  # the same words are there for whoever may read them
        assert "Other" in _shown(socket, "student", f"id={otto.person.id}")
        assert "Text messages" in _shown(socket, "settings")


def _refusals(member: Member) -> list[tuple[str, int | None, str]]:
    """What the audit says that somebody was refused."""
    query = select(AuditEntry).where(AuditEntry.action == "access.refused")
    query = query.where(AuditEntry.account_id == member.account.id).order_by(col(AuditEntry.seq))
    with database.reading() as db:
        return [(row.object_kind, row.object_id, row.reason) for row in db.exec(query)]


def test_t8_r44_downloads_are_for_those_who_are_signed_in_and_asked_by_our_form(site: Site) -> None:
    fields = {"selection_id": "1", "expected": "1", "scope": "selected", "form_token": "0" * 32}
    with httpx.Client(base_url=site.server.url, headers={"Origin": site.server.url}, timeout=PATIENCE) as client:
        for cookie in ("", _cookie(site, site.cast.gina)):
            asked = [(method, path) for path in ("/files/list-csv", "/files/credentials") for method in ("GET", "POST")]
            for method, path in (*asked, ("GET", "/files/x/page/1")):
                form = fields if method == "POST" else None
                answer = client.request(method, path, data=form, headers={"Cookie": cookie})
                assert answer.status_code in (303, 404), (method, path)
                assert "no-store" in answer.headers["cache-control"]
        own = {"Cookie": _cookie(site, site.cast.ada)}
        assert client.post("/files/list-csv", data=fields, headers=own).status_code == 403  # no token of this session
