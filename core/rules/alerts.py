"""What makes an alert, and how it is said (R98)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from core.rules.health import BACKUP_WITHIN, MANY_FAULTS, STANDS_AFTER, WITHIN


class AlertKind(StrEnum):
    """What was noticed."""

    MASS_EXPORT = "mass_export"
    SIGN_IN_FAILURES = "sign_in_failures"
    BAD_SIGNATURES = "bad_signatures"
    BROKEN_CHAIN = "broken_chain"
    SMS_SPEND = "sms_spend"
    QUEUE_STANDS = "queue_stands"
    NO_BACKUP = "no_backup"
    DISK_FULL = "disk_full"
    CAMPAIGN_STOPPED = "campaign_stopped"
    FAULTS = "faults"
    IMPORT_REFUSED = "import_refused"
    NO_NOTES = "no_notes"
    WORK_FAILS = "work_fails"


@dataclass(frozen=True)
class Threshold:
    """More than `above` within `window`. The same alert is not raised again before `quiet` is over."""

    above: int
    window: timedelta
    quiet: timedelta


TEN_MINUTES, HOUR, DAY = timedelta(minutes=10), timedelta(hours=1), timedelta(days=1)
THRESHOLDS: dict[AlertKind, Threshold] = {
    AlertKind.MASS_EXPORT: Threshold(500, TEN_MINUTES, TEN_MINUTES),
    AlertKind.SIGN_IN_FAILURES: Threshold(20, TEN_MINUTES, TEN_MINUTES),
    AlertKind.BAD_SIGNATURES: Threshold(10, timedelta(minutes=1), TEN_MINUTES),
    AlertKind.BROKEN_CHAIN: Threshold(0, timedelta(0), DAY),
    AlertKind.SMS_SPEND: Threshold(80, DAY, DAY),
    AlertKind.QUEUE_STANDS: Threshold(0, STANDS_AFTER, timedelta(hours=6)),
    AlertKind.NO_BACKUP: Threshold(0, BACKUP_WITHIN, DAY),
    AlertKind.DISK_FULL: Threshold(0, timedelta(0), timedelta(hours=6)),
    AlertKind.CAMPAIGN_STOPPED: Threshold(0, HOUR, HOUR),  # each that stops; several at once are one alert
    AlertKind.FAULTS: Threshold(MANY_FAULTS - 1, WITHIN, timedelta(hours=6)),
    AlertKind.IMPORT_REFUSED: Threshold(0, timedelta(0), timedelta(hours=6)),
    AlertKind.NO_NOTES: Threshold(0, DAY, DAY),
    AlertKind.WORK_FAILS: Threshold(0, timedelta(0), DAY),
}
_SENTENCES: dict[AlertKind, str] = {
    AlertKind.MASS_EXPORT: (
        "{who} took the data of {number:,} people within ten minutes, in exports and prints. Ask them whether it was "
        "they; if not, deactivate the account."
    ),
    AlertKind.SIGN_IN_FAILURES: (
        "{number:,} sign-ins to accounts of staff failed within ten minutes. Somebody may be trying passwords: look "
        "under Entries where they came from."
    ),
    AlertKind.BAD_SIGNATURES: (
        "More than {number:,} messages that claimed to come from Twilio had a wrong signature within a minute. If "
        "Twilio's token was changed, set the new one; if not, somebody is forging them."
    ),
    AlertKind.BROKEN_CHAIN: (
        "The audit is broken at entry {number:,}. Copy the database now, and find out who had access to it."
    ),
    AlertKind.SMS_SPEND: (
        "{number:,} % of what text messages may cost on one day are spent. When all is spent, campaigns pause until "
        "a person resumes them; the limit stands in Settings."
    ),
    AlertKind.QUEUE_STANDS: (
        "Messages are due, and none has left for {number:,} minutes. Look at the Health page, and at the log of "
        "whatever delivers."
    ),
    AlertKind.NO_BACKUP: "The latest backup is {number:,} hours old. Look at: systemctl status firstkey-backup",
    AlertKind.DISK_FULL: (
        "A disk that Firstkey writes to has {number:,} MB left: writing may fail at any moment. Free some space now. "
        "The Health page names it; with several machines, doctor on each of them."
    ),
    AlertKind.CAMPAIGN_STOPPED: (
        "Campaign {number} paused without anybody's doing: whoever carries its messages turned Firstkey away, or too "
        "many failed in a row. The Health page says why and what to do; then press Resume on Campaigns."
    ),
    AlertKind.FAULTS: "{number:,} errors within ten minutes. The Health page names them; the log has the rest.",
    AlertKind.IMPORT_REFUSED: (
        "File {number:,} of the import folder was refused, and changed nothing. The page Imports says why; a report "
        "with the rows stands beside the file."
    ),
    AlertKind.NO_NOTES: (
        "A machine had no notes of the audit, which has {number:,} entries: a cut at its end before now would not "
        "show. After a restore or on a new machine that is right; if not, find out who removed audit.anchors."
    ),
    AlertKind.WORK_FAILS: (
        "Work that Firstkey does by itself has failed three times in a row ({number:,} kinds of it). The Health page "
        "names it and says what to do; the log of whatever delivers says why."
    ),
}

# What is watched for, as the settings list it beside the address that hears of it.
NOTICED: dict[AlertKind, str] = {
    AlertKind.MASS_EXPORT: (
        f"more than {THRESHOLDS[AlertKind.MASS_EXPORT].above:,} people exported or printed by one person within ten "
        "minutes"
    ),
    AlertKind.SIGN_IN_FAILURES: (
        f"more than {THRESHOLDS[AlertKind.SIGN_IN_FAILURES].above:,} failed sign-ins of staff within ten minutes"
    ),
    AlertKind.BAD_SIGNATURES: (
        f"more than {THRESHOLDS[AlertKind.BAD_SIGNATURES].above:,} forged messages of the SMS provider within a minute"
    ),
    AlertKind.BROKEN_CHAIN: "a broken audit",
    AlertKind.SMS_SPEND: (f"{THRESHOLDS[AlertKind.SMS_SPEND].above:,} % of the day's money for text messages spent"),
    AlertKind.QUEUE_STANDS: (
        f"messages that are due and that nothing has delivered for {STANDS_AFTER // timedelta(minutes=1)} minutes"
    ),
    AlertKind.NO_BACKUP: f"no backup for {BACKUP_WITHIN // timedelta(hours=1)} hours",
    AlertKind.DISK_FULL: "a disk that is almost full",
    AlertKind.CAMPAIGN_STOPPED: (
        "a campaign that paused by itself: the mail server, Twilio or Microsoft refuses us, or too many messages failed"
    ),
    AlertKind.FAULTS: f"{MANY_FAULTS:,} errors within ten minutes",
    AlertKind.IMPORT_REFUSED: "a file of the import folder refused",
    AlertKind.NO_NOTES: "notes of the audit that are gone",
    AlertKind.WORK_FAILS: (
        "work done by itself that fails three times in a row: reading returned e-mails, the import folder, asking "
        "Twilio about text messages, deleting what was kept long enough"
    ),
}


def sentence(kind: AlertKind, details: Mapping[str, object], *, who: str) -> str:
    """What happened and what to do, for the Audit page."""
    return _SENTENCES[kind].format(number=details.get("number", 0), who=who)
