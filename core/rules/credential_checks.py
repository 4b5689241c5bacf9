"""What can be asked of the report User Account Credentials, and what cannot be drawn so."""

from __future__ import annotations

from core.errors import InputProblem
from core.rules.report_parameters import CredentialParameters

_MOST_TEXT = {"letter": 1500, "table": 300, "8": 150, "4": 150, "2": 150}
LONGEST_TEXT = max(_MOST_TEXT.values())
_SHORTEST, _LONGEST = 8, 127  # a PDF takes 127 bytes of a password


def check(parameters: CredentialParameters) -> None:
    """Refuses with a sentence what no page has room for, or what the layout does not have."""
    most = _MOST_TEXT[parameters.layout]
    if len(parameters.extra_text) > most or len(parameters.extra_text.splitlines()) > 15:
        raise InputProblem(
            f"The extra text has {len(parameters.extra_text):,} characters; this layout has room for {most:,} "
            "on at most 15 lines. Shorten it, or choose letters.",
            field="extra_text",
        )
    if parameters.one_per_family and parameters.layout != "letter":
        raise InputProblem(
            "One per family goes with letters only. Choose Letter, or one for each account.", field="one_per_family"
        )
    if parameters.pdf_password and not _SHORTEST <= len(parameters.pdf_password.encode()) <= _LONGEST:
        raise InputProblem(
            f"The password of the file needs {_SHORTEST} to {_LONGEST} characters. Choose another.",
            field="pdf_password",
        )


def nobody(parameters: CredentialParameters) -> str:
    """What to say when there is nobody to print for."""
    if parameters.never_signed_in_only:
        return "Everybody chosen who has an account has signed in. Switch off Only never signed in, or choose others."
    if parameters.whose != "both":
        return f"Nobody chosen is among the {parameters.whose} with an account. Change whose credentials to print."
    if parameters.section_ids:
        return "Nobody chosen of these classes has an account. Choose other classes, or all of them."
    return "Nobody chosen has an account, so there is nothing to print. Create their accounts, then try again."
