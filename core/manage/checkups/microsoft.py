"""Microsoft 365: whether its settings are whole, the tenant answers, and the application's secret still holds."""

from __future__ import annotations

from collections.abc import Iterator

from core import database
from core.config import Settings
from core.delivery import microsoft_check
from core.delivery.microsoft_check import Trial
from core.manage.checkups.findings import Finding, fault, fine
from core.tables import school

_NAMES = ("microsoft_tenant_id", "microsoft_client_id", "microsoft_client_secret")
_REMEDY = (
    "docs/microsoft365.md says where each of them stands. A secret of an application ends after two years at most."
)


def look(settings: Settings) -> Iterator[Finding]:
    """Ask for a token as signing in and sending do. Nobody is read, and nothing is sent."""
    missing = [f"FIRSTKEY_{name.upper()}" for name in _NAMES if not getattr(settings, name)]
    if len(missing) == len(_NAMES) and not _is_on():
        yield fine("Microsoft", "is not used")
    elif missing:
        yield fault("Microsoft", f"Nobody can sign in with it. Missing: {', '.join(missing)}.", _REMEDY)
    else:
        found = microsoft_check.run(Trial.SIGN_IN, own_address="")
        yield fine("Microsoft", found.sentence) if found.works else fault("Microsoft", found.sentence, _REMEDY)


def _is_on() -> bool:
    with database.reading() as db:
        own = school.settings(db)
    return own.microsoft and not own.is_demo
