"""docs/security.md names each requirement, and only proofs that there are."""

from __future__ import annotations

import re
from itertools import chain

import pytest

from core.config import ROOT

DOCUMENT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
TESTS = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "tests").rglob("test_*.py")))
ASKED = [f"R{number:02d}" for number in chain(range(1, 65), (76, 77), range(89, 101))]


@pytest.mark.parametrize("requirement", ASKED)
def test_each_requirement_has_a_row_or_a_sentence(requirement: str) -> None:
    assert re.search(rf"\b{requirement}\b", DOCUMENT)


def test_each_proof_that_is_named_exists() -> None:
    names = set(re.findall(r"test_(?:r|t)\d+[a-z0-9_]*", DOCUMENT))
    assert len(names) > 60
    assert [name for name in sorted(names) if f"def {name}" not in TESTS] == []
    files = set(re.findall(r"`(tests/[a-z_/]+\.py)", DOCUMENT))
    assert [name for name in sorted(files) if not (ROOT / name).is_file()] == []
