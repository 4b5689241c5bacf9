"""Tries out what the school's application at Microsoft may do, and says plainly what is missing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from core import clock
from core.config import settings
from core.errors import GatewayError, SettingsError
from core.gateways import choose
from core.gateways.channels import Email
from core.rules.microsoft_identity import Hindered, Hindrance


class Trial(StrEnum):
    """What can be tried."""

    SIGN_IN = "sign_in"
    READ_USERS = "read_users"
    CREATE_USERS = "create_users"
    SEND_MAIL = "send_mail"


@dataclass(frozen=True)
class Found:
    """Whether it works, and the sentence for whoever asked."""

    works: bool
    sentence: str


_NOT_ALLOWED = {
    Trial.READ_USERS: "The application may not read users. Give it the application permission User.Read.All, "
    "then press “Grant admin consent”.",
    Trial.SEND_MAIL: "The application may not send mail. Give it the application permission Mail.Send, "
    "then press “Grant admin consent”.",
}
_CONSENT = "Grant admin consent"
_CREATING = (  # each with the wider ones that include it
    ("User.ReadWrite.All", "Directory.ReadWrite.All"),
    ("GroupMember.ReadWrite.All", "Group.ReadWrite.All", "Directory.ReadWrite.All"),
)
_SIGN_IN = {
    Hindrance.DOWN: "Microsoft does not answer. Check this server's way to the internet, then try again.",
    Hindrance.SETTINGS: "Microsoft does not know this tenant. Check FIRSTKEY_MICROSOFT_TENANT_ID.",
}


def run(trial: Trial, *, own_address: str) -> Found:
    """Do it once; the mail goes to `own_address`, that of whoever asks."""
    try:
        return _TRIALS[trial](own_address)
    except SettingsError as problem:
        return Found(False, str(problem))
    except Hindered as hindered:
        return Found(False, _SIGN_IN.get(hindered.hindrance, "Microsoft gave an answer that could not be used."))
    except GatewayError as error:
        allowed = "(403)" not in str(error) and "(401)" not in str(error)
        return Found(False, _sentence(error) if allowed or trial not in _NOT_ALLOWED else _NOT_ALLOWED[trial])


def _sign_in(_address: str) -> Found:
    """The tenant answers, and it takes the application's id and secret."""
    choose.microsoft_identity().begin()
    choose.microsoft_graph().token()
    return Found(True, "Microsoft knows the tenant and accepts the application with its secret.")


def _read_users(_address: str) -> Found:
    users = choose.microsoft_graph().ask("GET", "/users?$top=1&$select=id")
    return Found(
        True,
        "The application can read users."
        if isinstance(users, dict) and users.get("value")
        else "It can read users; there are none yet.",
    )


def _create_users(_address: str) -> Found:
    """Nobody is created for it: what was granted stands in the token."""
    granted = choose.microsoft_graph().permissions()
    if granted is None:
        return Found(False, "Microsoft does not say what it allows. Create one person to see whether it works.")
    missing = [names[0] for names in _CREATING if not granted & set(names)]
    if not missing:
        return Found(True, "The application may create users and put them into the licence group.")
    lacks = " and ".join(missing)
    more = "" if len(missing) > 1 or missing[0] == _CREATING[0][0] else " It may create users without a licence group."
    return Found(
        False, f"The application lacks the application permission {lacks}.{more} Give it, then press “{_CONSENT}”."
    )


def _send_mail(address: str) -> Found:
    if not address:
        return Found(False, "Your own account has no e-mail address to send to. Add one on your card, then try again.")
    mailbox = settings().graph_mailbox
    text = f"This is a test from Firstkey, sent from {mailbox or 'no mailbox'} through Microsoft 365."
    reference = f"check-{int(clock.now().timestamp())}"
    choose.graph_email().send(Email(address, "Test of Firstkey", text, f"<p>{text}</p>", reference))
    return Found(True, f"Microsoft accepted a test message from {mailbox} to {address}. Look whether it arrives.")


def _sentence(error: GatewayError) -> str:
    text = str(error)
    return text if text.endswith(".") else f"{text[:1].upper()}{text[1:]}. Try again in a few minutes."


_TRIALS = {
    Trial.SIGN_IN: _sign_in,
    Trial.READ_USERS: _read_users,
    Trial.CREATE_USERS: _create_users,
    Trial.SEND_MAIL: _send_mail,
}
