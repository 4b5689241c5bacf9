"""Signing in with Microsoft, against a counterpart of Entra: who gets in, and what everybody else reads."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from httpx import Response
from sqlmodel import select

from core import config, database
from core.gateways import microsoft_identity
from core.models import Account, AuditEntry, Invitation, MicrosoftFlow, SchoolSettings, SignInSession
from core.rules import sign_in_limits
from core.services import invitations
from core.web import patience
from tests.cast import Cast
from tests.conftest import Clock
from tests.peers import entra as peer
from tests.peers.entra import CLIENT, OTHER_TENANT, TENANT, Claims, Entra, User
from tests.web import browsing
from tests.web.browsing import Browser

SAM = User("Sam Sideris", "sam@school.example", "0b1ec7aa-0000-4000-8000-000000000001")
MAX = User("Max Sideris", "max@school.example", "0b1ec7aa-0000-4000-8000-000000000002")
GINA = User("Gina Sideris", "gina@school.example", "0b1ec7aa-0000-4000-8000-000000000004")
STRANGER = User("Stella Strange", "stella@elsewhere.example", "0b1ec7aa-0000-4000-8000-000000000003", OTHER_TENANT)
START, HOME = "/auth/start", "/auth/start?for=invitation"


@pytest.fixture(scope="module")
def tenant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Entra]:
    with peer.running(tmp_path_factory.mktemp("entra"), [SAM, MAX, GINA, STRANGER]) as running:
        yield running


@pytest.fixture
def entra(tenant: Entra, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Iterator[Entra]:
    """The counterpart as the school's tenant; Sam and Max have accounts of Microsoft's."""
    for name, value in tenant.settings().items():
        monkeypatch.setenv(name, value)
    config.settings.cache_clear()
    microsoft_identity.from_settings.cache_clear()
    with database.transaction() as db:
        for member, user in ((cast.sam, SAM), (cast.max, MAX)):
            account = db.get_one(Account, member.account.id)
            account.sign_in_method = "microsoft"
            account.username = account.username_key = user.address
    yield tenant
    tenant.tamper, tenant.algorithm, tenant.foreign_key, tenant.is_down = (lambda claims: None), "RS256", False, False
    tenant.broken.clear()
    microsoft_identity.from_settings.cache_clear()


def _answer(entra: Entra, started: Response, user: User) -> str:
    """Where Microsoft sends the browser of this user back to, as a path."""
    chosen = httpx.get(
        started.headers["location"],
        params=dict(parse_qsl(urlsplit(started.headers["location"]).query)) | {"chosen": user.object_id},
        verify=ssl.create_default_context(cafile=str(entra.certificate)),
    )
    back = urlsplit(chosen.headers["location"])
    return f"{back.path}?{back.query}"


def _sign_in(browser: Browser, entra: Entra, user: User, *, start: str = START) -> Response:
    return browser.open(_answer(entra, browser.open(start), user))


def _tie(account: Account, user: User) -> None:
    """As a match in the directory does."""
    with database.transaction() as db:
        stored = db.get_one(Account, account.id)
        stored.tenant_id, stored.object_id = user.tenant, user.object_id


def _nobody_is_in(browser: Browser) -> bool:
    with database.reading() as db:
        return browsing.SESSION() not in browser.cookies and db.exec(select(SignInSession)).all() == []


def test_a_pupil_confirms_the_invitation_with_microsoft_and_is_in(browser: Browser, entra: Entra, cast: Cast) -> None:
    browser.open(f"/i/{browsing.link_for(cast.sam.account)}")
    page = browser.open("/invitation").text
    assert "Hello Sam" in page and SAM.address in page and "There is no password to choose here" in page
    answer = _sign_in(browser, entra, SAM, start=HOME)
    assert (answer.status_code, answer.headers["location"]) == (303, "/me")
    assert "Sam Sideris" in browser.open("/me").text
    sam = browsing.stored(cast.sam.account)
    assert (sam.tenant_id, sam.object_id) == (TENANT, SAM.object_id)
    assert sam.verified_at and sam.first_sign_in_at and sam.verified_address == "x@mail.example"
    assert browsing.INVITATION() not in browser.cookies
    with browsing.browser() as later:
        assert _sign_in(later, entra, SAM).headers["location"] == "/me"


def test_an_invitation_opens_for_nobody_but_its_own_person(browser: Browser, entra: Entra, cast: Cast) -> None:
    browser.open(f"/i/{browsing.link_for(cast.sam.account)}")
    answer = _sign_in(browser, entra, MAX, start=HOME)
    assert answer.status_code == 403
    assert "This invitation is for another Microsoft account" in answer.text and SAM.address in answer.text
    assert _nobody_is_in(browser) and browsing.stored(cast.sam.account).object_id is None
    assert _sign_in(browser, entra, SAM, start=HOME).headers["location"] == "/me"


def test_a_link_that_somebody_else_opened_on_this_device_hinders_nobody_who_comes_by_the_sign_in_page(
    browser: Browser, entra: Entra, cast: Cast
) -> None:
    _tie(cast.max.account, MAX)
    browser.open(f"/i/{browsing.link_for(cast.sam.account)}")
    assert _sign_in(browser, entra, MAX).headers["location"] == "/me"
    assert browsing.stored(cast.sam.account).object_id is None


def test_a_used_invitation_ties_nobody_else(browser: Browser, entra: Entra, cast: Cast) -> None:
    token = browsing.link_for(cast.sam.account)
    browser.open(f"/i/{token}")
    _sign_in(browser, entra, SAM, start=HOME)
    with browsing.browser() as other:
        other.open(f"/i/{token}")
        assert _sign_in(other, entra, MAX, start=HOME).status_code == 403
        assert "You signed in with it on" in other.open("/invitation").text


def test_an_ended_invitation_ties_nobody(browser: Browser, entra: Entra, cast: Cast, clock: Clock) -> None:
    browser.open(f"/i/{browsing.link_for(cast.sam.account)}")
    started = browser.open(HOME)
    with database.transaction() as db:
        for invitation in db.exec(select(Invitation)):
            invitation.expires_at = clock.now
    answer = browser.open(_answer(entra, started, SAM))
    assert answer.status_code == 403 and "took too long" in answer.text
    assert browsing.stored(cast.sam.account).object_id is None


def test_r10_where_many_set_out_the_next_one_waits_and_gets_in_all_the_same(
    browser: Browser, entra: Entra, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(patience.anyio, "sleep", sleep)
    monkeypatch.setattr(sign_in_limits, "SET_OUT_SLOW_FROM_ADDRESS", 2)
    _tie(cast.sam.account, SAM)
    for _time in range(3):
        browser.open(START)
    assert _sign_in(browser, entra, SAM).headers["location"] == "/me"
    assert waited == [5.0, 5.0]


def test_r28_nobody_gets_in_by_an_address_alone(browser: Browser, entra: Entra, cast: Cast) -> None:
    answer = _sign_in(browser, entra, SAM)
    assert answer.status_code == 403 and "not known here yet" in answer.text
    assert _nobody_is_in(browser) and browsing.stored(cast.sam.account).object_id is None


def test_whoever_the_directory_knows_needs_no_invitation(browser: Browser, entra: Entra, cast: Cast) -> None:
    _tie(cast.sam.account, SAM)
    assert _sign_in(browser, entra, SAM).headers["location"] == "/me"
    assert browsing.stored(cast.sam.account).verified_at


def test_whoever_is_known_already_and_comes_by_an_invitation_uses_it_up_like_anybody(
    browser: Browser, entra: Entra, cast: Cast
) -> None:
    _tie(cast.sam.account, SAM)
    with database.transaction() as db:
        slip = invitations.issue_link(db, account_id=cast.sam.account.id or 0, channel="paper", address="", days=7)
        newer = invitations.issue_link(
            db, account_id=cast.sam.account.id or 0, channel="email", address="x@mail.example", days=7
        )
        db.get_one(Invitation, slip.invitation_id).superseded_at = None  # of a launch beside this one
    browser.open(f"/i/{newer.token}")
    assert _sign_in(browser, entra, SAM, start=HOME).headers["location"] == "/me"
    assert browsing.stored(cast.sam.account).verified_address == "x@mail.example"
    with database.reading() as db:
        assert all(one.used_at or one.superseded_at for one in db.exec(select(Invitation)))
        used = select(AuditEntry).where(AuditEntry.action == "invitation.used")
        assert [entry.object_id for entry in db.exec(used)] == [cast.sam.account.id]
    assert "You signed in with it on" in _opened_anew(newer.token)


def _opened_anew(token: str) -> str:
    with browsing.browser() as other:
        other.open(f"/i/{token}")
        return other.open("/invitation").text


def test_a_new_address_at_microsoft_changes_nothing_for_somebody_who_is_tied(
    browser: Browser, entra: Entra, cast: Cast
) -> None:
    _tie(cast.sam.account, SAM)
    entra.tamper = lambda claims: claims.update(preferred_username="samuel@school.example")
    assert _sign_in(browser, entra, SAM).headers["location"] == "/me"


@pytest.mark.parametrize(
    ("tamper", "words"),
    [
        pytest.param(lambda claims: claims.update(aud="another-app"), "could not be trusted", id="wrong audience"),
        pytest.param(
            lambda claims: claims.update(iss="https://evil.example/v2.0"), "not be trusted", id="wrong issuer"
        ),
        pytest.param(lambda claims: claims.update(tid=OTHER_TENANT), "not one of your school", id="wrong tenant"),
        pytest.param(lambda claims: claims.pop("tid"), "not one of your school", id="no tenant"),
        pytest.param(lambda claims: claims.pop("oid"), "could not be trusted", id="no object id"),
        pytest.param(lambda claims: claims.update(exp=claims["iat"] - 180), "not be trusted", id="expired"),
        pytest.param(lambda claims: claims.pop("exp"), "could not be trusted", id="without an end"),
        pytest.param(lambda claims: claims.update(nbf=claims["iat"] + 180), "not be trusted", id="not yet"),
        pytest.param(lambda claims: claims.update(nonce="another"), "could not be trusted", id="wrong nonce"),
        pytest.param(lambda claims: claims.pop("nonce"), "could not be trusted", id="no nonce"),
    ],
)
def test_r28_a_tampered_token_opens_nothing(
    browser: Browser, entra: Entra, cast: Cast, tamper: Callable[[Claims], None], words: str
) -> None:
    _tie(cast.sam.account, SAM)
    entra.tamper = tamper
    answer = _sign_in(browser, entra, SAM)
    assert answer.status_code == 403 and words in answer.text
    assert _nobody_is_in(browser)


@pytest.mark.parametrize("spoilt", ["none", "HS256", "foreign key"])
def test_r28_a_token_that_the_tenant_did_not_sign_opens_nothing(
    browser: Browser, entra: Entra, cast: Cast, spoilt: str
) -> None:
    _tie(cast.sam.account, SAM)
    entra.foreign_key = spoilt == "foreign key"
    entra.algorithm = "RS256" if entra.foreign_key else spoilt
    assert "could not be trusted" in _sign_in(browser, entra, SAM).text
    assert _nobody_is_in(browser)


def test_keys_that_microsoft_renews_are_fetched_anew(browser: Browser, entra: Entra, cast: Cast) -> None:
    _tie(cast.sam.account, SAM)
    assert _sign_in(browser, entra, SAM).headers["location"] == "/me"
    microsoft_identity.from_settings()._keys.cooldown_duration = 0  # half a minute has passed
    entra.renew_keys()
    assert _sign_in(browser, entra, SAM).headers["location"] == "/me"


def test_somebody_of_another_school_reads_which_account_to_choose(browser: Browser, entra: Entra) -> None:
    answer = _sign_in(browser, entra, STRANGER)
    assert answer.status_code == 403 and "not one of your school" in answer.text
    assert "/oauth2/v2.0/logout" in answer.text


def test_a_code_counts_once_and_the_way_back_too(browser: Browser, entra: Entra, cast: Cast) -> None:
    _tie(cast.sam.account, SAM)
    back = _answer(entra, browser.open(START), SAM)
    with browsing.browser() as thief:
        assert "took too long" in thief.open(back).text  # the reference stands in the cookie of another browser
    assert browser.open(back).headers["location"] == "/me"
    again = browser.open(back)
    assert again.status_code == 403 and "opened twice" in again.text


def test_a_used_code_in_another_flow_is_refused(browser: Browser, entra: Entra, cast: Cast) -> None:
    _tie(cast.sam.account, SAM)
    used = dict(parse_qsl(urlsplit(_answer(entra, browser.open(START), SAM)).query))
    entra.codes.clear()
    state = dict(parse_qsl(urlsplit(browser.open(START).headers["location"]).query))["state"]
    assert "took too long" in browser.open(f"/auth/callback?code={used['code']}&state={state}").text
    browser.open(START)
    assert "took too long" in browser.open(f"/auth/callback?code={used['code']}&state=another").text


def test_a_flow_ends_after_ten_minutes(browser: Browser, entra: Entra, cast: Cast, clock: Clock) -> None:
    _tie(cast.sam.account, SAM)
    back = _answer(entra, browser.open(START), SAM)
    clock.forward(minutes=10)
    assert "took too long" in browser.open(back).text
    assert _nobody_is_in(browser)


def test_whoever_gives_up_reads_that_nothing_happened(browser: Browser, entra: Entra) -> None:
    state = dict(parse_qsl(urlsplit(browser.open(START).headers["location"]).query))["state"]
    answer = browser.open(f"/auth/callback?error=access_denied&state={state}")
    assert answer.status_code == 403 and "Nothing has changed" in answer.text


def test_microsoft_away_is_said_as_it_is(browser: Browser, entra: Entra) -> None:
    entra.is_down = True
    answer = browser.open(START)
    assert answer.status_code == 503 and "does not answer" in answer.text


@pytest.mark.parametrize("said", ["<html>proxy</html>", "", "[]", "null", '{"issuer": "https://x.example"}', "\xff"])
def test_a_broken_configuration_of_the_tenant_is_said_as_microsoft_away(
    browser: Browser, entra: Entra, cast: Cast, said: str
) -> None:
    _tie(cast.sam.account, SAM)
    entra.broken["configuration"] = said
    answer = browser.open(START)
    assert answer.status_code == 503 and "does not answer" in answer.text
    entra.broken.clear()  # nothing of it is kept
    assert _sign_in(browser, entra, SAM).headers["location"] == "/me"


@pytest.mark.parametrize(
    "said", ["<html>proxy</html>", "", "[]", "null", "{}", '{"keys": []}', '{"keys": "none"}', '{"keys": ["x", 1]}']
)
def test_r28_keys_that_cannot_be_read_are_said_as_microsoft_away(
    browser: Browser, entra: Entra, cast: Cast, said: str
) -> None:
    _tie(cast.sam.account, SAM)
    entra.broken["keys"] = said
    answer = _sign_in(browser, entra, SAM)
    assert answer.status_code == 503 and "does not answer" in answer.text
    assert _nobody_is_in(browser)
    entra.broken.clear()  # nothing of it is kept
    assert _sign_in(browser, entra, SAM).headers["location"] == "/me"


@pytest.mark.parametrize("said", ["<html>proxy</html>", "[]", '{"id_token": "no token"}', '{"id_token": 1}'])
def test_an_exchange_that_cannot_be_read_opens_nothing_and_is_not_logged(
    browser: Browser, entra: Entra, cast: Cast, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    _tie(cast.sam.account, SAM)
    entra.broken["token"] = said
    assert _sign_in(browser, entra, SAM).status_code in (403, 503)
    assert _nobody_is_in(browser) and said not in caplog.text


def test_a_wrong_secret_is_for_the_office(
    browser: Browser, entra: Entra, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIRSTKEY_MICROSOFT_CLIENT_SECRET", "an old one")
    config.settings.cache_clear()
    microsoft_identity.from_settings.cache_clear()
    assert "not set up rightly" in _sign_in(browser, entra, SAM).text


def test_a_deactivated_account_stays_out(browser: Browser, entra: Entra, cast: Cast, clock: Clock) -> None:
    _tie(cast.sam.account, SAM)
    with database.transaction() as db:
        db.get_one(Account, cast.sam.account.id).deactivated_at = clock.now
    assert "switched off" in _sign_in(browser, entra, SAM).text
    assert _nobody_is_in(browser)


def test_an_account_with_a_local_password_is_not_opened_by_microsoft(
    browser: Browser, entra: Entra, cast: Cast
) -> None:
    _tie(cast.gina.account, GINA)
    assert "not known here yet" in _sign_in(browser, entra, GINA).text


def test_no_token_code_or_secret_stands_in_the_database(
    browser: Browser, entra: Entra, cast: Cast, database_url: str
) -> None:
    _tie(cast.sam.account, SAM)
    started = browser.open(START)
    question = dict(parse_qsl(urlsplit(started.headers["location"]).query))
    with database.reading() as db:
        kept = b"".join(flow.sealed for flow in db.exec(select(MicrosoftFlow)))
    assert kept and question["state"].encode() not in kept
    back = _answer(entra, started, SAM)
    browser.open(back)
    with database.reading() as db:
        assert db.exec(select(MicrosoftFlow)).all() == []
        audit = repr([entry.model_dump() for entry in db.exec(select(AuditEntry))])
    stored = Path(database_url.removeprefix("sqlite:///")).read_bytes() + audit.encode()
    for secret in (question["state"], dict(parse_qsl(urlsplit(back).query))["code"], peer.SECRET):
        assert secret.encode() not in stored


def test_on_a_device_that_others_use_too_microsoft_asks_who_it_is(browser: Browser, entra: Entra) -> None:
    asked = dict(parse_qsl(urlsplit(browser.open(START).headers["location"]).query))
    assert asked["prompt"] == "select_account" and asked["code_challenge_method"] == "S256"


def test_another_site_cannot_begin_a_sign_in(browser: Browser, entra: Entra) -> None:
    answer = browser.open(START, **{"Sec-Fetch-Site": "cross-site"})
    assert answer.headers["location"] == "/sign-in"
    with database.reading() as db:
        assert db.exec(select(MicrosoftFlow)).all() == []


def test_where_to_go_afterwards_is_never_another_site(browser: Browser, entra: Entra, cast: Cast) -> None:
    _tie(cast.sam.account, SAM)
    answer = _sign_in(browser, entra, SAM, start="/auth/start?next=//evil.example")
    assert answer.headers["location"] == "/me"


def test_whoever_signs_out_is_told_that_microsoft_is_still_open(browser: Browser, entra: Entra, cast: Cast) -> None:
    _tie(cast.sam.account, SAM)
    _sign_in(browser, entra, SAM)
    browser.open("/me")
    out = browser.send("/sign-out")
    assert out.headers["location"] == "/sign-in?out=microsoft"
    page = browser.open(out.headers["location"]).text
    assert "not of Microsoft" in page and f"{entra.url}/{TENANT}/oauth2/v2.0/logout" in page


def test_the_sign_in_page_offers_microsoft_only_where_it_is_set_up(
    browser: Browser, entra: Entra, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Sign in with Microsoft" in browser.open("/sign-in").text
    monkeypatch.setenv("FIRSTKEY_MICROSOFT_CLIENT_ID", "")
    config.settings.cache_clear()
    microsoft_identity.from_settings.cache_clear()
    assert "Sign in with Microsoft" not in browser.open("/sign-in").text
    assert browser.open(START).status_code == 409
    assert CLIENT not in browser.page


def test_r29_staff_whom_microsoft_asked_for_no_second_factor_show_ours(
    browser: Browser, entra: Entra, cast: Cast
) -> None:
    with database.transaction() as db:
        db.get_one(SchoolSettings, 1).second_factor = True
        db.get_one(Account, cast.tom.account.id).sign_in_method = "microsoft"
    _tie(cast.tom.account, GINA)
    assert _sign_in(browser, entra, GINA).headers["location"] == "/sign-in/code"
    assert _nobody_is_in(browser)
    entra.tamper = lambda claims: claims.update(amr=["pwd", "mfa"])
    assert _sign_in(browser, entra, GINA).headers["location"] == "/"


def test_r31_staff_of_microsoft_find_their_second_factor_and_are_asked_for_no_password_that_is_not_here(
    browser: Browser, entra: Entra, cast: Cast, clock: Clock
) -> None:
    with database.transaction() as db:
        db.get_one(SchoolSettings, 1).second_factor = False
        db.get_one(Account, cast.tom.account.id).sign_in_method = "microsoft"
    _tie(cast.tom.account, GINA)
    _sign_in(browser, entra, GINA)
    clock.forward(minutes=11)
    assert 'href="/me/second-factor"' in browser.open("/me").text
    page = browser.open("/me/second-factor").text
    assert "sign in with Microsoft again" in page and 'type="password"' not in page
    browser.open("/me")
    browser.send("/sign-out")
    _sign_in(browser, entra, GINA)
    browser.open("/me/second-factor")
    assert browser.send("/me/second-factor/app").headers["location"] == "/sign-in/app"
