"""What each setting of the school accepts, in sentences for whoever typed something else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

import phonenumbers

from core.errors import InputProblem
from core.models.accounts import UserType
from core.models.people import PersonStatus
from core.rules import new_accounts, reminders, retention, username_pattern
from core.rules.contact_data import email_is_valid
from core.rules.imports.leaving import PERCENT as LEAVERS_PERCENT

_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
_OBJECT_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
PASSWORD_LENGTH = (8, 64)
STUDENT_STATUSES = (PersonStatus.REGISTERED, PersonStatus.APPLICANT, PersonStatus.ACTIVE, PersonStatus.INACTIVE)


def checked(changes: Mapping[str, Any]) -> dict[str, Any]:
    """The values as they are stored; InputProblem names the first that cannot be."""
    unknown = changes.keys() - CHECKS.keys()
    if unknown:
        raise InputProblem(f"There is no such setting: {', '.join(sorted(unknown))}.")
    return {name: CHECKS[name](value) for name, value in changes.items()}


def school_name(value: str) -> str:
    """The name as it stands in messages."""
    name = " ".join(value.split())
    if not 1 <= len(name) <= 100 or not name.isprintable():
        raise InputProblem("The school's name has 1 to 100 letters. Type it as it should stand in messages.")
    return name


def _time_zone(value: str) -> str:
    if value not in available_timezones():
        raise InputProblem(
            f"There is no time zone “{value[:60]}”. Choose one from the list, for instance Europe/Athens."
        )
    return str(ZoneInfo(value))


def _region(value: str) -> str:
    if value not in phonenumbers.SUPPORTED_REGIONS:
        raise InputProblem("Choose a country from the list.")
    return value


def _regions(value: list[str]) -> list[str]:
    if not value:
        raise InputProblem("Allow at least one country, or nobody can get an SMS.")
    return sorted({_region(region) for region in value})


def _user_types(value: list[str]) -> list[str]:
    return sorted({UserType(user_type) for user_type in value})


def _between(low: int, high: int, what: str) -> Any:
    def check(value: int) -> int:
        if not low <= value <= high:
            raise InputProblem(f"{what} must be between {low} and {high}.")
        return value

    return check


def _number_order(value: list[str]) -> list[str]:
    order = list(dict.fromkeys(value))
    if not order or not set(order) <= {"student", "guardian", "home"}:
        raise InputProblem("Say whose number gets the text messages of a student: choose at least one.")
    return order


def _money(what: str) -> Any:
    def check(value: float) -> float:
        if not 0 <= value <= 1_000_000:
            raise InputProblem(f"{what} must be between 0 and 1,000,000.")
        return round(float(value), 4)

    return check


def _currency(value: str) -> str:
    code = value.strip().upper()
    if not (len(code) == 3 and code.isascii() and code.isalpha()):
        raise InputProblem("A currency has three letters, for instance EUR.")
    return code


def _language(value: str) -> str:
    if value not in ("en", "el"):
        raise InputProblem("Messages can be in English or Greek.")
    return value


def _username_pattern(value: str) -> str:
    username_pattern.read(value)
    return value.strip()


def _help_contact(value: str) -> str:
    text = " ".join(value.split())
    if len(text) > 200:
        raise InputProblem("Keep the help contact under 200 letters.")
    return text


def _alert_address(value: str) -> str:
    address = value.strip()
    if address and not email_is_valid(address):
        raise InputProblem("This e-mail address is not valid. Check it letter by letter.", field="alert_address")
    return address


def _languages(value: list[str]) -> list[str]:
    chosen: list[str] = [language for language in ("en", "el") if language in value]
    if not chosen or set(value) - set(chosen):
        raise InputProblem("Choose English, Greek or both.", field="languages")
    return chosen


def _portal_address(value: str) -> str:
    address = value.strip()
    parts = urlsplit(address)
    fits = parts.scheme == "https" and parts.netloc and not parts.username and address.isprintable()
    if address and (not fits or len(address) > 200 or any(letter in address for letter in " \"'<>")):
        raise InputProblem("The portal's address begins with https://, for instance https://portal.school.example.")
    return address


def _password_lengths(value: Mapping[str, int]) -> dict[str, int]:
    check = _between(*PASSWORD_LENGTH, "The shortest password")
    return {UserType(user_type).value: check(int(length)) for user_type, length in sorted(value.items())}


def _expiry(value: int) -> int:
    if value != 0 and not 30 <= value <= 1_000:
        raise InputProblem("Passwords end never (0) or after 30 to 1,000 days.", field="password_expires_days")
    return value


def _registered(value: list[str]) -> list[str]:
    if not value:
        raise InputProblem("Choose at least one status, or no student could get an account.")
    if set(value) - set(STUDENT_STATUSES):
        raise InputProblem("Choose from the list which statuses count as Registered.")
    return [status for status in STUDENT_STATUSES if status in value]


def _default_roles(value: Mapping[str, str]) -> dict[str, str]:
    for user_type, role in value.items():
        if role not in new_accounts.ROLES_BY_DEFAULT.get(UserType(user_type), ()):
            raise InputProblem("This role is not given by itself. An administrator gives it by hand.")
    return {UserType(user_type).value: role for user_type, role in sorted(value.items())}


def _domain(value: str) -> str:
    domain = value.strip().lower().removeprefix("@")
    if domain and not (len(domain) <= 200 and _DOMAIN.fullmatch(domain)):
        raise InputProblem(
            "This is no domain of Microsoft 365.",
            field="microsoft_domain",
            hint="Write what stands after the @ of its addresses, for instance school.example.",
        )
    return domain


def _licence_group(value: str) -> str:
    group = value.strip().lower()
    if group and not _OBJECT_ID.fullmatch(group):
        raise InputProblem(
            "This is not the id of a group.",
            field="microsoft_licence_group",
            hint="Copy the group's Object ID from the Entra admin center: 36 letters, digits and dashes.",
        )
    return group


CHECKS: dict[str, Any] = {
    "school_name": school_name,
    "time_zone": _time_zone,
    "default_language": _language,
    "default_region": _region,
    "allowed_regions": _regions,
    "help_contact": _help_contact,
    "microsoft": bool,
    "microsoft_user_types": _user_types,
    "link_days": _between(1, 30, "The days a link lasts"),
    "password_length": _between(*PASSWORD_LENGTH, "The shortest password"),
    "staff_password_length": _between(*PASSWORD_LENGTH, "The shortest password of staff"),
    "sms_number_order": _number_order,
    "sms_guardian_grades": lambda grades: sorted({str(grade)[:50] for grade in grades}),
    "sms_password_days": _between(1, 30, "The days a password in a text message lasts"),
    "sms_from_hour": _between(0, 23, "The first hour for text messages"),
    "sms_until_hour": _between(1, 24, "The last hour for text messages"),
    "sms_price": _money("The price of a segment"),
    "sms_currency": _currency,
    "sms_spend_per_day": _money("What text messages may cost on one day"),
    "sms_per_number_per_day": _between(1, 100, "Text messages to one number a day"),
    "sms_per_day": _between(0, 1_000_000, "Text messages a day"),
    "email_per_day": _between(0, 10_000_000, "E-mails a day"),
    "fresh_code_above": _between(0, 1_000_000, "How many may be written to without the password"),
    "typed_count_above": _between(0, 1_000_000, "How many may be written to without typing the number"),
    "second_administrator_above": _between(0, 1_000_000, "How many may be written to without a second administrator"),
    "second_factor": bool,
    "pause_after_failures": _between(2, 1_000, "Failures in a row after which a campaign by e-mail pauses"),
    "sms_pause_after_failures": _between(2, 1_000, "Failures in a row after which a campaign by SMS pauses"),
    "administrator_idle_minutes": _between(5, 30, "The minutes after which administrators are signed out"),
    "administrator_session_hours": _between(1, 12, "The hours after which administrators are signed out"),
    "idle_minutes": _between(5, 60, "The minutes after which others are signed out"),
    "session_hours": _between(1, 24, "The hours after which others are signed out"),
    "tell_students_of_new_devices": bool,
    "username_pattern": _username_pattern,
    "username_suffix": username_pattern.ending,
    "reminders": bool,
    "reminder_after_days": _between(*reminders.AFTER_DAYS, "The days after which an invitation is sent again"),
    "reminders_at_most": _between(*reminders.AT_MOST, "How often a person is reminded"),
    "reminder_hour": _between(*reminders.HOUR, "The hour of the reminders"),
    "keep_invitations_days": _between(*retention.INVITATION_DAYS, "The days that ended invitations are kept"),
    "keep_outbox_days": _between(*retention.OUTBOX_DAYS, "The days that files of the outbox are kept"),
    "keep_leavers_months": _between(*retention.LEAVER_MONTHS, "The months that people who left are kept"),
    "keep_audit_months": _between(*retention.AUDIT_MONTHS, "The months that the audit is kept"),
    "alert_address": _alert_address,
    "languages": _languages,
    "portal_address": _portal_address,
    "show_first_password": bool,
    "password_expires_days": _expiry,
    "password_lengths": _password_lengths,
    "slip_days": _between(1, 60, "The days a slip lasts"),
    "auto_invite": _user_types,
    "registered_statuses": _registered,
    "default_roles": _default_roles,
    "microsoft_domain": _domain,
    "microsoft_licence_group": _licence_group,
    "microsoft_only_on_creation": bool,
    "leavers_percent": _between(*LEAVERS_PERCENT, "The percentage that may leave at once"),
    "folder_marks_leavers": bool,
}
