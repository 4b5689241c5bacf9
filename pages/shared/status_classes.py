"""The states by class: sorted by the share that has signed in, or by name, some classes at a time."""

from __future__ import annotations

import streamlit as st

from core.tables import status_charts
from core.tables.status import Asked
from core.tables.status_charts import ClassOrder
from pages.shared import status_chart

AT_ONCE = 20
ORDERS: dict[ClassOrder, str] = {"fewest": "Fewest signed in first", "most": "Most signed in first", "name": "By name"}


def draw(found: Asked, *, about: str) -> None:
    """The order, the chart, the pages of classes."""
    order: ClassOrder = st.session_state.get("status.order") or "fewest"
    key = f"status.classes.{about}.{order}"
    page = max(1, int(st.session_state.get(key, 1)))
    chart, many = status_charts.classes(found, order=order, first=(page - 1) * AT_ONCE, most=AT_ONCE)
    with st.container(key="status-classes"):
        status_chart.draw(chart, about=f"{about}.{order}.{page}", beside=_order)
        if many > AT_ONCE:
            st.pagination(-(-many // AT_ONCE), key=key)


def _order() -> None:
    st.selectbox("Order of the classes", list(ORDERS), format_func=ORDERS.__getitem__, key="status.order", width=240)
