"""What a check shows: the mails of a few recipients, with a link that opens nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice

from sqlmodel import Session, col, select

from core import clock
from core.models import Account, Person, SchoolSettings, SignInMethod
from core.rules import message_text, wording
from core.tables import school, wordings
from core.tables.recipients import Recipient

PER_LANGUAGE = 3


@dataclass(frozen=True)
class Sample:
    """The mail of one recipient."""

    who: str
    language: str
    address: str
    text: wording.Filled


def of(
    db: Session, *, to: Sequence[Recipient], wording_ids: Mapping[str, int], own: SchoolSettings
) -> tuple[Sample, ...]:
    """The first few of each language."""
    chosen: list[Recipient] = []
    for language in sorted({recipient.language for recipient in to}):
        chosen += islice((recipient for recipient in to if recipient.language == language), PER_LANGUAGE)
    texts, place = wordings.texts(db, ids=wording_ids), school.place(own)
    people = _people(db, [recipient.account_id for recipient in chosen])
    link, ends_at = f"{place.base_url}/i/EXAMPLE-THIS-LINK-OPENS-NOTHING", clock.now() + timedelta(days=own.link_days)
    made = []
    for recipient in chosen:
        account, person = people[recipient.account_id]
        microsoft = account.sign_in_method == SignInMethod.MICROSOFT
        addressee = message_text.Addressee(
            person.first_name, person.last_name, account.username, microsoft, recipient.language
        )
        text = message_text.render(texts, addressee, place, link=link, ends_at=ends_at)
        made.append(Sample(f"{person.first_name} {person.last_name}", recipient.language, recipient.address, text))
    return tuple(made)


def _people(db: Session, account_ids: Sequence[int]) -> dict[int, tuple[Account, Person]]:
    query = select(Account, Person).where(col(Account.id).in_(account_ids), col(Person.id) == col(Account.person_id))
    return {account.id or 0: (account, person) for account, person in db.exec(query)}
