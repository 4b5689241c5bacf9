"""Texts with fields: nothing is evaluated, nothing leads elsewhere, both parts say the same."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config import ROOT
from core.errors import InputProblem
from core.models import CampaignKind, Channel
from core.rules import message_text, sms_text, wording, wording_checks
from core.rules.message_text import Addressee, Member, Place

DEFAULTS = sorted((ROOT / "data" / "wordings").glob("*.md"))
PLACE = Place("Athena School", "Ask at the office.", "Europe/Athens", "https://keys.school.example")
ENDS = datetime(2026, 12, 1, 12, 30, tzinfo=UTC)
check = partial(wording_checks.check, kind="initial_invitation", channel="email")
LINK = "https://keys.school.example/i/ABC"


class _Text:
    def __init__(self, source: str) -> None:
        self.subject, self.body = wording.read(source)


def _filled(language: str = "en", first_name: str = "Sam", microsoft: bool = False) -> wording.Filled:
    texts = {
        path.name.split(".")[2]: _Text(path.read_text()) for path in DEFAULTS if path.name.startswith("initial_inv")
    }
    to = Addressee(first_name, "Sideris", "sam.sideris", microsoft, language)
    return message_text.render(texts, to, PLACE, link=LINK, ends_at=ENDS)


@pytest.mark.parametrize("path", DEFAULTS, ids=lambda path: path.name)
def test_the_texts_that_come_with_it_are_accepted(path: object) -> None:
    text = _Text(path.read_text())  # type: ignore[attr-defined]
    kind, channel, *_ = path.name.split(".")  # type: ignore[attr-defined]
    wording_checks.check(text.subject, text.body, kind=kind, channel=channel)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("{username} {link} {password}", "no field"),
        ("{link}", "must contain {username}"),
        ("{username}", "must contain {link}"),
        ("{username} {link} https://elsewhere.example", "nowhere but"),
        ("{username} {link} WWW.elsewhere.example", "nowhere but"),
        ("{username} {link} bit.ly/keys", "nowhere but"),
        ("{username} {link} evil.com:8080/x", "nowhere but"),
        ("{username} {link} mailto:a@b.c", "make a link of “mailto:a”"),
        ("{username} {link} ή στο σχολείο.gr, κ.λπ.", "make a link of “σχολείο.gr”"),
        ("{username} {link} {first name}", "Braces"),
        ("{username} {{link}}", "Braces"),
        ("{username} {link} \u202eecila", "nobody can see"),
        ("{username} {link} " + "long " * 1000, "under 5,000"),
    ],
)
def test_r68_a_text_that_lacks_a_field_or_leads_elsewhere_is_refused(body: str, says: str) -> None:
    with pytest.raises(InputProblem, match=says):
        check("Your key", body)


def test_the_link_stays_out_of_the_subject() -> None:
    with pytest.raises(InputProblem, match="subject"):
        check("{link}", "{username} {link}")


@pytest.mark.parametrize("body", ["{username} {link}\n\nAsk 10.30/11.30, at office@school.example, κ.λπ."])
def test_an_address_to_ask_at_and_a_time_are_no_links(body: str) -> None:
    check("Your key", body)


def test_r68_a_subject_leads_nowhere_and_does_not_run_into_the_text() -> None:
    with pytest.raises(InputProblem, match="nowhere but"):
        check("bit.ly", "{username} {link}")
    check("Key e.", "com {username} {link}")


def test_the_schools_own_server_may_be_named_and_no_other() -> None:
    body = "{username} {link} at keys.school.example"
    check("Your key", body, home="https://keys.school.example")
    with pytest.raises(InputProblem, match="nowhere but"):
        check("Your key", body, home="https://keys.other.example")


@pytest.mark.parametrize("subject", ["", " ", "a\nBcc: x@mail.example", "long " * 40])
def test_a_subject_is_one_line(subject: str) -> None:
    with pytest.raises(InputProblem, match="subject"):
        check(subject, "{username} {link}")


@pytest.mark.parametrize(
    ("kind", "body", "says"),
    [
        ("initial_credentials", "{username}", "must contain {link} or {password}"),
        ("initial_credentials", "{password} {portal}", "must contain {username}"),
        ("initial_credentials", "{username} {password} {link}", "not both"),
        ("initial_credentials", "{student}: {username} {password}", "no field {student}"),
        ("initial_credentials", "{username} {link} {sign_in}", "no field {sign_in}"),
        ("initial_credentials_microsoft", "{username} {password}", "no field {password}"),
        ("initial_credentials_microsoft", "{username}", "must contain {link}"),
        ("initial_invitation", "{username} {link}", "no such message"),
    ],
)
def test_r80_a_text_message_has_what_it_needs_and_never_the_full_name(kind: str, body: str, says: str) -> None:
    with pytest.raises(InputProblem, match=says):
        wording_checks.check("", body, kind=kind, channel="sms")


@pytest.mark.parametrize(
    ("body", "says"),
    [("Hello", "must contain {people}"), ("These: {people}", "stands alone"), ("{people}\n\n{link}", "no field")],
)
def test_the_message_for_a_family_names_its_people_in_a_paragraph_of_their_own(body: str, says: str) -> None:
    with pytest.raises(InputProblem, match=says):
        wording_checks.check("Your keys", body, kind="family_invitation", channel="email")


@pytest.mark.parametrize(
    "name", ["{{7*7}}", "{link}", "{0.__class__}", "<script>", "%s", "${jndi}", "a\nb", "\\1", "\\g<0>"]
)
def test_r67_a_name_is_never_read_as_wording_or_html(name: str) -> None:
    filled = _filled(first_name=name)
    assert f"Hello {name}," in filled.text
    assert "<script>" not in filled.html
    assert "49" not in filled.text.replace(LINK, "")


@given(name=st.text(min_size=1, max_size=40))
def test_any_name_leaves_exactly_one_button(name: str) -> None:
    assert _filled(first_name=name).html.count("<a ") == 1


def test_the_button_and_the_bare_link_lead_to_the_same_place() -> None:
    filled = _filled()
    assert filled.html.count(LINK) == 2
    assert filled.text.count(LINK) == 1


@pytest.mark.parametrize(
    ("language", "says"), [("en", "Tuesday 1 December 2026, 14:30"), ("el", "Τρίτη 1 Δεκεμβρίου 2026, 14:30")]
)
def test_the_end_is_told_in_the_readers_language_and_the_schools_time(language: str, says: str) -> None:
    assert says in _filled(language).text


def test_a_language_without_a_text_gets_english() -> None:
    assert "Hello Sam" in _filled("tlh").text


def test_nothing_of_the_text_shows_in_a_repr() -> None:
    assert LINK not in repr(_filled())


def _of(kind: str, channel: str) -> dict[str, _Text]:
    return {
        language: _Text((ROOT / "data" / "wordings" / f"{kind}.{channel}.{language}.md").read_text())
        for language in ("en", "el")
    }


def _sms(language: str, *, microsoft: bool, username: str, place: Place = PLACE) -> str:
    texts = _of(CampaignKind.INITIAL_CREDENTIALS, Channel.SMS)
    beside = _of(CampaignKind.INITIAL_CREDENTIALS_MICROSOFT, Channel.SMS)
    to = Addressee("Sam", "Sideris", username, microsoft, language)
    return message_text.render_sms(
        texts | {f"{name}.microsoft": text for name, text in beside.items()},
        to,
        place,
        password="XXXX-XXXX-XXXX-XXXX",
        link=f"{place.base_url}/i/{'X' * 26}",
        ends_at=ENDS,
    )


@pytest.mark.parametrize(("language", "school"), [("en", "Athena School"), ("tlh", "Athena"), ("el", "Λύκειο Αθηνάς")])
@pytest.mark.parametrize("microsoft", [False, True])
def test_r79_the_text_messages_that_come_with_it_take_two_segments_at_most(
    language: str, school: str, microsoft: bool
) -> None:
    username = "papadopoulou.alexandra01@school.example" if microsoft else "papadopoulou.alexandra01"
    place = Place(school, "", "Europe/Athens", "https://keys.school.example")
    text = _sms(language, microsoft=microsoft, username=username, place=place)
    assert sms_text.measure(text).segments <= 2, text


def test_a_text_message_tells_the_password_or_for_microsoft_the_link() -> None:
    local, theirs = (_sms("en", microsoft=microsoft, username="sam.sideris") for microsoft in (False, True))
    assert local == (
        "Athena School: username sam.sideris, password XXXX-XXXX-XXXX-XXXX until 1 Dec. "
        "Sign in: https://keys.school.example/sign-in"
    )
    assert f"Confirm until 1 Dec: https://keys.school.example/i/{'X' * 26}" in theirs
    assert "XXXX-XXXX" not in theirs
    assert "Sideris" not in local + theirs  # R80


def test_values_of_a_text_message_are_never_read_as_wording() -> None:
    assert "{link}" in _sms("en", microsoft=False, username="{link}")


def _family(language: str, *names: str) -> wording.Filled:
    texts = {f"{name}.family": text for name, text in _of(CampaignKind.FAMILY_INVITATION, Channel.EMAIL).items()}
    members = [Member(name, "Sideris", f"user{n}", n == 1, f"{LINK}{n}") for n, name in enumerate(names)]
    return message_text.render_family(texts, members, PLACE, language=language, ends_at=ENDS)


@pytest.mark.parametrize(("language", "username"), [("en", "Username: user1"), ("el", "Όνομα χρήστη: user1")])
def test_a_family_reads_each_of_its_people_once_with_a_link_of_their_own(language: str, username: str) -> None:
    filled = _family(language, "Sam", "Max")
    assert username in filled.text and username in filled.html
    for number, name in enumerate(("Sam", "Max")):
        assert filled.text.count(f"{name} Sideris") == filled.html.count(f"{name} Sideris") == 1
        assert filled.text.count(f"{LINK}{number}") == 1
        assert filled.html.count(f'href="{LINK}{number}"') == 1
    assert "Microsoft 365" in filled.text


def test_r67_a_name_in_a_family_is_never_read_as_wording_or_html() -> None:
    filled = _family("en", "{people}", "<img src=x>")
    assert "{people} Sideris" in filled.text
    assert "<img" not in filled.html
    assert filled.html.count("<a ") == 2


@given(body=st.text(alphabet="{}linkpeoplusrame \n", max_size=60))
def test_what_the_check_accepts_can_be_filled_for_everybody(body: str) -> None:
    try:
        check("Key", body)
    except InputProblem:
        return
    to = Addressee("Sam", "Sideris", "sam.sideris", False, "en")
    text = _Text(f"Subject: Key\n{body}")
    assert LINK in message_text.render({"en": text}, to, PLACE, link=LINK, ends_at=ENDS).html
