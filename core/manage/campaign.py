"""Sending from the command line."""

from __future__ import annotations

import getpass
import time
from typing import Annotated

import typer

from core import database
from core.delivery import engine
from core.errors import Conflict, InputProblem
from core.manage import sections
from core.models import MessageStatus, UserType
from core.permissions import Actor, command_line
from core.rules import words
from core.services import campaigns
from core.services.campaigns import Check
from core.services.drafts import Draft
from core.tables import campaigns as campaigns_table
from core.tables import sending_hold
from core.tables.campaigns import Progress
from core.tables.filters import AccountFilter


def campaign(
    action: Annotated[str, typer.Argument(help="What to send: send-initial-invitation.")],
    user_type: Annotated[list[UserType], typer.Option("--user-type", help="Whom: student, guardian, teacher ...")],
    section: Annotated[list[str] | None, typer.Option("--section", help="Only these classes, for instance 7B.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Deliver here and show the outcome.")] = False,
) -> None:
    """Send the initial invitation to everybody of a user type (and class) who can receive it."""
    if action != "send-initial-invitation":
        raise InputProblem(f"There is no campaign {action}. Use: send-initial-invitation")
    actor = command_line(getpass.getuser())
    with database.reading() as db:
        if sending_hold.read(db) is not None:
            raise Conflict("All sending is held. An administrator says Go on the Campaigns page first.")
        wanted = AccountFilter(user_types=tuple(user_type), section_ids=sections.named(db, section or []))
        draft = Draft(filter=wanted)
        check = campaigns.check(db, actor, draft=draft)
    _say(check)
    if not check.receive:
        raise typer.Exit(1)
    if not yes and not typer.confirm(
        f"{'Send' if check.sends else 'Write to the outbox'} {check.receive:,} invitations?"
    ):
        raise typer.Exit(1)
    with database.transaction() as db:
        seen, count = check.fingerprint, check.receive
        launched = campaigns.launch(db, actor, draft=draft, seen=seen, idempotency_key=seen, typed_count=count)
    _deliver(actor, launched.id or 0, wait=wait)


def _say(check: Check) -> None:
    print(f"{check.receive:,} will receive it.")
    for reason, number in check.skipped.items():
        print(f"{number:,} will not: {words.GETS_NOTHING[reason]}")
    if not check.sends:
        print("The outbox sends nothing: set FIRSTKEY_EMAIL=smtp to send.")


def _deliver(actor: Actor, campaign_id: int, *, wait: bool) -> None:
    engine.launch(deliver=wait, executor=engine.COMMAND_LINE)
    try:
        engine.start(campaign_id)
        if not wait:
            print(f"Campaign {campaign_id} is handed to the server or worker.")
            return
        progress = _watch(actor, campaign_id)
    finally:
        engine.shutdown()
    for status, number in progress.counts.items():
        print(f"{number:,} {words.MESSAGE_STATUS[status].lower()}")
    if progress.pause_reason:
        print(f"The campaign is paused: {progress.pause_reason}")
    bad = (MessageStatus.FAILED, MessageStatus.UNKNOWN, *campaigns_table.OPEN)
    if any(progress.counts.get(status) for status in bad):
        raise typer.Exit(1)


def _watch(actor: Actor, campaign_id: int) -> Progress:
    """Until nothing waits, or the campaign stops."""
    shown = -1
    while True:
        with database.reading() as db:
            progress = campaigns_table.progress(db, actor, campaign_id=campaign_id)
        done = progress.total - progress.waiting
        if done != shown:
            print(f"{done:,} of {progress.total:,}", flush=True)
            shown = done
        if not progress.is_under_way:
            return progress
        time.sleep(0.5)


COMMANDS = {"campaign": campaign}
