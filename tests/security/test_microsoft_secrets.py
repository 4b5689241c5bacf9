"""R91 with Microsoft 365: the stories run on a real server, then nothing secret is found in what it leaves behind."""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from sqlmodel import select

from core import database
from core.models import Account, DirectoryChange, DirectoryRunStatus, Person, SchoolSettings
from core.services import directory_creation, directory_look_ups
from tests.delivery import engine_room
from tests.peers import entra as peer
from tests.peers.entra import Entra, User
from tests.peers.tenant import GROUP, finished
from tests.security import site as sites
from tests.security.site import Site, Stranger

SAM = User("Sam Sideris", "sam@school.example", "0b1ec7aa-0000-4000-8000-000000000001")
MAX = User("Max Sideris", "max@school.example", "0b1ec7aa-0000-4000-8000-000000000002")
MAILBOX = "office@school.example"


@pytest.fixture(scope="module")
def entra(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Entra]:
    with peer.running(tmp_path_factory.mktemp("entra"), [SAM, MAX]) as running:
        running.graph.mailboxes.add(MAILBOX)
        running.graph.groups[GROUP] = set()
        yield running


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, entra: Entra) -> Iterator[Site]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in entra.settings().items():
            patch.setenv(name, value)
        with sites.running(tmp_path_factory.mktemp("canaries"), email="graph", graph_mailbox=MAILBOX) as running:
            yield running


def _prepare(site: Site) -> None:
    with database.transaction() as db:
        own = db.get_one(SchoolSettings, 1)
        own.microsoft, own.microsoft_user_types, own.microsoft_domain = True, ["student"], "school.example"
        own.microsoft_licence_group = GROUP
        account = db.get_one(Account, site.cast.sam.account.id)
        account.sign_in_method, account.username, account.username_key = "microsoft", SAM.address, SAM.address
        sam = db.get_one(Person, site.cast.sam.person.id)
        sam.contact_email, sam.contact_email_valid = "family@mail.example", True


def _waited(entra: Entra, done: Callable[[], bool], *, seconds: float = 120) -> None:
    until = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < until
        time.sleep(0.1)


def _there_and_back(entra: Entra, person: Stranger, user: User, start: str) -> tuple[str, dict[str, str]]:
    """The way back as a path, and what the browser carried."""
    asked = person.client.get(start)
    question = dict(parse_qsl(urlsplit(asked.headers["location"]).query))
    chosen = httpx.get(
        asked.headers["location"],
        params=question | {"chosen": user.object_id},
        verify=ssl.create_default_context(cafile=str(entra.certificate)),
    )
    back = urlsplit(chosen.headers["location"])
    carried = {"state": question["state"], "code": dict(parse_qsl(back.query))["code"]}
    return f"{back.path}?{back.query}", carried | {"flow": max(person.client.cookies.values(), key=len)}


def _invited(site: Site, entra: Entra) -> dict[str, str]:
    """Mail through Graph, the wrong person, a code that is used twice, then the right one."""
    engine_room.launch()
    _waited(entra, lambda: bool(entra.graph.sent))
    found = re.search(r"/i/(\w{26})", entra.graph.sent[0]["message"]["body"]["content"])
    assert found
    planted = {"link": found[1]}
    with site.stranger() as person:
        person.open(f"/i/{found[1]}")
        back, carried = _there_and_back(entra, person, MAX, "/auth/start?for=invitation")
        planted |= {f"{name} of another": value for name, value in carried.items()}
        assert person.open(back).status_code == 403
        back, carried = _there_and_back(entra, person, SAM, "/auth/start?for=invitation")
        planted |= carried
        assert person.open(back).headers["location"] == "/me"
        planted["session"] = person.client.cookies["sid"]
        assert person.open(back).status_code == 403
        entra.broken["token"] = f'{{"id_token": "{peer.SECRET}-cut'
        back, carried = _there_and_back(entra, person, SAM, "/auth/start")
        entra.codes.clear()
        assert person.open(back).status_code == 503
        entra.broken.clear()
        planted |= {f"{name} of a broken exchange": value for name, value in carried.items()}
    return planted


def _created(site: Site, entra: Entra) -> dict[str, str]:
    """Everybody who is missing in the directory, with an answer that is lost on the way."""
    ada = site.cast.ada.actor
    with database.transaction() as db:
        look_up = directory_look_ups.ask(db, ada)
    assert finished(look_up).status == DirectoryRunStatus.DONE
    entra.graph.lost = 1
    with database.transaction() as db:
        plan = directory_creation.preview(db, ada)
        run_id = directory_creation.launch(db, ada, seen=plan.seen, typed_count=len(plan.new))
    assert finished(run_id).status == DirectoryRunStatus.DONE
    with database.reading() as db:
        assert len(db.exec(select(DirectoryChange)).all()) == len(entra.graph.passwords) > sites.PUPILS
    return {f"initial password {number}": word for number, word in enumerate(entra.graph.passwords.values())}


def _places(site: Site) -> dict[str, bytes]:
    """Every file of the school: database, its log of writes, the engine's books, outbox, log; and the arguments."""
    folder = site.server.folder
    found = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    found["arguments"] = Path(f"/proc/{site.server.process.pid}/cmdline").read_bytes()
    return found


def _forms(secret: str) -> set[bytes]:
    bare = secret.replace("-", "") if len(secret) == 19 else secret
    return {form.encode() for one in (secret, bare) for form in (one, one.lower(), one.encode().hex())}


def test_r91_no_token_code_secret_or_initial_password_of_microsoft_is_left_anywhere(site: Site, entra: Entra) -> None:
    _prepare(site)
    planted = {"client secret": peer.SECRET} | _invited(site, entra) | _created(site, entra)
    planted |= {f"of a sign-in {number}": one for number, one in enumerate(entra.issued)}
    planted |= {f"Graph token {number}": one for number, one in enumerate(entra.graph.tokens)}
    places = _places(site)
    assert {"firstkey.db", "firstkey.db-wal", "engine.db", "server.log"} <= set(places)
    assert len(planted) > sites.PUPILS + 10
    for name, secret in planted.items():
        forms = _forms(secret)
        for place, content in places.items():
            assert not any(form in content for form in forms), f"{name} stands in {place}"
