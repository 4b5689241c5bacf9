"""What each setting of the school is called, and what it does in one sentence."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Setting:
    """A label and a sentence."""

    label: str
    sentence: str


SETTINGS: dict[str, Setting] = {
    "school_name": Setting("Name of the school", "Stands in messages, on paper, and on every page."),
    "time_zone": Setting("Time zone", "All times on screen, on paper and in messages are of this zone."),
    "languages": Setting("Languages", "People are written to, and read their pages, in one of these."),
    "default_language": Setting(
        "Language of those whose own is not known", "They are written to in this language until they choose another."
    ),
    "default_region": Setting("Country of phone numbers without one", "210 1234567 is read as a number of it."),
    "help_contact": Setting(
        "Help contact", "Stands at the end of messages and pages, for instance office@school.example, 210 1234567."
    ),
    "portal_address": Setting(
        "Portal address", "Where students and parents go on to: a button on their page, once they have signed in here."
    ),
    "microsoft": Setting(
        "The school uses Microsoft 365", "Then the username is the Microsoft address, and no password is sent."
    ),
    "microsoft_domain": Setting(
        "Domain of new Microsoft accounts",
        "What stands after the @ of accounts that are created in Microsoft 365, for instance school.example.",
    ),
    "microsoft_licence_group": Setting(
        "Licence group",
        "The Object ID of a group that gives licences: whoever is created in Microsoft 365 is put into it; or empty.",
    ),
    "microsoft_only_on_creation": Setting(
        "Sync with Microsoft 365 only on Creation (not on edit)",
        "Off: every night the directory is looked up, and names that changed here are changed there too.",
    ),
    "microsoft_user_types": Setting("Who signs in with Microsoft 365", "All others have a password of their own here."),
    "registered_statuses": Setting(
        "Student statuses that count as Registered", "Only students of these statuses get accounts and messages."
    ),
    "default_roles": Setting(
        "Role of new accounts", "What accounts of each user type may do as soon as they are made; others by hand."
    ),
    "username_pattern": Setting("Pattern", "What usernames of new accounts are made of."),
    "username_suffix": Setting("Ending, if any", "Stands after every new username."),
    "show_first_password": Setting(
        "Show First Password to Staff",
        "Off: no initial password is shown on screen or printed, not even to administrators; links only.",
    ),
    "password_lengths": Setting(
        "Another shortest password for some user types", "How many characters theirs has at least; empty: as above."
    ),
    "password_length": Setting(
        "Shortest password of students and parents", "How many characters it has at least when they choose one."
    ),
    "staff_password_length": Setting(
        "Shortest password of everybody else",
        "Teachers, staff and all others: how many characters theirs has at least.",
    ),
    "password_expires_days": Setting(
        "Password Expiration Policy",
        "After so many days a new password has to be chosen at sign-in; 0 is never, as NIST and OWASP advise: whoever "
        "must change passwords often chooses weaker ones.",
    ),
    "link_days": Setting(
        "Days an invitation lasts", "After that its link offers to send a new one, and opens nothing."
    ),
    "slip_days": Setting(
        "Days a printed slip lasts", "How long an initial password works that is handed out on paper."
    ),
    "sms_password_days": Setting("Days a text message lasts", "How long what a text message carries works."),
    "auto_invite": Setting(
        "Invite by itself", "Whoever is of these user types is invited by e-mail as soon as their account is made."
    ),
    "sms_number_order": Setting(
        "Use User Mobile – Phone", "A text message for a student goes to the first of these numbers that there is."
    ),
    "sms_guardian_grades": Setting(
        "Grades whose text messages go to a guardian only", "For younger students: their own number is never used."
    ),
    "allowed_regions": Setting("Allowed SMS countries", "Numbers of other countries get no text message."),
    "sms_from_hour": Setting("Text messages leave from this hour on", "Before it they wait."),
    "sms_until_hour": Setting("and until this hour", "Those that are late leave the next day."),
    "sms_price": Setting("Price of one part", "What the provider charges for one part of a text message."),
    "sms_currency": Setting("Currency", "Three letters, for instance EUR."),
    "sms_spend_per_day": Setting("Spend on one day", "When it is spent, campaigns by SMS pause; resume them tomorrow."),
    "sms_per_day": Setting("Text messages on one day", "Those above it leave the next day."),
    "email_per_day": Setting("E-mails on one day", "Those above it leave the next day."),
    "sms_per_number_per_day": Setting("To one number on one day", "More text messages to the same number fail."),
    "fresh_code_above": Setting(
        "Ask for the password again above", "Whoever sends to more people than this proves first who they are."
    ),
    "typed_count_above": Setting(
        "Have the number typed above", "Whoever sends to more people than this types how many they are."
    ),
    "second_administrator_above": Setting(
        "Wait for a second administrator above",
        "A campaign to more people than this leaves when another administrator has looked at it. 0: none waits.",
    ),
    "pause_after_failures": Setting(
        "Pause e-mail after failures", "So many in a row, and the campaign waits for a person."
    ),
    "sms_pause_after_failures": Setting(
        "Pause SMS after failures", "The same for text messages: each one that fails may have cost money."
    ),
    "alert_address": Setting(
        "E-mail address for alerts", "Gets a message when Firstkey notices something that a person should look at."
    ),
    "second_factor": Setting(
        "Staff sign in with a code from their phone too",
        "Asked at the next sign-in: an authenticator app is set up once, with ten recovery codes for paper.",
    ),
    "administrator_idle_minutes": Setting(
        "Sign administrators out after minutes without use", "Then their page empties itself and asks to sign in again."
    ),
    "administrator_session_hours": Setting("Sign administrators out after hours in any case", "However much they do."),
    "idle_minutes": Setting("Sign everybody else out after minutes without use", "On every device, by itself."),
    "session_hours": Setting("Sign everybody else out after hours in any case", "However much they do."),
    "tell_students_of_new_devices": Setting(
        "Tell students by e-mail when their account is opened on a new device",
        "Staff and guardians are always told; students who share computers would be told every day.",
    ),
    "reminders": Setting(
        "Send unanswered invitations again by themselves",
        "By e-mail, with a new link that replaces the old one; whoever was invited on paper gets none.",
    ),
    "reminder_after_days": Setting("Days after the last invitation", "Nobody is reminded sooner."),
    "reminders_at_most": Setting("Reminders to one person at most", "After that somebody has to ask them."),
    "reminder_hour": Setting("From this hour on", "The run of a day begins at this hour of the school's time."),
    "keep_invitations_days": Setting(
        "Ended links and initial passwords, days", "They open nothing any more; who was invited when stays."
    ),
    "keep_outbox_days": Setting("Files of the outbox, days", "What was written instead of sent."),
    "keep_leavers_months": Setting(
        "People who left, months",
        "Counted from the last change of the person, with their accounts and guardians of nobody else.",
    ),
    "leavers_percent": Setting(
        "Leavers of one import at most, percent",
        "A file by which more of the students or of the staff would have left, in all or of one school, and more than "
        "5, marks nobody as left.",
    ),
    "folder_marks_leavers": Setting(
        "Who is missing from a file in the import folder has left",
        "Of files that are whole OneRoster or School Data Sync sets. Off: only those of whom a file says so have left.",
    ),
    "keep_audit_months": Setting(
        "Entries of the audit, months",
        "They go behind a sealed checkpoint, so that the rest of the audit can still be verified.",
    ),
}

# Typed by somebody, so it may hold names and addresses: the audit never says what (R97).
TYPED = frozenset(
    {
        *("school_name", "help_contact", "portal_address", "alert_address", "username_pattern", "username_suffix"),
        *("microsoft_domain", "microsoft_licence_group"),
    }
)
