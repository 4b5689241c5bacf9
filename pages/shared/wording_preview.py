"""A wording as a person would read it, with an example in place of each field."""

from __future__ import annotations

from datetime import timedelta

import streamlit as st

from core import clock, database
from core.models import CampaignKind, Channel, Wording
from core.rules import message_text
from core.rules.message_text import Addressee, Member
from core.services import wordings
from core.tables import samples, school
from pages.shared import sms_size

EXAMPLE = ("Alexandra", "Papadopoulou", "apapadopoulou")


def draw(kind: str, channel: str, language: str, subject: str, body: str) -> None:
    """The message; its link or password opens nothing."""
    st.caption("So it reads for Alexandra Papadopoulou. Its link or password opens nothing.")
    if channel == Channel.SMS:
        with database.reading() as db:
            text = wordings.example_sms(db, kind=kind, language=language, body=body)
        with st.container(border=True):
            st.text(text)
        st.caption(sms_size.words(text))
        return
    filled = _email(kind, channel, language, subject, body)
    with st.container(border=True):
        st.text(f"Subject: {filled.subject}\n\n{filled.text}")


def _email(kind: str, channel: str, language: str, subject: str, body: str) -> message_text.wording.Filled:
    with database.reading() as db:
        own = school.settings(db)
        place = school.place(own)
    ends_at, link = clock.now() + timedelta(days=own.link_days), f"{place.base_url}/i/{samples.LINK_THAT_OPENS_NOTHING}"
    text = Wording(
        kind=kind, channel=channel, language=language, version=0, subject=subject, body=body, created_at=ends_at
    )
    if kind == CampaignKind.FAMILY_INVITATION:
        members = [Member(*EXAMPLE, False, link), Member("Nikos", EXAMPLE[1], "npapadopoulos", False, link)]
        texts = {f"{language}.family": text}
        return message_text.render_family(texts, members, place, language=language, ends_at=ends_at)
    to = Addressee(*EXAMPLE, False, language)
    return message_text.render({language: text, "en": text}, to, place, link=link, ends_at=ends_at)
