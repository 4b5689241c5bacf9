"""How charts look, in one place: colours for light and dark ground, and patterns for whoever sees no colours."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from core.rules import words
from core.rules.account_state import AccountState

ACCENT = "#2b8a90"
ROW_PX, LINE_PX, AROUND_PX, LINES_PX, LEGEND_PX = 30, 14, 24, 290, 20
# A shape and how much of the bar it covers: neighbours in the bar of states never look alike in grey.
PATTERNS: dict[str, tuple[str, float]] = {
    AccountState.SIGNED_IN: ("", 0),
    AccountState.VERIFIED: ("/", 0.25),
    AccountState.INVITED: (".", 0.25),
    AccountState.LINK_EXPIRED: ("\\", 0.25),
    AccountState.READY: ("", 0),
    AccountState.NOT_REACHABLE: ("x", 0.2),
    AccountState.BOUNCED: ("|", 0.35),
    AccountState.PENDING_PROVIDER: ("+", 0.25),
    AccountState.LOCKED: ("-", 0.35),
    AccountState.DEACTIVATED: (".", 0.5),
    AccountState.NO_ACCOUNT: ("", 0),
}
LINES = {
    "Invited": {"color": words.ACCOUNT_STATE[AccountState.INVITED].colour, "dash": "dot", "symbol": "square"},
    "Verified": {"color": words.ACCOUNT_STATE[AccountState.VERIFIED].colour, "dash": "dash", "symbol": "diamond"},
    "First sign-in": {"color": "#23945a", "dash": "solid", "symbol": "circle"},
}


def config(title: str) -> dict[str, Any]:
    """One button above a chart: it is kept as a picture under its title."""
    picture = {"format": "png", "scale": 2, "filename": title}
    buttons = [["toImage"]]
    return {"displayModeBar": True, "displaylogo": False, "modeBarButtons": buttons, "toImageButtonOptions": picture}


def state_bar(state: str) -> dict[str, Any]:
    """Colour and pattern of a state."""
    shape, solidity = PATTERNS[state]
    colour = words.ACCOUNT_STATE[AccountState(state)].colour
    pattern = {
        "shape": shape,
        "solidity": solidity,
        "size": 7,
        "fillmode": "overlay",
        "fgcolor": "#fff",
        "fgopacity": 0.4,
    }
    line = {"width": 1, "color": "rgba(127,127,127,.55)"}
    return {"color": colour, "line": line, "pattern": pattern if shape else None}


def ink_on(colour: str) -> str:
    """Black or white, whichever can be read on the colour."""
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return "#000000" if 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2 > 0.18 else "#ffffff"


def lay_out(figure: go.Figure, *, height: int, legend: bool) -> go.Figure:
    """What all charts have in common. Nothing is dragged or zoomed: a click opens the list."""
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 16, "t": 26, "b": 8},  # above stands the button, which would lie on a number
        bargap=0.3,
        dragmode=False,
        clickmode="event+select",
        showlegend=legend,
        legend={
            **{"orientation": "h", "y": 1, "yanchor": "bottom", "x": 0, "traceorder": "normal", "title_text": ""},
            "maxheight": 1,  # on a narrow screen Plotly would cut it in the middle and scroll it
        },
        hoverlabel={"align": "left"},
    )
    figure.update_xaxes(fixedrange=True, automargin=True)
    figure.update_yaxes(fixedrange=True, automargin=True, ticks="")
    return figure
