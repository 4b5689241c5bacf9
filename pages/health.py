"""Health: is anything wrong, what waits, who delivers, when was the latest backup, which faults were there."""

from __future__ import annotations

from datetime import datetime

import pandas as pd
import streamlit as st

from core import clock, database, migrations, version
from core.config import settings
from core.permissions import Permission
from core.rules import health, words
from core.rules.health import Disk
from core.tables import health as table
from core.tables import school
from core.tables.health import SILENT, Way
from pages.shared import cells, guard

GATEWAYS = {
    "outbox": "the outbox of this machine",
    "smtp": "the school's mail server",
    "graph": "Microsoft 365",
    "twilio": "Twilio",
}


def _troubles(found: table.Health) -> None:
    wrong = list(health.troubles(found.facts))
    if not wrong:
        st.success("All is well.", icon=":material/check_circle:")
    for trouble in wrong:
        say = st.error if trouble.urgent else st.warning
        say(f"{trouble.sentence} {trouble.remedy}", icon=":material/error:" if trouble.urgent else ":material/info:")


def _numbers(found: table.Health, zone: str) -> None:
    facts = found.facts
    due, delivering, backup, disk = st.columns(4)
    due.metric("Messages due", f"{facts.due:,}", border=True)
    delivering.metric("Processes that deliver", f"{facts.processes:,}", border=True)
    backup.metric("Latest backup", _ago(facts.backup_at, facts.now), border=True, help=_moment(facts.backup_at, zone))
    disk.metric("Free disk", _room(facts.disks[0]), border=True, help="  \n".join(map(_disk, facts.disks)))
    if not database.is_sqlite():
        st.caption("The disk of PostgreSQL is not looked at from here: watch it where PostgreSQL runs.")


def _disk(disk: Disk) -> str:
    return f"{_room(disk)} on {disk.name} ({disk.folder})"


def _room(disk: Disk) -> str:
    return f"{disk.free_bytes / 2**30:,.{0 if disk.free_bytes >= 10 * 2**30 else 1}f} GB"


def _ways(ways: list[Way], zone: str) -> None:
    st.subheader("Ways out")
    through = {"email": GATEWAYS[settings().email], "sms": GATEWAYS[settings().sms]}
    columns = ["", "Through", "Latest try", "Gone in 24 hours", "Failed", "Put off"]
    rows = [
        (words.CHANNEL[way.channel], through[way.channel], _moment(way.latest, zone), way.gone, way.failed, way.put_off)
        for way in ways
    ]
    st.table(pd.DataFrame(rows, columns=columns), hide_index=True, border="horizontal")


def _workers(found: table.Health, zone: str) -> None:
    st.subheader("Processes that deliver")
    if found.workers.empty:
        st.caption("None has left a sign. Messages wait until the server or a worker runs.")
        return
    silent = found.workers["Latest sign"].map(lambda at: found.facts.now - at > SILENT)
    shown = found.workers.assign(State=silent.map({True: "Silent", False: "Alive"}))
    for name in ("Since", "Latest sign"):
        shown[name] = shown[name].map(lambda at: _moment(at, zone))
    st.table(shown, hide_index=True, border="horizontal")


def _faults(found: table.Health, zone: str) -> None:
    st.subheader("Errors")
    if found.faults.empty:
        st.caption("None in the last 30 days.")
        return
    st.caption(
        "Somebody reads out a number of eight characters: here is where it happened. The log has the whole story."
    )
    shown = found.faults.assign(When=pd.to_datetime(found.faults["When"], utc=True))
    dated = {"When": cells.moment_column("When", zone)}
    st.dataframe(shown, hide_index=True, key="health-table-faults", column_config=dated)


def _moment(at: datetime | None, zone: str) -> str:
    return cells.moment_words(at, zone)


def _ago(at: datetime | None, now: datetime) -> str:
    if at is None:
        return "none yet"
    hours = (now - at).total_seconds() / 3600
    return (
        f"{hours * 60:.0f} min ago" if hours < 1 else f"{hours:.0f} h ago" if hours < 48 else f"{hours / 24:.0f} d ago"
    )


actor = guard.require(Permission.CHANGE_SETTINGS)
with database.reading() as db:
    found, zone = table.read(db, actor), school.settings(db).time_zone
st.title("Health")
st.caption(
    f"Firstkey {version.program()}, tables {migrations.newest()}. As of {cells.moment_words(clock.now(), zone)}"
    f"{'; alerts go to the address in Settings.' if found.facts.are_alerts_mailed else '.'}"
)
_troubles(found)
_numbers(found, zone)
_ways(found.ways, zone)
_workers(found, zone)
_faults(found, zone)
