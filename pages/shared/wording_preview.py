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
from pages.shared import check_samples

EXAMPLE = ("Alexandra", "Papadopoulou", "apapadopoulou")


def draw(kind: str, channel: str, language: str, subject: str, body: str) -> None:
    """The message; its link or password opens nothing."""
    st.caption("So it reads for Alexandra Papadopoulou. Its link or password opens nothing.")
    with st.container(border=True, height=460 if channel == Channel.EMAIL else 220):
        if channel == Channel.SMS:
            text = _sms(kind, language, body)
            st.text(text)
            st.caption(check_samples.size(text))
        else:
            filled = _email(kind, channel, language, subject, body)
            st.text(f"Subject: {filled.subject}\n\n{filled.text}")


def _sms(kind: str, language: str, body: str) -> str:
    microsoft = kind == CampaignKind.INITIAL_CREDENTIALS_MICROSOFT
    username = "apapadopoulou@school.example" if microsoft else EXAMPLE[2]
    with database.reading() as db:
        return wordings.example_sms(db, body=body, microsoft=microsoft, language=language, username=username)


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
