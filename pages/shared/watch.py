"""A page that nobody uses: once its session has ended it empties itself within a minute (R37)."""

from __future__ import annotations

from core.permissions import Actor, Permission
from pages.shared import guarded

LOOKS_EVERY_S = 40


@guarded.fragment(Permission.USE_OWN_ACCOUNT, run_every=LOOKS_EVERY_S)
def still_signed_in(actor: Actor) -> None:
    """Draws nothing. That it is asked for again and again is no use of the session: only a full run is."""
