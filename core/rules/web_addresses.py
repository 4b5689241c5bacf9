"""What mail programs and phones make a link of, whether or not it was meant as one."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_SCHEMES = "https?|mailto|tel|callto|sms|smsto|mms|facetime|sips?|xmpp|skype|viber|whatsapp|tg|geo|webcal|ftp|magnet"
_NUMBER = r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}[/:]"
_PLAIN = re.compile(rf"www\.|://|\b(?:{_SCHEMES}|javascript):\S|{_NUMBER}", re.IGNORECASE)
_RUN = re.compile(r"([\w.@+%}-]+)([/:?#]\S)?")  # a field in braces ends in something, too: {school}.com
_MAIL = re.compile(r"[\w.+%}-]+@[\w-]+(?:\.[\w-]+)+\.?")
_ENDING = re.compile(r"(?<=[\w}-])\.(xn--[\w-]+|[^\W\d_]{2,})(?![^\W_])")
_GREEK = re.compile(r"[\u0370-\u03ff\u1f00-\u1fff]+")
# With a capital letter too; whatever else begins with one is the next sentence, or somebody's name (Mr.Smith).
_KNOWN = re.compile(
    "com|net|org|info|biz|edu|gov|int|name|pro|app|dev|web|xyz|site|online|shop|store|club|top|vip|live|link|click|"
    "page|cloud|tech|icu|zip|gr|cy|eu|uk|de|fr|it|es|nl|be|ch|at|tr|ru|pl|ro|bg|al|us|ca|au|in|io|co|me|ly|gl|gd|tv|"
    "cc|to|ws|sh|ai|ελ|ευ",
    re.IGNORECASE,
)


def leads_to(text: str, *, home: str = "") -> str | None:
    """The first of what would become a link in a text; None where nothing does.

    E-mail addresses may stand in a text, and so may the name of the server at `home`, and of the domain it is in.
    """
    if found := _PLAIN.search(text):
        return found[0]
    own = _own(home)
    return next((run[1] for run in _RUN.finditer(text) if _is_link(run, own)), None)


def _is_link(run: re.Match[str], own: frozenset[str]) -> bool:
    endings = _ENDING.findall(run[1])
    if endings and (run[2] or "").startswith("/"):
        return True  # whatever it ends in: no sentence begins behind a dot and goes on with a path
    if not any(map(_ends_an_address, endings)):
        return False
    return run[2] is not None or not (_MAIL.fullmatch(run[1]) or run[1].rstrip(".").lower() in own)


def _ends_an_address(ending: str) -> bool:
    """Not a list of all endings: there are 1,400, and more every year. Greek abbreviations (κ.λπ) are none."""
    if _KNOWN.fullmatch(ending):
        return True
    begins_a_sentence = ending[0].isupper() and not ending.isupper()
    return not begins_a_sentence and not _GREEK.fullmatch(ending)


def _own(home: str) -> frozenset[str]:
    host = urlsplit(home).hostname or ""
    domain = host.partition(".")[2]
    return frozenset({host, domain} if "." in domain else {host})
