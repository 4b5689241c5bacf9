"""Credentials as a list: one line per account, for whoever hands them out or keeps the signatures.

A list of the office, so in English whatever the people speak.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from core.documents import credential_pages, listing, totals
from core.documents.grid import Column
from core.documents.letterhead import LEFT
from core.documents.listing import Kind, Part
from core.documents.papers import Credentials
from core.documents.report_pdf import ReportPDF
from core.documents.totals import Tally, sum_of
from core.rules import slip_words
from core.rules.handing_over import SlipSecret

_SIGNED = 100
FOOT = "Confidential · Initial credentials: keep locked away, shred when handed out."


def render(paper: Credentials) -> bytes:
    """The PDF file."""
    pdf = credential_pages.document(paper, orientation="L")
    kind = Kind(
        columns=_columns(paper),
        exact={5: 6, 6: 8} if paper.parameters.show_passwords else {5: 6},
        cells=lambda parts: _cells(parts, paper),
        tally=lambda columns: Tally(len(columns[0]), states=Counter(columns[7])),
        below=lambda tally: (_said(tally),),
        closing_lines=1,
        ending_height=lambda _tallies: 30,
        ending=_ending,
        foot=FOOT,
        row_height=18,
    )
    return listing.render(pdf, paper.head, paper.groups, kind, _notes(pdf, paper))


def _columns(paper: Credentials) -> list[Column]:
    signed = paper.parameters.signature_line
    wide = 0 if signed else _SIGNED
    columns = [
        Column("No", 19, few=True, grey=True),
        Column("Name", 118 + wide // 4, exact=False),
        Column("Student\ncode", 48),
        Column("Class", 34, exact=False, few=True),
        Column("Account", 110 + wide // 4, exact=False),
        Column("Username", 116 + wide // 4, mono=True),
        Column("Initial password" if paper.parameters.show_passwords else "Link", 160 + wide // 4, mono=True),
        Column("Works until", 80, few=True),
    ]
    return [*columns, Column("Signature", _SIGNED, few=True)] if signed else columns


def _cells(parts: Sequence[Part], paper: Credentials) -> list[Sequence[str]]:
    columns = listing.columns_of(parts)
    name, code, title, kind, relation, wards, username, secret, password, until, token, *_ = columns
    owners = [slip_words.account_of("en", *owner) for owner in zip(kind, relation, wards, strict=True)]
    ways = [_way(*row, paper=paper) for row in zip(secret, password, token, strict=True)]
    ends = [_end(*row, zone=paper.head.zone) for row in zip(secret, until, strict=True)]
    cells: list[Sequence[str]] = [name, code, title, owners, username, ways, ends]
    return [*cells, [""] * len(name)] if paper.parameters.signature_line else cells


def _end(secret: str, until: str, *, zone: str) -> str:
    return slip_words.until(SlipSecret(secret), until, "en", zone).removeprefix("Works until ") or "–"


def _way(secret: str, password: str, token: str, *, paper: Credentials) -> str:
    if password:
        return password
    if secret == SlipSecret.LINK:
        return paper.link + token
    return slip_words.words("en").instead[SlipSecret(secret)]


def _said(tally: Tally) -> str:
    return "1 account" if tally.people == 1 else f"{tally.people:,} accounts"


def _notes(pdf: ReportPDF, paper: Credentials) -> list[str]:
    dated, text = paper.parameters.dated, paper.parameters.extra_text
    lines = pdf.plain.paragraph(text, 780, 7.5)
    portal = f"Portal: {paper.portal}"
    return [*([slip_words.day(dated, paper.head.language)] if dated else []), portal, *lines]


def _ending(pdf: ReportPDF, tallies: Sequence[Tally], notes: Sequence[str], top: float) -> bytes:
    said = pdf.bold.line(f"Total: {_said(sum_of(tallies))}", LEFT, top - 20, 9)
    return said + totals.notes(notes, pdf=pdf, x=LEFT, top=top - 24)
