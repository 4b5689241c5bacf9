"""What Twilio's error codes mean for a message, in plain words (twilio.com/docs/api/errors)."""

from __future__ import annotations

from dataclasses import dataclass

from core.models.messaging import FailureReason

_R = FailureReason


@dataclass(frozen=True)
class Meaning:
    """Why it failed, and a sentence that says what happened and what to do."""

    reason: FailureReason
    words: str


_LATER = "Try again later"
CODES: dict[str, Meaning] = {
    "21201": Meaning(_R.BAD_ADDRESS, "there is no number. Enter one, then send again"),
    "21211": Meaning(_R.BAD_ADDRESS, "this is no phone number. Correct it, then send again"),
    "21214": Meaning(_R.BAD_ADDRESS, "this number cannot be reached. Ask the family for another one"),
    "21217": Meaning(_R.BAD_ADDRESS, "this is no phone number. Correct it, then send again"),
    "21408": Meaning(_R.BLOCKED, "texts to this country are not switched on at Twilio. Ask whoever runs Firstkey"),
    "21610": Meaning(_R.OPTED_OUT, "the owner of the number answered STOP. Reach them in another way"),
    "21612": Meaning(_R.UNREACHABLE, "Twilio cannot reach this number from the school's. Use e-mail or a slip"),
    "21614": Meaning(_R.BAD_ADDRESS, "this is no mobile number. Enter a mobile, then send again"),
    "21635": Meaning(_R.BAD_ADDRESS, "this is a landline. Enter a mobile, then send again"),
    "30001": Meaning(_R.CARRIER, f"too many texts were waiting. {_LATER}"),
    "30002": Meaning(_R.CONFIGURATION, "the Twilio account is suspended. Ask whoever runs Firstkey"),
    "30003": Meaning(_R.UNREACHABLE, f"the phone was off or out of reach. {_LATER}"),
    "30004": Meaning(_R.BLOCKED, "the number takes no such texts. Reach them in another way"),
    "30005": Meaning(_R.BAD_ADDRESS, "nobody has this number any more. Ask the family for another one"),
    "30006": Meaning(_R.BAD_ADDRESS, "this is a landline, or its network takes no texts. Enter a mobile"),
    "30007": Meaning(_R.BLOCKED, "the network took the text for advertising. Change its wording, or use e-mail"),
    "30008": Meaning(_R.CARRIER, f"the network did not deliver it and does not say why. {_LATER}"),
    "30009": Meaning(_R.CARRIER, f"a part of the text got lost. {_LATER}"),
    "30010": Meaning(_R.CARRIER, "the text costs more than the limit that is set at Twilio"),
    "30454": Meaning(_R.CONFIGURATION, "Twilio lets the account send no more today. Send again tomorrow"),
    "63038": Meaning(_R.CONFIGURATION, "Twilio lets the account send no more today. Send again tomorrow"),
}


def reason_of(code: str) -> FailureReason:
    """Why it failed; a code that we do not know is the network's."""
    known = CODES.get(code)
    return known.reason if known else _R.CARRIER


def words_of(code: str) -> str:
    """What happened and what to do, with the code for whoever asks Twilio."""
    known = CODES.get(code)
    said = known.words if known else f"Twilio gave up on it. {_LATER}"
    return f"{said} ({code})" if code else said
