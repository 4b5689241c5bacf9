"""Integration x addresses x switch x kind of account: lists, check, messages and slips say one thing (DESIGN §5)."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from itertools import product

import pytest
import sqlalchemy as sa
from sqlmodel import Session, col, select

from core import config, database
from core.delivery import batches
from core.models import Account, Message, MessageAccount, SchoolSettings
from core.rules.handing_over import SlipSecret
from core.rules.reachability import Refusal
from core.services import wordings
from core.services.campaigns import Draft
from core.tables import accounts, slips, students
from core.tables.filters import AccountFilter
from tests import cast as make
from tests.cast import Cast
from tests.delivery import engine_room

pytestmark = pytest.mark.both_databases
EVERYBODY = Draft(filter=AccountFilter())
NONE, BAD, GOOD = "none", "bad", "good"


@dataclass(frozen=True)
class Case:
    """One person with an account."""

    kind: str
    method: str
    switch: bool
    personal: str
    contact: str

    @property
    def name(self) -> str:
        return f"{self.kind}.{self.method}.{'on' if self.switch else 'off'}.{self.personal}.{self.contact}"

    def address(self, which: str) -> str:
        """Theirs alone, so that whatever arrives tells whose it is."""
        said = getattr(self, which)
        return {NONE: "", BAD: "not an address", GOOD: f"{which}.{self.name}@mail.example"}[said]

    def expected(self, *, integration: bool) -> tuple[str, Refusal | None]:
        """The manual's rule: where the invitation goes, or why there is none."""
        if self.kind == "student" and not integration:
            if not self.switch:
                return "", Refusal.PERSONAL_EMAIL_OFF
            which, missing = "personal", Refusal.NO_PERSONAL_EMAIL
        else:
            which, missing = "contact", Refusal.NO_CONTACT_EMAIL
        refusal = {NONE: missing, BAD: Refusal.ADDRESS_NOT_VALID, GOOD: None}[getattr(self, which)]
        return ("" if refusal else self.address(which)), refusal


ADDRESSES = (NONE, BAD, GOOD)
CASES = [
    Case(*one) for one in product(("student", "guardian"), ("local", "microsoft"), (True, False), ADDRESSES, ADDRESSES)
]


def _store(db: Session, case: Case) -> int:
    person = make.person(
        db,
        kind=case.kind,
        use_personal_email=case.switch,
        personal_email=case.address("personal"),
        contact_email=case.address("contact"),
    )
    username = f"{case.name}@school.example" if case.method == "microsoft" else case.name
    return make.account(db, person=person, username=username, sign_in_method=case.method).id or 0


@pytest.fixture(params=[True, False], ids=["integration on", "integration off"])
def integration(cast: Cast, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setenv("FIRSTKEY_EMAIL", "outbox")
    config.settings.cache_clear()
    with database.transaction() as db:
        own = db.get_one(SchoolSettings, 1)
        own.microsoft, own.microsoft_user_types, own.is_demo = request.param, ["student", "teacher", "staff"], True
        wordings.ensure_defaults(db)
    return bool(request.param)


def test_lists_check_messages_and_slips_follow_the_rule_in_every_combination(cast: Cast, integration: bool) -> None:
    of_cast = engine_room.look(EVERYBODY)
    with database.transaction() as db:
        ids = {case: _store(db, case) for case in CASES}
    expected = {case: case.expected(integration=integration) for case in CASES}
    refusals = {case: refusal for case, (_address, refusal) in expected.items()}
    assert _of_lists(cast, ids) == refusals

    seen = engine_room.look(EVERYBODY)
    assert seen.receive - of_cast.receive == sum(refusal is None for refusal in refusals.values())
    assert Counter(seen.skipped) - Counter(of_cast.skipped) == Counter(why for why in refusals.values() if why)

    campaign_id = engine_room.launch(seen, draft=EVERYBODY)
    for batch in range(seen.messages // 100 + 1):
        batches.send(campaign_id, batch)
    written = _written(ids)
    assert written == {case: address for case, (address, _refusal) in expected.items() if address}
    for case, address in written.items():
        _reads_right(case, _mail_to(address))
    for case, (said, secret) in _slips(cast, ids).items():
        assert (said == SlipSecret.MICROSOFT) is (case.method == "microsoft") and not secret, case


def _of_lists(cast: Cast, ids: dict[Case, int]) -> dict[Case, Refusal | None]:
    """What *User Accounts* says; *Students List* says the same of students."""
    with database.reading() as db:
        listed = accounts.rows(db, cast.ada.actor, ids=list(ids.values())).set_index("id")["email_refusal"].to_dict()
        owners = dict(db.exec(select(Account.id, Account.person_id)).all())
        pupils = {case: owners[account_id] for case, account_id in ids.items() if case.kind == "student"}
        theirs = students.rows(db, cast.ada.actor, ids=list(pupils.values())).set_index("id")["email_refusal"]
    found = {case: _refusal(listed[account_id]) for case, account_id in ids.items()}
    assert {case: _refusal(theirs[person_id]) for case, person_id in pupils.items()} == {
        case: refusal for case, refusal in found.items() if case in pupils
    }
    return found


def _refusal(said: object) -> Refusal | None:
    return Refusal(said) if isinstance(said, str) and said else None


def _written(ids: dict[Case, int]) -> dict[Case, str]:
    cases = {account_id: case for case, account_id in ids.items()}
    with database.reading() as db:
        query = select(MessageAccount.account_id, Message.address).where(MessageAccount.message_id == Message.id)
        return {cases[account_id]: address for account_id, address in db.exec(query) if account_id in cases}


def _mail_to(address: str) -> str:
    found = [json.loads(path.read_text()) for path in (config.VAR / "outbox").glob("*.json")]
    (mail,) = [one for one in found if one["to"] == address]
    return str(mail["text"])


def _reads_right(case: Case, text: str) -> None:
    """The account decides what it says, whatever the switch: the username, one link, and never a password."""
    username = f"{case.name}@school.example" if case.method == "microsoft" else case.name
    assert username in text and len(set(re.findall(r"/i/\w{26}", text))) == 1, case
    assert ("Microsoft" in text) is (case.method == "microsoft"), case
    assert not re.search(r"\b[0-9A-Z]{4}(-[0-9A-Z]{4}){3}\b", text), case


def _slips(cast: Cast, ids: dict[Case, int]) -> dict[Case, tuple[str, str]]:
    names = {(f"{case.name}@school.example" if case.method == "microsoft" else case.name): case for case in ids}
    chosen = sa.select(col(Account.id)).where(col(Account.id).in_(list(ids.values())))
    with database.reading() as db:
        groups = list(slips.of_accounts(db, cast.ada.actor, account_ids=chosen))
    found = {names[row[6]]: (row[7], row[8]) for group in groups for row in group.rows if row[6] in names}
    assert len(found) == len(ids)
    return found
