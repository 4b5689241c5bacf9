"""One text of one message in one language: written, looked at, saved as a new version, or set back."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from core import database
from core.errors import InputProblem
from core.models import Channel, Wording
from core.permissions import Actor, Permission
from core.rules import wording, wording_checks, words
from core.services import wordings
from core.tables import wordings as table
from pages.shared import feedback, guarded, wording_preview

TEXTS = list(wording_checks.RULES)


@dataclass(frozen=True)
class _Chosen:
    """Which text is on the page."""

    kind: str
    channel: str
    language: str

    @property
    def key(self) -> str:
        return f"wording.{self.kind}.{self.channel}.{self.language}"


def draw(actor: Actor) -> None:
    """The choice of the text, then the text."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind, channel = st.selectbox("Message", TEXTS, format_func=_name, width=420)
        with database.reading() as db:
            languages = table.languages(db, kind=kind, channel=channel)
        if not languages:
            st.info("The texts are missing. Run: python -m core.manage init")
            return
        language = st.segmented_control(
            "Language",
            languages,
            default=languages[0],
            format_func=lambda code: words.LANGUAGE.get(code, code),
            key=f"wording.language.{kind}.{channel}",
        )
    _edit(actor, _Chosen(kind, channel, language or languages[0]))


@guarded.fragment(Permission.CHANGE_SETTINGS)
def _edit(actor: Actor, chosen: _Chosen) -> None:
    """A fragment: what is typed is shown at once as a person would read it."""
    with database.reading() as db:
        history = table.history(db, kind=chosen.kind, channel=chosen.channel, language=chosen.language)
    now = history[0]
    key = f"{chosen.key}.{now.version}"
    left, right = st.columns(2)
    with left:
        subject = now.subject
        if chosen.channel == Channel.EMAIL:
            subject = st.text_input("Subject", now.subject, key=f"{key}.subject", live=True)
        body = st.text_area(
            "Text",
            now.body,
            key=f"{key}.body",
            height=380,
            help="Click beside it, or press Ctrl+Enter, to see how it reads.",
        )
        _fields(chosen)
        _save(actor, chosen, now, subject, body)
    with right:
        _look(chosen, subject, body)
    _versions(actor, chosen, history)


def _fields(chosen: _Chosen) -> None:
    known = wording_checks.RULES[chosen.kind, chosen.channel].fields
    with st.expander("What can stand in braces"):
        st.table(
            {f"{{{name}}}": [said] for name, said in words.WORDING_FIELD.items() if name in known}, border="horizontal"
        )


def _save(actor: Actor, chosen: _Chosen, now: Wording, subject: str, body: str) -> None:
    if st.button("Save", type="primary", icon=":material/save:", key=f"{chosen.key}.save"):
        _store(actor, chosen, now.version, subject, body)


def _store(actor: Actor, chosen: _Chosen, seen: int, subject: str, body: str) -> None:
    of = {"kind": chosen.kind, "channel": chosen.channel, "language": chosen.language}
    with feedback.refusals_shown():
        with database.transaction() as db:
            made = wordings.save(db, actor, **of, seen=seen, subject=subject, body=body)
        feedback.later(f"Saved as version {made.version}. Campaigns that were launched before keep their text.")
    st.rerun()


def _look(chosen: _Chosen, subject: str, body: str) -> None:
    try:
        wording_checks.check(subject, body, kind=chosen.kind, channel=chosen.channel)
    except InputProblem as problem:
        st.error(feedback.plain(str(problem)), icon=":material/edit:")
        return
    if wording.names(subject + body):
        wording_preview.draw(chosen.kind, chosen.channel, chosen.language, subject, body)


def _versions(actor: Actor, chosen: _Chosen, history: list[Wording]) -> None:
    """Every version stays; an earlier one, or the one that came with Firstkey, becomes a new version."""
    with st.expander(f"Earlier versions ({len(history) - 1})"):
        for old in history[1:]:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.text(f"Version {old.version}, {old.created_at:%-d %b %Y}: {old.body.strip()[:60]}…")
                if st.button("Use this one again", key=f"{chosen.key}.again.{old.version}"):
                    _store(actor, chosen, history[0].version, old.subject, old.body)
        if st.button("Use the text that came with Firstkey", key=f"{chosen.key}.default"):
            subject, body = wordings.default(chosen.kind, chosen.channel, chosen.language)
            _store(actor, chosen, history[0].version, subject, body)


def _name(of: tuple[str, str]) -> str:
    kind, channel = of
    return f"{words.CAMPAIGN_KIND[kind]} ({'SMS' if channel == Channel.SMS else 'e-mail'})"
