"""What each entry point asks for. A new one without a line here fails the test of the matrix: deny by default (R59)."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Callable
from enum import StrEnum
from typing import Any

import typer

from core import services, tables
from core.config import ROOT
from core.permissions import Permission


class Asks(StrEnum):
    """What does not ask for one permission alone."""

    OWN = "whoever has signed in, of their own account, session, selection or view and nothing else"
    SCOPED = "whoever has signed in, and gives no more than their scope"
    BY_KIND = "a permission that its arguments decide: cells of their own"
    PART = "nothing: a part of services that ask, never called by a page, a route or a command"


Needs = Permission | Asks
SERVICES: dict[str, Needs] = {
    **dict.fromkeys(("audit.record_check", "audit_files.prepare", "disclosures.ask"), Permission.SEE_AUDIT),
    **dict.fromkeys(
        ("account_roles.change_scope", "account_roles.change_dates", "account_roles.end"), Permission.MANAGE_ROLES
    ),
    **dict.fromkeys(("school.start_own", "school.change_settings", "school.change_logo"), Permission.CHANGE_SETTINGS),
    **dict.fromkeys(
        ("key_rotation.reseal", "key_rotation.give_up", "microsoft_trials.begin"), Permission.CHANGE_SETTINGS
    ),
    "retention.foresee": Permission.CHANGE_SETTINGS,
    **dict.fromkeys(("backups.note_made", "backups.note_restored", "backups.note_moved"), Permission.CHANGE_SETTINGS),
    "sending_hold.release": Permission.CHANGE_SETTINGS,
    "sending_hold.begin": Permission.SEND,
    **dict.fromkeys(
        ("directory_look_ups.ask", "directory_updates.foresee", "directory_updates.launch"), Permission.MANAGE_DIRECTORY
    ),
    **dict.fromkeys(
        (f"directory_creation.{verb}" for verb in ("preview", "launch", "stop", "resume")), Permission.MANAGE_DIRECTORY
    ),
    **dict.fromkeys(
        (f"directory_matches.{verb}" for verb in ("accept_certain", "accept", "reject", "release")),
        Permission.MANAGE_DIRECTORY,
    ),
    **dict.fromkeys(("erasure.foresee", "erasure.erase", "subject_export.prepare"), Permission.ANSWER_RIGHTS),
    **dict.fromkeys(
        (
            *(f"periods.{verb}" for verb in ("create", "correct", "remove")),
            "years.foresee",
            "years.begin",
            "year_undo.undo",
        ),
        Permission.MANAGE_PERIODS,
    ),
    "year_roles.foresee": Permission.MANAGE_PERIODS,
    **dict.fromkeys(("reminders.foresee", "reminders.left_out"), Permission.SEND),
    "status_papers.prepare": Permission.SEE_STATUS,
    "second_factor.remove": Permission.MANAGE_ROLES,
    **dict.fromkeys((f"sessions.{verb}" for verb in ("own", "end_own", "end_others")), Permission.USE_OWN_ACCOUNT),
    **dict.fromkeys(("second_factor.begin_again", "second_factor.renew_codes"), Asks.OWN),  # and of staff alone
    "wordings.save": Permission.CHANGE_SETTINGS,
    **dict.fromkeys(("accounts.preview", "accounts.create", "auto_invitations.send"), Permission.CREATE_ACCOUNTS),
    **dict.fromkeys(
        ("account_names.change", "account_unlock.unlock", "address_confirmation.ask"), Permission.MANAGE_ACCOUNTS
    ),
    **dict.fromkeys(("people.of_account", "people.change_email"), Permission.MANAGE_ACCOUNTS),
    **dict.fromkeys(("sessions.of_account", "sessions.end_all"), Permission.MANAGE_ACCOUNTS),
    **dict.fromkeys(
        ("people.create", "people.save", "person_writing.editable", "classes_taught.save"), Permission.EDIT_STUDENTS
    ),
    **dict.fromkeys(
        (f"guardianships.{verb}" for verb in ("link", "terms", "change", "end")),
        Permission.EDIT_STUDENTS,
    ),
    **dict.fromkeys(
        (f"students.{verb}" for verb in ("save_profile", "save_contact", "check_personal_email", "use_personal_email")),
        Permission.EDIT_STUDENTS,
    ),
    **dict.fromkeys(
        (
            *(f"campaign_moves.{verb}" for verb in ("pause", "resume", "cancel")),
            *(f"unknown_messages.{verb}" for verb in ("note_arrived", "send_again")),
        ),
        Permission.SEND,
    ),
    "campaign_approval.approve": Permission.APPROVE_CAMPAIGNS,
    **dict.fromkeys(
        ("campaigns.check", "drafts.left_out", "drafts.open_left_out", "campaigns.launch", "test_messages.send"),
        Permission.SEND,
    ),
    **dict.fromkeys(
        ("outbox.page", "outbox.read", "outcome_files.prepare", "selections_beside.of_campaign"), Permission.SEND
    ),
    "campaign_files.prepare": Permission.SEND,
    "staff_files.prepare": Permission.MANAGE_ROLES,
    "year_files.prepare": Permission.MANAGE_PERIODS,
    "import_files.prepare": Permission.IMPORT,
    "reminder_files.prepare": Permission.SEND,
    "directory_files.prepare": Permission.MANAGE_DIRECTORY,
    **dict.fromkeys(("initial_passwords.check", "initial_passwords.issue"), Permission.REVEAL_CREDENTIALS),
    **dict.fromkeys(("initial_passwords.reveal", "copied_links.issue"), Permission.REVEAL_CREDENTIALS),
    **dict.fromkeys(("previews.read", "previews.picture"), Permission.REVEAL_CREDENTIALS),
    **dict.fromkeys(
        (
            "imports.check",
            "imports.apply",
            "import_problem_files.keep",
            "import_undo.undo_leavers",
            "folder_imports.note_applied",
            "folder_imports.note_refused",
        ),
        Permission.IMPORT,
    ),
    **dict.fromkeys(
        (*(f"list_files.{verb}" for verb in ("prepare", "check", "read")), "reports.prepare", "reports.check"),
        Permission.PRINT_REPORTS,
    ),
    "report_requests.ask": Permission.PRINT_REPORTS,
    **dict.fromkeys(("outcome_files.check", "outcome_files.read"), Permission.SEND),
    **dict.fromkeys(("report_requests.cancel", "report_requests.fetch"), Asks.OWN),
    "reports.read": Asks.BY_KIND,
    **dict.fromkeys(("list_files.note", "outcome_files.note", "reports.note", "previews.note"), Asks.OWN),
    "selections_beside.of_one": Permission.SEE_ACCOUNTS,
    "selections_beside.of_leavers": Permission.MANAGE_PERIODS,
    **dict.fromkeys(("selections_beside.of_check", "left_out.open_list", "outcome_files.count"), Permission.SEND),
    **dict.fromkeys(
        (f"drafts.{part}" for part in ("account_ids", "skipped", "all_left_out", "write_left_out")), Asks.PART
    ),
    **dict.fromkeys(("selections_beside.of_people", "selections_beside.of_students"), Permission.SEE_STUDENTS),
    **dict.fromkeys(("account_acts.check", "account_acts.carry_out", "reports.read_for"), Asks.BY_KIND),
    **dict.fromkeys(
        (f"selections.{verb}" for verb in ("current", "show", "tick", "everything", "clear")), Asks.BY_KIND
    ),
    **dict.fromkeys(("selections.held", "selections_beside.frozen"), Asks.OWN),
    **dict.fromkeys(("list_views.save", "list_views.choose_columns"), Asks.BY_KIND),
    "account_changes.undo": Asks.OWN,
    "account_changes.foresee": Asks.OWN,
    **dict.fromkeys(("list_views.rename", "list_views.delete"), Asks.OWN),
    **dict.fromkeys((f"portal.{verb}" for verb in ("own", "check_new_password", "change_password")), Asks.OWN),
    "portal.choose_language": Asks.OWN,
    **dict.fromkeys(("previews.keep", "previews.forget"), Asks.OWN),
    **dict.fromkeys(
        (f"open_session.{verb}" for verb in ("is_due_to_note", "note_use", "close", "form_token", "form_token_fits")),
        Asks.OWN,
    ),
    **dict.fromkeys(("sign_in.confirm", "step_up.note", "sign_in_steps.begin", "second_factor.tell"), Asks.OWN),
    **dict.fromkeys((f"access.{verb}" for verb in ("refused", "is_due_to_note", "note_look")), Asks.OWN),
    **dict.fromkeys(
        (f"account_effects.{verb}" for verb in ("begin", "apply", "staff_role_changed", "switch_personal_email")),
        Asks.PART,
    ),
    **dict.fromkeys(("address_changes.follow", "import_addresses.follow"), Asks.PART),
    **dict.fromkeys((f"address_notices.{verb}" for verb in ("tell", "tell_left", "ask_to_confirm")), Asks.PART),
    **dict.fromkeys(("audit.name_of", "audit.session_of", "directory_attempts.ask", "open_session.begin"), Asks.PART),
    **dict.fromkeys(("printed_accounts.accounts", "printed_accounts.classes", "printed_accounts.count"), Asks.OWN),
    **dict.fromkeys((f"credential_papers.{verb}" for verb in ("credentials", "part", "remember")), Asks.PART),
    "audit.record": Asks.OWN,
    **dict.fromkeys(("person_writing.store", "person_writing.check_section"), Asks.PART),
    **dict.fromkeys(
        (
            f"report_papers.{verb}"
            for verb in (
                *("rows_of_selection", "student_account_info", "user_account_info"),
                "letterhead",
            )
        ),
        Asks.PART,
    ),
}
_LISTED = ("page", "ids", "found", "rows", "count", "count_up_to", "matching")
TABLES: dict[str, Needs] = {
    **dict.fromkeys((f"students.{name}" for name in _LISTED), Permission.SEE_STUDENTS),
    **dict.fromkeys((f"accounts.{name}" for name in _LISTED), Permission.SEE_ACCOUNTS),
    **dict.fromkeys(("student_card.read", "timeline.read", "found_people.look"), Permission.SEE_STUDENTS),
    **dict.fromkeys(("relatives.guardians", "relatives.students", "relatives.siblings"), Permission.SEE_STUDENTS),
    **dict.fromkeys(("account_card.read", "person_card.read", "sign_in_trouble.read"), Permission.SEE_ACCOUNTS),
    **dict.fromkeys(("account_roles.held", "account_roles.held_by", "account_roles.username"), Permission.SEE_ACCOUNTS),
    **dict.fromkeys(("status_people.read", "status_followed.people", "needs.of"), Permission.SEE_STATUS),
    **dict.fromkeys(
        (
            f"selection_rows.{verb}"
            for verb in (
                *("list_of", "shown_filter", "size", "require_size", "sizes", "among", "person_ids", "account_ids"),
                *("row_ids", "owned", "stands_beside", "is_of_people", "without_account", "named_without_account"),
            )
        ),
        Asks.OWN,
    ),
    "selection_rows.matching": Asks.BY_KIND,
    "status.ask": Asks.SCOPED,
    **dict.fromkeys(("status_people.is_of_list", "status_people.read_again"), Asks.PART),
    **dict.fromkeys(("status_ties.reads", "status_ties.some", "status_rows.read", "status_rows.some"), Asks.PART),
    "school.require_first_password_shown": Asks.PART,
    **dict.fromkeys(("microsoft_switch.differences", "health.read"), Permission.CHANGE_SETTINGS),
    **dict.fromkeys(
        ("directory_review.counts", "directory_review.page", "directory_runs.latest", "directory_outcome.not_done"),
        Permission.MANAGE_DIRECTORY,
    ),
    "directory_outcome.count": Permission.MANAGE_DIRECTORY,
    "report_requests.mine": Permission.PRINT_REPORTS,
    **dict.fromkeys(("report_requests.stands_as", "report_requests.whose", "frames.mask_columns"), Asks.PART),
    **dict.fromkeys(
        (f"second_factor.{name}" for name in ("is_demanded", "is_required", "is_wanted", "standing")), Asks.OWN
    ),
    "students.cells": Permission.SEE_STUDENTS,
    "accounts.cells": Permission.SEE_ACCOUNTS,
    **dict.fromkeys(("staff.page", "staff.count"), Permission.MANAGE_ROLES),
    **dict.fromkeys(("audit.entries", "audit.count", "audit.actors", "audit.shown"), Permission.SEE_AUDIT),
    **dict.fromkeys(("alerts.latest", "disclosures.found"), Permission.SEE_AUDIT),
    **dict.fromkeys(
        (f"campaigns.{name}" for name in ("progress", "newest", "count", "people_with", "not_verified", "outcome")),
        Permission.SEND,
    ),
    **dict.fromkeys(("needs.campaigns", "unknown_messages.named"), Permission.SEND),
    **dict.fromkeys(("left_out.page", "left_out.count", "left_out.people"), Permission.SEND),
    "contacts.of_people": Permission.EDIT_STUDENTS,
    "contacts.unreachable": Permission.EDIT_STUDENTS,
    "duplicates.find": Permission.EDIT_STUDENTS,
    **dict.fromkeys(("imports.runs", "imports.undoable", "imports.folder", "imports.number"), Permission.IMPORT),
    **dict.fromkeys((f"options.{name}" for name in ("sections", "grades", "programmes", "languages")), Asks.SCOPED),
    "found_people.of": Asks.SCOPED,
    **dict.fromkeys(
        ("people.name_of", "candidates.own", "candidates.signs_in_elsewhere", "freshness.require_above"), Asks.OWN
    ),
    **dict.fromkeys(
        ("list_views.own", "list_views.columns", "list_views.count", "undoable.newest", "undoable.newest_switch"),
        Asks.OWN,
    ),
    **dict.fromkeys(
        ("account_acts.judged", "undoable.may_undo", "account_changes.unchanged", "account_changes.untouched"),
        Asks.PART,
    ),
    **dict.fromkeys(("conditions.students", "conditions.accounts", "chosen.holds", "frames.mask_contacts"), Asks.PART),
    **dict.fromkeys(
        (f"handing_over.{name}" for name in ("refusal", "getting_one", "check", "one", "ids_of")), Asks.PART
    ),
    **dict.fromkeys(("narrowing.by_text", "narrowing.students", "narrowing.accounts", "ordering.allowed"), Asks.PART),
    **dict.fromkeys(("guardians.students_of", "first_relative.ward", "chosen.ticked", "chosen.of_reason"), Asks.PART),
    **dict.fromkeys((f"scope.{name}" for name in ("in_sections", "wards", "is_or_answers_for")), Asks.PART),
    **dict.fromkeys(("search.holds", "search.found", "search.once", "search.among"), Asks.PART),
    **dict.fromkeys(("slips.of_accounts", "slips.with_guardians", "slips.of_classes", "slips.class_ids"), Asks.PART),
    **dict.fromkeys(("first_slips.of", "first_slips.counts"), Asks.PART),
    # How many, of accounts that somebody else has found within the scope.
    **dict.fromkeys(("slips.count", "scope.people", "scope.each", "scope.found"), Asks.SCOPED),
}


class Runs(StrEnum):
    """What a command is. They act as whoever runs them on the machine, with every permission."""

    AUDITED = "does or hands out something of the school: the audit says who ran it"
    LOOKS = "only looks: it says nothing of anybody, and changes nothing"
    MACHINE = "the program itself, its tables and its server: of nobody in the school"


COMMANDS: dict[str, Runs] = {
    **dict.fromkeys(("import", "campaign", "report", "person export", "demo", "start-own-school"), Runs.AUDITED),
    **dict.fromkeys(("create-admin", "remove-second-factor", "rotate-key", "note-audit-anew"), Runs.AUDITED),
    **dict.fromkeys(("backup", "restore", "serve", "move-to-postgresql"), Runs.AUDITED),
    **dict.fromkeys(("verify-audit", "doctor"), Runs.LOOKS),
    **dict.fromkeys(("init", "upgrade", "worker"), Runs.MACHINE),
}
ENTRIES = {f"services.{name}": needs for name, needs in SERVICES.items()} | {
    f"tables.{name}": needs for name, needs in TABLES.items()
}


def discovered() -> dict[str, Callable[..., Any]]:
    """Every public function of services and tables that is told who acts."""
    found = {}
    for package in (services, tables):
        for part in pkgutil.iter_modules(package.__path__):
            module = importlib.import_module(f"{package.__name__}.{part.name}")
            for name, made in list(vars(module).items()):
                public = inspect.isfunction(made) and not name.startswith("_") and made.__module__ == module.__name__
                if public and "actor" in inspect.signature(made).parameters:
                    found[f"{package.__name__.removeprefix('core.')}.{part.name}.{name}"] = made
    return found


def commands(app: typer.Typer) -> dict[str, Callable[..., Any]]:
    """Every command by what one types; those of a group after its name."""
    found = {str(command.name): command.callback for command in app.registered_commands if command.callback}
    for group in app.registered_groups:
        inner = commands(group.typer_instance) if group.typer_instance else {}
        found |= {f"{group.name} {name}": callback for name, callback in inner.items()}
    return found


def reached(function: Callable[..., Any]) -> str:
    """The source of a command and of all that it calls in its own module."""
    module = inspect.getmodule(function)
    found, waiting = dict[str, str](), [function.__name__]
    while waiting:
        name = waiting.pop()
        known = getattr(module, name, None)
        if name not in found and inspect.isfunction(known) and known.__module__ == function.__module__:
            found[name] = inspect.getsource(known)
            waiting += [node.id for node in ast.walk(ast.parse(found[name])) if isinstance(node, ast.Name)]
    return "\n".join(found.values())


def screens() -> list[tuple[str, str, str, Permission, str]]:
    """SCREENS of pages/navigation.py, which runs when it is imported."""
    tree = ast.parse((ROOT / "pages" / "navigation.py").read_text())
    (found,) = (node.value for node in tree.body if isinstance(node, ast.Assign) and _is_screens(node))
    return list(eval(ast.unparse(found), {"Permission": Permission}))


def _is_screens(node: ast.Assign) -> bool:
    return ast.unparse(node.targets[0]) == "SCREENS"


def called_by_edges() -> set[str]:
    """What pages, routes, commands and the engine call, as `services.module.name`."""
    called = set()
    for folder in ("pages", "core/web", "core/manage", "core/delivery"):
        for path in (ROOT / folder).rglob("*.py"):
            called |= _calls(ast.parse(path.read_text()))
    return called


def _calls(tree: ast.Module) -> set[str]:
    modules: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("core."):
            for alias in node.names:
                name = f"{node.module}.{alias.name}".removeprefix("core.")
                modules[alias.asname or alias.name] = name
    calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    named = (
        f"{modules[call.value.id]}.{call.attr}"
        for call in calls
        if isinstance(call, ast.Attribute) and isinstance(call.value, ast.Name) and call.value.id in modules
    )
    return {name for name in named if name.startswith(("services.", "tables."))}
