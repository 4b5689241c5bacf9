"""What the claims of a Microsoft token must say, whoever checked it before."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from core.rules.microsoft_identity import Hindered, Hindrance, Identity, identity

TENANT, NONCE = "11111111-aaaa-0000-0000-000000000001", "the nonce of this flow"
RETURNED = hashlib.sha256(NONCE.encode()).hexdigest()
CLAIMS = {"nonce": RETURNED, "tid": TENANT, "oid": "AAAA-1", "preferred_username": "sam@school.example"}


def _identity(*, asked: str = NONCE, **changed: Any) -> Identity:
    claims = {name: value for name, value in (CLAIMS | changed).items() if value is not None}
    return identity(claims, tenant_id=TENANT.upper(), nonce=asked)


def test_r28_a_person_is_the_ids_of_tenant_and_user_in_whatever_case() -> None:
    assert _identity() == Identity(TENANT, "aaaa-1", "sam@school.example", has_second_factor=False)


@pytest.mark.parametrize("returned", [None, "", "another", NONCE, hashlib.sha256(b"").hexdigest(), "é", 5])
def test_r28_the_answer_to_another_question_is_refused(returned: object) -> None:
    with pytest.raises(Hindered, match=Hindrance.NOT_GENUINE):
        _identity(nonce=returned)


def test_r28_a_flow_without_a_nonce_believes_nobody() -> None:
    with pytest.raises(Hindered, match=Hindrance.NOT_GENUINE):
        _identity(asked="", nonce=hashlib.sha256(b"").hexdigest())


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"tid": None}, Hindrance.WRONG_TENANT),
        ({"tid": ""}, Hindrance.WRONG_TENANT),
        ({"tid": "22222222"}, Hindrance.WRONG_TENANT),
        ({"oid": None}, Hindrance.NOT_GENUINE),
        ({"oid": ""}, Hindrance.NOT_GENUINE),
    ],
)
def test_r28_without_the_schools_tenant_and_a_user_it_is_nobody(changed: dict[str, Any], why: Hindrance) -> None:
    with pytest.raises(Hindered, match=why):
        _identity(**changed)


@pytest.mark.parametrize(
    ("methods", "proved"),
    [(None, False), ([], False), (["pwd"], False), ("mfa", False), ({"mfa": 1}, False), (["pwd", "mfa"], True)],
)
def test_r29_only_a_list_that_names_mfa_is_evidence_of_a_second_factor(methods: object, proved: bool) -> None:
    assert _identity(amr=methods).has_second_factor is proved
