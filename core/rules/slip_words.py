"""What stands on a slip, in the language of the person who gets it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime

from core.rules.handing_over import SlipSecret


@dataclass(frozen=True)
class SlipWords:
    """`instead` stands where the initial password would; `steps` are the first three, by what the way in is.

    `listed`: one and several rows of each list. `groups` and `relations` say in this language what we call in English
    a group that is no class, and how a guardian is related.
    """

    portal: str
    username: str
    password: str
    scan: str
    scan_microsoft: str
    until: str
    link_until: str
    first_sign_in: str
    of_student: str
    of_staff: str
    of_guardian: str
    guardian: str
    signature: str
    letter: str
    greeting: str
    intro: str
    type_link: str
    title: str
    period: str
    one: str
    many: str
    selected: str
    more_selected: str
    all_shown: str
    listed: dict[str, tuple[str, str]]
    groups: dict[str, str]
    relations: dict[str, str]
    confidential: str
    page: str
    boxes: str
    instead: dict[SlipSecret, str]
    steps: dict[SlipSecret, tuple[str, str, str]]


_ENGLISH = SlipWords(
    portal="Portal",
    username="Username",
    password="Initial password",  # noqa: S106  (a label)
    scan="Scan to choose your password",
    scan_microsoft="Scan to use Microsoft 365",
    until="Works until %s",
    link_until="until %s",
    first_sign_in="the first sign-in",
    of_student="Account of the student",
    of_staff="Account of a member of staff",
    of_guardian="Account of the %s of %s",
    guardian="guardian",
    signature="Received (date, signature)",
    letter="Your access to the school portal",
    greeting="To %s",
    intro="With these you sign in to the portal. Keep this letter until you have chosen a password of your own.",
    type_link="or type this address:",
    title="User Account Credentials",
    period="Academic period %s",
    one="1 account",
    many="%s accounts",
    selected="%s selected of %s",
    more_selected="%s selected, %s shown in the list",
    all_shown="All shown: %s",
    listed={"students": ("1 student", "%s students"), "accounts": ("1 account", "%s accounts")},
    groups={},
    relations={},
    confidential="Confidential",
    page="Page %d of %d",
    boxes="Something on this page has characters that our typeface lacks: they stand as boxes.",
    instead={
        SlipSecret.CHOSEN: "already chosen by the user",
        SlipSecret.MICROSOFT: "sign in with Microsoft 365",
        SlipSecret.LINK: "none: scan the code to choose a password",
        SlipSecret.NONE: "none at present: ask the school office",
        SlipSecret.NO_LINK: "no link at present: ask the school office",
        SlipSecret.STAFF: "for an administrator to print",
    },
    steps={
        SlipSecret.PASSWORD: (
            "1. Open the portal and type the username and the initial password.",
            "2. Choose a password of your own. The initial one ends with it.",
            "3. Sign in with your own password. Keep it to yourself.",
        ),
        SlipSecret.LINK: (
            "1. Scan the code with a phone or tablet.",
            "2. Choose a password of your own. The code ends with it.",
            "3. Sign in with your username and your own password.",
        ),
        SlipSecret.MICROSOFT: (
            "1. Open the portal.",
            "2. Choose Microsoft 365 and type the username above.",
            "3. Use the password that you have for Microsoft 365.",
        ),
        SlipSecret.MICROSOFT_PASSWORD: (
            "1. Open the portal and choose Microsoft 365.",
            "2. Type both as they stand above, capital and small letters too.",
            "3. Microsoft asks for a password of your own. Keep it to yourself.",
        ),
        SlipSecret.CHOSEN: (
            "1. Open the portal and type the username.",
            "2. Type the password that you have chosen.",
            "3. Forgotten? Ask the school's office for a new link.",
        ),
    },
)

_GREEK = SlipWords(
    portal="Πύλη",
    username="Όνομα χρήστη",
    password="Αρχικός κωδικός",  # noqa: S106  (a label)
    scan="Σάρωσε για να διαλέξεις κωδικό",
    scan_microsoft="Σάρωσε για Microsoft 365",
    until="Ισχύει έως %s",
    link_until="έως %s",
    first_sign_in="την πρώτη σύνδεση",
    of_student="Λογαριασμός μαθητή/μαθήτριας",
    of_staff="Λογαριασμός προσωπικού",
    of_guardian="Λογαριασμός (%s) για: %s",
    guardian="κηδεμόνας",
    signature="Παραλαβή (ημερομηνία, υπογραφή)",
    letter="Η πρόσβασή σας στην πύλη του σχολείου",
    greeting="Προς: %s",
    intro="Με αυτά συνδέεστε στην πύλη. Φυλάξτε την επιστολή ώσπου να διαλέξετε δικό σας κωδικό.",
    type_link="ή γράψε αυτή τη διεύθυνση:",
    title="Στοιχεία πρόσβασης",
    period="Σχολική περίοδος %s",
    one="1 λογαριασμός",
    many="%s λογαριασμοί",
    selected="επιλογή %s από %s",
    more_selected="επιλογή: %s, στη λίστα φαίνονται %s",
    all_shown="Όλη η λίστα: %s",
    listed={
        "students": ("1 μαθητής/μαθήτρια", "%s μαθητές/μαθήτριες"),
        "accounts": ("1 λογαριασμός", "%s λογαριασμοί"),
    },
    groups={
        "Without class": "Χωρίς τμήμα",
        "Staff": "Προσωπικό",
        "By name": "Κατά όνομα",
        "By student code": "Κατά κωδικό μαθητή",
    },
    relations={
        "mother": "μητέρα",
        "father": "πατέρας",
        "parent": "γονέας",
        "grandparent": "παππούς/γιαγιά",
        "grandmother": "γιαγιά",
        "grandfather": "παππούς",
        "guardian": "κηδεμόνας",
        "relative": "συγγενής",
        "aunt": "θεία",
        "uncle": "θείος",
        "step-parent": "σύζυγος γονέα",
        "foster parent": "ανάδοχος γονέας",
        "proxy": "εκπρόσωπος",
        "contact": "πρόσωπο επικοινωνίας",
    },
    confidential="Εμπιστευτικό",
    page="Σελίδα %d από %d",
    boxes="Κάτι σε αυτή τη σελίδα έχει χαρακτήρες που λείπουν από τη γραμματοσειρά μας: φαίνονται ως πλαίσια.",
    instead={
        SlipSecret.CHOSEN: "τον έχει ήδη διαλέξει ο χρήστης",
        SlipSecret.MICROSOFT: "σύνδεση με Microsoft 365",
        SlipSecret.LINK: "κανένας: σάρωσε τον κώδικα για να διαλέξεις",
        SlipSecret.NONE: "δεν ισχύει κανένας: ρωτήστε στη γραμματεία",
        SlipSecret.NO_LINK: "δεν ισχύει σύνδεσμος: ρωτήστε στη γραμματεία",
        SlipSecret.STAFF: "τον εκτυπώνει διαχειριστής",
    },
    steps={
        SlipSecret.PASSWORD: (
            "1. Άνοιξε την πύλη και γράψε το όνομα χρήστη και τον αρχικό κωδικό.",
            "2. Διάλεξε έναν δικό σου κωδικό. Ο αρχικός τότε παύει να ισχύει.",
            "3. Κάνε σύνδεση με τον δικό σου κωδικό. Μην τον πεις σε κανέναν.",
        ),
        SlipSecret.LINK: (
            "1. Σάρωσε τον κώδικα με κινητό ή τάμπλετ.",
            "2. Διάλεξε έναν δικό σου κωδικό. Ο κώδικας τότε παύει να ισχύει.",
            "3. Κάνε σύνδεση με το όνομα χρήστη και τον κωδικό σου.",
        ),
        SlipSecret.MICROSOFT: (
            "1. Άνοιξε την πύλη.",
            "2. Διάλεξε Microsoft 365 και γράψε το παραπάνω όνομα χρήστη.",
            "3. Χρησιμοποίησε τον κωδικό που έχεις στο Microsoft 365.",
        ),
        SlipSecret.MICROSOFT_PASSWORD: (
            "1. Άνοιξε την πύλη και διάλεξε Microsoft 365.",
            "2. Γράψε και τα δύο όπως παραπάνω, με κεφαλαία και πεζά.",
            "3. Η Microsoft ζητά έναν δικό σου κωδικό. Μην τον πεις σε κανέναν.",
        ),
        SlipSecret.CHOSEN: (
            "1. Άνοιξε την πύλη και γράψε το όνομα χρήστη.",
            "2. Γράψε τον κωδικό που έχεις διαλέξει.",
            "3. Τον ξέχασες; Ζήτησε νέο σύνδεσμο από τη γραμματεία.",
        ),
    },
)
_WORDS = {"en": _ENGLISH, "el": _GREEK}
LANGUAGES = frozenset(_WORDS)


def words(language: str) -> SlipWords:
    """In the person's language, else in English."""
    return _WORDS.get(language, _ENGLISH)


def account_of(language: str, kind: str, relation: str, wards: str) -> str:
    """Whose account it is."""
    said = words(language)
    if kind == "guardian":
        return said.of_guardian % (said.relations.get(relation.casefold(), relation) or said.guardian, wards or "–")
    return said.of_student if kind == "student" else said.of_staff


def group(language: str, title: str) -> str:
    """The title of a class as it is, and of what is no class in this language."""
    return words(language).groups.get(title, title)


def scope(language: str, listed: str, *, rows: int, shown: int | None, accounts: str) -> str:
    """23 selected of 240 · 46 accounts: the rows of a list, `shown` of which it shows, and the accounts they have."""
    said = words(language)
    one, many = said.listed[listed]
    counted = one if rows == 1 else many % f"{rows:,}"
    if shown is None:
        everybody = said.all_shown % counted
        return everybody if counted == accounts else f"{everybody} · {accounts}"
    if shown >= rows:
        return f"{said.selected % (f'{rows:,}', f'{shown:,}')} · {accounts}"
    more = said.more_selected % (counted if language == "en" else f"{rows:,}", f"{shown:,}")
    return f"{more} · {accounts}"


def until(secret: SlipSecret, minute: str, language: str, zone: str) -> str:
    """How long the way in works; nothing where that is not ours to say. Microsoft's passwords are for one sign-in."""
    said = words(language)
    if secret == SlipSecret.MICROSOFT_PASSWORD:
        return said.until % said.first_sign_in
    return said.until % moment(minute, language, zone) if minute else ""


def link_until(minute: str, language: str, zone: str) -> str:
    """What stands under the code of a link whose end is not said elsewhere."""
    return words(language).link_until % moment(minute, language, zone) if minute else ""


def under_code(secret: SlipSecret, language: str) -> str:
    """What the code is for."""
    at_microsoft = secret in (SlipSecret.MICROSOFT, SlipSecret.MICROSOFT_PASSWORD)
    return words(language).scan_microsoft if at_microsoft else words(language).scan


@lru_cache(maxsize=4096)
def moment(minute: str, language: str, zone: str) -> str:
    """ "2026-12-14 09:00" in UTC as people read it there."""
    at = datetime.fromisoformat(f"{minute}+00:00")
    return format_datetime(
        at, "d MMM y, HH:mm", tzinfo=ZoneInfo(zone), locale=language if language in LANGUAGES else "en"
    )


def day(on: date, language: str) -> str:
    """24 November 2026, as it stands on a letter."""
    return format_date(on, "d MMMM y", locale=language if language in LANGUAGES else "en")
