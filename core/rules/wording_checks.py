"""What a wording of each kind and channel must say, may say and may never say (R67, R68, R80)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from core.errors import InputProblem
from core.models.messaging import CampaignKind, Channel
from core.rules import web_addresses, wording

LONGEST = {Channel.EMAIL: 5000, Channel.SMS: 600}
LONGEST_SUBJECT = 150
_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x85\u200b\u2028-\u202e\u2066-\u2069\ufeff]")
_PERSONAL = frozenset({"first_name", "student"})
_OF_A_KEY = frozenset({"link", "ends_on", "sign_in", "username"})
_ALWAYS = frozenset({"school", "portal", "help"})


@dataclass(frozen=True)
class Rule:
    """`required`: of each group at least one has to stand in the text."""

    fields: frozenset[str]
    required: tuple[frozenset[str], ...] = ()


def _one_of(*names: str) -> frozenset[str]:
    return frozenset(names)


_INVITATION = Rule(_ALWAYS | _PERSONAL | _OF_A_KEY, (_one_of("username"), _one_of("link")))
_SMS = _ALWAYS | {"first_name", "username", "ends_on", "link"}
RULES: dict[tuple[str, str], Rule] = {
    (CampaignKind.INITIAL_INVITATION, Channel.EMAIL): _INVITATION,
    (CampaignKind.NEW_LINK, Channel.EMAIL): _INVITATION,
    (CampaignKind.REMINDER, Channel.EMAIL): _INVITATION,
    # Nothing of a key goes to an address that was left.
    (CampaignKind.ADDRESS_CHANGED, Channel.EMAIL): Rule(_ALWAYS | _PERSONAL),
    (CampaignKind.CONFIRM_ADDRESS, Channel.EMAIL): Rule(_ALWAYS | _PERSONAL | {"link", "ends_on"}, (_one_of("link"),)),
    (CampaignKind.RESET_PASSWORD, Channel.EMAIL): Rule(
        _ALWAYS | _PERSONAL | {"link", "ends_on", "username"}, (_one_of("username"), _one_of("link"))
    ),
    (CampaignKind.PASSWORD_CHANGED, Channel.EMAIL): Rule(_ALWAYS | _PERSONAL | {"username"}),
    (CampaignKind.NEW_DEVICE, Channel.EMAIL): Rule(_ALWAYS | _PERSONAL | {"username"}),
    (CampaignKind.SIGN_IN_ALARM, Channel.EMAIL): Rule(_ALWAYS | _PERSONAL),
    (CampaignKind.SECOND_FACTOR_SET, Channel.EMAIL): Rule(_ALWAYS | _PERSONAL),
    (CampaignKind.SECOND_FACTOR_REMOVED, Channel.EMAIL): Rule(_ALWAYS | _PERSONAL),
    (CampaignKind.ALERT, Channel.EMAIL): Rule(_ALWAYS | {"first_name"}, (_one_of("portal"),)),
    (CampaignKind.FAMILY_INVITATION, Channel.EMAIL): Rule(_ALWAYS | {"people", "ends_on"}, (_one_of("people"),)),
    # No full name of a child beside a credential: there is no {student} in text messages (R80).
    (CampaignKind.INITIAL_CREDENTIALS, Channel.SMS): Rule(
        _SMS | {"password"}, (_one_of("username"), _one_of("password", "link"))
    ),
    (CampaignKind.RESET_PASSWORD, Channel.SMS): Rule(_SMS, (_one_of("link"),)),
    (CampaignKind.INITIAL_CREDENTIALS_MICROSOFT, Channel.SMS): Rule(_SMS, (_one_of("username"), _one_of("link"))),
}


def check(subject: str, body: str, *, kind: str, channel: str, home: str = "") -> None:
    """Refuse a wording with fields that do not exist, without the ones a person needs, or that leads elsewhere.

    `home` is the address of Firstkey itself.
    """
    rule = RULES.get((kind, channel))
    if rule is None:
        raise InputProblem("There is no such message.", field="body")
    _refuse_unknown(wording.names(subject + body), rule)
    _refuse_lacking(body, rule)
    _refuse_misplaced(subject, body)
    _refuse_elsewhere(f"{subject}\n{body}", home)
    _refuse_unsendable(subject, body, channel)


def _refuse_lacking(body: str, rule: Rule) -> None:
    for group in rule.required:
        if not group & wording.names(body):
            raise InputProblem(f"The text must contain {_listed(group, ' or ')}.", field="body")


def _refuse_misplaced(subject: str, body: str) -> None:
    if wording.has_stray_braces(subject + body):
        raise InputProblem("Braces stand around the name of a field only, like {username}.", field="body")
    if wording.names(subject) & {"link", "password", "people"}:
        raise InputProblem("What opens the account belongs into the text, not into the subject.", field="subject")
    used = wording.names(body)
    if {"password", "link"} <= used:  # a message is issued with one of them
        raise InputProblem("Use {password} or {link}: a message carries one of them, not both.", field="body")
    if "people" in used and not wording.stands_alone("people", body):
        raise InputProblem("{people} stands alone, with an empty line before and after it.", field="body")


def _refuse_elsewhere(text: str, home: str) -> None:
    if found := web_addresses.leads_to(text, home=home):
        raise InputProblem(
            "The text must lead nowhere but to the school: use {portal} or {link}. Phones and mail programs make a "
            f"link of “{found}”; where none is meant, put a space after the dot or the colon.",
            field="body",
        )


def _refuse_unsendable(subject: str, body: str, channel: str) -> None:
    longest = LONGEST[Channel(channel)]
    if channel == Channel.EMAIL and not subject.strip():
        raise InputProblem("An e-mail needs a subject.", field="subject")
    if len(subject) > LONGEST_SUBJECT or "\n" in subject.strip():
        raise InputProblem(f"Keep the subject on one line and under {LONGEST_SUBJECT} letters.", field="subject")
    if len(body) > longest:
        raise InputProblem(f"Keep the text under {longest:,} letters.", field="body")
    if _UNSEEN.search(subject + body):
        raise InputProblem("There are signs in it that nobody can see. Type the text anew, without them.", field="body")


def _refuse_unknown(used: set[str], rule: Rule) -> None:
    unknown = sorted(used - rule.fields)
    if unknown:
        known = _listed(rule.fields, ", ")
        raise InputProblem(f"There is no field {{{unknown[0]}}} in this message. Use: {known}.", field="body")


def _listed(names: frozenset[str], between: str) -> str:
    return between.join(f"{{{name}}}" for name in sorted(names))
