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
    NUMBER_FULL = "number_full"
    BOUNCED = "bounced"
    ENDING = "ending"
    PENDING = "pending"
    IMPORT_REFUSED = "import_refused"


@dataclass(frozen=True)
class NeedWords:
    """The sentence for one and for many, the button, and who can do something about it.

    `holds`: what a campaign has that the entry counts. Empty where it counts people or files.
    """

    one: str
    many: str
    button: str
    needs: Permission
    icon: str
    holds: str = ""

    def sentence(self, number: int) -> str:
        return self.one if number == 1 else self.many.format(number=f"{number:,}")


WORDS: dict[Need, NeedWords] = {
    Need.HELD: NeedWords(
        "All sending is held. 1 message waits.",
        "All sending is held. {number} messages wait.",
        "See why",
        Permission.SEND,
        "front_hand",
        "messages that wait",
    ),
    Need.NOBODY_DELIVERS: NeedWords(
        "1 message is due and nothing delivers it. Start the server or a worker.",
        "{number} messages are due and nothing delivers them. Start the server or a worker.",
        "See the campaign",
        Permission.SEND,
        "cloud_off",
        "messages that are due",
    ),
    Need.PUT_OFF: NeedWords(
        "The provider puts 1 message off. It is tried again by itself.",
        "The provider puts {number} messages off. They are tried again by themselves.",
        "See the campaign",
        Permission.SEND,
        "hourglass_top",
        "messages that are put off",
    ),
    Need.APPROVAL: NeedWords(
        "1 campaign waits for you: a colleague wants to write to very many.",
        "{number} campaigns wait for you: colleagues want to write to very many.",
        "Look at it",
        Permission.APPROVE_CAMPAIGNS,
        "how_to_reg",
        "so many people that a second administrator looks at it first",
    ),
    Need.PAUSED: NeedWords(
        "1 campaign is paused, with messages that wait.",
        "{number} campaigns are paused, with messages that wait.",
        "Look at it",
        Permission.SEND,
        "pause_circle",
        "messages that wait for somebody to go on",
    ),
    Need.UNKNOWN: NeedWords(
        "1 message may have been sent: nobody knows.",
        "{number} messages may have been sent: nobody knows.",
        "Decide",
        Permission.SEND,
        "help",
        "messages that may have been sent",
    ),
    Need.FAILED: NeedWords(
        "The last message to 1 person failed through no fault of the address: send it again.",
        "The last message to {number} people failed through no fault of their addresses: send it again.",
        "Show them",
        Permission.SEND,
        "sms_failed",
    ),
    Need.NUMBER_FULL: NeedWords(
        "The text message to 1 person failed: their number had got as many as are allowed on one day. "
        "Send it again tomorrow, or raise the limit in Settings.",
        "The text messages to {number} people failed: their numbers had got as many as are allowed on one day. "
        "Send them again tomorrow, or raise the limit in Settings.",
        "Show them",
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
OF_CAMPAIGNS = frozenset(need for need, said in WORDS.items() if said.holds)
