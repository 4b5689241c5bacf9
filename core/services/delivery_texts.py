"""The text of one message, with the links or the password it carries; they exist only here and in the message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from core import clock, keys
from core.models import CampaignKind, Channel, Purpose, SignInMethod, Wording
from core.models.messaging import CARRIES_NOTHING, NO_INVITATION
from core.rules import message_text, wording
from core.rules.message_text import Addressee, Place
from core.rules.reachability import Policy
from core.services import delivery_statements as statements
from core.services import invitations
from core.services.invitations import Issued, Wanted
from core.tables import samples


@dataclass(frozen=True)
class Form:
    """What all messages of a batch share."""

    channel: str
    kind: str
    days: int
    texts: Mapping[str, Wording]
    place: Place
    policy: Policy
    key: keys.Key = field(repr=False)

    @property
    def has_key(self) -> bool:
        """Whether its messages open anything."""
        return self.kind not in NO_INVITATION

    @property
    def is_for_one(self) -> bool:
        """Whether its messages carry what only the person may read: a link or a password of theirs."""
        return self.kind not in CARRIES_NOTHING

    @property
    def asks_about_address(self) -> bool:
        """Whether its links ask whether the address is the person's, and open nothing."""
        return self.kind == CampaignKind.CONFIRM_ADDRESS

    @property
    def resets(self) -> bool:
        """Whether its links let somebody choose a password who forgot theirs."""
        return self.kind == CampaignKind.RESET_PASSWORD

    @property
    def opens_account(self) -> bool:
        """Whether its messages are a way into the account, for the first time or with a new password."""
        return self.has_key or self.resets

    @property
    def was_checked(self) -> bool:
        """Whether a check chose its people; a new link is asked for, perhaps by whose mailbox works again."""
        return self.has_key and self.kind != CampaignKind.NEW_LINK

    def needs_password(self, person: Any, language: str) -> bool:
        """Whether the text of this person carries an initial password rather than a link."""
        if self.channel != Channel.SMS or person.sign_in_method == SignInMethod.MICROSOFT:
            return False
        return "{password}" in self.texts[message_text.language(language, self.texts)].body


@dataclass(frozen=True)
class Letter:
    """One message before it is written: to whom, and once it is issued, what it carries."""

    message_id: int
    form: Form
    address: str
    language: str
    people: tuple[Any, ...] = field(repr=False)
    issued: tuple[Issued, ...] = field(default=(), repr=False)

    @property
    def ends_at(self) -> datetime:
        return min(one.expires_at for one in self.issued)


def issue(db: Session, letters: Sequence[Letter]) -> list[Letter]:
    """The letters with what they carry: what an earlier try issued, or something new that ends the older ones."""
    parts = [(letter, person) for letter in letters for person in letter.people]
    known = [_known(db, letter, person) for letter, person in parts]
    wanting = [part for part, earlier in zip(parts, known, strict=True) if earlier is None]
    fresh = invitations.issue_several(db, [_wanted(letter, person) for letter, person in wanting])
    _tie(db, wanting, fresh)
    made, issued = iter(fresh), iter(known)
    return [replace(letter, issued=tuple(next(issued) or next(made) for _ in letter.people)) for letter in letters]


def compose(letter: Letter) -> wording.Filled:
    """The message for one person, or for a family."""
    form, language, ends_at = letter.form, letter.language, letter.ends_at
    to = [_addressee(person, language) for person in letter.people]
    if form.channel == Channel.SMS:
        return wording.Filled("", _sms(form, to[0], letter.issued[0], ends_at), "")
    leads_to = "v" if form.asks_about_address else "i"
    links = [f"{form.place.base_url}/{leads_to}/{one.token}" for one in letter.issued]
    if len(to) == 1:
        return message_text.render(form.texts, to[0], form.place, link=links[0], ends_at=ends_at)
    members = [
        message_text.Member(who.first_name, who.last_name, who.username, who.microsoft, link)
        for who, link in zip(to, links, strict=True)
    ]
    return message_text.render_family(form.texts, members, form.place, language=language, ends_at=ends_at)


def _sms(form: Form, to: Addressee, issued: Issued, ends_at: datetime) -> str:
    """A password looks different from a link; a text has the one that its wording names."""
    link = f"{form.place.base_url}/i/{issued.token}"
    return message_text.render_sms(form.texts, to, form.place, password=issued.token, link=link, ends_at=ends_at)


def _known(db: Session, letter: Letter, person: Any) -> Issued | None:
    """What needs no issue: a notice and a test carry nothing that opens anything, a retry repeats what it had."""
    form = letter.form
    if form.is_for_one:
        return invitations.same_again(db, invitation_id=person.invitation_id) if person.invitation_id else None
    ends_at = clock.now() + timedelta(days=form.days)
    password = form.needs_password(person, letter.language)
    return Issued(0, ends_at, samples.PASSWORD_THAT_OPENS_NOTHING if password else samples.LINK_THAT_OPENS_NOTHING)


def _wanted(letter: Letter, person: Any) -> Wanted:
    form = letter.form
    purpose = Purpose.PASSWORD if form.needs_password(person, letter.language) else Purpose.LINK
    if form.asks_about_address:
        purpose = Purpose.ADDRESS
    elif form.resets:
        purpose = Purpose.RESET
    return Wanted(purpose, person.account_id, form.channel, letter.address, form.days, form.key)


def _tie(db: Session, parts: Sequence[tuple[Letter, Any]], issued: Sequence[Issued]) -> None:
    """The messages know what they carry; a lock after wrong tries ends with the password that it protected."""
    ties = [
        {"message": letter.message_id, "account": person.account_id, "invitation": one.invitation_id}
        for (letter, person), one in zip(parts, issued, strict=True)
    ]
    locked = [{"account": one.account_id} for letter, one in parts if letter.form.needs_password(one, letter.language)]
    if ties:
        db.connection().execute(statements.TIE, ties)
    if locked:
        db.connection().execute(statements.UNLOCK, locked)


def _addressee(person: Any, language: str) -> Addressee:
    microsoft = person.sign_in_method == SignInMethod.MICROSOFT
    return Addressee(person.first_name, person.last_name, person.username, microsoft, language)
