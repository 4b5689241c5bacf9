"""*Preview Report*: some pages at a time as pictures, for whoever asked, until the window is closed; printing nothing.

The pictures may show passwords: they are sealed with the key that stands outside the database, each for its own row,
and belong to the session that asked (R45). A window that nobody closes loses them after a quarter of an hour.
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

KEPT, PAGES = timedelta(minutes=15), 3
ROWS = 1500  # of which a table or letters of families are drawn whole, in a second


@dataclass(frozen=True)
class Begun:
    """What is to be drawn from which page on, and whether all that would be printed can be leafed through."""

    paper: Credentials = field(repr=False)
    whole: bool
    printed: Printed
    ids: list[int]
    first: int

    @property
    def paper_rows(self) -> int:
        return sum(group.count for group in self.paper.groups)


@dataclass(frozen=True)
class Preview:
    """Where the pictures are, `/files/{id}/page/{n}` from `first` on, of how many pages that can be asked for.

    `whole`: these are all pages of the report, and not only the first.
    """

    id: str
    first: int
    shown: int
    pages: int
    whole: bool


def read(db: Session, actor: Actor, printed: Printed, *, first: int = 1) -> Begun:
    """What the pages from `first` on show. Only reads, and of very many only those on them; `note` must follow."""
    actor.require(Permission.REVEAL_CREDENTIALS)
    actor.require_fresh()
    if printed.parameters.show_passwords:
        school.require_first_password_shown(db, actor)
    part = credential_papers.part(db, actor, printed, first=first, pages=PAGES, most=ROWS)
    assert isinstance(part.contents.paper, Credentials)  # noqa: S101  (what that function puts together)
    return Begun(part.contents.paper, part.whole, printed, part.contents.ids, first)


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
    return press.pictures(begun.paper, PAGES, first=begun.first)


def keep(db: Session, actor: Actor, *, begun: Begun, pictures: Pictures) -> Preview:
    """Store the pictures sealed; an older preview of the same account is gone."""
    if actor.account_id is None or not actor.session_id:
        raise NotFound("A preview is for somebody who has signed in.")
    db.execute(sa.delete(PreviewPage).where(col(PreviewPage.account_id) == actor.account_id))
    preview, key, ends = secrets.token_hex(16), keys.current(), clock.now() + KEPT
    for number, picture in enumerate(pictures.pages, pictures.first):
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
    return Preview(preview, pictures.first, len(pictures.pages), pictures.of, begun.whole)


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


def forget(db: Session, actor: Actor, *, preview: str | None) -> None:
    """Remove the pictures of a preview that nobody looks at any more, of all where its name is not known.

    Those of somebody else stay.
    """
    mine = [col(PreviewPage.account_id) == actor.account_id]
    if preview is not None:
        mine.append(col(PreviewPage.preview) == preview)
    db.execute(sa.delete(PreviewPage).where(*mine))


def forget_ended(db: Session) -> int:
    """Remove what nobody may see any more; gives how many pages."""
    gone = db.execute(sa.delete(PreviewPage).where(col(PreviewPage.expires_at) <= clock.now()))
    return int(getattr(gone, "rowcount", 0))


def _place(preview: str, number: int) -> str:
    return f"preview_page|{preview}|{number}"
