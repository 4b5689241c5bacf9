"""POST /webhooks/twilio/incoming: what people text to the school's number. STOP and START count, all else is let go.

Nothing of a text is kept, and Firstkey answers none: Twilio itself does, where somebody writes STOP.
"""

from __future__ import annotations

import re

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core import database
from core.rules import texted_answers
from core.rules.texted_answers import Wish
from core.services import opt_outs
from core.web import twilio_forms
from core.web.incoming_words import WAIT_MS

PATH = "/webhooks/twilio/incoming"
_SID, _NUMBER = re.compile(r"[A-Za-z0-9]{1,64}"), re.compile(r"\+[1-9][0-9]{6,14}")


async def receive(request: Request) -> Response:
    """An empty answer, once what it asks for is stored."""
    form = await twilio_forms.read(request, path=PATH)
    if isinstance(form, Response):
        return form
    wish = texted_answers.wish(form.get("Body", ""), heard_as=form.get("OptOutType", ""))
    sid, number = form.get("MessageSid", ""), form.get("From", "")
    if wish and _SID.fullmatch(sid) and _NUMBER.fullmatch(number):
        await run_in_threadpool(_heed, sid, number, wish)
    return Response("<Response/>", media_type="text/xml")


def _heed(sid: str, number: str, wish: Wish) -> None:
    with database.transaction(wait_ms=WAIT_MS) as db:
        opt_outs.heed(db, provider_id=sid, number=number, wish=wish)


ROUTES = [Route(PATH, receive, methods=["POST"])]
