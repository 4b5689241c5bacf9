"""*Preview Report*: the first pages as pictures, for whoever asked, for a quarter of an hour; printing nothing.

The pictures may show passwords: they are sealed with the key that stands outside the database, each for its own row,
and belong to the session that asked (R45).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import timedelta

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock, keys
from core.documents import press
from core.documents.papers import Credentials, Pictures
from core.errors import NotFound
from core.models import PreviewPage
from core.permissions import Actor, Permission
from core.services import audit, credential_papers
from core.services.printed_accounts import Printed
from core.tables import school

KEPT, PAGES, ROWS = timedelta(minutes=15), 3, 150


@dataclass(frozen=True)
class Begun:
    """What is to be drawn, and whether it is all that would be printed."""

    paper: Credentials = field(repr=False)
    whole: bool
    printed: Printed
    ids: list[int]

    @property
    def paper_rows(self) -> int:
        return sum(group.count for group in self.paper.groups)


@dataclass(frozen=True)
class Preview:
    """Where the pictures are, `/files/{id}/page/{n}` from 1, and how many pages the report has, if that is known."""

    id: str
    shown: int
    pages: int | None


def read(db: Session, actor: Actor, printed: Printed) -> Begun:
    """What the first pages show. Only reads, and of very many only those who stand first; `note` must follow."""
    actor.require(Permission.REVEAL_CREDENTIALS)
    actor.require_fresh()
    if printed.parameters.show_passwords:
        school.require_first_password_shown(db)
    first = credential_papers.first(db, actor, printed, most=ROWS)
    assert isinstance(first.contents.paper, Credentials)  # noqa: S101  (what that function puts together)
    return Begun(first.contents.paper, first.contents.people == first.of, printed, first.contents.ids)


def note(db: Session, actor: Actor, begun: Begun) -> None:
    """The audit says that somebody looked, and at whom; nothing is printed or issued."""
    details = {"kind": "credentials", "count": begun.paper_rows}
    audit.record(
        db,
        actor,
        action="report.previewed",
        object_kind="selection",
        object_id=begun.printed.selection_id,
        details=details,
        people=begun.ids,
    )


def draw(begun: Begun) -> Pictures:
    """The pictures, drawn in a process of its own: call it when the transaction is over."""
    return press.pictures(begun.paper, PAGES)


def keep(db: Session, actor: Actor, *, begun: Begun, pictures: Pictures) -> Preview:
    """Store the pictures sealed; an older preview of the same account is gone."""
    if actor.account_id is None or not actor.session_id:
        raise NotFound("A preview is for somebody who has signed in.")
    db.execute(sa.delete(PreviewPage).where(col(PreviewPage.account_id) == actor.account_id))
    preview, key, ends = secrets.token_hex(16), keys.current(), clock.now() + KEPT
    for number, picture in enumerate(pictures.pages, 1):
        page = PreviewPage(
            preview=preview,
            number=number,
            account_id=actor.account_id,
            session_id=actor.session_id,
            expires_at=ends,
            kid=key.kid,
            sealed=key.seal(_place(preview, number), picture),
        )
        db.add(page)
    return Preview(preview, len(pictures.pages), pictures.of if begun.whole else None)


def picture(db: Session, actor: Actor, *, preview: str, number: int) -> bytes:
    """One picture, for the session that asked for it, while it may still see it."""
    actor.require(Permission.REVEAL_CREDENTIALS)
    page = db.get(PreviewPage, (preview, number))
    key = keys.known().get(page.kid) if page else None
    mine = page is not None and (page.account_id, page.session_id) == (actor.account_id, actor.session_id)
    if page is None or key is None or not mine or page.expires_at <= clock.now():
        raise NotFound("This preview is over. Preview the report again.")
    content = key.unseal(_place(preview, number), page.sealed)
    if content is None:
        raise NotFound("This preview is over. Preview the report again.")
    return content


def forget_ended(db: Session) -> int:
    """Remove what nobody may see any more; gives how many pages."""
    gone = db.execute(sa.delete(PreviewPage).where(col(PreviewPage.expires_at) <= clock.now()))
    return int(getattr(gone, "rowcount", 0))


def _place(preview: str, number: int) -> str:
    return f"preview_page|{preview}|{number}"
