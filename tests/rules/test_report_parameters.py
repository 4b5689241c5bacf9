"""What the report of credentials is asked travels in letters that mean nothing in HTML, and comes back as it was."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import date

import pytest

from core.errors import InputProblem
from core.rules import report_parameters
from core.rules.report_parameters import CredentialParameters

ASKED = CredentialParameters(
    whose="parents",
    layout="letter",
    order="code",
    one_per_family=True,
    show_passwords=False,
    language="el",
    extra_text='<b>Καλή χρονιά</b>\n& "all" the best',
    dated=date(2026, 11, 24),
    signature_line=True,
    section_ids=(7, 12),
)


@pytest.mark.parametrize("asked", [CredentialParameters(), ASKED])
def test_what_is_asked_comes_back(asked: CredentialParameters) -> None:
    text = report_parameters.as_text(asked)
    assert text.replace("-", "").replace("_", "").isalnum() and text.isascii()
    assert report_parameters.from_text(text) == asked


def test_a_request_that_names_no_classes_is_of_all_of_them() -> None:
    told = json.loads(_json(report_parameters.as_text(CredentialParameters())))
    del told["section_ids"]
    asked = urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=")
    assert report_parameters.from_text(asked) == CredentialParameters()


def test_the_password_of_the_file_travels_beside_it_and_shows_nowhere() -> None:
    asked = CredentialParameters(pdf_password="correct horse")
    assert report_parameters.as_text(asked) == report_parameters.as_text(CredentialParameters())
    assert report_parameters.from_text(report_parameters.as_text(asked), pdf_password="correct horse") == asked
    assert "horse" not in repr(asked)


@pytest.mark.parametrize(
    "made_up",
    [
        {"whose": "staff"},
        {"layout": "16"},
        {"layout": []},
        {"order": "age"},
        {"language": "xx"},
        {"dated": "tomorrow"},
        {"dated": 7},
        {"extra_text": 7},
        {"signature_line": "yes"},
        {"section_ids": 7},
        {"section_ids": ["7"]},
        {"section_ids": [True]},
        {"section_ids": [-1]},
        {"section_ids": list(range(201))},
    ],
)
def test_what_our_window_would_not_say_is_refused(made_up: dict[str, object]) -> None:
    told = json.loads(_json(report_parameters.as_text(CredentialParameters()))) | made_up
    with pytest.raises(InputProblem, match="not complete"):
        report_parameters.from_text(urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("="))


DEEP = urlsafe_b64encode(b"[" * 10_000 + b"]" * 10_000).decode().rstrip("=")


@pytest.mark.parametrize("text", ["", "ä", "%%%", "bnVsbA", "W10", "e30", "MQ", DEEP])
def test_what_is_no_form_of_ours_is_refused(text: str) -> None:
    with pytest.raises(InputProblem, match="not complete"):
        report_parameters.from_text(text)


def _json(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
