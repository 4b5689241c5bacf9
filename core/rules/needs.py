"""*Needs you*: what waits for a person, most urgent first, each in a sentence with what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from core.permissions import Permission

AT_MOST = 7
ENDS_SOON_DAYS = 2


class Need(StrEnum):
    """In the order in which they are shown."""

    HELD = "held"
    NOBODY_DELIVERS = "nobody_delivers"
    PUT_OFF = "put_off"
    APPROVAL = "approval"
    PAUSED = "paused"
    UNKNOWN = "unknown"
    FAILED = "failed"
    BOUNCED = "bounced"
    ENDING = "ending"
    PENDING = "pending"
    IMPORT_REFUSED = "import_refused"


@dataclass(frozen=True)
class NeedWords:
    """The sentence for one and for many, the button, and who can do something about it."""

    one: str
    many: str
    button: str
    needs: Permission
    icon: str

    def sentence(self, number: int) -> str:
        return self.one if number == 1 else self.many.format(number=f"{number:,}")


WORDS: dict[Need, NeedWords] = {
    Need.HELD: NeedWords(
        "All sending is held. 1 message waits.",
        "All sending is held. {number} messages wait.",
        "See why",
        Permission.SEND,
        "front_hand",
    ),
    Need.NOBODY_DELIVERS: NeedWords(
        "1 message is due and nothing delivers it. Start the server or a worker.",
        "{number} messages are due and nothing delivers them. Start the server or a worker.",
        "See the campaign",
        Permission.SEND,
        "cloud_off",
    ),
    Need.PUT_OFF: NeedWords(
        "The provider puts 1 message off. It is tried again by itself.",
        "The provider puts {number} messages off. They are tried again by themselves.",
        "See the campaign",
        Permission.SEND,
        "hourglass_top",
    ),
    Need.APPROVAL: NeedWords(
        "1 campaign waits for you: a colleague wants to write to very many.",
        "{number} campaigns wait for you: colleagues want to write to very many.",
        "Look at it",
        Permission.APPROVE_CAMPAIGNS,
        "how_to_reg",
    ),
    Need.PAUSED: NeedWords(
        "1 campaign is paused, with messages that wait.",
        "{number} campaigns are paused, with messages that wait.",
        "Look at it",
        Permission.SEND,
        "pause_circle",
    ),
    Need.UNKNOWN: NeedWords(
        "1 message may have been sent: nobody knows.",
        "{number} messages may have been sent: nobody knows.",
        "Decide",
        Permission.SEND,
        "help",
    ),
    Need.FAILED: NeedWords(
        "1 message failed through no fault of its address.",
        "{number} messages failed through no fault of their addresses.",
        "Send again",
        Permission.SEND,
        "sms_failed",
    ),
    Need.BOUNCED: NeedWords(
        "1 address bounced.", "{number} addresses bounced.", "Repair", Permission.EDIT_STUDENTS, "unsubscribe"
    ),
    Need.ENDING: NeedWords(
        f"1 invitation ends within {ENDS_SOON_DAYS} days, unused.",
        f"{{number}} invitations end within {ENDS_SOON_DAYS} days, unused.",
        "Chase them",
        Permission.SEE_STATUS,
        "timer",
    ),
    Need.PENDING: NeedWords(
        "1 account waits for Microsoft 365.",
        "{number} accounts wait for Microsoft 365.",
        "See which",
        Permission.MANAGE_ACCOUNTS,
        "cloud_sync",
    ),
    Need.IMPORT_REFUSED: NeedWords(
        "1 file of the import folder was refused.",
        "{number} files of the import folder were refused, one after the other.",
        "See why",
        Permission.IMPORT,
        "drive_folder_upload",
    ),
}
