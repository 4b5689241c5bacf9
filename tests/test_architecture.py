"""Guards as tests: who imports whom, who may commit, what pages begin with, which words are banned."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.config import ROOT, Settings
from core.models import (
    CampaignKind,
    Channel,
    FailureReason,
    MessageStatus,
    PersonStatus,
    RequestStatus,
    SignInMethod,
    UserType,
)
from core.permissions import Permission, Role
from core.rules import directory_words, words
from core.rules.account_acts import Act, LeftOut
from core.rules.account_state import AccountState
from core.rules.alerts import NOTICED, THRESHOLDS, AlertKind
from core.rules.directory_match import Reason
from core.rules.directory_users import NotTied
from core.rules.handing_over import NoPassword
from core.rules.microsoft_accounts import NotCreated
from core.rules.new_accounts import AccountRefusal
from core.rules.passwords import Objection
from core.rules.reachability import Refusal
from core.rules.reminders import NotReminded
from core.rules.retention import Kept

CORE = sorted((ROOT / "core").rglob("*.py"))
PAGES = sorted((ROOT / "pages").rglob("*.py"))
SCREENS = [path for path in PAGES if path.parent.name == "pages" and path.name != "navigation.py"]
SERVICES = [path for path in CORE if path.parent.name == "services" and path.name != "__init__.py"]

# What several services do in the same way, and never a page.
SHARED = {"person_writing", "address_changes", "guardianships", "account_effects"}

# What a folder may import from core. A name stands for itself and all below it.
FOUNDATION = {"requests", "outbox", "config", "clock", "errors", "permissions", "database", "keys", "models", "rules"}
FOUNDATION |= {"sealing", "measures", "logs", "version"}
ALLOWED = {
    "models": {"models"},
    "rules": {"errors", "models", "rules", "permissions"},
    "gateways": {"config", "errors", "gateways", "clock", "outbox", "models", "rules"},
    "documents": {"documents", "rules", "errors", "config"},
    "tables": FOUNDATION | {"tables"},
    "services": FOUNDATION | {"tables", "documents", "services"},
    "delivery": FOUNDATION
    | {"tables", "services", "gateways", "delivery", "compaction", "backup", "migrations", "postgresql_engine"},
    "backup": FOUNDATION | {"tables", "backup", "migrations", "version"},
    "web": FOUNDATION | {"tables", "services", "web", "delivery", "gateways"},  # the way to Microsoft and back
}


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", [path for path in CORE if path.parent != ROOT / "core"], ids=_relative)
def test_each_folder_imports_only_what_it_may(path: Path) -> None:
    folder = path.relative_to(ROOT / "core").parts[0]
    allowed = ALLOWED.get(folder)
    parts = {name.split(".")[1] for name in _imports(path) if name.startswith("core.")}
    assert allowed is None or parts <= allowed, f"{folder} may not import core.{parts - allowed}"


@pytest.mark.parametrize("path", CORE, ids=_relative)
def test_nothing_in_core_imports_streamlit_but_the_check_of_its_options(path: Path) -> None:
    if _relative(path) not in ("core/web/self_check.py", "core/web/middleware/headers.py"):
        assert not any(name.split(".")[0] == "streamlit" for name in _imports(path))


@pytest.mark.parametrize("path", SERVICES, ids=_relative)
def test_a_service_calls_no_other_service_but_the_audit_and_selections(path: Path) -> None:
    called = {name.split(".")[2] for name in _imports(path) if name.startswith("core.services.")}
    called |= {
        name.removeprefix("core.services.")
        for name in _imports(path)
        if name.count(".") == 2 and "core.services." in name
    }
    parts = {"invitations", "import_writing", "delivery_statements", "delivery_facts", "opt_outs", "report_papers"}
    parts |= {"delivery_limits", "delivery_texts", "delivery_claims", "printed_accounts", "address_notices"}
    parts |= {"import_addresses", "notices", "open_session", "sign_in_steps", "traces", "audit_pruning", "year_roles"}
    parts |= {"import_leavers", "import_returns", "credential_papers", "family_messages", "drafts", "left_out"}
    parts |= {"audit_chain", "audit_anchors", "disclosures", "directory_ties", "directory_attempts", "campaign_pauses"}
    parts |= {"many_rows", "delivery_refusals"}
    assert called <= {"audit", "selections", "selections_beside", path.stem} | parts | SHARED


def test_r95_every_refusal_of_a_service_names_who_asked() -> None:
    """Else the unit of work that it ends could not write it down."""
    named = 0
    for path in (path for path in CORE if {"services", "tables"} & set(path.parts)):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "NotAllowed":
                assert "by" in {keyword.arg for keyword in node.keywords}, f"{path}:{node.lineno}"
                named += 1
    assert named > 10


@pytest.mark.parametrize("path", CORE + PAGES, ids=_relative)
def test_only_the_database_module_commits(path: Path) -> None:
    if path.name != "database.py":
        assert not re.search(r"\.commit\(\)", path.read_text())


@pytest.mark.parametrize("path", CORE + PAGES, ids=_relative)
def test_only_the_clock_asks_for_the_time(path: Path) -> None:
    if path.name != "clock.py":
        assert not re.search(r"datetime\.(now|utcnow|today)\(|date\.today\(", path.read_text())


@pytest.mark.parametrize("path", SCREENS, ids=_relative)
def test_a_page_asks_for_its_permission_before_it_does_anything(path: Path) -> None:
    statements = ast.parse(path.read_text()).body
    passive = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign)
    for node in statements[1:]:
        if isinstance(node, ast.Assign) and "guard.require(Permission." in ast.unparse(node):
            return
        assert isinstance(node, passive), f"line {node.lineno} runs before guard.require"
        assert not (isinstance(node, ast.Assign | ast.AnnAssign) and "st." in ast.unparse(node)), f"line {node.lineno}"
    pytest.fail("guard.require(Permission.…) is missing")


@pytest.mark.parametrize("path", PAGES, ids=_relative)
def test_nothing_of_streamlit_happens_inside_a_transaction(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.With) and "database.transaction" in ast.unparse(node.items[0]):
            inside = "\n".join(ast.unparse(line) for line in node.body)
            assert not re.search(r"\bst\.(?!session_state)", inside), f"line {node.lineno}"


@pytest.mark.parametrize("path", CORE + PAGES, ids=_relative)
def test_names_say_something(path: Path) -> None:
    assert path.stem not in {"utils", "helpers", "common", "misc", "manager", "constants", "base"}


def test_r37_what_runs_again_by_itself_asks_anew_who_is_here() -> None:
    bare = re.compile(r"\bst\.(dialog|fragment)\b|from streamlit import .*\b(dialog|fragment)\b")
    assert [path.name for path in PAGES if bare.search(path.read_text())] == ["guarded.py"]


def test_r54_html_comes_from_constants_only() -> None:
    for path in PAGES:
        text = path.read_text()
        assert "unsafe_allow_html" not in text, path
        assert "st.download_button" not in text, path
        assert "components.html" not in text, path


def test_every_status_has_words() -> None:
    for values, said in (
        (AccountState, words.ACCOUNT_STATE),
        (Refusal, words.REFUSAL),
        (AccountRefusal, words.ACCOUNT_REFUSAL),
        (Objection, words.OBJECTION),
        (Act, words.ACCOUNT_ACT),
        (LeftOut, words.LEFT_OUT),
        (SignInMethod, words.SIGN_IN_METHOD),
        (UserType, words.USER_TYPE),
        (PersonStatus, words.PERSON_STATUS),
        (Role, words.ROLE),
        (Role, words.ROLE_MEANS),
        (MessageStatus, words.MESSAGE_STATUS),
        (FailureReason, words.FAILURE_REASON),
        (Channel, words.CHANNEL),
        (NoPassword, words.NO_PASSWORD),
        (RequestStatus, words.REQUEST_STATUS),
        (NotReminded, words.NOT_REMINDED),
        (Kept, words.KEPT),
        (AlertKind, THRESHOLDS),
        (AlertKind, NOTICED),
        (CampaignKind, words.CAMPAIGN_KIND),
        (NotTied, directory_words.NOT_TIED),
        (NotCreated, directory_words.NOT_CREATED),
        (Reason, directory_words.MATCH_REASON),
    ):
        assert set(values) == set(said)


def test_every_permission_is_asked_for_somewhere() -> None:
    text = "".join(path.read_text() for path in CORE + PAGES if path.name != "permissions.py")
    assert [permission.name for permission in Permission if f"Permission.{permission.name}" not in text] == []


def test_every_setting_is_documented_and_every_documented_setting_exists() -> None:
    documented = set(re.findall(r"FIRSTKEY_([A-Z_]+)=", (ROOT / ".env.example").read_text()))
    assert documented == {name.upper() for name in Settings.model_fields}


@pytest.mark.parametrize("program", ["core.delivery.worker", "core.delivery.report_maker", "core.manage.__main__"])
def test_programs_that_show_no_table_load_no_pandas(program: str) -> None:
    """It takes 0.4 s and 60 MB."""
    code = f"import sys, {program}; sys.exit('pandas' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_the_maker_of_files_loads_only_what_it_needs() -> None:
    """Each would be a part of a second before every long file; PostgreSQL's driver comes with its address."""
    unwanted = {
        "numpy",
        "pandas",
        "psycopg",
        "xlsxwriter",
        "fpdf",
        "streamlit",
        "zxcvbn_rs_py",
        "core.services.reports",
    }
    code = f"import sys, core.delivery.report_maker; sys.exit(bool({unwanted} & set(sys.modules)))"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
