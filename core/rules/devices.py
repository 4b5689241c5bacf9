"""What a browser says about itself, in words that people know: Firefox on Windows."""

from __future__ import annotations

# In the order in which they are asked: Edge calls itself Chrome too, Chrome calls itself Safari, Android Linux.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "Chromebook"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("Linux", "Linux"),
)


def name(user_agent: str) -> str:
    """As well as it can be told; empty when it cannot."""
    browser = next((said for sign, said in _BROWSERS if sign in user_agent), "")
    system = next((said for sign, said in _SYSTEMS if sign in user_agent), "")
    return " · ".join(filter(None, (browser, system)))
