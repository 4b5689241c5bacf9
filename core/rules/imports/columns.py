"""What the columns of a list of students mean, in English and Greek, however they are written."""

from __future__ import annotations

from core.rules.search_text import fold

LABELS = {
    "source_id": "Student code",
    "last_name": "Last name",
    "first_name": "First name",
    "middle_name": "Middle name",
    "grade": "Grade",
    "section": "Class",
    "programme": "Programme",
    "status": "Status",
    "personal_email": "Personal e-mail",
    "use_personal_email": "Use Personal E-mail",
    "contact_email": "Contact e-mail",
    "external_email": "O365 address",
    "mobile": "Mobile",
    "phone": "Phone",
    "guardian": "Guardian",
    "guardian_mobile": "Guardian mobile",
    "guardian_email": "Guardian e-mail",
    "guardian_relation": "Guardian relation",
    "language": "Language",
}
_SYNONYMS = {
    "source_id": "code, id, student id, student no, student number, sis id, sourced id, registration number, "
    "admission number, pupil id, κωδικός, κωδικός μαθητή, αριθμός μητρώου, αμ",
    "last_name": "surname, family name, επώνυμο, επίθετο",
    "first_name": "given name, forename, name, όνομα",
    "middle_name": "second name, μεσαίο όνομα",
    "grade": "year group, level, grade level, τάξη",
    "section": "section, form, group, homeroom, class name, τμήμα",
    "programme": "program, track, specialisation, πρόγραμμα, κατεύθυνση, τομέας",
    "status": "student status, κατάσταση",
    "personal_email": "email, mail, email address, student email, private email, secondary email, email μαθητή, "
    "προσωπικό email, ηλεκτρονικό ταχυδρομείο, ηλεκτρονική διεύθυνση",
    "use_personal_email": "use personnel email, χρήση προσωπικού email",
    "contact_email": "email επικοινωνίας",
    "external_email": "office 365 address, microsoft 365 address, microsoft address, o365 email, office 365 email, "
    "upn, school email, λογαριασμός microsoft",
    "mobile": "mobile phone, mobile number, cell, cell phone, student mobile, sms, κινητό, κινητό τηλέφωνο, "
    "κινητό μαθητή",
    "phone": "telephone, home phone, landline, phone number, τηλέφωνο, σταθερό, σταθερό τηλέφωνο",
    "guardian": "guardian name, parent, parent name, parent guardian, κηδεμόνας, γονέας, ονοματεπώνυμο κηδεμόνα",
    "guardian_mobile": "guardian phone, parent mobile, parent phone, κινητό κηδεμόνα, κινητό γονέα, τηλέφωνο κηδεμόνα",
    "guardian_email": "parent email, email κηδεμόνα, email γονέα",
    "guardian_relation": "relation, relationship, σχέση, συγγένεια",
    "language": "preferred language, γλώσσα",
}
_NEVER = (
    "password, initial password, passwort, pwd, pin, role, roles, user role, permissions, birthdate, birth date, "
    "date of birth, birthday, dob, age, gender, sex, ssn, amka, nationality, religion, ethnicity, "
    "κωδικός πρόσβασης, συνθηματικό, ρόλος, ημερομηνία γέννησης, ηλικία, φύλο, αμκα, θρήσκευμα, υπηκοότητα"
)
_OWN = (
    "account state, username, user name, last invitation, invited on, can be invited by email, can be invited by sms, "
    "can be invited, first login, last login, valid until, verified, no"
)
NEVER_IMPORTED = "never imported"
MADE_BY_FIRSTKEY = "made by Firstkey itself"
NOT_RECOGNISED = "not recognised, left out"
CHOSEN_TO_LEAVE = "left out by you"
TAKEN = "another column means the same"


def normal(header: str) -> str:
    """A header as it is compared: no case, accents, spaces or punctuation."""
    return "".join(c for c in fold(header) if c.isalnum())


def _normals(text: str) -> list[str]:
    return [normal(part) for part in text.split(",")]


_MEANING = {normal(label): meaning for meaning, label in LABELS.items()} | {
    synonym: meaning for meaning, text in _SYNONYMS.items() for synonym in _normals(text)
}
_REASON = dict.fromkeys(_normals(_NEVER), NEVER_IMPORTED) | dict.fromkeys(_normals(_OWN), MADE_BY_FIRSTKEY)


def meaning(header: str) -> str:
    """The field that a column of this name fills; "" for none."""
    return _MEANING.get(normal(header), "")


def why_left_out(header: str) -> str:
    """Why a column of this name fills nothing."""
    return _REASON.get(normal(header), NOT_RECOGNISED)


def may_never_be_chosen(header: str) -> bool:
    """Passwords, roles and birth dates are not imported even when somebody asks for it (R75, R101)."""
    return why_left_out(header) == NEVER_IMPORTED


def assign(header: tuple[str, ...], chosen: dict[str, str] | None = None) -> dict[int, str]:
    """The meaning of each column by its position; `chosen` overrules what the names say, by header."""
    wanted = {
        position: (chosen or {}).get(name, meaning(name))
        for position, name in enumerate(header)
        if not may_never_be_chosen(name)
    }
    found: dict[int, str] = {}
    for position in sorted(wanted, key=lambda at: _rank(header[at], chosen)):
        if wanted[position] in LABELS and wanted[position] not in found.values():
            found[position] = wanted[position]
    return found


def _rank(name: str, chosen: dict[str, str] | None) -> int:
    """A person's choice before the field's own name before a word that means the same."""
    if chosen and name in chosen:
        return 0
    return 1 if normal(name) in _OWN_NAMES else 2


_OWN_NAMES = {normal(label) for label in LABELS.values()}
