"""The mailbox of FIRSTKEY_BOUNCE_IMAP_URL, to which e-mails come back that could not be delivered (RFC 3501).

Only reports of mail servers are read and marked as seen, whosever mail they are about; what people write stays unread.
"""

from __future__ import annotations

import imaplib
import re
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from core import clock
from core.config import settings
from core.errors import GatewayError, GatewayErrorKind
from core.gateways import imap_connection, imap_words
from core.rules import bounce_reports

LOOK_BACK = timedelta(days=14)
TOGETHER = 20  # so many reports are fetched at once, and recorded in one commit
AT_MOST = 1000  # reports in one go: whoever reads them has other things to do, too
_HEADS_TOGETHER, _HEAD = 200, 2_048
_KINDS = GatewayErrorKind


@dataclass(frozen=True)
class Letter:
    """One report in the mailbox, as far as it is looked at; what it returns may hold a live link."""

    uid: str
    content: bytes = field(repr=False)


class BounceMailbox:
    """Open inside a `with` block."""

    def __init__(self, url: str, context: ssl.SSLContext | None = None) -> None:
        self._place, self._context = imap_connection.place(url), context
        self._imap: imaplib.IMAP4 | None = None

    def __enter__(self) -> BounceMailbox:
        self._imap = imap_connection.opened(self._place, self._context)
        return self

    def __exit__(self, *_error: object) -> None:
        imap, self._imap = self._imap, None
        if imap is not None:
            imap_connection.close(imap)

    def unread(self) -> Iterator[list[Letter]]:
        """The unread reports of the last days, some at a time, the oldest first. Looking marks nothing."""
        reports = [uid for uids in _slices(self._search(), _HEADS_TOGETHER) for uid in self._reports_among(uids)]
        for uids in _slices(reports[:AT_MOST], TOGETHER):
            found = self._fetch(uids, f"BODY.PEEK[]<0.{bounce_reports.LARGEST}>")
            yield [Letter(uid, found[uid]) for uid in uids if uid in found]

    def mark_seen(self, letters: Sequence[Letter]) -> None:
        """These are done with: the next look passes them over."""
        if letters:
            self._ask("STORE", ",".join(letter.uid for letter in letters), "+FLAGS.SILENT", r"(\Seen)")

    def _search(self) -> list[str]:
        data = self._ask("SEARCH", "UNSEEN", "SINCE", imap_words.day(clock.now() - LOOK_BACK))
        return [uid for line in data if isinstance(line, bytes) for uid in re.findall(r"\d+", line.decode("latin-1"))]

    def _reports_among(self, uids: Sequence[str]) -> list[str]:
        heads = self._fetch(uids, f"BODY.PEEK[HEADER.FIELDS (CONTENT-TYPE)]<0.{_HEAD}>")
        return [uid for uid in uids if uid in heads and bounce_reports.is_report(heads[uid])]

    def _fetch(self, uids: Sequence[str], what: str) -> dict[str, bytes]:
        return dict(imap_words.literals(self._ask("FETCH", ",".join(uids), f"(UID {what})")))

    def _ask(self, command: str, *words: str) -> list[Any]:
        assert self._imap is not None  # noqa: S101  (only inside the `with` block)
        try:
            said, data = self._imap.uid(command, *words)
        except (imaplib.IMAP4.error, OSError) as error:
            raise GatewayError(_KINDS.TRANSIENT, "the mailbox for returned mail hung up") from error
        if said != "OK":
            raise GatewayError(_KINDS.TRANSIENT, f"the mailbox for returned mail refused to {command.lower()}")
        return data


def _slices(uids: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (uids[start : start + size] for start in range(0, len(uids), size))


def from_settings() -> BounceMailbox | None:
    """None where no mailbox is set."""
    return BounceMailbox(settings().bounce_imap_url) if settings().bounce_imap_url else None
