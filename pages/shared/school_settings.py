"""Settings of the school itself, of its accounts, passwords, invitations and alerts."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import available_timezones

import phonenumbers
import streamlit as st

from core import database
from core.models import PersonStatus, UserType
from core.permissions import Actor
from core.rules import new_accounts, words
from core.rules.alerts import NOTICED
from core.rules.school_fields import PASSWORD_LENGTH, STUDENT_STATUSES
from core.tables import school
from pages.shared import setting_fields
from pages.shared.setting_fields import Fields

ZONES = sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "posix")))
REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
LANGUAGES = [code for code in words.LANGUAGE if code]
TYPES = [user_type.value for user_type in UserType]
INVITED = [UserType.STUDENT.value, UserType.GUARDIAN.value, UserType.TEACHER.value, UserType.STAFF.value]


def _form(actor: Actor, name: str, draw: Callable[[Fields], None]) -> None:
    """A form with one button."""
    with database.reading() as db:
        fields = Fields(school.settings(db))
    with st.form(f"settings.{name}"):
        draw(fields)
        pressed = st.form_submit_button("Save", type="primary")
    setting_fields.button(actor, fields, pressed, of=name)


def of_school(actor: Actor) -> None:
    """Who we are, where, in which languages."""
    _form(actor, "school", _school)


def _school(fields: Fields) -> None:
    fields.text("school_name")
    fields.text("help_contact")
    fields.text("portal_address", placeholder="https://portal.school.example")
    left, right = st.columns(2)
    with left:
        fields.one("time_zone", ZONES)
        fields.many("languages", LANGUAGES, words.LANGUAGE.__getitem__)
    with right:
        fields.one("default_region", REGIONS)
        fields.one("default_language", LANGUAGES, words.LANGUAGE.__getitem__)


def of_accounts(actor: Actor) -> None:
    """Who gets an account, of which kind, with which role."""
    _form(actor, "accounts", _accounts)


def _accounts(fields: Fields) -> None:
    statuses = [status.value for status in STUDENT_STATUSES]
    fields.many("registered_statuses", statuses, lambda code: words.PERSON_STATUS[PersonStatus(code)])
    fields.heading("default_roles")
    roles = dict(fields.now.default_roles)
    for column, (user_type, offered) in zip(st.columns(4), new_accounts.ROLES_BY_DEFAULT.items(), strict=True):
        options = [str(role) for role in offered]
        now = options.index(roles.get(user_type, options[0]))
        chosen = column.selectbox(words.USER_TYPE[user_type], options, now, format_func=_role)
        if chosen != options[now]:  # what stands there by default is no decision of the school
            roles[user_type.value] = chosen
    fields.changes["default_roles"] = roles


def _role(code: str) -> str:
    return {str(role): said for role, said in words.ROLE.items()}.get(code, "None, by hand")


def of_passwords(actor: Actor) -> None:
    """How long, who sees the first one, whether they end."""
    with database.reading() as db:
        own = school.settings(db)
    if min(school.shortest_password(own, user_type) for user_type in TYPES) < 15:
        st.warning(
            "Passwords under 15 characters are guessed too easily where nothing else protects an account.",
            icon=":material/warning:",
        )
    if own.password_expires_days:
        st.warning(
            "Passwords end. People who must change them often choose weaker ones and write them down, so the standards "
            "(NIST SP 800-63B, OWASP ASVS 6.2.10) advise against it: set 0 unless somebody obliges the school.",
            icon=":material/warning:",
        )
    _form(actor, "passwords", _passwords)


def _passwords(fields: Fields) -> None:
    fields.switch("second_factor")
    fields.switch("show_first_password")
    st.toggle("New users must change password at first login", value=True, disabled=True)
    st.caption(
        "Always on: an initial password opens only the page on which people choose their own, and dies with that. "
        "So nobody who saw a slip or a message can use it later."
    )
    left, right = st.columns(2)
    with left:
        fields.number("password_length", *PASSWORD_LENGTH)
    with right:
        fields.number("staff_password_length", *PASSWORD_LENGTH)
    fields.heading("password_lengths")
    _lengths(fields)
    fields.number("password_expires_days", 0, 1_000)


def _lengths(fields: Fields) -> None:
    """A number for each user type; where it is empty, the general one is seen behind it.

    Streamlit lets people empty only a field that began empty, so what is stored comes by its key.
    """
    lengths = {}
    for column, code in zip(st.columns(4) * 2, TYPES, strict=True):
        general, own = school.general_length(fields.now, code), fields.now.password_lengths.get(code)
        label, key = words.USER_TYPE[UserType(code)], setting_fields.anew(f"length.{code}", own)
        with column:
            st.session_state.setdefault(key, own)
            chosen = st.number_input(label, *PASSWORD_LENGTH, None, placeholder=f"as above: {general}", key=key)
        if chosen is not None:
            lengths[code] = int(chosen)
    fields.changes["password_lengths"] = lengths


def of_invitations(actor: Actor) -> None:
    """How long they last, and who is invited without anybody pressing a button."""
    _form(actor, "invitations", _invitations)


def _invitations(fields: Fields) -> None:
    left, middle, right = st.columns(3)
    with left:
        fields.number("link_days", 1, 30)
    with middle:
        fields.number("slip_days", 1, 60)
    with right:
        fields.number("sms_password_days", 1, 30)
    fields.many("auto_invite", INVITED, lambda code: words.USER_TYPE[UserType(code)])


def of_alerts(actor: Actor) -> None:
    """Who hears of it when something is wrong."""
    _form(actor, "alerts", lambda fields: fields.text("alert_address", placeholder="head@school.example"))
    st.markdown("What Firstkey watches for. It stands on the Audit page too, whether there is an address or not.")
    st.markdown("\n".join(f"- {said[0].upper()}{said[1:]}" for said in NOTICED.values()))
