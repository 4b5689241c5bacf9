"""Every cell of role x entry point: pages, windows, routes, services, tables, commands (R59-R61)."""

from __future__ import annotations

import ast
import contextlib
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlmodel import Session, select
from streamlit.runtime.scriptrunner import RerunException, StopException

from app import script_failed
from core import database
from core.config import ROOT, settings
from core.errors import NotAllowed
from core.manage import __main__ as commands
from core.models import AccountRole, AuditEntry, SchoolSettings, SignInSession
from core.permissions import ROLE_PERMISSIONS, STAFF_ROLES, Actor, Permission, Role, command_line
from core.rules import account_acts
from core.rules.account_acts import Act
from core.services import account_acts as acts
from core.services import (
    audit_files,
    campaign_files,
    directory_files,
    import_files,
    list_files,
    list_views,
    open_session,
    outcome_files,
    reminder_files,
    reports,
    selections,
    staff_files,
    status_papers,
    subject_export,
    year_files,
)
from core.services.report_papers import ReportKind
from core.tables import selection_rows
from core.tables.filters import StudentFilter
from core.web import cookies, denials, routes
from pages.shared import feedback, guard, guarded
from tests import cast as make
from tests import file_kinds, role_matrix
from tests.cast import Cast
from tests.pages.screens import button, everything_said, opener
from tests.role_matrix import ENTRIES, Asks, Runs
from tests.web import browsing

ROLES = list(Role)
reading = database.reading
FOUND = role_matrix.discovered()
Begin = Callable[[], contextlib.AbstractContextManager[Session]]
ASKING = [name for name, needs in ENTRIES.items() if isinstance(needs, Permission)]


def _actor(cast: Cast, role: Role) -> Actor:
    """Somebody with this role alone; the account itself does not matter."""
    return make.actor(cast.tom.account, role, sections=(cast.class_7b,))


def _has(role: Role, permission: Permission) -> bool:
    return permission in ROLE_PERMISSIONS[role]


def test_every_function_that_is_told_who_acts_stands_in_the_matrix() -> None:
    assert set(FOUND) == set(ENTRIES)


def test_no_page_route_or_command_calls_a_part_that_asks_for_nothing() -> None:
    parts = {name for name, needs in ENTRIES.items() if needs is Asks.PART}
    assert role_matrix.called_by_edges() & parts == set()
    assert len(role_matrix.called_by_edges() & set(ENTRIES)) > 80, "calls are found"


@pytest.mark.parametrize("role", ROLES)
def test_r59_a_direct_call_is_refused_exactly_where_the_role_lacks_the_permission(cast: Cast, role: Role) -> None:
    """And each refusal stands in the audit once, by whatever way it was called."""
    actor, refused = _actor(cast, role), 0
    for name in ASKING:
        needs = ENTRIES[name]
        assert isinstance(needs, Permission)
        for begin in (database.transaction, database.reading):
            assert _is_refused(FOUND[name], actor, begin) is not _has(role, needs), name
            refused += not _has(role, needs)
            assert _denials() == refused, f"{name} is written down"
    with database.reading() as db:
        entries = list(db.exec(select(AuditEntry).where(AuditEntry.action == "access.refused")))
    assert {(entry.account_id, entry.role, entry.result) for entry in entries} <= {(actor.account_id, role, "refused")}
    assert all(entry.details["service"] for entry in entries)
    assert not {entry.details["permission"] for entry in entries} & ROLE_PERMISSIONS[role]
    assert refused > 100 or role in (Role.ADMINISTRATOR, Role.OFFICE)


def _is_refused(call: Callable[..., Any], actor: Actor, begin: Begin) -> bool:
    """Whether it refuses before it looks at what it is asked: nothing is given but who asks."""
    refusal = _refusal(call, actor, begin)
    return isinstance(refusal, NotAllowed) and "role does not include" in str(refusal)


def _refusal(call: Callable[..., Any], actor: Actor, begin: Begin = database.transaction) -> Exception | None:
    asked = inspect.signature(call).parameters
    given: dict[str, Any] = {
        name: 0 if "int" in str(parameter.annotation) else None
        for name, parameter in asked.items()
        if parameter.default is inspect.Parameter.empty and parameter.kind is not inspect.Parameter.VAR_KEYWORD
    }
    return _outcome(lambda db: call(**given | {"actor": actor} | ({"db": db} if "db" in asked else {})), begin)


class _Undone(Exception):
    """Nothing of this is kept."""


@pytest.mark.parametrize("role", ROLES)
def test_r59_acts_reports_lists_and_views_ask_for_what_their_kind_needs(cast: Cast, role: Role) -> None:
    actor, asked, refused = _actor(cast, role), set[Callable[..., Any]](), 0
    for function, given, needs in _by_kind():
        asked.add(function)
        inspect.signature(function).bind(None, actor, **given)  # a call that cannot be made would refuse nothing
        assert _refused(lambda db: function(db, actor, **given)) is not _has(role, needs), f"{role} {given}"  # noqa: B023
        refused += not _has(role, needs)
        assert _denials() == refused, f"{function.__name__} {given} is written down"
    assert asked == {FOUND[name] for name, needs in ENTRIES.items() if needs is Asks.BY_KIND}


def _by_kind() -> Iterator[tuple[Callable[..., Any], dict[str, Any], Permission]]:
    for act in Act:
        needs = account_acts.permission(act)
        yield acts.check, {"act": act}, needs
        yield acts.carry_out, {"act": act, "seen": ""}, needs
    for kind, needs in reports.NEEDED.items():
        yield reports.read_for, {"kind": kind, "filter": StudentFilter(), "called": ""}, needs
        yield reports.read, {"kind": kind, "printed": None}, needs
    for name, needs in (("students", Permission.SEE_STUDENTS), ("accounts", Permission.SEE_ACCOUNTS)):
        about: dict[str, Any] = {"list_name": name}
        empty = about | {"filter": StudentFilter()}
        yield selections.current, about, needs
        yield selections.show, empty, needs
        yield selections.tick, about | {"on": ()}, needs
        yield selections.everything, empty, needs
        yield selections.clear, about, needs
        yield list_views.save, empty | {"name": ""}, needs
        yield list_views.choose_columns, about | {"columns": ()}, needs
        yield selection_rows.matching, about | {"asked": {}}, needs


def _refused(call: Callable[[Any], Any]) -> bool:
    """For the role, and for no other reason."""
    refusal = _outcome(call)
    return isinstance(refusal, NotAllowed) and "role does not include" in str(refusal)


def _outcome(call: Callable[[Any], Any], begin: Begin = database.transaction) -> Exception | None:
    """What it raises; a generator is begun, for it does nothing before."""
    try:
        with begin() as db:
            made = call(db)
            if inspect.isgenerator(made):
                next(made, None)
            raise _Undone
    except Exception as raised:  # noqa: BLE001  (past the door there is nothing behind it)
        return raised


@pytest.mark.parametrize("role", ROLES)
def test_r60_a_window_or_part_of_a_page_drawn_for_somebody_else_opens_for_nobody_without_the_permission(
    cast: Cast, role: Role, monkeypatch: pytest.MonkeyPatch
) -> None:
    actor = _actor(cast, role)
    monkeypatch.setattr(guard, "look_up", lambda: actor)
    for permission in Permission:
        drawn: list[Actor] = []
        draw, before = guarded._asking(permission, drawn.append), _denials()
        if _has(role, permission):
            draw(actor)
        else:
            with pytest.raises(NotAllowed) as refusal:
                draw(actor)
            assert script_failed(refusal.value), "the last handler says it"
        assert bool(drawn) is _has(role, permission), permission
        assert _denials() - before == (not drawn), f"{permission} is written down"


def _denials() -> int:
    with database.reading() as db:
        return len(db.exec(select(AuditEntry.seq).where(AuditEntry.action == "access.refused")).all())


@pytest.mark.parametrize("role", ROLES)
def test_r95_whatever_a_service_refuses_the_role_is_written_down_once_whoever_hears_of_it(
    cast: Cast, role: Role, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page and the route that tell somebody of it write no second entry."""
    actor, calls = _actor(cast, role), 0
    monkeypatch.setattr(guard, "look_up", lambda: actor)
    for name in ASKING:
        if _has(role, ENTRIES[name]):  # type: ignore[arg-type]
            continue
        refusal = _refusal(FOUND[name], actor)
        assert isinstance(refusal, NotAllowed), name
        with contextlib.suppress(RerunException, StopException), feedback.refusals_shown():
            raise refusal
        denials.note(actor, refusal)
        calls += 1
    assert _denials() == calls
    assert calls > 50 or role is Role.ADMINISTRATOR or role is Role.OFFICE


def test_r95_no_page_or_route_swallows_a_refusal() -> None:
    """Whoever catches one hands it to those who write it down; a row of many is told with the others."""
    kept = {"pages/shared/contact_repairs.py": 1}
    for folder in ("pages", "core/web"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            swallowed = [node for node in ast.walk(ast.parse(path.read_text())) if _swallows(node)]
            assert len(swallowed) == kept.get(str(path.relative_to(ROOT)), 0), path


def _swallows(node: ast.AST) -> bool:
    if not isinstance(node, ast.ExceptHandler) or node.type is None:
        return False
    caught = {name.id for name in ast.walk(node.type) if isinstance(name, ast.Name)}
    called = {ast.unparse(call.func) for call in ast.walk(node) if isinstance(call, ast.Call)}
    raised = any(isinstance(part, ast.Raise) for part in ast.walk(node))
    told = {"feedback.show", "feedback.note", "show", "note", "noted.refusal", "denials.note"}
    return bool({"AppError", "NotAllowed", "NotFound"} & caught) and not called & told and not raised


def test_every_window_and_part_names_a_permission() -> None:
    named = 0
    for path in (ROOT / "pages").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("guarded.dialog", "guarded.fragment"):
                assert ast.unparse(node.args[0]).startswith(("Permission.", "permission(", "screen.permission")), path
                named += 1
    assert named > 20


def test_every_screen_guards_itself_with_the_permission_of_the_menu() -> None:
    for file, _title, _icon, permission, _group in role_matrix.screens():
        text = (ROOT / "pages" / file).read_text()
        assert f"guard.require(Permission.{permission.name})" in text, file
    listed = {screen[0] for screen in role_matrix.screens()}
    assert listed == {path.name for path in (ROOT / "pages").glob("*.py")} - {"navigation.py"}


@pytest.mark.parametrize("role", ROLES)
def test_r59_each_screen_opens_or_says_politely_that_it_is_not_for_the_role(
    cast: Cast, role: Role, monkeypatch: pytest.MonkeyPatch
) -> None:
    actor, opened = _actor(cast, role), opener(monkeypatch)
    page = opened(actor)
    if role not in STAFF_ROLES:
        assert "Your session has ended" in everything_said(page)
        return
    refused = 0
    for file, title, _icon, permission, group in role_matrix.screens():
        page.switch_page(file).run()
        said = everything_said(page)
        assert not page.exception, file
        assert ("This page is not for your role" in said) is not _has(role, permission), file
        in_menu = any(getattr(link, "label", "") == title for link in page.sidebar.get("page_link"))
        assert in_menu is bool(group and _has(role, permission)), file
        refused += not _has(role, permission)
        assert _denials() == refused, f"{file} is written down"


def test_r61_a_form_replayed_by_another_role_changes_nothing_and_is_written_down(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The messages that Ada's browser would send, in a session that is Cora's by now."""
    page = opener(monkeypatch)(cast.ada.actor, "settings.py")
    name = next(field for field in page.text_input if field.label == "Name of the school")
    name.set_value("Cora's school")
    monkeypatch.setattr(guard, "look_up", lambda: cast.cora.actor)
    button(page, "Save").click().run()
    assert "This page is not for your role" in everything_said(page)
    with database.reading() as db:
        assert db.get_one(SchoolSettings, 1).school_name == "Athena School"
        entry = db.exec(select(AuditEntry)).one()
    assert (entry.action, entry.account_id, entry.result) == ("access.refused", cast.cora.account.id, "refused")


FILES: dict[str, Permission] = {
    **dict.fromkeys(list_files.KINDS, Permission.PRINT_REPORTS),
    **dict.fromkeys(outcome_files.KINDS, Permission.SEND),
    **dict.fromkeys(campaign_files.KINDS, Permission.SEND),
    **dict.fromkeys(staff_files.KINDS, Permission.MANAGE_ROLES),
    **dict.fromkeys(year_files.KINDS, Permission.MANAGE_PERIODS),
    **dict.fromkeys(directory_files.KINDS, Permission.MANAGE_DIRECTORY),
    **dict.fromkeys(import_files.KINDS, Permission.IMPORT),
    **dict.fromkeys(reminder_files.KINDS, Permission.SEND),
    **dict.fromkeys(audit_files.KINDS, Permission.SEE_AUDIT),
    **{kind.value: needs for kind, needs in reports.NEEDED.items()},
    **dict.fromkeys(subject_export.KINDS, Permission.ANSWER_RIGHTS),
    status_papers.KIND: Permission.SEE_STATUS,
}
PUBLIC = {
    *("/sign-in", "/sign-out", "/sign-in/new-password", "/setup/{token}", "/i/{token:path}", "/invitation"),
    *("/invitation/new-link", "/v/{token:path}", "/address", "/healthz", "/metrics", "/webhooks/twilio", "/forgotten"),
    "/webhooks/twilio/incoming",
    *("/auth/start", "/auth/callback", "/sign-in/code", "/sign-in/recovery-code", "/sign-in/app"),
}
ANY_SESSION = {
    *("/me", "/me/password", "/me/language", "/me/sessions"),
    *("/me/second-factor", "/me/second-factor/app", "/me/second-factor/codes"),
}
OF_STAFF = {"/files/{kind}", "/files/{preview}/page/{number:int}", "/files/{token}"}


def test_every_route_stands_in_the_matrix() -> None:
    assert {route.path for route in routes.OURS} == PUBLIC | ANY_SESSION | OF_STAFF
    assert set(reports.NEEDED) == set(ReportKind)
    assert set(FILES) == file_kinds.asked_for()


@pytest.mark.parametrize("role", ROLES)
def test_r59_each_file_is_refused_exactly_where_the_role_lacks_the_permission(cast: Cast, role: Role) -> None:
    with browsing.browser() as client:
        actor, refused = _signed_in(client, cast, role), 0
        for kind, needs in FILES.items():
            form = {"form_token": open_session.form_token(actor), "selection_id": "1", "expected": "1", "asked": "{}"}
            answer = client.send(f"/files/{kind}", form)
            wanted = 404 if role not in STAFF_ROLES else 403
            assert (answer.status_code == wanted) is not _has(role, needs), f"{kind}: {answer.status_code}"
            refused += not _has(role, needs)
            assert _denials() == refused, f"{kind} is written down"
        with database.reading() as db:
            entries = list(db.exec(select(AuditEntry).where(AuditEntry.action == "access.refused").order_by("seq")))
        lacked = [f"/files/{kind}" for kind, needs in FILES.items() if not _has(role, needs)]
        assert [entry.details["where"] for entry in entries] == lacked
        assert all(entry.request for entry in entries)
        picture = client.open("/files/0123456789abcdef0123456789abcdef/page/1")
        assert picture.status_code == 404


@pytest.mark.parametrize("role", ROLES)
def test_r59_my_account_is_there_for_every_role_and_for_nobody_without_a_session(cast: Cast, role: Role) -> None:
    with browsing.browser() as client:
        assert client.open("/me").status_code == 303
        _signed_in(client, cast, role)
        assert client.open("/me").status_code == 200


def _signed_in(client: browsing.Browser, cast: Cast, role: Role) -> Actor:
    """Tom's account with this role alone, signed in."""
    with database.transaction() as db:
        held = db.exec(select(AccountRole).where(AccountRole.account_id == cast.tom.account.id)).one()
        held.role, held.everybody = role.value, role in (Role.ADMINISTRATOR, Role.OFFICE)
        db.add(held)
    actor = _actor(cast, role)
    with database.transaction() as db:
        make.just_signed_in(db, actor)
        session = db.get_one(SignInSession, actor.session_id)
        session.token_hash = open_session._hash("token-of-the-test")
        db.add(session)
    client.carry(cookies.session_name(), "token-of-the-test")
    assert settings().base_url
    return actor


def test_r59_every_command_and_every_command_of_a_group_stands_in_the_matrix() -> None:
    assert set(role_matrix.commands(commands.app)) == set(role_matrix.COMMANDS)


@pytest.mark.parametrize("name", sorted(role_matrix.COMMANDS))
def test_a_command_acts_as_whoever_runs_it_or_as_nobody_who_could_see_or_change_the_school(name: str) -> None:
    source = role_matrix.reached(role_matrix.commands(commands.app)[name])
    assert source
    assert "Actor(" not in source, "no command makes up somebody else"
    acts = "command_line(getpass.getuser())" in source
    assert acts is (role_matrix.COMMANDS[name] is Runs.AUDITED)
    if role_matrix.COMMANDS[name] is Runs.LOOKS:
        assert "database.transaction(" not in source
    if not acts:
        module = inspect.getmodule(role_matrix.commands(commands.app)[name])
        asked = role_matrix._calls(ast.parse(inspect.getsource(module))) & set(ENTRIES) if module else set()
        assert not {entry for entry in asked if f"{entry.rpartition('.')[2]}(" in source}, "nothing that asks who acts"


def test_commands_have_every_permission_and_are_named_after_the_user_of_the_machine() -> None:
    assert command_line("root").permissions == frozenset(Permission)
    assert command_line("root").label == "command line, root"


def test_the_link_for_a_new_administrator_is_audited_with_who_had_it_made(
    database: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.migrations.upgrade", lambda: None)
    role_matrix.commands(commands.app)["create-admin"]()
    with reading() as db:
        entry = db.exec(select(AuditEntry)).one()
    assert (entry.action, entry.actor.partition(",")[0]) == ("administrator.link_made", "command line")
