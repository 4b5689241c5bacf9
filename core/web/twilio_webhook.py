"""POST /webhooks/twilio: what Twilio says of our messages. What is genuine is stored, answered, and then applied."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core.web import incoming_words, twilio_forms
from core.web.incoming_words import Word
from core.web.twilio_forms import Form

PATH = "/webhooks/twilio"
_REFERENCE = re.compile(r"[0-9a-f]{32}")


async def receive(request: Request) -> Response:
    """204 once the word is stored."""
    form = await twilio_forms.read(request, path=PATH)
    if isinstance(form, Response):
        return form
    word = _word(form, request.query_params.get("m", ""))
    if word is not None:
        await incoming_words.keep(word)
    return Response(status_code=204)


def _word(form: Form, reference: str) -> Word | None:
    """None for a genuine request about something else, say an answer that somebody texted."""
    provider_id = form.get("MessageSid") or form.get("SmsSid") or ""
    status = form.get("MessageStatus") or form.get("SmsStatus") or ""
    if not 0 < len(provider_id) <= 64 or not 0 < len(status) <= 32:
        return None
    ours = reference if _REFERENCE.fullmatch(reference) else ""
    return Word(provider_id, status.lower(), form.get("ErrorCode", "")[:16], ours)


ROUTES = [Route(PATH, receive, methods=["POST"])]
