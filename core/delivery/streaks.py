"""How many messages of a campaign failed one after the other in this process: something is wrong with all of them."""

from __future__ import annotations

import threading

from core.models import MessageStatus
from core.rules.delivery_status import BAD

_lock = threading.Lock()
_failures: dict[int, int] = {}


def after(campaign_id: int, status: MessageStatus) -> int:
    """The length of the streak after this outcome, over all slots of this process; a success ends it."""
    with _lock:
        if status is MessageStatus.QUEUED:
            return 0  # put off: neither failed nor sent
        if status not in BAD:
            _failures.pop(campaign_id, None)
            return 0
        _failures[campaign_id] = _failures.get(campaign_id, 0) + 1
        return _failures[campaign_id]


def forget(campaign_id: int) -> None:
    """The campaign was paused because of it: whoever resumes it begins anew."""
    with _lock:
        _failures.pop(campaign_id, None)
