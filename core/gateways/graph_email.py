"""E-mail from a mailbox of the school's Microsoft 365 (Graph sendMail; application permission Mail.Send).

202 means accepted and nothing more: Graph has no word about delivery. Nothing is kept in the mailbox's sent items, for
the messages hold links.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from core.config import settings
from core.errors import GatewayError, GatewayErrorKind, SettingsError
from core.gateways import mime
from core.gateways.channels import Email
from core.gateways.microsoft_graph import Graph, from_settings

_KINDS = GatewayErrorKind


class GraphEmail:
    """Sends as FIRSTKEY_GRAPH_MAILBOX."""

    def __init__(self, graph: Graph, mailbox: str) -> None:
        if "@" not in mailbox:
            raise SettingsError("FIRSTKEY_GRAPH_MAILBOX is the address that e-mails come from.")
        self._graph, self._mailbox = graph, mailbox

    def send(self, email: Email) -> str:
        """Give the e-mail to Microsoft; the Message-ID is the same for every try."""
        message_id = f"<{email.reference}@{self._mailbox.rpartition('@')[2]}>"
        try:
            self._graph.ask("POST", f"/users/{quote(self._mailbox)}/sendMail", _request(email, message_id))
        except GatewayError as error:
            raise self._of_mailbox(error) from None
        return message_id

    def close(self) -> None:
        self._graph.close()

    def _of_mailbox(self, error: GatewayError) -> GatewayError:
        """A mailbox that is not there would fail every message alike."""
        if error.kind is not _KINDS.PERMANENT or "(404" not in str(error):
            return error
        return GatewayError(_KINDS.CONFIGURATION, f"Microsoft 365 has no mailbox {self._mailbox}.")


def _request(email: Email, message_id: str) -> dict[str, Any]:
    """The HTML part alone: Graph takes one form of the text."""
    return {
        "message": {
            "subject": mime.one_line(email.subject),
            "body": {"contentType": "html", "content": email.html},
            "toRecipients": [{"emailAddress": {"address": email.to}}],
            "internetMessageId": message_id,
            "internetMessageHeaders": [{"name": "X-Auto-Response-Suppress", "value": "All"}],
        },
        "saveToSentItems": False,
    }


def from_mailbox() -> GraphEmail:
    return GraphEmail(from_settings(), settings().graph_mailbox)
