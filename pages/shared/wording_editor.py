"""One text of one message in one language: written, looked at, saved as a new version."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import streamlit as st

from core import database
from core.config import command, settings
from core.errors import InputProblem
from core.models import Channel, Wording
from core.permissions import Actor, Permission
from core.rules import wording_checks, words
from core.services import wordings
from core.tables import wordings as table
from pages.shared import feedback, fresh_code, guarded, wording_preview

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
            st.info(f"The texts are missing. Run: {command('init')}")
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
        history = table.history(db, **asdict(chosen))
    begun = _begun_with(chosen, history)
    left, right = st.columns(2)
    with left:
        subject, body = _typed(chosen, begun)
        _fields(chosen)
        _save(actor, chosen, begun, subject, body)
    with right:
        if begun != history[0]:
            _overtaken(chosen, history[0])
        _look(chosen, subject, body)
    _versions(actor, chosen, history)


def _begun_with(chosen: _Chosen, history: list[Wording]) -> Wording:
    """The version that somebody began to change; one that others save meanwhile does not take its place."""
    begun = st.session_state.get(f"{chosen.key}.begun")
    known = {version.version: version for version in history}
    if begun not in known or f"{chosen.key}.{begun}.body" not in st.session_state:
        begun = history[0].version
    st.session_state[f"{chosen.key}.begun"] = begun
    return known[begun]


def _typed(chosen: _Chosen, begun: Wording) -> tuple[str, str]:
    key = f"{chosen.key}.{begun.version}"
    subject = begun.subject
    if chosen.channel == Channel.EMAIL:
        subject = st.text_input("Subject", begun.subject, key=f"{key}.subject", live=True)
    height = 380 if chosen.channel == Channel.EMAIL else 160
    seen = "Click beside it, or press Ctrl+Enter, to see how it reads."
    return subject, st.text_area("Text", begun.body, key=f"{key}.body", height=height, help=seen)


def _fields(chosen: _Chosen) -> None:
    known = wording_checks.RULES[chosen.kind, chosen.channel].fields
    with st.expander("What can stand in braces"):
        for name, said in words.WORDING_FIELD.items():
            if name in known:
                st.markdown(f"`{{{name}}}` {said}")


def _save(actor: Actor, chosen: _Chosen, begun: Wording, subject: str, body: str) -> None:
    # Never greyed out: what is typed arrives together with the click.
    pressed = st.button("Save", type="primary", icon=":material/save:", key=f"{chosen.key}.save")
    if now_fresh := fresh_code.proved(actor, pressed, key=f"{chosen.key}.save", act="Save"):
        _store(now_fresh, chosen, begun.version, subject, body)


def _store(actor: Actor, chosen: _Chosen, seen: int, subject: str, body: str) -> None:
    with feedback.refusals_shown():
        with database.transaction() as db:
            made = wordings.save(db, actor, **asdict(chosen), seen=seen, subject=subject, body=body)
        feedback.later(f"Saved as version {made.version}. Campaigns that were launched before keep their text.")
    st.session_state[f"{chosen.key}.begun"] = None
    st.rerun()


def _overtaken(chosen: _Chosen, latest: Wording) -> None:
    st.warning(
        f"Somebody has saved version {latest.version} meanwhile. Copy what you need from yours, then go on with theirs."
    )
    if st.button(f"Show version {latest.version}", key=f"{chosen.key}.theirs"):
        st.session_state[f"{chosen.key}.begun"] = None
        st.rerun()


def _look(chosen: _Chosen, subject: str, body: str) -> None:
    """What is wrong with it; what can be filled is shown all the same."""
    subject, body = wordings.tidy(subject, body)
    try:
        wording_checks.check(subject, body, kind=chosen.kind, channel=chosen.channel, home=settings().base_url)
    except InputProblem as problem:
        st.error(feedback.plain(str(problem)), icon=":material/edit:")
        return
    wording_preview.draw(**asdict(chosen), subject=subject, body=body)
    try:
        with database.reading() as db:
            wordings.check(db, **asdict(chosen), subject=subject, body=body)
    except InputProblem as problem:
        st.error(feedback.plain(str(problem)), icon=":material/edit:")


def _versions(actor: Actor, chosen: _Chosen, history: list[Wording]) -> None:
    """Every version stays; an earlier one, or the one that came with Firstkey, becomes a new version."""
    latest = history[0]
    with st.expander(f"Earlier versions ({len(history) - 1})"):
        for old in history[1:]:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.text(f"Version {old.version}, {old.created_at:%-d %b %Y}")
                with st.popover("Read it"):
                    st.text(f"{old.subject}\n\n{old.body}".strip())
                again = f"{chosen.key}.again.{old.version}"
                pressed = st.button("Use this one again", key=again)
                if now_fresh := fresh_code.proved(actor, pressed, key=again, act="Use this one again"):
                    _store(now_fresh, chosen, latest.version, old.subject, old.body)
        subject, body = wordings.default(chosen.kind, chosen.channel, chosen.language)
        same = (subject, body) == (latest.subject, latest.body)
        act = "Use the text that came with Firstkey"
        pressed = st.button(act, key=f"{chosen.key}.default", disabled=same)
        if now_fresh := fresh_code.proved(actor, pressed, key=f"{chosen.key}.default", act=act):
            _store(now_fresh, chosen, latest.version, subject, body)


def _name(of: tuple[str, str]) -> str:
    kind, channel = of
    return f"{words.CAMPAIGN_KIND[kind]} ({'SMS' if channel == Channel.SMS else 'e-mail'})"
