"""What the environment says, as Firstkey understands it."""

from __future__ import annotations

import pytest

from core import config


@pytest.mark.parametrize(
    ("said", "understood"),
    [
        ("https://Keys.School.Example", "https://keys.school.example"),
        ("HTTPS://keys.school.example:443/", "https://keys.school.example"),
        ("http://localhost:80", "http://localhost"),
        ("https://keys.school.example:8443", "https://keys.school.example:8443"),
        ("http://[::1]:8501/", "http://[::1]:8501"),
        ("", ""),
    ],
)
def test_the_portal_address_is_compared_as_browsers_write_it(
    monkeypatch: pytest.MonkeyPatch, said: str, understood: str
) -> None:
    monkeypatch.setenv("FIRSTKEY_PUBLIC_BASE_URL", said)
    assert config.Settings().public_base_url == understood
