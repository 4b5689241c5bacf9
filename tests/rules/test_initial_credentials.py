"""Derived secrets."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.rules import initial_credentials as credentials

SECRET = bytes(range(32))


def test_r11_ten_thousand_links_have_26_characters_and_no_repeats() -> None:
    tokens = {credentials.link_token(SECRET, credentials.new_uid()) for _ in range(10_000)}
    assert len(tokens) == 10_000
    assert all(credentials.looks_like_link(token) for token in tokens)


def test_the_same_row_gives_the_same_secret_and_another_key_another_one() -> None:
    assert credentials.link_token(SECRET, "ab") == credentials.link_token(SECRET, "ab")
    assert credentials.link_token(SECRET, "ab") != credentials.link_token(SECRET[::-1], "ab")
    assert credentials.link_token(SECRET, "ab")[:16] != credentials.canonical(
        credentials.initial_password(SECRET, "ab")
    )


@given(st.binary(min_size=16, max_size=16))
def test_r21_an_initial_password_is_four_groups_of_four_and_can_be_typed_in_any_case(uid: bytes) -> None:
    password = credentials.initial_password(SECRET, uid.hex())
    assert [len(group) for group in password.split("-")] == [4, 4, 4, 4]
    typed = password.lower().replace("0", "o").replace("1", "l").replace("-", " ")
    assert credentials.token_hash(typed) == credentials.token_hash(password)


@given(st.text(max_size=80))
def test_what_is_not_a_link_is_told_without_asking_the_database(text: str) -> None:
    assert not credentials.looks_like_link(text) or len(credentials.canonical(text)) == credentials.LINK_LENGTH
