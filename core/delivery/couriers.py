"""Hands a claimed message to the gateway of its channel, and turns the answer into an outcome."""

from __future__ import annotations

import logging

from core.config import settings
from core.errors import GatewayError, GatewayErrorKind
from core.gateways import choose
from core.gateways.channels import Email, EmailGateway, Sms, SmsGateway
from core.models import Channel, MessageStatus
from core.rules import delivery_status
from core.rules.delivery_status import Outcome
from core.rules.wording import Filled
from core.services.delivery_claims import Batch, Claim

logger = logging.getLogger(__name__)


class Courier:
    """One per batch: keeps the connection of its gateway while the batch lasts."""

    def __init__(self, batch: Batch) -> None:
        # In the demo nothing leaves this machine, whatever the settings say.
        by_sms = batch.channel == Channel.SMS
        own = settings()
        chosen = own.sms if by_sms else own.email
        self._give_up_after_s = 3600 * (own.sms_give_up_hours if by_sms else own.email_give_up_hours)
        self._writes_only = chosen == "outbox" and not batch.is_demo
        outbox = chosen == "outbox" or batch.is_demo
        self._sms: SmsGateway | None = choose.sms(outbox=outbox) if by_sms else None
        self._email: EmailGateway | None = None if by_sms else choose.email(outbox=outbox)

    def deliver(self, claim: Claim) -> Outcome:
        """Call the gateway; whatever surprise it has for us, the message is never sent twice."""
        try:
            text = claim.text
        except Exception as error:  # noqa: BLE001  (whatever is wrong with it: nothing has left, and the others go on)
            logger.error("message %s cannot be written: %s", claim.message_id, type(error).__name__)
            return delivery_status.SPOILT
        try:
            provider_id = self._send(claim, text)
        except GatewayError as error:
            return self._outcome(error, claim)
        except Exception as error:  # noqa: BLE001  (unforeseen: it may have been accepted)
            logger.error("message %s: unforeseen %s", claim.message_id, type(error).__name__)
            unforeseen = GatewayError(GatewayErrorKind.AMBIGUOUS, "unforeseen")
            return self._outcome(unforeseen, claim)
        status = MessageStatus.WRITTEN if self._writes_only else MessageStatus.SENT
        return Outcome(status, provider_id=provider_id)

    def close(self) -> None:
        """Let go of the connection."""
        for gateway in (self._sms, self._email):
            if gateway is not None:
                gateway.close()

    def _outcome(self, error: GatewayError, claim: Claim) -> Outcome:
        return delivery_status.of_error(error, attempt=claim.attempt, give_up_after_s=self._give_up_after_s)

    def _send(self, claim: Claim, text: Filled) -> str:
        if self._sms is not None:
            return self._sms.send(Sms(claim.address, text.text, claim.reference))
        assert self._email is not None  # noqa: S101  (a batch has one channel)
        return self._email.send(Email(claim.address, text.subject, text.text, text.html, claim.reference))
