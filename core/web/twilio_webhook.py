"""POST /webhooks/twilio: what Twilio says of our messages. What is genuine is stored, answered, and then applied."""

from __future__ import annotations

import logging
import re
from collections import deque
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import ImmutableMultiDict
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from twilio.request_validator import RequestValidator

from core import clock
from core.config import settings
from core.delivery import alarms
from core.rules.alerts import THRESHOLDS, AlertKind
from core.services.alerts import Finding
from core.web import incoming_words
from core.web.incoming_words import Word

PATH = "/webhooks/twilio"
MOST_BYTES, MOST_FIELDS = 65_536, 200
_MANY = THRESHOLDS[AlertKind.BAD_SIGNATURES]
ALARM_ABOVE, ALARM_WITHIN = _MANY.above, _MANY.window  # R98
_REFERENCE = re.compile(r"[0-9a-f]{32}")
logger = logging.getLogger(__name__)
_refused: deque[float] = deque(maxlen=ALARM_ABOVE + 1)


async def receive(request: Request) -> Response:
    """204 once the word is stored. Nothing of what comes without a good signature is looked at, let alone kept."""
    signature = request.headers.get("x-twilio-signature", "")
    if not signature or not _tokens():
        return await _forged() if _tokens() else PlainTextResponse("Not allowed", 403)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        return PlainTextResponse("Only forms are read here.", 415)
    body = await _body(request)
    if body is None:
        return PlainTextResponse("That is too much.", 413)
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        return PlainTextResponse("This is no form.", 400)
    fields = ImmutableMultiDict(pairs)
    if not _genuine(request, fields, signature):
        return await _forged()
    word = _word(fields, request.query_params.get("m", ""))
    if word is not None:
        await incoming_words.keep(word)
    return Response(status_code=204)


async def _body(request: Request) -> bytes | None:
    """Reading stops where a flood begins."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            return None
    return bytes(body)


def _tokens() -> list[str]:
    """The new token, and while it is being changed the old one. None where Twilio was never told of this address."""
    own = settings()
    told = own.is_https or own.twilio_api_base_url
    return [token for token in (own.twilio_auth_token, own.twilio_auth_token_previous) if token and told]


def _genuine(request: Request, fields: ImmutableMultiDict[str, str], signature: str) -> bool:
    """Signed by Twilio, over the address that Twilio was told and not the one behind the proxy (R82)."""
    query = request.scope["query_string"].decode("latin-1")
    url = settings().base_url + PATH + (f"?{query}" if query else "")
    return any(RequestValidator(token).validate(url, fields, signature) for token in _tokens())


def _word(fields: ImmutableMultiDict[str, str], reference: str) -> Word | None:
    """None for a genuine request about something else, say an answer that somebody texted."""
    provider_id = fields.get("MessageSid") or fields.get("SmsSid") or ""
    status = fields.get("MessageStatus") or fields.get("SmsStatus") or ""
    if not 0 < len(provider_id) <= 64 or not 0 < len(status) <= 32:
        return None
    ours = reference if _REFERENCE.fullmatch(reference) else ""
    return Word(provider_id, status.lower(), fields.get("ErrorCode", "")[:16], ours)


async def _forged() -> Response:
    """No word on what was wrong with it. Many in a minute are an attack, or a token changed on one side only."""
    now = clock.now().timestamp()
    _refused.append(now)
    if len(_refused) > ALARM_ABOVE and now - _refused[0] < ALARM_WITHIN.total_seconds():
        _refused.clear()
        logger.error(
            "alarm: more than %s callbacks with a wrong signature within a minute. If Twilio's token was changed, "
            "set FIRSTKEY_TWILIO_AUTH_TOKEN to the new one and FIRSTKEY_TWILIO_AUTH_TOKEN_PREVIOUS to the old one.",
            ALARM_ABOVE,
        )
        await run_in_threadpool(alarms.sound, [Finding(AlertKind.BAD_SIGNATURES, ALARM_ABOVE)])
    return PlainTextResponse("Not allowed", 403)


ROUTES = [Route(PATH, receive, methods=["POST"])]
