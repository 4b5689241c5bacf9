"""Text messages: whether Twilio's settings are whole, it accepts the account, and the account has the sender."""

from __future__ import annotations

from collections.abc import Iterator

from core.config import Settings
from core.errors import GatewayError, GatewayErrorKind
from core.manage.checkups.findings import Finding, fault, fine, sentence, told, warning
from core.manage.checkups.ways_out import OUTBOX

_AWAY = (
    "Check this server's way to the internet (https, port 443, its proxy and clock); status.twilio.com says how "
    "Twilio is."
)
_REFUSED = (
    "Copy FIRSTKEY_TWILIO_ACCOUNT_SID and FIRSTKEY_TWILIO_AUTH_TOKEN anew from Twilio's console; a token that was "
    "changed there ends here."
)


def look(settings: Settings, *, is_demo: bool) -> Iterator[Finding]:
    """Ask Twilio about the account, and send nothing."""
    if settings.sms == "outbox":
        remedy = "Set FIRSTKEY_SMS=twilio if the school sends text messages."
        yield fine("SMS", OUTBOX) if is_demo else warning("SMS", f"{OUTBOX}.", remedy)
    elif missing := _missing(settings):
        named = ", ".join(f"FIRSTKEY_{name.upper()}" for name in missing)
        yield fault("SMS", f"Missing for Twilio: {named}.", "Copy them from Twilio's console into the settings.")
    else:
        yield from _account(settings)
        if not settings.is_https:
            remedy = "Set FIRSTKEY_PUBLIC_BASE_URL to the https address of the school."
            yield warning("SMS", "Twilio cannot say what became of a message: the public address is not https.", remedy)


def _missing(settings: Settings) -> list[str]:
    missing = [name for name in ("twilio_account_sid", "twilio_auth_token") if not getattr(settings, name)]
    return missing if settings.twilio_from or settings.twilio_messaging_service else [*missing, "twilio_from"]


def _account(settings: Settings) -> Iterator[Finding]:
    from core.gateways import twilio_account  # its package takes long to load, and most schools have no use for it
    from core.gateways.twilio_account import Sender

    try:
        own = twilio_account.ask(settings)
    except GatewayError as error:
        is_refused = error.kind is GatewayErrorKind.CONFIGURATION
        yield fault("SMS", sentence(told(error, settings)), _REFUSED if is_refused else _AWAY)
        return
    if own.status != "active":
        remedy = "Sign in to Twilio's console: it says why, and how to open the account again."
        yield fault("SMS", f"Twilio says that the account is {own.status}: nothing can be sent.", remedy)
    elif own.sender is Sender.EMPTY:
        said = "The Messaging Service has neither a number nor a short code nor a name to send text messages from."
        remedy = "Add one in Twilio's console: Messaging > Services, the service, Sender Pool."
        yield fault("SMS", said, remedy)
    elif own.sender is Sender.MISSING:
        yield _without_sender(settings)
    else:
        knows = " and knows what we send from" if own.sender is Sender.THERE else ""
        yield fine("SMS", f"Twilio accepts the account{knows}")
    if own.is_trial:
        remedy = "Upgrade the account in Twilio's console before the first campaign."
        yield warning("SMS", "The Twilio account is a trial: it sends to verified numbers only.", remedy)


def _without_sender(settings: Settings) -> Finding:
    if service := settings.twilio_messaging_service:
        remedy = "Copy its id, which begins with MG, into FIRSTKEY_TWILIO_MESSAGING_SERVICE."
        return fault("SMS", f"The Twilio account has no Messaging Service {service}.", remedy)
    remedy = "Set FIRSTKEY_TWILIO_FROM to a number under Phone Numbers in Twilio's console, written like +306912345678."
    return fault("SMS", f"The Twilio account has no number {settings.twilio_from} that sends text messages.", remedy)
