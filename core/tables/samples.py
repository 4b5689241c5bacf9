"""What a check shows: the messages of a few recipients, with a link or password that opens nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import islice

from sqlmodel import Session, col, select

from core import clock
from core.models import Account, Channel, Person, SignInMethod, Wording
from core.rules import message_text
from core.rules.message_text import Addressee, Place
from core.tables import school, wordings
from core.tables.plans import Plan
from core.tables.recipients import Recipient

PER_LANGUAGE = 3
LINK_THAT_OPENS_NOTHING = "EXAMPLE-THAT-OPENS-NOTHING"  # as long as a real one: an SMS is counted by it
PASSWORD_THAT_OPENS_NOTHING = "XXXX-XXXX-XXXX-XXXX"  # noqa: S105


@dataclass(frozen=True)
class Sample:
    """The message of one recipient; an SMS has no subject."""

    who: str
    language: str
    address: str
    subject: str
    text: str


@dataclass(frozen=True)
class _Form:
    """What all samples share."""

    texts: Mapping[str, Wording]
    place: Place
    plan: Plan
    channel: str

    @property
    def link(self) -> str:
        return f"{self.place.base_url}/i/{LINK_THAT_OPENS_NOTHING}"


def of(db: Session, *, plan: Plan, channel: str) -> tuple[Sample, ...]:
    """The first few of each language; with `by_family`, first of those who share an address."""
    form = _Form(wordings.texts(db, ids=plan.wording_ids), school.place(plan.school), plan, channel)
    everybody = list(plan.found)
    languages = sorted(set(plan.found.languages))
    chosen = [message for language in languages for message in _few(plan, everybody, language)]
    people = _people(db, [recipient.account_id for message in chosen for recipient in message])
    return tuple(_sample(form, message, [people[recipient.account_id] for recipient in message]) for message in chosen)


def _few(plan: Plan, everybody: Sequence[Recipient], language: str) -> Iterator[list[Recipient]]:
    """Messages in one language, each with the recipients it is for."""
    mine = [recipient for recipient in everybody if recipient.language == language]
    families = list(plan.shared) if plan.by_family else []
    together = ([r for r in everybody if r.address == address] for address in families[:PER_LANGUAGE])
    yield from islice((family for family in together if family[0].language == language), 1)
    alone = ([recipient] for recipient in mine if recipient.address not in families)
    yield from islice(alone, PER_LANGUAGE)


def _sample(form: _Form, message: list[Recipient], people: Sequence[Addressee]) -> Sample:
    first = message[0]
    to = replace(people[0], language=first.language)
    own = form.plan.school
    if form.channel == Channel.SMS:
        ends_at = clock.now() + timedelta(days=own.sms_password_days)
        password = PASSWORD_THAT_OPENS_NOTHING
        text = message_text.render_sms(form.texts, to, form.place, password=password, link=form.link, ends_at=ends_at)
        return Sample(_name(to), first.language, first.address, "", text)
    ends_at = clock.now() + timedelta(days=own.link_days)
    if len(people) > 1:
        members = [message_text.Member(p.first_name, p.last_name, p.username, p.microsoft, form.link) for p in people]
        filled = message_text.render_family(form.texts, members, form.place, language=first.language, ends_at=ends_at)
        return Sample(", ".join(map(_name, people)), first.language, first.address, filled.subject, filled.text)
    filled = message_text.render(form.texts, to, form.place, link=form.link, ends_at=ends_at)
    return Sample(_name(to), first.language, first.address, filled.subject, filled.text)


def _name(to: Addressee) -> str:
    return f"{to.first_name} {to.last_name}"


def _people(db: Session, account_ids: Sequence[int]) -> dict[int, Addressee]:
    query = select(Account, Person).where(col(Account.id).in_(account_ids), col(Person.id) == col(Account.person_id))
    return {
        account.id or 0: Addressee(
            person.first_name,
            person.last_name,
            account.username,
            account.sign_in_method == SignInMethod.MICROSOFT,
            person.language,
        )
        for account, person in db.exec(query)
    }
