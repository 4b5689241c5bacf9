"""T3, T4, T6: links in messages lead to us, survive scanners, and open nothing by halves."""

from __future__ import annotations

import re

import pytest
from sqlmodel import select

from core import database
from core.models import Account, Invitation, Purpose, SignInSession
from core.services import invitations
from tests.cast import Member
from tests.security.site import Site
from tests.web.browsing import PASSWORD

NEW = "seven lanterns by the quarry"
FORGED = {
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "https",
    "X-Original-URL": "//evil.example/",
    "Referer": "https://evil.example/",
    "X-Forwarded-Server": "evil.example",
}


def _link(member: Member, purpose: Purpose) -> str:
    with database.transaction() as db:
        return invitations.issue(
            db, purpose, account_id=member.account.id or 0, channel="email", address="x@mail.example", days=7
        ).token


def test_t3_forged_headers_move_no_link_in_a_message(site: Site) -> None:
    address = site.cast.gina.person.contact_email
    with site.stranger() as visitor:
        visitor.open("/forgotten")
        form = {"form_token": visitor.hidden("form_token"), "username": site.cast.gina.account.username}
        assert visitor.client.post("/forgotten", data=form, headers={"Host": "evil.example"}).status_code == 421
        assert visitor.send("/forgotten", form, **FORGED).status_code == 200
    mail = site.mail_to(address)
    assert re.findall(r"https?://[^/\s]+", mail["text"]) == [site.server.url]
    assert "evil.example" not in str(mail)


def test_t6_from_a_forgotten_password_to_a_new_one_step_by_step_and_never_otherwise(site: Site) -> None:
    sam = site.cast.sam
    with site.stranger() as thief:  # the last step without the ones before
        thief.open("/forgotten")
        assert thief.send("/invitation", {"password": NEW, "again": NEW}).status_code == 410
        for wrong in ("0" * 26, "x" * 10_000, "٠" * 26, _link(sam, Purpose.PASSWORD), _link(sam, Purpose.ADDRESS)):
            thief.open(f"/i/{wrong[:5000]}")
            answer = thief.open("/invitation")
            assert answer.status_code == 410 and "It may be incomplete" in answer.text
    with site.stranger() as inside, site.stranger() as person:
        assert inside.sign_in(sam.account.username).status_code == 303
        person.open("/forgotten")
        person.send("/forgotten", {"username": sam.account.username})
        token = re.search(r"/i/(\w{26})", site.mail_to(sam.person.personal_email)["text"])
        assert token
        person.open(f"/i/{token[1]}")
        person.open("/invitation")
        answer = person.send("/invitation", {"password": NEW, "again": NEW})
        assert answer.status_code == 303 and "sid" not in person.client.cookies
        assert inside.open("/me").status_code == 303  # whoever was in is out
        assert person.sign_in(sam.account.username, PASSWORD).status_code == 403
        assert person.sign_in(sam.account.username, NEW).status_code == 303
    assert site.mail_to(sam.person.personal_email, about="was changed")
    with site.stranger() as late:
        late.open(f"/i/{token[1]}")
        assert late.open("/invitation").status_code == 410


def _sessions(member: Member) -> list[str]:
    with database.reading() as db:
        return list(db.exec(select(SignInSession.id).where(SignInSession.account_id == member.account.id)))


@pytest.mark.parametrize("purpose", [Purpose.LINK, Purpose.RESET])
def test_t4_scanners_that_open_links_and_press_buttons_use_nothing_up(site: Site, purpose: Purpose) -> None:
    member = site.cast.otto if purpose is Purpose.LINK else site.cast.max
    token, before = _link(member, purpose), _sessions(member)
    for _scan in range(5):
        with site.stranger(**{"User-Agent": "Mozilla/5.0 SafeLinks"}) as scanner:
            for method in ("GET", "HEAD", "OPTIONS"):
                scanner.client.request(method, f"/i/{token}")
                scanner.client.request(method, "/invitation")
            scanner.open("/invitation")
            scanner.send("/invitation", {"username": member.account.username, "password": "", "again": ""})
            assert "sid" not in scanner.client.cookies
    with database.reading() as db:
        row = db.exec(select(Invitation).where(Invitation.account_id == member.account.id)).one()
        assert (row.used_at, row.superseded_at) == (None, None)
    assert _sessions(member) == before
    with site.stranger() as human:
        human.open(f"/i/{token}")
        human.open("/invitation")
        assert human.send("/invitation", {"password": NEW, "again": NEW}).status_code == 303
    with database.reading() as db:
        assert db.get_one(Account, member.account.id).verified_at
