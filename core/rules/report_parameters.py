"""What a person asks of the report User Account Credentials, checked before anything is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

Whose = Literal["students", "parents", "both"]
Layout = Literal["letter", "2", "4", "8", "table"]
SlipOrder = Literal["class", "name", "code"]


@dataclass(frozen=True)
class CredentialParameters:
    """Which slips, in which form. `language` empty: each in the language of its person.

    `show_passwords` false: links only. `dated` stands on the paper; `pdf_password` locks the file (AES-256).
    """

    whose: Whose = "both"
    layout: Layout = "8"
    order: SlipOrder = "class"
    page_per_class: bool = True
    one_per_family: bool = False
    never_signed_in_only: bool = False
    show_passwords: bool = True
    language: str = ""
    extra_text: str = ""
    dated: date | None = None
    signature_line: bool = False
    pdf_password: str = field(default="", repr=False)
