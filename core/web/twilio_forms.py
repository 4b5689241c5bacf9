"""Forms that Twilio posts: looked at only with its signature, and only up to a size."""

from __future__ import annotations

import logging
from collections import deque
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import ImmutableMultiDict
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from twilio.request_validator import RequestValidator

from core import clock
from core.config import settings
from core.delivery import alarms
from core.rules.alerts import THRESHOLDS, AlertKind
from core.services.alerts import Finding

MOST_BYTES, MOST_FIELDS = 65_536, 200
_MANY = THRESHOLDS[AlertKind.BAD_SIGNATURES]
ALARM_ABOVE, ALARM_WITHIN = _MANY.above, _MANY.window  # R98
Form = ImmutableMultiDict[str, str]
logger = logging.getLogger(__name__)
_refused: deque[float] = deque(maxlen=ALARM_ABOVE + 1)


async def read(request: Request, *, path: str) -> Form | Response:
    """The form, or the answer to whatever is none. Nothing without a good signature is looked at, let alone kept."""
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
    form = Form(pairs)
    return form if _genuine(request, path, form, signature) else await _forged()


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


def _genuine(request: Request, path: str, form: Form, signature: str) -> bool:
    """Signed by Twilio, over the address that Twilio was told and not the one behind the proxy (R82)."""
    query = request.scope["query_string"].decode("latin-1")
    url = settings().base_url + path + (f"?{query}" if query else "")
    return any(RequestValidator(token).validate(url, form, signature) for token in _tokens())


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
