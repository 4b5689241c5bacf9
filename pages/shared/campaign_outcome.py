"""What became of each person of a campaign."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from core import database
from core.models import CampaignKind, MessageStatus
from core.permissions import Actor
from core.rules import words
from core.services import outcome_files
from core.tables import campaigns as table
from core.tables.campaigns import Progress
from core.tables.filters import PAGE_SIZE, Page
from pages.shared import campaign_left_out, campaign_repairs, cells, download

MEANING = {
    MessageStatus.QUEUED: "These have not left yet. They can still be cancelled.",
    MessageStatus.SENDING: "These are leaving at this moment.",
    MessageStatus.SENT: "The provider has taken these over. Nothing is to be done; one that comes back becomes Failed.",
    MessageStatus.WRITTEN: "These lie in the outbox of this machine and reached nobody. Have whoever runs Firstkey "
    "set a provider, then send to these people again.",
    MessageStatus.DELIVERED: "The provider says that these arrived. Nothing is to be done.",
    MessageStatus.UNKNOWN: "The connection broke or Firstkey stopped while these were being sent, or the provider "
    "never said what became of them: Why tells which. They may have arrived, so they are not sent again by themselves.",
    MessageStatus.FAILED: "These did not reach the person. Repair the address, then press Retry.",
    MessageStatus.CANCELLED: "These were not sent: somebody cancelled them, or they were not needed any more. "
    "Whoever needs one all the same is chosen in User Accounts and sent to anew.",
}

_REPAIR = "These did not reach the person. Repair the address"
FAILED_OTHERWISE = {  # where there is no Retry
    CampaignKind.REMINDER: f"{_REPAIR}: the next reminder goes there. Whoever should not wait is chosen in User "
    "Accounts and sent the invitation anew.",
    CampaignKind.NEW_LINK: f"{_REPAIR}. The person then asks for a new link once more.",
    CampaignKind.RESET_PASSWORD: f"{_REPAIR}. The person then asks once more, at Forgotten password.",
    CampaignKind.CONFIRM_ADDRESS: f"{_REPAIR}: the new one is asked by itself.",
    CampaignKind.ALERT: "This did not reach anybody. Repair the address for alerts in Settings.",
}

FILES = {
    "campaign-outcome-xlsx": "Excel",
    "campaign-outcome-csv": "CSV",
    "campaign-outcome-csv-plain": "CSV, plain UTF-8",
}


def show(actor: Actor, progress: Progress, zone: str) -> None:
    """What can be done, the table of the people, and how many were left out."""
    campaign_repairs.draw(actor, progress)
    _table(actor, progress, zone)
    with database.reading() as db:
        people = outcome_files.count(db, actor, campaign_id=progress.id)
    if people:
        _files(actor, progress, people)
    campaign_left_out.draw(actor, progress)


def _table(actor: Actor, progress: Progress, zone: str) -> None:
    st.subheader("What became of each person")
    options = [status for status in MessageStatus if progress.counts.get(status)]
    wanted = st.pills("Show", options, format_func=words.MESSAGE_STATUS.__getitem__, selection_mode="multi", default=[])
    for status in wanted:
        st.info(meaning(status, progress.kind))
    key = f"outcome.{progress.id}.{'.'.join(wanted)}"
    page = Page(int(st.session_state.get(key, 1)))
    with database.reading() as db:
        rows, total = table.outcome(
            db, actor, campaign_id=progress.id, statuses=tuple(status.value for status in wanted), page=page
        )
    table_key = f"outcome-table-{key}-{page.number}"
    widths = {"Outcome": 150, "Why": 320}
    drawn = {name: st.column_config.TextColumn(width=width) for name, width in widths.items()}
    drawn["When"] = cells.moment_column("When", zone)
    st.dataframe(_dress(rows), key=table_key, hide_index=True, placeholder="", column_config=drawn)
    if total > PAGE_SIZE:
        st.pagination(-(-total // PAGE_SIZE), key=key)


def meaning(status: MessageStatus, kind: str) -> str:
    """What it says, and what is to be done: after a failure that depends on what was sent."""
    if status is not MessageStatus.FAILED or kind in campaign_repairs.CHECKED_AGAIN:
        return MEANING[status]
    otherwise = f"{_REPAIR}, so that the next message arrives. This notice is not sent again."
    return FAILED_OTHERWISE.get(CampaignKind(kind), otherwise)


def _files(actor: Actor, progress: Progress, people: int) -> None:
    """`people`: those who were left out too."""
    with st.container(horizontal=True):
        for kind, said in FILES.items():
            download.report_form(
                actor,
                label="Download this list",
                kind=kind,
                selection_id=progress.id,
                scope="selected",
                expected=people,
                said=said,
                framed=True,
            )


def _dress(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Name": rows["last_name"] + " " + rows["first_name"],
            "Username": rows["username"],
            "Address": rows["address"],
            "Outcome": rows["status"].map(partial(cells.said, words.MESSAGE_STATUS)),
            "When": pd.to_datetime(rows["finished_at"], utc=True),
            "Why": [_why(reason, detail) for reason, detail in zip(rows["reason"], rows["detail"], strict=True)],
        }
    )


def _why(reason: str | None, detail: str | None) -> str:
    """In plain words; what the provider said of it stands behind."""
    said = cells.said(words.FAILURE_REASON, reason) if reason else ""
    return ": ".join(part for part in (said, detail) if part)
