"""The pictures of the reports in the documentation show what is printed today."""

from __future__ import annotations

import pytest
from PIL import Image, ImageChops, ImageStat

from tests.documents import reference_images

ALIKE = 3.0  # mean difference in grey, of 255: another version of the renderer, not another page


@pytest.mark.parametrize("form", reference_images.FORMS)
def test_the_picture_kept_of_each_form_is_what_the_form_looks_like(form: str) -> None:
    kept = Image.open(reference_images.FOLDER / f"{form}.png").convert("L")
    now = reference_images.drawn(form).convert("L")
    assert kept.size == now.size
    small = (kept.width // 4, kept.height // 4)
    apart = ImageChops.difference(kept.resize(small), now.resize(small))
    assert ImageStat.Stat(apart).mean[0] < ALIKE
    assert ImageStat.Stat(ImageChops.invert(now)).mean[0] > ALIKE  # a page is not empty


def test_a_picture_is_kept_of_every_form_and_of_nothing_else() -> None:
    kept = {path.stem for path in reference_images.FOLDER.glob("*.png")}
    assert kept == set(reference_images.FORMS) and len(kept) == 8
