"""What makes two people look like one."""

from __future__ import annotations

from enum import StrEnum


class Likeness(StrEnum):
    """What two people have in common."""

    NAME = "name"
    EMAIL = "email"
    MOBILE = "mobile"
