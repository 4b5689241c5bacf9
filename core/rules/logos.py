"""The school's logo as somebody uploads it: decoded, made small and written anew, so that only its pixels remain."""

from __future__ import annotations

import io
import warnings

from PIL import Image, ImageOps, UnidentifiedImageError

from core.errors import InputProblem

MOST_BYTES, MOST_PIXELS = 2_000_000, 16_000_000
LARGEST = (900, 450)  # twice what stands on paper at 300 dots per inch
_TOO_MANY = "This picture has too many pixels."
_WHAT = "Choose a PNG or JPEG picture of up to 2 MB."


def redrawn(content: bytes) -> bytes:
    """A PNG on white. Raises InputProblem with a sentence for what is no picture, or too large a one."""
    if len(content) > MOST_BYTES:
        raise InputProblem("This file is too large.", field="logo", hint=_WHAT)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(content), formats=["PNG", "JPEG"])
            if picture.width * picture.height > MOST_PIXELS:
                raise InputProblem(_TOO_MANY, field="logo", hint=_WHAT)
            picture.load()
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise InputProblem(_TOO_MANY, field="logo", hint=_WHAT) from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        raise InputProblem("This is no picture that can be read.", field="logo", hint=_WHAT) from None
    upright = ImageOps.exif_transpose(picture).convert("RGBA")
    upright.thumbnail(LARGEST)
    white = Image.new("RGB", upright.size, "white")
    white.paste(upright, mask=upright.getchannel("A"))
    written = io.BytesIO()
    white.save(written, "PNG", optimize=True)
    return written.getvalue()
