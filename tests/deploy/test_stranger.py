"""A server of one's own, by docs/operations.md word by word: HTTPS, a mail server, a backup by hand and every night."""

from __future__ import annotations

import os
import re
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import httpx

from core import database
from core.config import ROOT
from core.permissions import Actor, Role, Scope, visitor
from core.services import accounts, setup
from core.services.setup import Administrator
from tests.deploy import machine
from tests.deploy.machine import Machine
from tests.peers import nginx, smtp
from tests.peers.firstkey import free_port, listens
from tests.peers.smtp import Behaviour

OUR_NAME, OUR_MAIL = "keys.our-school.example", "mail.our-school.example:587"
LOGIN = ("office", "password")  # as the page writes them before the name of the mail server
ADA = Administrator("Ada", "Adler", "ada@our-school.example", "ada", "", "Our School")
PEOPLE = """\
Student Code,First Name,Last Name,Personal E-mail,Use Personal E-mail
S900001,Sam,Sample,sam@mail.example,yes
"""
STEPS = machine.blocks("## A server of one's own, with HTTPS")


def test_a_stranger_reaches_https_a_mail_server_and_a_backup(tmp_path: Path) -> None:
    """The section from its first line to its last; nginx is the real one, on a port that is free here."""
    https, web, mail = free_port(), free_port(), free_port()
    public, letters = f"localhost:{https}", Behaviour()
    of = _stranger(tmp_path, public=public, mail=mail)
    _certificates(of)
    for step in STEPS[:-1]:
        of.run(step)
    _what_was_noted(of)
    settings = of.root / "etc/firstkey/firstkey.env"
    settings.write_text(of.here(settings.read_text()))
    site = _site_of(of, https=https, public=public, web=web)
    relay = smtp.server(letters, certificate=of.root / "certificate.pem", login=LOGIN, port=mail)
    with relay, _serves(of, web), _nginx_runs(of, site):
        shown = _get(of, f"https://{public}/sign-in")
        assert shown.status_code == 200 and "strict-transport-security" in shown.headers
        said = of.run(STEPS[-1])
        _what_the_last_step_says(of, said)
        _a_letter_goes_out(of, said, letters)
    _its_link_leads_home(letters, public)
    _tonight_there_is_another_backup(of)


def test_doctor_trusts_no_mail_server_that_only_vouches_for_itself_and_says_when_the_login_is_wrong(
    tmp_path: Path,
) -> None:
    mail = free_port()
    of = _stranger(tmp_path, public="localhost", mail=mail)
    _certificates(of)
    of.run(STEPS[1])
    settings = of.root / "etc/firstkey/firstkey.env"
    settings.write_text(of.here(settings.read_text()))
    (of.root / "var/lib/firstkey").mkdir()
    of.run("firstkey init")
    certificate = of.root / "certificate.pem"
    with smtp.server(Behaviour(), certificate=certificate, login=(LOGIN[0], "another"), port=mail):
        assert "The mail server does not accept the name and" in of.run("firstkey doctor || true")
        of.everywhere = {}
        assert "The certificate of localhost is not trusted" in of.run("firstkey doctor || true")


def _stranger(folder: Path, *, public: str, mail: int) -> Machine:
    """Its own name and its mail server are on this machine; name and password of the latter are those of the page."""
    of = Machine(folder / "machine", **{OUR_NAME: public, OUR_MAIL: f"localhost:{mail}"})
    of.program("nginx", "#!/bin/bash\nexit 0\n")
    return of


def _certificates(of: Machine) -> None:
    """One for nginx, and one of the mail server, which this machine trusts as it trusts those of the world."""
    tls = of.root / "etc/firstkey/tls"
    tls.mkdir(parents=True)
    nginx._certificate(tls)
    # No grace before a launch: the test waits for the letter, and nobody is there to change their mind.
    trusted = smtp.self_made_certificate(of.root)
    of.everywhere = {"SSL_CERT_FILE": str(trusted), "FIRSTKEY_GRACE_SECONDS": "0"}


def _what_was_noted(of: Machine) -> None:
    noted = of.noted.read_text()
    for line in (
        "pip-of-the-school install --quiet --require-hashes -r",
        "systemctl restart systemd-journald",
        "systemctl enable firstkey.target firstkey-web@8501",
        "systemctl enable --now firstkey-backup.timer",
    ):
        assert line in noted, line


def _what_the_last_step_says(of: Machine, said: str) -> None:
    assert of.text("usr/local/sbin/firstkey") == (ROOT / "deploy" / "firstkey").read_text()
    assert " 0 faults" in said
    assert "ok  e-mail: localhost answers, encrypted, and lets us in" in said
    assert re.search(r"Written: \S+firstkey-\d{8}-\d{6}\.backup", said)
    assert len(_backups(of)) == 1


def _a_letter_goes_out(of: Machine, said: str, letters: Behaviour) -> None:
    """By the service that runs: the command only hands the campaign to it. The server takes nothing without login."""
    token = re.search(r"https://\S+/setup/(\S+)", said)
    assert token, "a link that works once"
    people = of.root / "var/lib/firstkey/people.csv"
    people.write_text(PEOPLE)
    of.run(f"firstkey import {people} --apply")
    _sign_up_and_make_accounts(of, token[1])
    sent = of.run("firstkey campaign send-initial-invitation --user-type student --yes")
    assert "is handed to the server or worker" in sent
    machine.wait(lambda: letters.accepted, told=lambda: of.text("firstkey-web@.service.log"))


def _sign_up_and_make_accounts(of: Machine, token: str) -> None:
    """What the administrator does with the link and on the page of students, here without a browser."""
    with of.in_this_process():
        with database.transaction() as db:
            setup.create_administrator(db, visitor(None), token=token, wanted=ADA, password_hash="none")
        with database.transaction() as db:
            ada = Actor("ada", account_id=1, roles=frozenset({Role.ADMINISTRATOR}), scope=Scope(everybody=True))
            seen = accounts.preview(db, ada, kind="student").seen
            assert accounts.create(db, ada, seen=seen, kind="student").done == 1


def _its_link_leads_home(letters: Behaviour, public: str) -> None:
    (envelope,) = letters.accepted
    letter = message_from_bytes(envelope.content or b"", EmailMessage, policy=policy.default)
    assert envelope.rcpt_tos == ["sam@mail.example"]
    assert letter["From"] == "School office <office@our-school.example>"
    text = letter.get_body(("plain",))
    assert text is not None and f"https://{public}/" in text.get_content()


def _tonight_there_is_another_backup(of: Machine) -> None:
    """The timer names the service by bearing its name, once a night; the service runs as systemd would run it."""
    timer = of.text("etc/systemd/system/firstkey-backup.timer")
    when = re.search(r"^OnCalendar=(.+)$", timer, re.MULTILINE)
    assert when and re.findall(r"^Unit=(.+)$", timer, re.MULTILINE) in ([], ["firstkey-backup.service"])
    asked = ["systemd-analyze", "calendar", "--iterations=3", when[1]]
    told = subprocess.run(asked, check=True, capture_output=True, text=True, env=os.environ | {"TZ": "UTC"}).stdout
    nights = re.findall(r"\d{4}-\d\d-\d\d 0\d:\d\d:\d\d", told)
    assert len(set(nights)) == 3
    before = _backups(of)
    with of.service("firstkey-backup.service") as process:
        assert process.wait(120) == 0, of.text("firstkey-backup.service.log")
    (made,) = _backups(of) - before
    assert f"Written: {made}" in of.text("firstkey-backup.service.log")
    assert "This backup is whole: 2 people, 2 accounts, 1 messages" in of.run(f"firstkey restore {made} --only-check")


def _backups(of: Machine) -> set[Path]:
    return set((of.root / "srv/backups/firstkey").glob("*.backup"))


@contextmanager
def _serves(of: Machine, port: int) -> Iterator[None]:
    """What `systemctl start firstkey.target` would start, once it is well."""
    unit = "firstkey-web@.service"
    with of.service(unit, i=str(port), H="here") as process:

        def is_well() -> bool:
            assert process.poll() is None, of.text(f"{unit}.log")
            try:
                return httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200
            except httpx.HTTPError:
                return False

        machine.wait(is_well, told=lambda: of.text(f"{unit}.log"))
        yield


def _get(of: Machine, url: str) -> httpx.Response:
    trusted = ssl.create_default_context(cafile=str(of.root / "etc/firstkey/tls/fullchain.pem"))
    return httpx.get(url, verify=trusted)


def _site_of(of: Machine, *, https: int, public: str, web: int) -> Path:
    """The site that the commands have written, on ports that are free here."""
    enabled = of.root / "etc/nginx/sites-enabled/firstkey"
    text = enabled.read_text()
    assert f"server_name {public};" in text
    text = text.replace(f"server_name {public};", "server_name localhost;")
    text = re.sub(r"    listen \[::\]:\d+.*;\n", "", text).replace("listen 443", f"listen 127.0.0.1:{https}")
    text = text.replace("listen 80;", f"listen 127.0.0.1:{free_port()};").replace("127.0.0.1:8501", f"127.0.0.1:{web}")
    text = re.sub(r"(?<![\w.])/(etc|opt)/firstkey/", rf"{of.root}/\1/firstkey/", text)
    site = of.root / "firstkey.conf"
    site.write_text(text.replace("/var/log/nginx/", f"{of.root}/"))
    return site


@contextmanager
def _nginx_runs(of: Machine, site: Path) -> Iterator[None]:
    user = "user root;" if os.geteuid() == 0 else ""
    configuration = of.root / "nginx.conf"
    configuration.write_text(nginx.MAIN.format(folder=site.parent, user=user))
    command = [nginx._nginx(), "-p", str(of.root), "-c", str(configuration), "-e", str(of.root / "nginx.log")]
    subprocess.run([*command, "-t"], check=True, capture_output=True)
    process = subprocess.Popen(command)
    try:
        listens(int(re.findall(r"listen 127.0.0.1:(\d+)", site.read_text())[-1]))
        yield
    finally:
        process.terminate()
        process.wait(30)
