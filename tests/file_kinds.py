"""Every kind of file that people take away, found at the services that make them: a new one is not forgotten."""

from __future__ import annotations

import importlib
import pkgutil

from core import services
from core.services import status_papers
from core.services.report_papers import ReportKind

UPLOADED = "import_problem_files"  # of an upload that is stored nowhere: made on its page, never asked for at /files


def of_services() -> dict[str, tuple[str, ...]]:
    """The kinds that each service makes."""
    names = [module.name for module in pkgutil.iter_modules(services.__path__)]
    found = {name: importlib.import_module(f"core.services.{name}") for name in names}
    return {name: tuple(module.KINDS) for name, module in found.items() if hasattr(module, "KINDS")}


def asked_for() -> set[str]:
    """All that can be asked for at /files."""
    made = {kind for name, kinds in of_services().items() if name != UPLOADED for kind in kinds}
    return made | {status_papers.KIND, *ReportKind}
