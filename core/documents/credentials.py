"""User Account Credentials, in the layout that was asked for."""

from __future__ import annotations

from core.documents import credential_table, letters, slips
from core.documents.papers import Credentials


def render(paper: Credentials) -> bytes:
    """The PDF file."""
    draw = {"letter": letters.render, "table": credential_table.render}
    return draw.get(paper.parameters.layout, slips.render)(paper)
