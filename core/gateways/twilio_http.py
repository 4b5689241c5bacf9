"""How Twilio is spoken to: one connection a request, nothing of it in logs, another address where one is set."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response

from core.gateways import retry_after

CONNECT_S = 5.0


class Http(TwilioHttpClient):  # type: ignore[misc]  # the package has no types
    """A connection for each request: one that the other side closed meanwhile would look like a message lost.

    Numbers and texts stay out of logs. `retry_after` is what the latest answer asked for.
    """

    def __init__(self, base_url: str, *, read_s: float) -> None:
        super().__init__(pool_connections=False)
        self.timeout = (CONNECT_S, read_s)
        self._base = base_url
        self.retry_after: float | None = None

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
        self.retry_after = None
        try:
            response = super().request(method, _elsewhere(url, self._base), *args, **kwargs)
        finally:
            self._test_only_last_request = self._test_only_last_response = None  # they hold the text
        self.retry_after = retry_after.seconds((response.headers or {}).get("Retry-After"))
        return response

    def log_request(self, kwargs: dict[str, Any]) -> None:
        """Nothing."""

    def log_response(self, status_code: int, response: Response) -> None:
        """Nothing."""


def _elsewhere(url: str, base_url: str) -> str:
    """The same at another address. It stands for all hosts of Twilio: the path begins with the one that is meant."""
    if not base_url:
        return url
    asked, base = urlsplit(url), urlsplit(base_url)
    product = str(asked.hostname).split(".")[0]
    path = asked.path if product == "api" else f"/{product}{asked.path}"
    return asked._replace(scheme=base.scheme, netloc=base.netloc, path=path).geturl()
