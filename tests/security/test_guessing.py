"""T1, T2, T5: passwords are guessed, names are probed. Nobody gets in, nobody learns who is there, the victim comes in.

The long form (10,000 tries) runs with FIRSTKEY_SECURITY=long.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import sqlalchemy as sa
from sqlmodel import col, select

from core import database
from core.models import Account, AuditEntry, Person, Throttle, ThrottleScope
from core.services import audit, throttles
from tests.security import site as sites
from tests.security.ranks import p_value
from tests.security.site import LONG, WRONG, Site

TRIES, ACCOUNTS, ADDRESSES, AT_ONCE = (10_000, 200, 250, 120) if LONG else (120, 4, 12, 4)
SAMPLES = 200 if LONG else 30


def _attack(site: Site, address: int) -> Counter[int]:
    """What one address of many gets for its share of the tries: how often which status."""
    with site.stranger(f"203.0.113.{address}") as attacker:
        attacker.open("/sign-in")
        targets = [*site.usernames[:ACCOUNTS], site.cast.olga.account.username]
        names = [targets[(address + number) % len(targets)] for number in range(TRIES // ADDRESSES)]
        guesses = ({"username": name, "password": f"{WRONG} {number}"} for number, name in enumerate(names))
        return Counter(attacker.send("/sign-in", guess).status_code for guess in guesses)


def test_t1_thousands_of_guesses_open_nothing_and_the_victim_gets_in_on_her_own_device(site: Site) -> None:
    victim = site.usernames[0]
    with site.stranger("198.51.100.1") as own:
        assert own.sign_in(victim).status_code == 303
        own.client.cookies.delete("sid")
        before = sites.resident_kb(site.server)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            statuses = sum(pool.map(lambda address: _attack(site, address), range(ADDRESSES)), Counter[int]())
        assert set(statuses) <= {403, 429, 503}  # refused, or sent away because too many came at once
        assert statuses[403] > 0.8 * TRIES
        assert sites.resident_kb(site.server) - before < 100 * 1024
        with site.stranger("203.0.113.77") as thief:  # by luck with the right one
            assert thief.sign_in(victim).status_code == 403
        assert own.sign_in(victim).status_code == 303
    with database.reading() as db:
        tried = db.exec(select(Account).where(col(Account.username).in_(site.usernames[:ACCOUNTS]))).all()
        assert all(account.next_try_at for account in tried if account.username != victim)
        alarms = db.exec(select(AuditEntry).where(AuditEntry.action == "sign_in.alarm")).all()
        assert 1 <= len(alarms) <= 2 + TRIES // 500  # one a window, and the tries may reach into the next
        counted = sum(row.times for row in db.exec(select(Throttle).where(Throttle.scope == "everybody")))
        assert counted > (0 if LONG else 0.8 * TRIES)  # what was counted ten minutes ago is forgotten
        assert audit.verify(db).broken_at is None
    mail = site.mail_to(site.cast.ada.person.contact_email, about="wrong sign-ins")
    assert mail["subject"] == "Many wrong sign-ins at Athena School"
    assert len([one for one in site.mails() if one["subject"] == mail["subject"]]) <= len(alarms)


def test_t5_one_guess_at_each_of_many_accounts_slows_the_guesser_down_and_not_the_school(site: Site) -> None:
    """All from one address: after a hundred failures every further one takes five seconds."""
    tries = 101 if LONG else 6
    with database.transaction() as db:  # the short form finds the first ones counted already
        db.execute(sa.delete(Throttle))  # of whatever came before
        for _counted in range(101 - tries):
            throttles.count(db, ThrottleScope.ADDRESS, "203.0.113.250")
    with site.stranger("203.0.113.250") as sprayer:
        sprayer.open("/sign-in")
        for number in range(tries):
            began = time.monotonic()
            name = site.usernames[-number] if number % 3 else f"nobody.{number}"
            assert sprayer.send("/sign-in", {"username": name, "password": WRONG}).status_code == 403
        assert time.monotonic() - began > 5
    with database.reading() as db:
        assert throttles.slow_down(db, ip="203.0.113.250").total_seconds() == 5
        assert throttles.slow_down(db, ip="198.51.100.9").total_seconds() == 0
    with site.stranger("203.0.113.250") as neighbour:  # behind the same address, slowed down and not locked out
        assert neighbour.sign_in(site.cast.max.account.username).status_code == 303


def _cannot_be_told_apart(site: Site, path: str, known: list[str]) -> None:
    """Ask for known and unknown names in random order, from so many addresses that none is slowed down."""
    names = [(True, name) for name in known] + [(False, f"{name[:-3]}x{name[-2:]}") for name in known]
    random.Random(7).shuffle(names)
    times: dict[bool, list[float]] = {True: [], False: []}
    answers = set()
    for part in range(0, len(names), 25):
        with database.transaction() as db:  # what was counted in all would slow down the later ones
            db.execute(sa.delete(Throttle))
        with site.stranger(f"192.0.{len(path)}.{part // 25}") as prober:
            prober.open(path)
            form = {"form_token": prober.hidden("form_token"), "password": WRONG}
            for is_known, name in names[part : part + 25]:
                began = time.perf_counter()
                answer = prober.send(path, form | {"username": name})
                times[is_known].append(time.perf_counter() - began)
                text = answer.text.replace(name, "…").replace(form["form_token"], "…")  # that of the browser
                answers.add((answer.status_code, text, str(sorted(set(answer.headers)))))
    assert len(answers) == 1
    # One honest run in a hundred falls below 0.01: that is for the long form, which somebody reads.
    assert p_value(times[True], times[False]) > (0.01 if LONG else 0.0001)


def test_t2_r22_a_wrong_sign_in_tells_nobody_whether_the_name_exists(site: Site) -> None:
    _cannot_be_told_apart(site, "/sign-in", site.usernames[-SAMPLES:])


def test_t2_r22_a_forgotten_password_tells_nobody_whether_the_name_exists(site: Site) -> None:
    _cannot_be_told_apart(site, "/forgotten", site.usernames[-SAMPLES:])


def test_t2_r20_a_whole_school_behind_one_address_forgets_its_passwords_and_nobody_is_refused(site: Site) -> None:
    """Eighty at once where thirty are quick: the others wait, known and unknown alike, and all get their links."""
    known = site.usernames[40:80]

    def ask(name: str) -> tuple[int, str, bool]:
        with site.stranger("192.0.3.1") as pupil:
            pupil.open("/forgotten")
            token, began = pupil.hidden("form_token"), time.monotonic()
            answer = pupil.send("/forgotten", {"username": name})
            return answer.status_code, answer.text.replace(token, "…"), time.monotonic() - began > 4.9

    with database.transaction() as db:
        db.execute(sa.delete(Throttle))
    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(ask, [name for one in known for name in (one, f"no.{one}")]))
    assert len({(status, text) for status, text, _slow in answers}) == 1
    assert answers[0][0] == 200
    assert sum(slow for *_said, slow in answers) >= _asked_beyond(30) >= 20
    for address in _addresses(known):
        assert "/i/" in site.mail_to(address)["text"]


def _asked_beyond(allowance: int) -> int:
    """How many asked when the allowance of their ten minutes was spent: the clock may turn a window in between."""
    with database.reading() as db:
        asked = db.exec(select(Throttle.times).where(Throttle.scope == ThrottleScope.ASKED_FROM)).all()
    assert sum(asked) == 80
    return sum(max(0, times - allowance) for times in asked)


def _addresses(usernames: list[str]) -> list[str]:
    with database.reading() as db:
        query = select(Person.personal_email).join(Account, col(Account.person_id) == col(Person.id))
        return list(db.exec(query.where(col(Account.username).in_(usernames))))


def test_r57_the_audit_keeps_the_address_that_the_proxy_saw(site: Site) -> None:
    with site.stranger("6.6.6.6, 198.51.100.77") as liar:
        liar.sign_in("nobody.at.all", WRONG, Forwarded="for=6.6.6.6")
    with database.reading() as db:
        assert db.exec(select(AuditEntry.ip).order_by(col(AuditEntry.seq).desc())).first() == "198.51.100.77"
