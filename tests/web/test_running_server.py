"""The real server, asked by strangers, by a student and by staff: over HTTP and over websockets, as attackers do."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from sqlmodel import delete, select
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets import exceptions, typing
from websockets.sync.client import ClientConnection, connect

from core import config, database
from core.config import ROOT
from core.models import Account, AuditEntry, SchoolSettings, SignInSession
from core.web import routes
from tests import cast as tests_cast
from tests.cast import Cast, Member
from tests.peers import firstkey
from tests.peers.firstkey import Server
from tests.web import browsing
from tests.web.browsing import PASSWORD

MACHINERY = (
    "/_stcore/stream",
    "/_stcore/health",
    "/_stcore/host-config",
    "/_stcore/metrics",
    "/_stcore/agent/openapi.json",
    "/_stcore/script-health-check",
    "/_stcore/upload_file/x/y",
    "/media/x",
    "/media/0123456789abcdef.pdf",
    "/static/js/index.js",
    "/component/x/index.html",
    "/files/x",
)
OUR_PREFIXES = ("/files/x/y", "/assets/", "/assets/no.css", "/i/", "/i/x/y", "/setup/", "/me/", "/sign-in/")
SCREENS = (
    "/",
    "/students",
    "/accounts",
    "/settings",
    "/index.html",
    "/pages/students.py",
    "/i/a%0ab",
    "/assetsx",
    "/ME",
)
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


@dataclass
class School:
    """A running server and the people in its database."""

    server: Server
    cast: Cast

    def cookie(self, member: Member) -> str:
        """The cookie of a new session of somebody."""
        with httpx.Client(base_url=self.server.url, headers={"Origin": self.server.url}) as client:
            token = _form_token(client.get("/sign-in").text)
            form = {"form_token": token, "username": member.account.username, "password": PASSWORD}
            assert client.post("/sign-in", data=form).status_code == 303
            return f"sid={client.cookies['sid']}"


@dataclass
class Run:
    """What one run of the staff pages sent to the browser."""

    session: str = ""
    headings: list[str] = field(default_factory=list)
    everything: str = ""


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    """One server for all of these, with the cast in it. The test process uses the same database and key."""
    folder = tmp_path_factory.mktemp("server")
    with firstkey.running(folder, demo="no") as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("FIRSTKEY_DATABASE_URL", server.environment["FIRSTKEY_DATABASE_URL"])
        patch.setenv("FIRSTKEY_PORT", server.environment["FIRSTKEY_PORT"])
        patch.delenv("FIRSTKEY_SECRET_KEY", raising=False)
        _forget()
        cold = _cold_answers(server)
        with database.transaction() as db:
            db.exec(delete(SchoolSettings))
            people = tests_cast.school(db)
        for member in (people.ada, people.tom, people.sam, people.max):
            browsing.give_password(member.account)
        made = School(server, people)
        made.cold = cold  # type: ignore[attr-defined]
        yield made
        _forget()


def _forget() -> None:
    database.forget()
    config.settings.cache_clear()


def _cold_answers(server: Server) -> dict[str, httpx.Response]:
    """The very first requests that a fresh server sees."""
    with httpx.Client(base_url=server.url) as client:
        return {path: client.get(path) for path in (*SCREENS, *MACHINERY)}


def _form_token(page: str) -> str:
    found = re.search(r'name="form_token" value="([^"]+)"', page)
    assert found
    return found[1]


def _socket(
    school: School,
    cookie: str = "",
    *,
    origin: str | None = "",
    resume: str = "",
    path: str = "/_stcore/stream",
    **more: str,
) -> ClientConnection:
    headers = {name.replace("_", "-"): value for name, value in more.items()} | ({"Cookie": cookie} if cookie else {})
    protocols = ["streamlit", "unused", resume] if resume else ["streamlit"]
    return connect(
        school.server.url.replace("http", "ws") + path,
        origin=typing.Origin(school.server.url) if origin == "" else (typing.Origin(origin) if origin else None),
        subprotocols=[typing.Subprotocol(name) for name in protocols],
        additional_headers=headers,
        max_size=None,
    )


def _run(socket: ClientConnection, page: str = "") -> Run:
    asked = BackMsg()
    asked.rerun_script.page_name = page
    socket.send(asked.SerializeToString())
    seen = Run()
    while True:
        message = ForwardMsg()
        message.ParseFromString(socket.recv(timeout=30, decode=False))  # type: ignore[arg-type]
        seen.everything += str(message.delta)
        kind = message.WhichOneof("type")
        if kind == "new_session":
            seen.session = message.new_session.initialize.session_id
        elif kind == "delta" and message.delta.new_element.WhichOneof("type") == "heading":
            seen.headings.append(message.delta.new_element.heading.body)
        elif kind == "script_finished":
            return seen


def _refused(school: School, cookie: str = "", **how: str | None) -> int:
    """The status with which a websocket is refused; 101 when it is not."""
    try:
        with _socket(school, cookie, **how):  # type: ignore[arg-type]
            return 101
    except exceptions.InvalidStatus as refusal:
        return refusal.response.status_code


def test_r42_a_fresh_server_gives_a_stranger_nothing(school: School) -> None:
    cold: dict[str, httpx.Response] = school.cold  # type: ignore[attr-defined]
    for path, answer in cold.items():
        assert "streamlit" not in answer.text.lower(), path
        assert len(answer.content) < 20, path
        if path in MACHINERY:
            assert answer.status_code == 404, path
        else:
            assert (answer.status_code, answer.headers["location"][:14]) == (303, "/sign-in?next="), path


def test_r42_a_stranger_may_neither_write_nor_upload(school: School) -> None:
    pair = {"Cookie": "_streamlit_xsrf=abc", "X-Xsrftoken": "abc"}
    for path in (*SCREENS, *MACHINERY):
        for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
            answer = httpx.request(method, school.server.url + path, content=b"x", headers=pair)
            assert answer.status_code in (404, 405), (method, path)
            assert "streamlit" not in answer.text.lower()


def test_r42_a_websocket_needs_a_staff_session(school: School) -> None:
    student, staff = school.cookie(school.cast.sam), school.cookie(school.cast.tom)
    assert _refused(school) == 403
    assert _refused(school, "sid=made-up") == 403
    assert _refused(school, student) == 403
    assert _refused(school, staff) == 101
    for path in ("/", "/sign-in", "/i/x", "/assets/x", "/me", "/students", "/_stcore/agent/mcp"):
        assert _refused(school, staff, path=path) == 403, path


def test_r42_a_student_is_shown_nothing_of_the_staff_pages(school: School) -> None:
    with httpx.Client(base_url=school.server.url, headers={"Cookie": school.cookie(school.cast.sam)}) as client:
        for path in SCREENS:
            assert client.get(path).headers["location"] == "/me", path
        for path in MACHINERY:
            assert client.get(path).status_code in (303, 401, 404), path
        assert client.get("/me").status_code == 200


def test_r42_no_address_of_ours_falls_through_to_the_staff_pages(school: School) -> None:
    for cookie in ("", school.cookie(school.cast.sam)):
        with httpx.Client(base_url=school.server.url, headers={"Cookie": cookie}) as client:
            for route in (*routes.OURS, *OUR_PREFIXES):
                path = re.sub(r"\{.*?\}", "x", route if isinstance(route, str) else route.path)
                for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PROPFIND"):
                    answer = client.request(method, path)
                    assert "streamlit" not in answer.text.lower(), (method, path)
                    assert answer.status_code < 500, (method, path)


def test_staff_get_the_application(school: School) -> None:
    cookie = school.cookie(school.cast.ada)
    page = httpx.get(school.server.url + "/students", headers={"Cookie": cookie})
    assert page.status_code == 200
    assert "<script" in page.text
    with _socket(school, cookie) as socket:
        assert "Students List" in _run(socket, "students").headings


def test_r42_a_leaked_session_id_opens_nothing_for_anybody_else(school: School) -> None:
    ada, tom = school.cookie(school.cast.ada), school.cookie(school.cast.tom)
    with database.reading() as db:
        query = select(SignInSession.id).where(SignInSession.account_id == school.cast.ada.account.id)
        row_ids = list(db.exec(query))
    with _socket(school, ada) as socket:
        victim = _run(socket, "students").session
        for row_id in ("", *row_ids):
            with _socket(school, tom, resume=victim, X_App_Identity=row_id) as thief:
                assert _run(thief, "students").session != victim
        assert _refused(school, resume=victim) == 403
    with _socket(school, tom, resume=victim, X_App_Identity=row_ids[-1]) as thief:
        assert _run(thief, "students").session != victim
    with _socket(school, ada, resume=victim) as again:
        assert _run(again, "students").session == victim


def test_r46_one_origin_of_eight_opens_a_websocket(school: School) -> None:
    cookie, url = school.cookie(school.cast.ada), school.server.url
    port = url.rpartition(":")[2]
    origins = (url, None, "null", "http://evil.example", f"http://127.0.0.1:{port}", "http://localhost")
    origins += (f"https://localhost:{port}", f"{url}.evil.example")
    assert [_refused(school, cookie, origin=origin) for origin in origins] == [101] + [403] * 7


def test_r46_a_rebound_host_opens_no_websocket(school: School) -> None:
    cookie = school.cookie(school.cast.ada)
    for host in ("evil.example", f"127.0.0.1:{school.server.url.rpartition(':')[2]}"):
        answer = httpx.get(
            school.server.url + "/_stcore/stream",
            headers=UPGRADE | {"Host": host, "Cookie": cookie, "Origin": school.server.url},
        )
        assert answer.status_code == 403


def test_r50_what_streamlit_tells_about_itself_is_hidden_even_from_staff(school: School) -> None:
    with httpx.Client(base_url=school.server.url, headers={"Cookie": school.cookie(school.cast.ada)}) as client:
        for path in ("/_stcore/metrics", "/_stcore/agent/openapi.json", "/_stcore/script-health-check"):
            assert client.get(path).status_code == 404
        page = client.get("/")
        assert "server" not in page.headers
        assert "unsafe-eval" not in page.headers["content-security-policy"]
        assert "'sha256-" in page.headers["content-security-policy"]
        assert client.get("/_stcore/health").headers["cache-control"] == "private, no-store"


def test_r36_an_ended_session_is_told_so_by_401_and_shown_nothing(school: School) -> None:
    cookie = school.cookie(school.cast.tom)
    with httpx.Client(base_url=school.server.url, headers={"Cookie": cookie}) as client:
        assert client.get("/_stcore/health").status_code == 200
        _end_sessions(school.cast.tom)
        assert client.get("/_stcore/health").status_code == 401
        assert client.get("/media/x").status_code == 404
        assert client.get("/students").headers["location"] == "/sign-in?next=/students"
    assert _refused(school, cookie) == 403


def test_r37_an_open_page_is_empty_at_its_next_click_when_the_session_has_ended(school: School) -> None:
    with _socket(school, school.cookie(school.cast.tom)) as socket:
        assert "Students List" in _run(socket, "students").headings
        _end_sessions(school.cast.tom)
        after = _run(socket, "students")
        assert after.headings == ["Your session has ended"]
        assert "Sideris" not in after.everything


def _end_sessions(member: Member) -> None:
    with database.transaction() as db:
        for session in db.exec(select(SignInSession).where(SignInSession.account_id == member.account.id)):
            session.ended_at = session.created_at


def test_r49_a_fault_in_a_staff_page_shows_a_reference_only(school: School) -> None:
    with _socket(school, school.cookie(school.cast.ada)) as socket:
        _run(socket, "students")
        with database.transaction() as db:
            db.connection().exec_driver_sql("ALTER TABLE section RENAME TO section_away")
        try:
            after = _run(socket, "students").everything
        finally:
            with database.transaction() as db:
                db.connection().exec_driver_sql("ALTER TABLE section_away RENAME TO section")
    found = re.search(r"this number: ([0-9A-F]{8})", after)
    assert found
    assert f"fault {found[1]} at a staff page" in school.server.log.read_text()
    for secret in ("Traceback", "sqlite3", "OperationalError", str(ROOT), "no such table"):
        assert secret not in after


def test_r13_fifty_people_with_one_link_at_once_and_one_of_them_gets_it(school: School) -> None:
    token, url = browsing.link_for(school.cast.otto.account), school.server.url
    with httpx.Client(base_url=url) as client:
        client.get(f"/i/{token}")
        form = {"form_token": _form_token(client.get("/invitation").text), "password": PASSWORD, "again": PASSWORD}
        headers = {"Cookie": "; ".join(f"{n}={v}" for n, v in client.cookies.items()), "Origin": url}

    def send(_number: int) -> int:
        return httpx.post(f"{url}/invitation", data=form, headers=headers, timeout=60).status_code

    with ThreadPoolExecutor(50) as pool:
        statuses = sorted(pool.map(send, range(50)))
    assert statuses == [303] + [410] * 49
    with database.reading() as db:
        assert len(db.exec(select(AuditEntry).where(AuditEntry.action == "invitation.used")).all()) == 1
        assert db.get_one(Account, school.cast.otto.account.id).verified_at


def test_r43_no_token_and_no_session_stands_in_the_log(school: School) -> None:
    token = browsing.link_for(school.cast.max.account)
    cookie = school.cookie(school.cast.ada)
    httpx.get(f"{school.server.url}/i/{token}")
    httpx.get(f"{school.server.url}/i/{token}/", headers={"Cookie": cookie})
    with _socket(school, cookie) as socket:
        session = _run(socket, "students").session
    log = school.server.log.read_text()
    for secret in (token, cookie.removeprefix("sid="), session, PASSWORD):
        assert secret not in log


def _start(folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """Start with the configuration that stands in `folder`, and wait until it has refused."""
    values = {"FIRSTKEY_DATABASE_URL": f"sqlite:///{folder}/f.db", "FIRSTKEY_ENGINE_URL": f"sqlite:///{folder}/e.db"}
    command = [sys.executable, "-m", "uvicorn", "--app-dir", str(ROOT), "app:app", "--port", str(firstkey.free_port())]
    return subprocess.run(
        command, cwd=folder, env=os.environ | values | settings, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize(
    ("line", "instead", "said"),
    [
        ("enableXsrfProtection = true", "enableXsrfProtection = false", "unsafe server.enableXsrfProtection"),
        ('showErrorDetails = "none"', 'showErrorDetails = "full"', "unsafe client.showErrorDetails"),
        ("maxUploadSize = 10", "maxUploadSize = 200", "unsafe server.maxUploadSize"),
        ('x-app-identity = "app_identity"', "", "unsafe server.trustedUserHeaders"),
        ("postScriptGC = false", "", "unsafe runner.postScriptGC"),
    ],
)
def test_r47_with_unsafe_options_it_does_not_start(tmp_path: Path, line: str, instead: str, said: str) -> None:
    ours = (ROOT / ".streamlit" / "config.toml").read_text()
    assert line in ours
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "config.toml").write_text(ours.replace(line, instead))
    ended = _start(tmp_path)
    assert ended.returncode != 0
    assert said in ended.stdout + ended.stderr


def test_r47_without_its_configuration_it_does_not_start(tmp_path: Path) -> None:
    ended = _start(tmp_path)
    assert ended.returncode != 0
    assert "Start Firstkey from its own folder" in ended.stdout + ended.stderr


@pytest.mark.parametrize(("key", "said"), [("changeme" * 8, "placeholder"), ("ab" * 31, "too short")])
def test_r93_with_a_useless_key_it_does_not_start(tmp_path: Path, key: str, said: str) -> None:
    ended = _start(tmp_path, FIRSTKEY_SECRET_KEY=key)
    assert ended.returncode != 0
    assert said in ended.stdout + ended.stderr


def test_r46_behind_a_proxy_websockets_open_under_the_public_name_only(tmp_path: Path) -> None:
    """The server believes in https://keys.school.example; a proxy would hand on that Host."""
    public = "https://keys.school.example"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(firstkey, "READY_WITHIN_S", 60)
        with firstkey.running(tmp_path, demo="no", public_base_url=public) as server:
            patch.setenv("FIRSTKEY_DATABASE_URL", server.environment["FIRSTKEY_DATABASE_URL"])
            patch.delenv("FIRSTKEY_SECRET_KEY", raising=False)
            _forget()
            with database.transaction() as db:
                db.exec(delete(SchoolSettings))
                people = tests_cast.school(db)
            username = browsing.give_password(people.ada.account)
            _forget()
            own = {"Host": "keys.school.example", "Origin": public}
            with httpx.Client(base_url=server.url, headers=own) as client:
                shown = client.get("/sign-in")
                form = {"form_token": _form_token(shown.text), "username": username, "password": PASSWORD}
                visitor = shown.headers["set-cookie"].split(";")[0]
                answer = client.post("/sign-in", data=form, headers={"Cookie": visitor})
            assert answer.status_code == 303
            cookie = answer.headers["set-cookie"].split(";")[0]
            assert cookie.startswith("__Host-sid=")
            upgrade = own | UPGRADE | {"Cookie": cookie}
            with httpx.stream("GET", server.url + "/_stcore/stream", headers=upgrade) as opened:
                assert opened.status_code == 101
            for wrong in ({"Host": "localhost"}, {"Origin": server.url}, {"Origin": "http://keys.school.example"}):
                assert httpx.get(server.url + "/_stcore/stream", headers=upgrade | wrong).status_code == 403
