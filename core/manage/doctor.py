"""`doctor`: looks at everything an installation needs and says in words what is wrong. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterator

import typer

from core import database
from core.manage.checkups import installation, microsoft, returned_mail, stores, text_messages, ways_back, ways_out
from core.manage.checkups.findings import Finding, Level
from core.tables import school


def doctor() -> None:
    """Look at all that an installation needs, from settings to backups; fails when something is at fault."""
    found = list(_look())
    for finding in found:
        print(f"{finding.level.value:>7}  {finding.what}: {finding.sentence}")
        if finding.remedy:
            print(f"{'':>7}  -> {finding.remedy}")
    faults, warnings = (sum(each.level is level for each in found) for level in (Level.FAULT, Level.WARNING))
    print(f"\n{len(found)} looks, {faults} faults, {warnings} warnings.")
    if faults:
        raise typer.Exit(1)


def _look() -> Iterator[Finding]:
    """What cannot be looked at because something below it is at fault is left out."""
    settings, found = installation.settings()
    yield from found
    if settings is None:
        return
    yield from installation.versions()
    yield from installation.key()
    of_people = list(stores.people(settings))
    yield from of_people
    yield from stores.engine(settings)
    yield from stores.disk(settings)
    if any(each.level is Level.FAULT for each in of_people):
        return
    is_demo = _is_demo()
    yield from ways_out.address(settings, is_demo=is_demo)
    yield from ways_out.door(settings)
    yield from ways_out.email(settings, is_demo=is_demo)
    yield from returned_mail.look(settings)
    yield from text_messages.look(settings, is_demo=is_demo)
    yield from microsoft.look(settings)
    yield from installation.signing_in()
    yield from installation.alerts(is_demo=is_demo)
    yield from ways_back.tools(settings)
    yield from ways_back.place(settings)
    yield from ways_back.latest(is_demo=is_demo)
    yield from installation.import_folder(settings)


def _is_demo() -> bool:
    with database.reading() as db:
        return school.settings(db).is_demo


COMMANDS = {"doctor": doctor}
