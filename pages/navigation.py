"""Streamlit's main script: who is here, which screens they may open, run one."""

from __future__ import annotations

from html import escape

import streamlit as st

from core import database, measures, version
from core.config import ROOT
from core.permissions import Actor, Permission
from core.rules import words
from core.services import open_session
from core.tables import people, school
from pages.shared import css, guard, noted, runs, watch

# Each screen with the permission that its own guard asks for, and where it stands in the sidebar ("" is nowhere).
SCREENS = (
    ("status.py", "Account status", ":material/monitoring:", Permission.SEE_STATUS, "Work"),
    ("students.py", "Students List", ":material/school:", Permission.SEE_STUDENTS, "Work"),
    ("accounts.py", "User Accounts", ":material/manage_accounts:", Permission.SEE_ACCOUNTS, "Work"),
    ("campaigns.py", "Campaigns", ":material/send:", Permission.SEND, "Work"),
    ("reports.py", "Reports", ":material/description:", Permission.PRINT_REPORTS, "Work"),
    ("reminders.py", "Reminders", ":material/notifications_active:", Permission.SEND, "Work"),
    ("outbox.py", "Outbox", ":material/outbox:", Permission.SEND, "Work"),
    ("imports.py", "Imports", ":material/upload_file:", Permission.IMPORT, "School"),
    ("wordings.py", "Wordings", ":material/edit_note:", Permission.CHANGE_SETTINGS, "School"),
    ("periods.py", "Academic years", ":material/calendar_month:", Permission.MANAGE_PERIODS, "School"),
    ("retention.py", "Data retention", ":material/auto_delete:", Permission.CHANGE_SETTINGS, "School"),
    ("settings.py", "Settings", ":material/settings:", Permission.CHANGE_SETTINGS, "School"),
    ("directory.py", "Microsoft directory", ":material/cloud_sync:", Permission.MANAGE_DIRECTORY, "School"),
    ("staff.py", "Staff and roles", ":material/admin_panel_settings:", Permission.MANAGE_ROLES, "School"),
    ("health.py", "Health", ":material/monitor_heart:", Permission.CHANGE_SETTINGS, "School"),
    ("audit.py", "Audit", ":material/fact_check:", Permission.SEE_AUDIT, "School"),
    ("new_person.py", "New person", ":material/person_add:", Permission.EDIT_STUDENTS, ""),
    ("account.py", "Account", ":material/badge:", Permission.SEE_ACCOUNTS, ""),
    ("student.py", "Student", ":material/person:", Permission.SEE_STUDENTS, ""),
)
FRAME = """
<style>
.stMainBlockContainer { padding-top: 2.5rem; padding-bottom: 3rem; }
@media (max-width: 800px) { .stMainBlockContainer { padding-top: 4.25rem; } }
/* White on the teal of the dark theme is too pale (WCAG 1.4.3); a chip that can be removed is of that teal. */
[kind^="primary"]:not(:disabled), .stMultiSelect [data-tag]:has(button) {
  color: light-dark(#ffffff, #06201f) !important;
}
.st-key-card_name { font-size: 1.35rem; font-weight: 600; }
.st-key-card_name [data-testid="stText"] { font-size: inherit; white-space: normal; }
@media (max-width: 1100px) {
  .stSidebar[data-collapsed="false"] { width: 13.5rem !important; min-width: 13.5rem !important; }
}
.stSidebar [data-testid="stSidebarUserContent"] > div > div > div:first-child { font-weight: 600; }
/* A caption's own grey is too pale (WCAG 1.4.3). */
[data-testid="stCaptionContainer"], [data-testid="stCaptionContainer"] p { color: inherit !important; opacity: .85; }
/* The grid's own search and sort see one page of fifty, and its toolbar lies over the menus. */
[class*="-table-"] [data-testid="stElementToolbar"] { display: none; }
</style>
"""
SIGN_OUT = """
<style>
.firstkey-out button {{
  padding: .25rem .75rem; border: 1px solid color-mix(in srgb, currentColor 25%, transparent); border-radius: .4rem;
  background: transparent; color: inherit; font: inherit; cursor: pointer;
}}
.firstkey-me {{ display: inline-block; margin-bottom: .6rem; color: inherit; }}
.firstkey-out button:hover {{ background: color-mix(in srgb, currentColor 9%, transparent); }}
</style>
<a class="firstkey-me" href="/me">My account</a>
<form class="firstkey-out" method="post" action="/sign-out">
<input type="hidden" name="form_token" value="{token}">
<button type="submit">Sign out</button>
</form>
"""


def _screens(actor: Actor) -> dict[str, list[st.Page]]:
    groups: dict[str, list[st.Page]] = {}
    for file, title, icon, permission, group in SCREENS:
        shown = group and actor.may(permission)  # what is not in the menu can still be typed: its guard answers
        default, visibility = file == "status.py", "visible" if shown else "hidden"
        page = st.Page(file, title=title, icon=icon, default=default, visibility=visibility)
        groups.setdefault(group or "Work", []).append(page)
    return groups


def _sidebar(actor: Actor, screens: dict[str, list[st.Page]], *, school_name: str, name: str) -> None:
    """The school, the screens of this role in their groups, who is here, the way out."""
    with st.sidebar:
        st.text(school_name)
        for group in ("Work", "School"):
            pages = [page for page in screens.get(group, []) if page.visibility == "visible"]
            if pages:
                st.caption(group)
            with st.container(gap="xxsmall"):
                for page in pages:
                    st.page_link(page)
        st.divider()
        st.text(name)
        st.caption(", ".join(words.ROLE[role] for role in sorted(actor.roles)))
        st.html(SIGN_OUT.format(token=escape(open_session.form_token(actor))))
        st.caption(f"Firstkey {version.program()}")


st.set_page_config(
    page_title="Firstkey",
    page_icon=str(ROOT / "core/web/static/key.svg"),
    layout="wide",
    initial_sidebar_state="auto",
)
runs.begin()
actor = guard.signed_in()
noted.use(actor)  # a full run is a person's act
with database.reading() as db:
    settings, name = school.settings(db), people.name_of(db, actor)
screens = _screens(actor)
chosen = st.navigation(screens, position="hidden")
st.html(css.compact(FRAME))
_sidebar(actor, screens, school_name=settings.school_name, name=name)
if settings.is_demo:
    st.badge("Demo school: nothing leaves this machine", icon=":material/science:", color="orange")
with guard.drawing_for(actor):
    watch.still_signed_in(actor)
    with measures.RUNS.labels(chosen.url_path or "status").time():
        chosen.run()
