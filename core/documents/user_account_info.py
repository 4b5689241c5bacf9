"""User Account Info: the technical status of accounts of any kind, with totals and a chart. Never a password."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.documents import listing, totals
from core.documents.grid import Column
from core.documents.letterhead import LEFT, RIGHT
from core.documents.listing import ANSWER, NONE, Kind, Part
from core.documents.moments import Days
from core.documents.papers import AccountColumns, UserAccountInfo
from core.documents.report_pdf import ReportPDF
from core.documents.totals import Tally, sum_of

COLUMNS = (
    Column("No", 19, few=True, grey=True),
    Column("Name", 97, exact=False),
    Column("Class", 30, exact=False, few=True),
    Column("Username", 88),
    Column("Sign-in\nmethod", 50, few=True),
    Column("Active", 26, few=True),
    Column("Verified\non", 46, few=True),
    Column("Account\nstate", 60, few=True),
    Column("Last\nmessage", 58, few=True),
    Column("Times\ninvited", 28, few=True),
    Column("Invited\non", 46, few=True),
    Column("Link\nuntil", 46, few=True),
    Column("First\nlogin", 46, few=True),
    Column("Last\nlogin", 46, few=True),
    Column("Sign-\nins", 22, few=True),
    Column("Change\ndue", 31, few=True),
    Column("Created", 46, few=True),
)
SECOND = (  # below them, from the name on
    Column("Roles", 127, exact=False, few=True),
    Column("E-mail", 210, exact=False),
    Column("Failed sign-ins", 118, exact=False, few=True),
    Column("Pending change", 166, exact=False, few=True),
    Column("Created by", 145, exact=False, few=True),
)
EXACT = {3: 2}  # the username: its place in UserRow
ACCOUNTS = ("account", "accounts")
_MIDDLE, _BAR = 470.0, 150.0
_HEADINGS = ("Accounts", "Active", "Verified", "Signed in")
_ENDS = (_MIDDLE + 122, _MIDDLE + 152, _MIDDLE + 182, _MIDDLE + 214)  # where their numbers end


def render(paper: UserAccountInfo) -> bytes:
    """The PDF file."""
    pdf = ReportPDF(paper.head, orientation="L")
    days = Days(paper.head.zone)

    def ending(pdf: ReportPDF, tallies: Sequence[Tally], notes: Sequence[str], top: float) -> bytes:
        total, kinds = sum_of(tallies), _by_kind(paper, tallies)
        shown = totals.draw(
            total, paper.states, people=ACCOUNTS, colours=paper.colours, pdf=pdf, x=LEFT, top=top, bar=_BAR
        )
        chart = _by_user_type(kinds, paper, pdf=pdf, top=top)
        return shown + chart + totals.notes(notes, pdf=pdf, x=LEFT, top=top - _height(total, kinds))

    kind = Kind(
        columns=COLUMNS,
        exact=EXACT,
        cells=lambda parts: _cells(parts, paper, days),
        tally=_tally,
        below=lambda tally: (tally.in_words(*ACCOUNTS), tally.by_state(paper.states)),
        closing_lines=2,
        ending_height=lambda tallies: _height(sum_of(tallies), _by_kind(paper, tallies)),
        ending=ending,
        foot=listing.PERSONAL,
        second=SECOND,
    )
    return listing.render(pdf, paper.head, paper.groups, kind, paper.notes)


def _by_kind(paper: UserAccountInfo, tallies: Sequence[Tally]) -> dict[str, Tally]:
    """One tally for each user type."""
    found: dict[str, list[Tally]] = {}
    for group, tally in zip(paper.groups, tallies, strict=True):
        found.setdefault(group.under or group.title, []).append(tally)
    return {title: sum_of(parts) for title, parts in found.items()}


def _height(total: Tally, kinds: Mapping[str, Tally]) -> float:
    return max(totals.height(total), 48 + 14.0 * len(kinds))


def _by_user_type(kinds: Mapping[str, Tally], paper: UserAccountInfo, *, pdf: ReportPDF, top: float) -> bytes:
    """A line for each user type, its numbers, and a bar of its states in the order and colours of the other bars."""
    drawn = [b".35 g\n", pdf.plain.line("By user type", _MIDDLE, top - 32, 7)]
    for heading, x in zip(_HEADINGS, _ENDS, strict=True):
        drawn.append(pdf.plain.line(heading, x, top - 32, 6.2, right=True))
    drawn.append(b"0 g\n")
    for at, (title, tally) in enumerate(kinds.items()):
        y = top - 44 - 14 * at
        drawn.append(pdf.plain.line(title, _MIDDLE, y, 8, limit=84))
        for number, x in zip((tally.people, tally.active, tally.verified, tally.signed_in), _ENDS, strict=True):
            drawn.append(pdf.plain.line(f"{number:,}", x, y, 8, right=True))
        drawn.append(_stacked(tally, paper, x=_ENDS[-1] + 8, y=y))
    return b"".join(drawn)


def _stacked(tally: Tally, paper: UserAccountInfo, *, x: float, y: float) -> bytes:
    drawn, width = [], RIGHT - x
    for state in paper.states:
        part = width * tally.states[state] / tally.people
        if part:
            drawn.append(b"%b %.2f %.1f %.2f 7 re f\n" % (totals.ink(paper.colours.get(state, "")), x, y - 0.7, part))
            x += part
    return b"".join([*drawn, b"0 g\n"])


def _tally(columns: AccountColumns) -> Tally:
    _, _, _, _, active, verified, states, _, _, invited, _, _, signed_in, *_ = columns
    are_verified = [int(moment is not None) for moment in verified]
    return Tally.of(active=active, verified=are_verified, invited=invited, signed_in=signed_in, states=states)


def _cells(parts: Sequence[Part], paper: UserAccountInfo, days: Days) -> list[Sequence[str]]:
    """The texts of COLUMNS without the number, then those of SECOND."""
    columns = listing.columns_of(parts)
    name, section, username, method, active, verified, state, delivery, times, invited, ends, *rest = columns
    first, last, sign_ins, due, created, roles, email, failed, locked, waits, maker = rest
    return [
        name,
        [text or NONE for text in section],
        username,
        [paper.methods.get(text, NONE) for text in method],
        list(map(ANSWER.__getitem__, active)),
        list(map(days.__getitem__, verified)),
        list(map(paper.states.__getitem__, state)),
        [paper.deliveries.get(text, NONE) for text in delivery],
        list(map(str, times)),
        list(map(days.__getitem__, invited)),
        list(map(days.__getitem__, ends)),
        list(map(days.__getitem__, first)),
        list(map(days.__getitem__, last)),
        list(map(str, sign_ins)),
        list(map(ANSWER.__getitem__, due)),
        list(map(days.__getitem__, created)),
        [text or "No role" for text in roles],
        [text or "No e-mail" for text in email],
        list(map(_failures, failed, locked)),
        [f"Waits for Microsoft 365 since {days[since]}" if since else "" for since in waits],
        [f"Created by {text}" if text else "Creator not recorded" for text in maker],
    ]


def _failures(failed: int, locked: int) -> str:
    """3 failed sign-ins, locked"""
    said = ("1 failed sign-in" if failed == 1 else f"{failed:,} failed sign-ins") if failed else ""
    return ", ".join(filter(None, (said, "locked" if locked else ""))).capitalize()
