"""Preview Report: the real pages, for the session that asked, sealed, and nothing printed or issued."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import pypdfium2
import pytest
from PIL import Image
from sqlmodel import Session, select

from core import clock as core_clock
from core import database
from core.documents import credentials
from core.documents.papers import Credentials
from core.errors import FreshCodeRequired, NotAllowed, NotFound
from core.models import AccountChange, AuditEntry, Invitation, PreviewPage, SignInSession
from core.permissions import Actor
from core.rules.report_parameters import NO_CLASS, CredentialParameters, Layout, SlipOrder, Whose
from core.services import credential_papers, initial_passwords, previews, selections
from core.services.previews import Preview
from core.services.printed_accounts import Printed
from core.tables.filters import StudentFilter
from tests import cast as make
from tests.cast import Cast, just_signed_in
from tests.conftest import Clock

pytestmark = pytest.mark.both_databases
LETTERS = CredentialParameters(layout="letter", whose="students")


def _shown(db: Session, actor: Actor) -> int:
    return selections.show(db, actor, list_name="students", filter=StudentFilter()).id or 0


def _preview(actor: Actor, parameters: CredentialParameters = LETTERS, first: int = 1) -> Preview:
    """What the window does."""
    with database.transaction() as db:
        printed = Printed(_shown(db, actor), "shown", parameters)
    with database.reading() as db:
        begun = previews.read(db, actor, printed, first=first)
    with database.transaction() as db:
        previews.note(db, actor, begun)
    pictures = previews.draw(begun)
    with database.transaction() as db:
        return previews.keep(db, actor, begun=begun, pictures=pictures)


def _read(actor: Actor, preview: Preview, number: int = 1) -> bytes:
    with database.reading() as db:
        return previews.picture(db, actor, preview=preview.id, number=number)


def _signed_in(actor: Actor, session_id: str) -> Actor:
    """In a browser of their own, a moment ago."""
    here = replace(actor, session_id=session_id)
    with database.transaction() as db:
        just_signed_in(db, here)
        row = db.get_one(SignInSession, session_id)
        row.token_hash = session_id
    return here


@pytest.fixture(name="olga")
def _olga(cast: Cast, clock: Clock) -> Actor:
    return _signed_in(cast.olga.actor, "first")


def test_the_first_pages_are_pictures_and_their_number_is_told(cast: Cast, olga: Actor) -> None:
    preview = _preview(olga)
    assert (preview.shown, preview.pages, preview.whole) == (3, 3, True)
    for number in (1, 2, 3):
        picture = Image.open(BytesIO(_read(olga, preview, number)))
        assert picture.format == "PNG" and picture.width > 800 and picture.height > picture.width
    with pytest.raises(NotFound):
        _read(olga, preview, 4)
    assert _preview(olga, replace(LETTERS, layout="8", page_per_class=False)).pages == 1


def test_of_a_very_long_table_only_the_first_are_drawn_and_it_is_said_so(
    cast: Cast, olga: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(previews, "ROWS", 2)
    preview = _preview(olga, replace(LETTERS, layout="table"))
    assert (preview.first, preview.pages, preview.whole) == (1, 1, False)
    monkeypatch.setattr(previews, "ROWS", 100)
    assert _preview(olga, replace(LETTERS, layout="table")).whole


@pytest.mark.parametrize("order", ["class", "name", "code"])
@pytest.mark.parametrize(("whose", "by_family"), [("both", True), ("both", False), ("parents", False)])
def test_those_who_are_drawn_are_the_first_that_would_be_printed(
    cast: Cast, olga: Actor, monkeypatch: pytest.MonkeyPatch, order: SlipOrder, whose: Whose, by_family: bool
) -> None:
    with database.transaction() as db:
        for number in range(12):
            section = (cast.class_8a, cast.class_7b)[number % 2]
            values = {"first_name": f"Sam{number}", "last_name": f"Late{number % 5}", "source_id": f"T{number}"}
            student = make.person(db, in_section=section, **values)
            parent = make.person(db, kind="guardian", last_name=f"Early{number % 3}")
            make.guardianship(db, guardian=parent, student=student)
            make.guardianship(db, guardian=cast.gina.person, student=student)
            for who in (student, parent):
                make.account(db, person=who, username=f"one{who.id}")
        layout: Layout = "letter" if by_family else "table"
        asked = CredentialParameters(whose, layout, order, page_per_class=False, one_per_family=by_family)
        printed = Printed(_shown(db, olga), "shown", asked)
    with database.reading() as db:
        every = previews.read(db, olga, printed)
        for rows in (1, 4, 9):
            monkeypatch.setattr(previews, "ROWS", rows)
            first = previews.read(db, olga, printed)
            assert _rows(first) == _rows(every)[:rows] and not first.whole
            assert first.paper.head == replace(every.paper.head, created=first.paper.head.created)


def _rows(begun: previews.Begun) -> list[object]:
    return [row for group in begun.paper.groups for part in group.load() for row in zip(*part, strict=True)]


def test_r45_pictures_lie_sealed_and_end_after_a_quarter_of_an_hour(cast: Cast, olga: Actor, clock: Clock) -> None:
    preview = _preview(olga, replace(LETTERS, show_passwords=False))
    with database.transaction() as db:
        page = db.get_one(PreviewPage, (preview.id, 1))
        assert b"IHDR" not in page.sealed and len(page.sealed) > 1000
        assert previews.forget_ended(db) == 0
    clock.forward(minutes=16)
    with pytest.raises(NotFound, match="over"):
        _read(olga, preview)
    with database.transaction() as db:
        assert previews.forget_ended(db) == 3
        assert db.exec(select(PreviewPage)).first() is None


def test_r60_nobody_else_and_no_other_session_sees_it(cast: Cast, olga: Actor) -> None:
    preview = _preview(olga)
    for other in (_signed_in(cast.olga.actor, "second"), _signed_in(cast.ada.actor, "hers")):
        with pytest.raises(NotFound):
            _read(other, preview)
    with pytest.raises(NotAllowed):
        _read(cast.cora.actor, preview)
    with database.transaction() as db, pytest.raises(NotAllowed):
        previews.read(db, cast.cora.actor, Printed(1, "shown", LETTERS))


def test_another_preview_takes_the_place_of_the_first(cast: Cast, olga: Actor) -> None:
    first = _preview(olga)
    second = _preview(olga)
    with pytest.raises(NotFound):
        _read(olga, first)
    assert _read(olga, second)


def test_r45_a_preview_that_is_over_leaves_no_picture_and_nobody_ends_that_of_another(cast: Cast, olga: Actor) -> None:
    preview = _preview(olga)
    with database.transaction() as db:
        previews.forget(db, cast.ada.actor, preview=preview.id)
    assert _read(olga, preview)
    with database.transaction() as db:
        previews.forget(db, olga, preview=preview.id)
    with database.reading() as db:
        assert db.exec(select(PreviewPage)).all() == []
    with pytest.raises(NotFound):
        _read(olga, preview)
    _preview(olga)
    for actor, is_left in ((cast.ada.actor, True), (olga, False)):  # of a run that was ended before it knew the name
        with database.transaction() as db:
            previews.forget(db, actor, preview=None)
        with database.reading() as db:
            assert (db.exec(select(PreviewPage)).first() is not None) is is_left


def test_looking_prints_and_issues_nothing_and_the_audit_says_who_looked(cast: Cast, olga: Actor) -> None:
    with database.transaction() as db:
        initial_passwords.issue(db, olga, account_id=cast.sam.account.id or 0, expected=1)
        issued = [row.model_dump() for row in db.exec(select(Invitation))]
    _preview(olga)
    with database.reading() as db:
        assert [row.model_dump() for row in db.exec(select(Invitation))] == issued
        assert db.exec(select(AccountChange).where(AccountChange.act == "slip_printed")).first() is None
        entry = db.exec(select(AuditEntry).where(AuditEntry.action == "report.previewed")).one()
        assert (entry.details["kind"], entry.details["count"]) == ("credentials", 3)
        assert db.exec(select(AuditEntry).where(AuditEntry.action == "report.printed")).first() is None


def test_r31_a_sign_in_of_an_hour_ago_previews_neither_passwords_nor_links(cast: Cast, olga: Actor) -> None:
    stale = replace(olga, fresh_until=core_clock.now())
    for parameters in (LETTERS, replace(LETTERS, show_passwords=False)):
        with database.transaction() as db, pytest.raises(FreshCodeRequired):
            previews.read(db, stale, Printed(_shown(db, olga), "shown", parameters))


def test_classes_keep_their_order_when_only_the_first_rows_are_drawn(cast: Cast, olga: Actor) -> None:
    with database.transaction() as db:
        for number in range(4):
            student = make.person(db, last_name=f"Early{number}", in_section=cast.class_7b)
            make.account(db, person=student, username=f"early{number}")
        begun = previews.read(db, olga, Printed(_shown(db, olga), "shown", replace(LETTERS, layout="table")))
        assert [group.title for group in begun.paper.groups] == ["7B", "8A"]
        assert sum(group.count for group in begun.paper.groups) == 7


@pytest.mark.parametrize(
    ("layout", "by_class", "order", "classes"),
    [
        *(("letter", True, "class", ""), ("2", True, "name", "")),
        *(("4", False, "code", ""), ("2", False, "name", "")),
        *(("2", True, "class", "7B"), ("2", False, "code", "7B")),
        *(("2", True, "class", "none"), ("4", False, "code", "none"), ("letter", True, "class", "7B and none")),
    ],
)
def test_each_page_shows_those_who_stand_on_it_in_the_whole_report_and_nobody_else(
    cast: Cast, olga: Actor, layout: Layout, by_class: bool, order: SlipOrder, classes: str
) -> None:
    """Each parent has a child in 8A, one in 7B and one without a class."""
    named = {"7B": cast.class_7b.id or 0, "none": NO_CLASS}
    sections = tuple(section_id for name, section_id in named.items() if name in classes)
    with database.transaction() as db:
        parents = [make.person(db, kind="guardian", last_name=f"Early{number}") for number in range(3)]
        students = []
        for number in range(9):
            section = (cast.class_8a, cast.class_7b, None)[number % 3]
            values = {"last_name": f"Late{number % 5}", "source_id": f"T{number}"}
            students.append(make.person(db, in_section=section, **values))
            make.guardianship(db, guardian=parents[number // 3], student=students[-1])
        for who in (*parents, *students):
            make.account(db, person=who, username=f"one{who.id}")
        asked = CredentialParameters(layout=layout, order=order, page_per_class=by_class, section_ids=sections)
        printed = Printed(_shown(db, olga), "shown", asked)
    with database.reading() as db:
        whole = credential_papers.credentials(db, olga, printed).paper
        assert isinstance(whole, Credentials)
        pages = _texts(credentials.render(whole))
        for first in range(1, len(pages) + 2):
            begun = previews.read(db, olga, printed, first=first)
            before, of = begun.paper.part or (-1, -1)
            assert (before, of) == (min(first, len(pages)) - 1, len(pages)) and begun.whole
            shown = _texts(credentials.render(replace(begun.paper, head=whole.head)))
            assert shown == pages[before : before + previews.PAGES]


def test_a_number_beyond_the_last_page_gives_the_last_one(cast: Cast, olga: Actor) -> None:
    for parameters in (LETTERS, replace(LETTERS, one_per_family=True), replace(LETTERS, layout="table")):
        preview = _preview(olga, parameters, first=4000)
        assert (preview.first, preview.shown) == (preview.pages, 1)
        assert _read(olga, preview, preview.pages)


def test_r45_leafing_on_leaves_no_picture_of_the_pages_before(cast: Cast, olga: Actor) -> None:
    before = _preview(olga)
    after = _preview(olga, first=3)
    with database.reading() as db:
        assert {(page.preview, page.number) for page in db.exec(select(PreviewPage))} == {(after.id, 3)}
    with pytest.raises(NotFound):
        _read(olga, before)


def _texts(data: bytes) -> list[str]:
    return [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(data)]
