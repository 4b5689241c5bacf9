"""The mailbox to which undeliverable e-mails come back: whether it lets us in, and has the folder."""

from __future__ import annotations

from collections.abc import Iterator

from core.config import Settings
from core.errors import GatewayError, SettingsError
from core.gateways import imap_connection
from core.manage.checkups.findings import Finding, fault, fine, sentence, told

_WHAT = "returned mail"
_REMEDY = "Check FIRSTKEY_BOUNCE_IMAP_URL: host, port, user, password and folder. Until then no bounce is seen."


def look(settings: Settings) -> Iterator[Finding]:
    """Sign in and open the folder, as the worker does every few minutes. Nothing is read, and nothing marked."""
    url = settings.bounce_imap_url
    if not url:
        if settings.email != "outbox":
            yield fine(_WHAT, "no mailbox is set: e-mails that come back show in the sender's own")
        return
    try:
        imap_connection.reach(url)
    except SettingsError as problem:
        yield fault(_WHAT, f"{problem}.", "Correct the setting.")
    except GatewayError as error:
        yield fault(_WHAT, sentence(told(error, settings)), _REMEDY)
    else:
        at = imap_connection.place(url)
        yield fine(_WHAT, f"{at.host} lets us in, and the folder {at.folder} is there")
