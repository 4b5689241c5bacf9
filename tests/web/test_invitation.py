"""The link of an invitation: opening changes nothing, choosing a password uses it up, dead links say why."""

from __future__ import annotations

import pytest
from sqlmodel import col, select

from core import database
from core.models import Account, AuditEntry, Campaign, Invitation, MessageAccount, Person, SignInSession, Superseded
from core.services import invitations, wordings
from tests.cast import Cast
from tests.conftest import Clock
from tests.web import browsing
from tests.web.browsing import PASSWORD, Browser

CHOSEN = {"password": PASSWORD, "again": PASSWORD}


def _everything() -> list[object]:
    with database.reading() as db:
        return [
            [row.model_dump() for row in db.exec(select(table).order_by(*table.__table__.primary_key))]
            for table in (Account, Invitation, AuditEntry, SignInSession, Campaign, Person)
        ]


def _activate(browser: Browser, token: str) -> int:
    browser.open(f"/i/{token}")
    browser.open("/invitation")
    return browser.send("/invitation", CHOSEN).status_code


def test_a_pupil_chooses_a_password_and_signs_in_with_it(browser: Browser, cast: Cast) -> None:
    token = browsing.link_for(cast.sam.account)
    opened = browser.open(f"/i/{token}")
    assert (opened.status_code, opened.headers["location"]) == (303, "/invitation")
    page = browser.open("/invitation").text
    assert "Hello Sam" in page and "Athena School" in page and cast.sam.account.username in page
    assert token not in page
    answer = browser.send("/invitation", CHOSEN)
    assert answer.headers["location"] == f"/sign-in?username={cast.sam.account.username}&saved=password&reads=en"
    sam = browsing.stored(cast.sam.account)
    assert sam.verified_at and sam.password_hash and sam.first_sign_in_at is None
    page = browser.open(answer.headers["location"]).text
    assert f'value="{sam.username}"' in page and "Your password is saved" in page
    assert browser.sign_in(sam.username).headers["location"] == "/me"
    assert "Sam Sideris" in browser.open("/me").text


def test_who_reads_greek_goes_on_in_greek_and_the_next_one_on_the_device_does_not(cast: Cast) -> None:
    with database.transaction() as db:
        db.get_one(Person, cast.sam.person.id).language = "el"
    with browsing.browser(**{"accept-language": "en"}) as english:
        english.open(f"/i/{browsing.link_for(cast.sam.account)}")
        english.open("/invitation")
        onward = english.send("/invitation", CHOSEN).headers["location"]
        assert "Ο κωδικός σου αποθηκεύτηκε" in english.open(onward).text
        guess = {"username": cast.sam.account.username, "password": "a guess", "reads": english.hidden("reads")}
        wrong = english.send("/sign-in", guess)
        assert wrong.status_code == 403 and "Σύνδεση" in wrong.text
        for path in ("/sign-in", "/sign-in?reads=xx", "/sign-in?reads=%22%3E%3Cscript%3E"):
            page = english.open(path).text
            assert "<h1>Sign in</h1>" in page and "<script>" not in page


def test_of_two_links_in_one_browser_no_password_goes_to_the_other_person(browser: Browser, cast: Cast) -> None:
    """A parent opens the messages of both children, each in a tab, and begins with the first."""
    sams, maxs = (browsing.link_for(member.account) for member in (cast.sam, cast.max))
    of_sam = browser.form_of(f"/i/{sams}")
    browser.form_of(f"/i/{maxs}")
    answer = browser.send("/invitation", CHOSEN | {"form_token": of_sam})
    assert answer.status_code == 403 and "another link was opened in this browser" in answer.text
    assert not any(browsing.stored(member.account).password_hash for member in (cast.sam, cast.max))
    for member, token in ((cast.sam, sams), (cast.max, maxs)):
        assert _activate(browser, token) == 303
        assert browsing.stored(member.account).password_hash


def test_a_new_link_is_not_sent_to_whoever_opened_another_one_meanwhile(
    browser: Browser, cast: Cast, clock: Clock
) -> None:
    """In one tab the ended link of Sam, in the next the live one of Max, whose link a newer message would end."""
    of_sam = browser.form_of(f"/i/{_ended_link(cast, clock)}")
    browser.open(f"/i/{browsing.link_for(cast.max.account)}")
    answer = browser.send("/invitation/new-link", {"form_token": of_sam})
    assert answer.status_code == 403 and "another link was opened in this browser" in answer.text
    assert _new_links() == []


def test_a_page_that_was_overtaken_says_so_in_its_own_language(cast: Cast) -> None:
    with database.transaction() as db:
        db.get_one(Person, cast.sam.person.id).language = "el"
    with browsing.browser(**{"accept-language": "en"}) as english:
        english.open(f"/i/{browsing.link_for(cast.sam.account)}")
        english.open("/invitation")
        fields = CHOSEN | {name: english.hidden(name) for name in ("form_token", "reads")}
        english.open(f"/i/{browsing.link_for(cast.max.account)}")
        answer = english.send("/invitation", fields)
        assert answer.status_code == 403 and "άλλος σύνδεσμος" in answer.text and '<html lang="el"' in answer.text


def test_a_parent_who_is_signed_in_sees_that_the_password_of_the_child_is_saved(browser: Browser, cast: Cast) -> None:
    browser.sign_in(browsing.give_password(cast.gina.account))
    browser.open(f"/i/{browsing.link_for(cast.sam.account)}")
    browser.open("/invitation")
    page = browser.open(browser.send("/invitation", CHOSEN).headers["location"])
    assert page.status_code == 200 and f'value="{cast.sam.account.username}"' in page.text
    browser.send(browser.found('action="'), {"username": cast.sam.account.username, "password": "mistyped"})
    assert browser.open(browser.found('data-here="')).status_code == 200, "a reload still asks the child to sign in"
    assert browser.open("/me").status_code == 200


def test_a_new_link_is_asked_for_in_the_language_of_the_dead_one(cast: Cast) -> None:
    with database.transaction() as db:
        db.get_one(Person, cast.sam.person.id).language = "el"
    with browsing.browser(**{"accept-language": "en"}) as english:
        token = browsing.link_for(cast.sam.account)
        assert _activate(english, token) == 303
        english.open(f"/i/{token}")
        english.open("/invitation")
        assert '<html lang="el"' in english.send("/invitation/new-link", {"reads": english.hidden("reads")}).text


def test_r15_a_chosen_password_signs_nobody_in(browser: Browser, cast: Cast) -> None:
    assert _activate(browser, browsing.link_for(cast.sam.account)) == 303
    assert browsing.SESSION() not in browser.cookies
    assert browsing.INVITATION() not in browser.cookies
    with database.reading() as db:
        assert db.exec(select(SignInSession)).all() == []


def test_r14_looking_twenty_times_changes_nothing_and_the_person_still_gets_in(browser: Browser, cast: Cast) -> None:
    token = browsing.link_for(cast.sam.account)
    before = _everything()
    with browsing.browser() as scanner:
        for _look in range(20):
            for method in ("GET", "HEAD"):
                for path in (f"/i/{token}", "/invitation"):
                    assert scanner.open(path, method=method).status_code in (200, 303)
        for method in ("OPTIONS", "PUT", "DELETE", "PATCH"):
            answer = scanner.open(f"/i/{token}", method=method)
            assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")
        assert scanner.send(f"/i/{token}", CHOSEN).status_code == 405
    assert _everything() == before
    assert _activate(browser, token) == 303


def test_r19_the_link_leaves_at_once_for_an_address_without_it(browser: Browser, cast: Cast) -> None:
    token = browsing.link_for(cast.sam.account)
    answer = browser.open(f"/i/{token}")
    assert token not in answer.headers["location"]
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    cookie = answer.headers["set-cookie"]
    assert {"HttpOnly", "Max-Age=3600", "Path=/", "SameSite=lax"} <= set(cookie.split("; "))


@pytest.mark.parametrize("written", ["{}.", "{})", "<{}>", "{}/", "{}%20", "{}%E2%80%9D", "{}?utm=x"])
def test_what_a_mail_program_leaves_behind_a_link_is_not_part_of_it(browser: Browser, cast: Cast, written: str) -> None:
    browser.open("/i/" + written.format(browsing.link_for(cast.sam.account)))
    assert "Hello Sam" in browser.open("/invitation").text


def test_r11_a_token_may_be_typed_in_any_case_and_with_dashes(browser: Browser, cast: Cast) -> None:
    token = browsing.link_for(cast.sam.account)
    browser.open(f"/i/{token[:13].lower()}-{token[13:]}")
    assert "Hello Sam" in browser.open("/invitation").text


@pytest.mark.parametrize(
    "garbage",
    ["x", "0" * 26, "A" * 10_000, "٣" * 26, "%00", "..%2f..%2fetc", "a;b=c", "{{7*7}}", ""],
)
def test_r20_everything_that_is_not_genuine_gets_one_neutral_page(browser: Browser, cast: Cast, garbage: str) -> None:
    browser.open("/invitation")
    neutral = browser.page.replace(browser.form_token, "")  # tied to the link it was drawn for, genuine or not
    answer = browser.open(f"/i/{garbage}")
    assert (answer.status_code, answer.headers["location"]) == (303, "/invitation")
    page = browser.open("/invitation")
    assert page.status_code == 410
    assert page.text.replace(browser.form_token, "") == neutral
    assert "Send me a new link" in page.text


def test_line_ends_in_a_link_reach_neither_a_header_nor_streamlit(browser: Browser) -> None:
    answer = browser.open("/i/%0d%0aSet-Cookie:%20a=b")
    assert answer.headers["location"].startswith("/sign-in?")
    assert "set-cookie" not in answer.headers


def test_r13_a_used_link_says_when_and_leads_to_the_sign_in(browser: Browser, cast: Cast, clock: Clock) -> None:
    token = browsing.link_for(cast.sam.account)
    assert _activate(browser, token) == 303
    hashed = browsing.stored(cast.sam.account).password_hash
    clock.forward(hours=1)
    browser.open(f"/i/{token}")
    page = browser.open("/invitation")
    assert page.status_code == 410
    assert "A password was chosen with it on 23 Nov 2026, 11:00." in page.text
    assert 'href="/sign-in"' in page.text
    assert browser.send("/invitation", {"password": "another one entirely"}).status_code == 410
    assert browsing.stored(cast.sam.account).password_hash == hashed


def test_r16_a_link_ends_on_its_day_and_says_so(browser: Browser, cast: Cast, clock: Clock) -> None:
    token = browsing.link_for(cast.sam.account, days=7)
    clock.forward(days=7, seconds=-1)
    browser.open(f"/i/{token}")
    assert browser.open("/invitation").status_code == 200
    clock.forward(seconds=1)
    answer = browser.send("/invitation", CHOSEN)
    assert answer.status_code == 410
    assert "It ended on 30 Nov 2026, 11:00." in answer.text
    assert browsing.stored(cast.sam.account).password_hash == ""


def test_r17_only_the_newest_of_three_links_works(browser: Browser, cast: Cast, clock: Clock) -> None:
    tokens = []
    for _issue in range(3):
        tokens.append(browsing.link_for(cast.sam.account))
        clock.forward(minutes=5)
    for token in tokens[:2]:
        browser.open(f"/i/{token}")
        assert "A newer message was sent on" in browser.open("/invitation").text
        assert browser.send("/invitation", CHOSEN).status_code == 410
    assert _activate(browser, tokens[2]) == 303


def test_r17_a_password_from_a_link_ends_the_sessions_of_the_account(browser: Browser, cast: Cast) -> None:
    browser.sign_in(browsing.give_password(cast.sam.account))
    assert browser.open("/me").status_code == 200
    with browsing.browser() as other:
        assert _activate(other, browsing.link_for(cast.sam.account)) == 303
    assert browser.open("/me").status_code == 303


def test_r09_a_fresh_link_ends_the_waiting_and_the_suspension(browser: Browser, cast: Cast, clock: Clock) -> None:
    with database.transaction() as db:
        account = db.get_one(Account, cast.sam.account.id)
        account.failed_sign_ins, account.suspended_at, account.next_try_at = 100, clock.now, clock.now
    assert _activate(browser, browsing.link_for(cast.sam.account)) == 303
    assert browser.sign_in(cast.sam.account.username).status_code == 303


def test_a_deactivated_account_is_opened_by_no_link(browser: Browser, cast: Cast, clock: Clock) -> None:
    token = browsing.link_for(cast.sam.account)
    browser.open(f"/i/{token}")
    browser.open("/invitation")
    with database.transaction() as db:
        db.get_one(Account, cast.sam.account.id).deactivated_at = clock.now
    assert browser.send("/invitation", CHOSEN).status_code == 410
    assert browsing.stored(cast.sam.account).password_hash == ""


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("short", "too short"),
        ("", "too short"),
        ("x" * 257, "too long"),
        ("a" * 20, "repeats itself"),
        ("SamSideris2026!", "Others know your name"),
        ("athena-school-7b", "Others know your name"),
        ("passwordpassword", "lists that people try first"),
    ],
)
def test_r04_a_password_that_will_not_do_is_refused_with_the_reason(
    browser: Browser, cast: Cast, password: str, said: str
) -> None:
    token = browsing.link_for(cast.sam.account)
    browser.open(f"/i/{token}")
    browser.open("/invitation")
    answer = browser.send("/invitation", {"password": password, "again": password})
    assert answer.status_code == 422
    assert said in answer.text
    assert not password or f'"{password}"' not in answer.text
    assert browser.send("/invitation", CHOSEN).status_code == 303


def test_two_different_passwords_are_asked_for_again(browser: Browser, cast: Cast) -> None:
    browser.open(f"/i/{browsing.link_for(cast.sam.account)}")
    browser.open("/invitation")
    answer = browser.send("/invitation", {"password": PASSWORD, "again": PASSWORD + "s"})
    assert "The two passwords are not the same" in answer.text
    assert browser.send("/invitation", {"password": PASSWORD}).status_code == 303  # a script took the second field away


def test_r24_a_password_without_the_link_before_it_is_refused(browser: Browser, cast: Cast) -> None:
    browsing.link_for(cast.sam.account)
    browser.open("/invitation")
    assert browser.send("/invitation", CHOSEN).status_code == 410
    assert browser.send("/invitation", CHOSEN, Origin="https://evil.example").status_code == 403


def test_an_account_of_microsoft_365_chooses_no_password(browser: Browser, cast: Cast) -> None:
    with database.transaction() as db:
        db.get_one(Account, cast.sam.account.id).sign_in_method = "microsoft"
    browser.open(f"/i/{browsing.link_for(cast.sam.account)}")
    page = browser.open("/invitation").text
    assert "Use the password of your Microsoft 365 account" in page
    assert 'type="password"' not in page
    browser.open("/sign-in")
    browser.send("/invitation", CHOSEN)
    assert browsing.stored(cast.sam.account).password_hash == ""


def _new_links() -> list[tuple[int, str]]:
    with database.reading() as db:
        query = select(MessageAccount.account_id, Campaign.kind).join(
            Campaign, col(Campaign.id) == MessageAccount.campaign_id
        )
        return [tuple(row) for row in db.exec(query)]  # type: ignore[misc]


def test_r20_a_new_link_goes_to_the_address_on_file_and_the_answer_is_always_the_same(
    browser: Browser, cast: Cast, clock: Clock
) -> None:
    ended = _ended_link(cast, clock)
    answers = []
    for token in (ended, ended, "0" * 26, "garbage"):
        browser.open(f"/i/{token}")
        browser.open("/invitation")
        answers.append(
            browser.send("/invitation/new-link", {"email": "thief@evil.example", "to": "thief@evil.example"})
        )
    assert {(answer.status_code, answer.text) for answer in answers} == {(200, answers[0].text)}
    assert _new_links() == [(cast.sam.account.id, "new_link")]
    clock.forward(seconds=61)
    browser.open(f"/i/{ended}")
    browser.open("/invitation")
    browser.send("/invitation/new-link")
    assert len(_new_links()) == 2


def _ended_link(cast: Cast, clock: Clock) -> str:
    with database.transaction() as db:
        wordings.ensure_defaults(db)
    link = browsing.link_for(cast.sam.account, days=1)
    clock.forward(days=2)
    return link


def test_r20_at_most_five_new_links_a_day(browser: Browser, cast: Cast, clock: Clock) -> None:
    with database.transaction() as db:
        wordings.ensure_defaults(db)
    browser.open(f"/i/{browsing.link_for(cast.sam.account)}")
    browser.open("/invitation")
    form = {"form_token": browser.form_token}
    for _ask in range(8):
        clock.forward(minutes=2)
        assert browser.send("/invitation/new-link", form).status_code == 200
    assert len(_new_links()) == 5


def test_whoever_has_signed_in_gets_no_new_link(browser: Browser, cast: Cast, clock: Clock) -> None:
    with database.transaction() as db:
        wordings.ensure_defaults(db)
        db.get_one(Account, cast.sam.account.id).first_sign_in_at = clock.now
    browser.open(f"/i/{browsing.link_for(cast.sam.account)}")
    browser.open("/invitation")
    assert browser.send("/invitation/new-link").status_code == 200
    assert _new_links() == []


def test_a_superseded_link_of_a_changed_address_says_that_it_does_not_work(browser: Browser, cast: Cast) -> None:
    token = browsing.link_for(cast.sam.account)
    with database.transaction() as db:
        invitations.supersede(db, account_id=cast.sam.account.id or 0, because=Superseded.ADDRESS_CHANGED)
    browser.open(f"/i/{token}")
    answer = browser.open("/invitation")
    assert answer.status_code == 410
    assert "It ended on" in answer.text
