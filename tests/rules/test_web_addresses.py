"""What would become a link in a wording, and what is only a dot between two words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.rules.web_addresses import leads_to

HOME = "https://keys.school.example/sub"


@pytest.mark.parametrize(
    "text",
    [
        "bit.ly",
        "bit.ly/keys",
        "evil.Help/x",
        "κακός.μπλογκ/χ",
        "{link}.Zone/keys",
        "BIT.LY",
        "Bit.Ly",
        "Evil.Com",
        "evil.ninja.",
        "evil.com:8080/x",
        "evil.com?x=1",
        "evil.com#x",
        "evil.com_",
        "evil.com@",
        "evil.com@x",
        "163.com",
        "1.2.3.4/x",
        "1.2.3.4:8080",
        "xn--e1.xn--p1ai/x",
        "xn--e1.xn--p1ai",
        "пример.рф",
        "σχολείο.gr",
        "σχολείο.ελ",
        "ΣΧΟΛΕΙΟ.ΕΥ",
        "(evil.com)",
        "@evil.com",
        "{school}.com",
        "evil.com{link}",
        "office@school.example/x",
        "office@school.example?subject=x",
        "mailto:a@b.c",
        "MAILTO:office@school.example",
        "tel:+302101234567",
        "sms:+302101234567",
        "skype:evil",
        "ftp://x",
        "viber://chat",
        "https:evil",
        "WWW.evil",
        "evil.school.example",
        "keys.school.example/x",
        "keys.school.example:8080",
        "keys.school.example.evil.com",
    ],
)
@pytest.mark.parametrize("around", ["{}", "Open {} now.", "Άνοιξε το {}, παρακαλώ.", "Άνοιξε:\n{}\nΕυχαριστούμε."])
def test_r68_what_phones_and_mail_programs_make_a_link_of_is_found(text: str, around: str) -> None:
    assert leads_to(around.replace("{}", text), home=HOME)


@pytest.mark.parametrize(
    "text",
    [
        "Ask e.g. Mr.Smith at 12.30, or i.e. before 3.000 others.",
        "10.30/11.30 on 24.11.2026, 1.5.2027: M.Sc., Ph.D., z.B., Α.Φ.Μ., U.S.A.",
        "Write to office@school.example, or to head.of.school+keys@mail.school.example.",
        "At office@school.example: until noon.",
        "{username}@school.example",
        "Ρώτησε π.χ. τον κ.Σιδέρη, δηλ.τη γραμματεία, κ.λπ., έως τις 12.30 μ.μ.",
        "Κόστος 3.000 ευρώ. Γράψε στο office@school.example.",
        "{school}.Χρήστης:{username} Κωδικός:{password}",
        "{school}. Username:{username} Password:{password}",
        "Tel.: 210 1234567, Tel: 210 1234567, SMS: 6912345678, τηλ.2101234567",
        "The end of a sentence.The next one...and so on",
        "keys.school.example, or school.example.",
        "KEYS.School.Example",
        "version 1.2.3.4",
    ],
)
def test_dots_in_ordinary_text_and_the_schools_own_addresses_are_no_links(text: str) -> None:
    assert leads_to(text, home=HOME) is None


@given(words=st.lists(st.text(alphabet="abcxyzABCαβγΑΒΓ0123456789,;!()'", max_size=8), max_size=12))
def test_words_with_a_space_after_every_dot_are_no_links(words: list[str]) -> None:
    assert leads_to(". ".join(words), home=HOME) is None
