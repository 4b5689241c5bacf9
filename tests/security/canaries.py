"""A server in which every flow with a secret has run once, over a mail server and a text service that ask who comes.

What was planted is known by name, so that a search can look for all of it.
"""

from __future__ import annotations

import email
import email.policy
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pyotp
from sqlmodel import Session, col, select
from twilio.request_validator import RequestValidator

from core import clock, database
from core.errors import RowProblem
from core.models import Account, CampaignKind, Channel, FolderImport, Message, ReminderRun, SchoolSettings
from core.permissions import Role
from core.rules.imports import reading
from core.rules.spreadsheets import PAGE_LIMITS, Upload
from core.services import campaigns, imports, initial_passwords, selections
from core.services.campaigns import Draft
from core.tables import selection_rows
from tests import cast as make
from tests.peers import smtp, twilio_faults
from tests.peers.smtp import Behaviour
from tests.peers.twilio_faults import Faults
from tests.security import site as sites
from tests.security.site import Site
from tests.web.browsing import HASH

SMTP = "canary-of-the-mail-server"
TWILIO, TWILIO_ACCOUNT = "canaryofthetextservice0123456789", "AC00000000000000000000000000000000"
NEW = "canary kettle under the harbour"
UPLOADED = "canary of a careless export"
LIST = (
    f"Student code;Last name;First name;Class;Personal e-mail;Password\r\nS901;Iver;Ivo;7B;ivo at home;{UPLOADED}\r\n"
)
PATIENCE_S = 180
BY_TEXT, NEWCOMER = ("+306912345671", "petra.paper"), ("+306912345672", "karl.new")


@dataclass
class Used:
    """The server, both providers, and what was planted in them by its name."""

    site: Site
    mail: Behaviour
    texts: Faults
    planted: dict[str, str] = field(default_factory=dict)
    campaign_id: int = 0
    directory_run_id: int = 0
    problems: list[RowProblem] = field(default_factory=list)

    def mail_to(self, address: str) -> str:
        """The content of a message that the mail server took, waited for."""

        def found() -> str:
            contents = [one.content for one in self.mail.accepted if one.rcpt_tos == [address]]
            return text_of(contents[-1]) if contents else ""

        return _waited(found)

    def text_to(self, number: str) -> str:
        """The body that the text service took for a number, waited for."""
        return _waited(lambda: next((one["Body"] for one in self.texts.taken if one["To"] == number), ""))


@contextmanager
def used(folder: Path) -> Iterator[Used]:
    """Start all three, and do everything once."""
    mail = Behaviour()
    with smtp.server(mail, login=("office", SMTP)) as port, twilio_faults.running() as texts:
        settings = {
            "email": "smtp",
            "smtp_url": f"smtp://office:{SMTP}@127.0.0.1:{port}",
            "email_from": "School office <office@school.example>",
            "sms": "twilio",
            "twilio_account_sid": TWILIO_ACCOUNT,
            "twilio_auth_token": TWILIO,
            "twilio_from": "+15005550006",
            "twilio_api_base_url": texts.url,
            "log_level": "debug",
        }
        with sites.running(folder, **settings) as site:
            made = Used(site, mail, texts, {"password at the mail server": SMTP, "token of the text service": TWILIO})
            with database.transaction() as db:
                _more_people(db, made)
            for flow in (_forgets, _is_texted, _sets_up_an_app, _is_given_an_initial_password, _campaign, _rounds):
                flow(made)
            yield made


def _more_people(db: Session, made: Used) -> None:
    """Whoever can be reached by text messages only: one has a password, one was never invited."""
    own = db.get_one(SchoolSettings, 1)
    own.sms_from_hour, own.sms_until_hour = 0, 24
    for (number, username), stored in ((BY_TEXT, HASH), (NEWCOMER, "")):
        who = make.person(db, in_section=made.site.cast.class_8a, mobile=number, personal_email="")
        account = make.account(db, person=who, username=username, password_hash=stored)
        make.role(db, account=account, role=Role.STUDENT)


def _forgets(made: Used) -> None:
    """A link by e-mail, a new password with it, and another one by hand."""
    site, planted, sam = made.site, made.planted, made.site.cast.sam
    with site.stranger() as person:
        person.open("/forgotten")
        person.send("/forgotten", {"username": sam.account.username})
        planted["link of a forgotten password"] = token = _link(made.mail_to(sam.person.personal_email))
        person.open(f"/i/{token}/and/more")
        person.open(f"/i/{token}")
        person.open("/invitation")
        assert person.send("/invitation", {"password": NEW, "again": NEW}).status_code == 303
        person.sign_in(sam.account.username, NEW[:-1])
        assert person.sign_in(sam.account.username, NEW).status_code == 303
        planted["chosen password"] = NEW
        planted["session"] = person.client.cookies["sid"]
        planted["known device"] = person.client.cookies["dev"]
        person.open("/me")
        person.send("/me/password", {"current": "canary that is wrong", "password": NEW[::-1]})
        person.open("/me")
        assert person.send("/me/password", {"current": NEW, "password": NEW[::-1]}).status_code == 303
        planted["second password"] = NEW[::-1]
        planted["wrong password"] = "canary that is wrong"


def _is_texted(made: Used) -> None:
    """The same where there is only a mobile; and the text service says that it arrived, with its signature."""
    number, username = BY_TEXT
    with made.site.stranger() as person:
        person.open("/forgotten")
        person.send("/forgotten", {"username": username})
        made.planted["link in a text message"] = _link(made.text_to(number))
    with database.reading() as db:
        reference = db.exec(select(Message.reference).where(Message.address == number)).one()
    url = f"{made.site.server.url}/webhooks/twilio?m={reference}"
    word = {"MessageSid": f"SM{0:032x}", "MessageStatus": "delivered"}
    signed = {"X-Twilio-Signature": RequestValidator(TWILIO).compute_signature(url, word)}
    assert httpx.post(url, data=word, headers=signed, timeout=60).status_code == 204
    made.planted["signature of the text service"] = signed["X-Twilio-Signature"]


def _sets_up_an_app(made: Used) -> None:
    """A member of staff with an app: its key, its codes, ten on paper, ten more, and one of them used."""
    with database.transaction() as db:
        db.get_one(SchoolSettings, 1).second_factor = True
    username = made.site.cast.olga.account.username
    with made.site.stranger() as person:
        assert person.sign_in(username).headers["location"] == "/sign-in/code"
        person.open("/sign-in/app")
        shown = re.search(r'class="seed">([A-Z2-7 ]+)<', person.page)
        assert shown
        made.planted["key of the app"] = seed = shown[1].replace(" ", "")
        made.planted["step between password and code"] = person.client.cookies["step"]
        assert person.send("/sign-in/app", {"code": pyotp.TOTP(seed).now()}).status_code == 200
        _keep_codes(made, person.page, "first")
        person.open("/me/second-factor")
        assert person.send("/me/second-factor/codes", {}).status_code == 200
        _keep_codes(made, person.page, "second")
    with made.site.stranger() as person:
        person.sign_in(username)
        person.open("/sign-in/recovery-code")
        entered = person.send("/sign-in/recovery-code", {"code": made.planted["recovery code 1 of the second ten"]})
        assert entered.status_code == 303
        made.planted["session of staff"] = person.client.cookies["sid"]
    with database.transaction() as db:
        db.get_one(SchoolSettings, 1).second_factor = False


def _is_given_an_initial_password(made: Used) -> None:
    """Shown by an administrator, typed at the door."""
    ada, otto = made.site.cast.ada.actor, made.site.cast.otto.account
    with database.transaction() as db:
        initial_passwords.issue(db, ada, account_id=otto.id, expected=1)
        revealed = initial_passwords.reveal(db, ada, account_id=otto.id or 0)
        assert revealed
        made.planted["initial password"] = revealed.password
    with made.site.stranger() as typist:
        typist.sign_in(otto.username, revealed.password.lower())
        made.planted["ticket to choose a password"] = typist.client.cookies["choice"]


def _campaign(made: Used) -> None:
    """Initial credentials by text message to whoever has only a mobile; one of them has a password and is left out."""
    ada, (number, username) = made.site.cast.ada.actor, NEWCOMER
    with database.transaction() as db:
        asked = select(Account.id).where(col(Account.username).in_((username, BY_TEXT[1])))
        selections.tick(db, ada, list_name="accounts", on={account_id or 0 for account_id in db.exec(asked)})
        selection = selections.current(db, ada, list_name="accounts")
        assert selection_rows.size(db, ada, selection_id=selection.id or 0) == 2
        draft = Draft(kind=CampaignKind.INITIAL_CREDENTIALS, channel=Channel.SMS, selection_id=selection.id)
        seen = campaigns.check(db, ada, draft=draft).fingerprint
        launched = campaigns.launch(db, ada, draft=draft, seen=seen, idempotency_key=seen)
        made.campaign_id = launched.id or 0
    found = re.search(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){3}", made.text_to(number))
    assert found
    made.planted["initial password in a text message"] = found[0]


def _rounds(made: Used) -> None:
    """What the office does now and then: an import of a list with passwords in it, reminders, a round in Microsoft."""
    cast, listed = made.site.cast, [Upload("list.csv", LIST.encode())]
    seen = reading.read(reading.sheets(listed, limits=PAGE_LIMITS))
    with database.transaction() as db:
        checked = imports.check(db, cast.ada.actor, intake=seen)
        made.problems = checked.problems
        run = imports.apply(db, cast.ada.actor, seen=checked, uploads=listed).run
        db.add(FolderImport(at=clock.now(), name="list.csv", digest="", run_id=run.id))
        db.add(ReminderRun(day=clock.today(), made_at=clock.now(), left_out={"deactivated": 1}))
        made.directory_run_id = make.directory_round(db, cast.sam.person)
    made.planted["password in an uploaded list"] = UPLOADED


def _keep_codes(made: Used, page: str, which: str) -> None:
    codes = re.findall(r"<li><code>([^<]+)</code>", page)
    assert len(codes) == 10
    made.planted |= {f"recovery code {number} of the {which} ten": code for number, code in enumerate(codes, 1)}


def _link(text: str) -> str:
    found = re.search(r"/i/(\w{26})", text)
    assert found, "a link"
    return found[1]


def text_of(content: bytes | str | None) -> str:
    raw = content if isinstance(content, bytes) else (content or "").encode()
    part = email.message_from_bytes(raw, policy=email.policy.default).get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def _waited(found: Callable[[], str]) -> str:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if text := found():
            return text
        time.sleep(0.2)
    raise AssertionError("no message came")
