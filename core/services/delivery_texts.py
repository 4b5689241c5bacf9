"""The text of one message, with the links or the password it carries; they exist only here and in the message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from core import clock, keys
from core.models import CampaignKind, Channel, Purpose, SignInMethod, Wording
from core.models.messaging import NO_INVITATION
from core.rules import message_text, wording
from core.rules.message_text import Addressee, Place
from core.services import delivery_statements as statements
from core.services import invitations
from core.services.invitations import Issued
from core.tables import samples


@dataclass(frozen=True)
class Form:
    """What all messages of a batch share."""

    channel: str
    kind: str
    days: int
    texts: Mapping[str, Wording]
    place: Place
    key: keys.Key = field(repr=False)

    @property
    def has_key(self) -> bool:
        """Whether its messages open anything."""
        return self.kind not in NO_INVITATION

    @property
    def asks_about_address(self) -> bool:
        """Whether its links ask whether the address is the person's, and open nothing."""
        return self.kind == CampaignKind.CONFIRM_ADDRESS

    @property
    def resets(self) -> bool:
        """Whether its links let somebody choose a password who forgot theirs."""
        return self.kind == CampaignKind.RESET_PASSWORD

    def needs_password(self, person: Any, language: str) -> bool:
        """Whether the text of this person carries an initial password rather than a link."""
        if self.channel != Channel.SMS or person.sign_in_method == SignInMethod.MICROSOFT:
            return False
        return "{password}" in self.texts[message_text.language(language, self.texts)].body


def compose(
    db: Session, form: Form, *, message_id: int, address: str, language: str, people: Sequence[Any]
) -> tuple[wording.Filled, datetime]:
    """The message for one person, or for a family; and when what it carries ends."""
    issued = [_issued(db, form, message_id, address, language, person) for person in people]
    ends_at = min(one.expires_at for one in issued)
    to = [_addressee(person, language) for person in people]
    if form.channel == Channel.SMS:
        return wording.Filled("", _sms(form, to[0], issued[0], ends_at), ""), ends_at
    leads_to = "v" if form.asks_about_address else "i"
    links = [f"{form.place.base_url}/{leads_to}/{one.token}" for one in issued]
    if len(to) == 1:
        return message_text.render(form.texts, to[0], form.place, link=links[0], ends_at=ends_at), ends_at
    members = [
        message_text.Member(who.first_name, who.last_name, who.username, who.microsoft, link)
        for who, link in zip(to, links, strict=True)
    ]
    text = message_text.render_family(form.texts, members, form.place, language=language, ends_at=ends_at)
    return text, ends_at


def _sms(form: Form, to: Addressee, issued: Issued, ends_at: datetime) -> str:
    """A password looks different from a link; a text has the one that its wording names."""
    link = f"{form.place.base_url}/i/{issued.token}"
    return message_text.render_sms(form.texts, to, form.place, password=issued.token, link=link, ends_at=ends_at)


def _issued(db: Session, form: Form, message_id: int, address: str, language: str, person: Any) -> Issued:
    """What an earlier try issued, or something new that ends the older ones; a notice and a test carry nothing."""
    purpose = Purpose.PASSWORD if form.needs_password(person, language) else Purpose.LINK
    if form.asks_about_address:
        purpose = Purpose.ADDRESS
    elif form.resets:
        purpose = Purpose.RESET
    elif not form.has_key:
        link = purpose is Purpose.LINK
        ends_at = clock.now() + timedelta(days=form.days)
        return Issued(0, ends_at, samples.LINK_THAT_OPENS_NOTHING if link else samples.PASSWORD_THAT_OPENS_NOTHING)
    earlier = invitations.same_again(db, invitation_id=person.invitation_id) if person.invitation_id else None
    if earlier:
        return earlier
    issued = invitations.issue(
        db,
        purpose,
        account_id=person.account_id,
        channel=form.channel,
        address=address,
        days=form.days,
        key=form.key,
    )
    tie = {"message": message_id, "account": person.account_id, "invitation": issued.invitation_id}
    db.connection().execute(statements.TIE, tie)
    if purpose is Purpose.PASSWORD:  # a lock after wrong tries ends too: what it protected is gone
        db.connection().execute(statements.UNLOCK, {"account": person.account_id})
    return issued


def _addressee(person: Any, language: str) -> Addressee:
    microsoft = person.sign_in_method == SignInMethod.MICROSOFT
    return Addressee(person.first_name, person.last_name, person.username, microsoft, language)
