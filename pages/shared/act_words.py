"""The sentences of the acts on accounts: the button, what follows from it, what is said afterwards."""

from __future__ import annotations

from dataclasses import dataclass

from core.rules.account_acts import Act


@dataclass(frozen=True)
class _Words:
    """How an act is spoken of; `{}` stands for the number of accounts."""

    button: str
    before: str
    after: str


ELSEWHERE = (
    "Where messages go to another address from now on, open links end, the person is signed out, the old address is "
    "told, and whoever is verified is asked to confirm the new one."
)
SAID: dict[Act, _Words] = {
    Act.ACTIVATE: _Words(
        "Activate {}",
        "They can sign in again with the password they had. Sessions and links that ended do not come back.",
        "Activated {}. Next: send an invitation to those who have no password yet.",
    ),
    Act.DEACTIVATE: _Words(
        "Deactivate {}",
        "They are signed out everywhere at once and cannot sign in. Open links and initial passwords end.",
        "Deactivated {}.",
    ),
    Act.REQUIRE_PASSWORD_CHANGE: _Words(
        "Require a new password of {}",
        "At their next sign-in they have to choose another password before anything else opens.",
        "A new password is required of {} at the next sign-in.",
    ),
    Act.VOID_LINKS: _Words(
        "Void the links of {}",
        "Open links and initial passwords stop working, printed ones too. Send a new invitation afterwards.",
        "Voided the open links of {}. Next: Send Initial Invitation.",
    ),
    Act.TO_MICROSOFT: _Words(
        "Convert {}",
        "The Microsoft 365 address becomes the username. The local password and open links end, and they are signed "
        "out; they count as not yet verified. Undo brings the old username back, but not the password.",
        "Converted {} to Microsoft 365. Next: Send Initial Invitation tells them how to sign in.",
    ),
    Act.TO_LOCAL: _Words(
        "Convert {}",
        "They keep their username and sign in with a local password from now on. They have none yet and count as not "
        "verified: send an invitation afterwards, or issue initial passwords.",
        "Converted {} to a local password. Next: Send Initial Invitation, or Issue new initial passwords.",
    ),
    Act.PERSONAL_EMAIL_ON: _Words(
        "Switch it on for {}",
        f"Invitations go to the personal e-mail. {ELSEWHERE}",
        "Use Personal E-mail is on for {}.",
    ),
    Act.PERSONAL_EMAIL_OFF: _Words(
        "Switch it off for {}",
        f"Without Microsoft 365 they cannot be invited by e-mail while this is off. {ELSEWHERE}",
        "Use Personal E-mail is off for {}.",
    ),
    Act.GIVE_ROLE: _Words(
        "Give the role to {}",
        "They may do what the role allows at once. A role of staff signs them out everywhere, and their open links and "
        "initial passwords end.",
        "Gave the role to {}.",
    ),
}
