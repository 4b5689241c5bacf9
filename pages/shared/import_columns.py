"""What was recognised in uploaded files, and the places where a person may overrule it."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.rules.delimited import DELIMITERS
from core.rules.imports import columns
from core.rules.imports.intake import FileFacts
from core.rules.imports.reading import Choices
from core.rules.text_encoding import ENCODINGS

LEAVE_OUT = ""
_MOST_COLUMNS = 60
_DELIMITERS = {"": "Found out", **DELIMITERS}
_ENCODINGS = {"": "Found out", **{name: words for name, words in ENCODINGS.items() if name != "utf-16-be"}}


def files(found: list[FileFacts]) -> None:
    """One row a file, and below it the columns that are left out, with the reason."""
    rows = [
        {
            "File": file.name,
            "Rows": file.rows,
            "Encoding": ENCODINGS.get(file.encoding, file.encoding),
            "Delimiter": DELIMITERS.get(file.delimiter, file.delimiter),
            "Left out": ", ".join(
                f"{column.header} ({column.reason})" for column in file.columns if not column.meaning
            ),
            "Used": ", ".join(column.header for column in file.columns if column.meaning),
        }
        for file in found
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch", key="import_files")


def choose(file: FileFacts | None, now: Choices, *, key: str) -> Choices | None:
    """A form that says what each column means; gives the choices when it is sent, else None."""
    with st.form(f"import_choices_{key}"):
        left, right = st.columns(2)
        encoding = left.selectbox("Encoding", _ENCODINGS, _at(_ENCODINGS, now.encoding), format_func=_ENCODINGS.get)
        delimiter = right.selectbox(
            "Delimiter", _DELIMITERS, _at(_DELIMITERS, now.delimiter), format_func=_DELIMITERS.get
        )
        meanings = _meanings(file, key) if file else {}
        sent = st.form_submit_button("Check again with these")
    return Choices(encoding, delimiter, meanings) if sent else None


def _meanings(file: FileFacts, key: str) -> dict[str, str]:
    names = [LEAVE_OUT, *columns.LABELS]
    chosen: dict[str, str] = {}
    places = st.columns(2)
    for number, column in enumerate(file.columns[:_MOST_COLUMNS]):
        if not column.header or column.header in chosen or columns.may_never_be_chosen(column.header):
            continue
        places = places if len(chosen) % 2 else st.columns(2)
        place = places[len(chosen) % 2]
        chosen[column.header] = place.selectbox(
            f"Column {number + 1}",
            names,
            names.index(column.meaning) if column.meaning in names else 0,
            format_func=lambda name: columns.LABELS.get(name, "Leave out"),
            key=f"import_meaning_{key}_{number}",
        )
        place.text(f"“{column.header[:40]}”, for instance {column.sample or 'empty'}")
    return chosen


def _at(options: dict[str, str], value: str) -> int:
    return list(options).index(value) if value in options else 0
