"""OneRoster sets as real systems write them: each defect is told with its row, and the rest is read."""

from __future__ import annotations

import io
import zipfile
from datetime import date

import pytest

from core.errors import InputProblem, Severity
from core.rules.imports import plan, reading
from core.rules.imports.intake import Format, Intake
from core.rules.imports.plan import Plan
from core.rules.imports.world import World
from core.rules.spreadsheets import PAGE_LIMITS, Upload
from tests import corpus, oneroster
from tests.oneroster import CLASSES, ORGS, SESSIONS, USERS, WHOLE, WHOLE_1_2, archive

EMPTY = World("GR", date(2026, 11, 28))


def _read(*uploads: Upload) -> Intake:
    return reading.read(reading.sheets(list(uploads), limits=PAGE_LIMITS))


def _plan(*uploads: Upload, world: World = EMPTY) -> tuple[Intake, Plan]:
    intake = _read(*uploads)
    return intake, plan.make(intake, world)


def _told(intake: Intake, planned: Plan) -> list[tuple[str, int, str]]:
    return [(one.file, one.row, one.message) for one in intake.problems + planned.problems]


def _created(planned: Plan) -> dict[tuple[str, str], dict[str, object]]:
    return {(row["kind"], row["source_id"]): row for row in planned.created}


@pytest.mark.parametrize(("files", "version"), [(WHOLE, "1.1"), (WHOLE_1_2, "1.2")])
def test_a_set_without_fault_is_read_whole_and_nothing_is_told(files: dict[str, str], version: str) -> None:
    intake, planned = _plan(archive(files, version=version))
    assert (intake.format, intake.told, intake.whole) == (
        Format.ONEROSTER,
        f"OneRoster {version}, everything (bulk)",
        True,
    )
    assert _told(intake, planned) == []
    people = _created(planned)
    sam = people["student", "s1"]
    assert (sam["first_name"], sam["grade"], sam["status"]) == ("Sam", "7", "registered")
    assert (sam["external_email"], sam["personal_email"]) == ("sam@school.example", "sam@mail.example")
    assert sam["section"] == ("y26", "c7"), "the homeroom, though another class has the smaller id"
    assert people["guardian", "g1"]["contact_email"] == "gina@mail.example"
    assert (("student", "s1"), ("guardian", "g1")) in planned.guardianships
    assert [row.title for row in planned.periods.values()] == ["2026-2027"], "terms stand under their year"
    assert planned.sections["y26", "c7"].school == "Athena School"
    assert planned.enrolments[("y26", "c7"), ("staff", "t1")] == "teacher"


def test_the_parents_are_linked_whichever_of_the_two_rows_names_the_other() -> None:
    turned = (
        USERS.replace('"g1,g2"', "").replace(",g1,08", ",,08").replace("+306912345678,,,", '+306912345678,,"s1,s2",')
    )
    _intake, planned = _plan(archive(WHOLE | {"users": turned}))
    assert planned.guardianships == {
        (("student", "s1"), ("guardian", "g1")): "parent",
        (("student", "s2"), ("guardian", "g1")): "parent",
    }


def test_whoever_is_not_enabled_comes_as_inactive() -> None:
    _intake, planned = _plan(archive(WHOLE | {"users": USERS.replace("s2,,,true", "s2,,,FALSE")}))
    assert _created(planned)["student", "s2"]["status"] == "inactive"


def test_r75_passwords_and_birth_dates_are_never_read() -> None:
    born = "sourcedId,status,dateLastModified,birthDate,sex\r\ns1,,,2014-02-03,male\r\n"
    intake, planned = _plan(archive(WHOLE | {"demographics": born}))
    assert "P@ss" not in repr((intake, planned)) and "2014-02-03" not in repr((intake, planned))


DEFECTS = [
    ("a role that nobody knows", "users", "student,max", "wizard,max", 3, "does not know this role"),
    ("a code that is missing", "users", "s2,,,true", ",,,true", 3, "There is no code"),
    ("a code that comes twice", "users", "g2,,,", "g1,,,", 6, "stands in an earlier row"),
    ("a person without a name", "users", "Max,Sideris", ",", 3, "There is no name"),
    ("a name without end", "users", "Max,Sid", "x" * 101 + ",Sid", 3, "At most 100 characters"),
    ("neither true nor false", "users", "s2,,,true", "s2,,,maybe", 3, "neither true nor false"),
    ("a school that is not there", "users", "s2,,,true,o1", "s2,,,true,o9", 3, "no such school"),
    ("an agent who is not there", "users", ",g1,08", ",g9,08", 3, "no such person"),
    ("an agent who is a teacher", "users", ",g1,08", ",t1,08", 3, "no parent, guardian or relative"),
    ("an address that is none", "users", "gina@mail.example", "gina at home", 5, "no e-mail address"),
    ("a row with too many cells", "users", "Max,", "Max,a,b,", 3, "This row has"),
    ("a class that is not there", "enrollments", "c8", "c9", 4, "no such class"),
    ("a person who is not there", "enrollments", "s2", "s9", 4, "no such student"),
    ("no such role in a class", "enrollments", "teacher", "mascot", 5, "no such role"),
    ("a class that comes twice", "classes", "c8,", "c7,", 4, "stands in an earlier row"),
    ("a class of no known school", "classes", "o1", "o9", 2, "no such school"),
    ("a class of no known session", "classes", "t26", "t9", 2, "not in academicSessions.csv"),
    ("a day that is none", "academicSessions", "2026-09-01,2027", "1st of September,2027", 2, "no date"),
    ("a session without an id", "academicSessions", "t26,", ",", 3, "is missing"),
    ("a file that is promised and not there", "manifest", "resources", "roles", 9, "roles.csv is not there"),
    ("a version from the future", "manifest", "r.version,1.1", "r.version,9.9", 3, "version is not known"),
    ("neither bulk nor delta", "manifest", "users,bulk", "users,some", 5, "nobody is missing"),
    ("absent, and yet there", "manifest", "orgs,bulk", "orgs,absent", 4, "is there all the same"),
]
MANIFEST = oneroster.manifest(**dict.fromkeys(WHOLE, "bulk"), resources="bulk")


@pytest.mark.parametrize(
    ("stem", "old", "new", "row", "said"), [one[1:] for one in DEFECTS], ids=[one[0] for one in DEFECTS]
)
def test_a_defect_is_told_with_its_row_and_stops_nothing(stem: str, old: str, new: str, row: int, said: str) -> None:
    files = WHOLE | {"manifest": MANIFEST}
    assert old in files[stem]
    intake, planned = _plan(archive(files | {stem: files[stem].replace(old, new)}))
    told = _told(intake, planned)
    assert [one for one in told if one[:2] == (f"{stem}.csv", row) and said in one[2]], told
    assert all(one.severity == Severity.WARNING for one in intake.problems + planned.problems)
    assert len(planned.created) >= 4


@pytest.mark.parametrize("code", ["s2"])
def test_whoever_stands_in_a_row_that_cannot_be_used_is_not_missing(code: str) -> None:
    row = {"kind": "student", "source_id": code, "status": "registered", "section": None, "sort_name": "max"}
    world = World("GR", date(2026, 11, 28), people={("student", code): row})
    for users in (
        USERS.replace("Max,Sideris", ","),
        USERS.replace("student,max", "wizard,max"),
        USERS.replace("Max,", "Max,a,b,"),
    ):
        assert _plan(archive(WHOLE | {"users": users}), world=world)[1].missing == []
    gone = USERS.replace("s2,,,", "s3,,,")
    assert _plan(archive(WHOLE | {"users": gone}), world=world)[1].missing == [row]


HARMLESS: list[tuple[str, dict[str, str | bytes]]] = [
    ("a byte order mark", {"users": USERS.encode("utf-8-sig")}),
    ("Windows-1252", {"users": USERS.replace("Thalis", "Müller-Séguin").encode("cp1252")}),
    ("headers in capitals, in another order", {"orgs": "NAME,SOURCEDID,TYPE\r\nAthena School,o1,school\r\n"}),
    ("columns of one's own", {"orgs": ORGS.replace("identifier", "metadata.color").replace("school,", "school,blue")}),
    ("a line break in a cell", {"classes": CLASSES.replace("Algebra", '"Algebra\r\nI"')}),
    ("empty lines", {"users": USERS.replace("\r\n", "\r\n\r\n,,,,\r\n")}),
    ("files that are not needed", {"lineItems": "sourcedId\r\nl1\r\n", "readme.txt": "hello\r\n"}),
    ("semicolons between the ids of parents", {"users": USERS.replace('"g1,g2"', "g1;g2")}),
]


@pytest.mark.parametrize("files", [one[1] for one in HARMLESS], ids=[one[0] for one in HARMLESS])
def test_what_does_no_harm_is_read_without_a_word(files: dict[str, str | bytes]) -> None:
    intake, planned = _plan(archive(WHOLE | files))
    assert _told(intake, planned) == []
    assert len(planned.created) == 5 and len(planned.guardianships) == 3


@pytest.mark.parametrize("folder", ["export/", "export\\2026\\"])
def test_files_in_a_folder_of_the_archive_are_found(folder: str) -> None:
    inside = {
        f"{folder}{stem}.csv": text
        for stem, text in (WHOLE | {"manifest": oneroster.manifest(**dict.fromkeys(WHOLE, "bulk"))}).items()
    }
    intake, planned = _plan(archive(inside, mode=""))
    assert intake.whole and len(planned.created) == 5


@pytest.mark.parametrize(
    ("files", "told"),
    [
        (WHOLE, "OneRoster 1.1, everything (bulk)"),
        (WHOLE_1_2, "OneRoster 1.2, everything (bulk)"),
        (
            WHOLE | {"users": USERS.replace("s2,,,", "s2,tobedeleted,2026-11-01,")},
            "OneRoster 1.1, changes only (delta)",
        ),
    ],
)
def test_without_a_manifest_the_version_is_guessed_and_said(files: dict[str, str], told: str) -> None:
    intake, _planned = _plan(archive(files, mode=""))
    assert intake.told == told
    assert f"read as {told}" in intake.problems[0].message


def test_a_manifest_without_its_header_is_understood() -> None:
    text = MANIFEST.partition("\r\n")[2]
    assert _read(archive(WHOLE | {"manifest": text})).whole


def test_a_set_without_people_that_promises_them_is_refused() -> None:
    with pytest.raises(InputProblem, match=r"manifest says bulk for users\.csv"):
        _read(archive({"orgs": ORGS, "manifest": oneroster.manifest(orgs="bulk", users="bulk")}))


def test_sessions_that_are_their_own_grandparents_end_somewhere() -> None:
    circle = SESSIONS.replace("schoolYear,2026-09-01,2027-06-30,", "term,2026-09-01,2027-06-30,t26")
    assert _plan(archive(WHOLE | {"academicSessions": circle}))[1].periods


def test_a_file_of_nothing_at_all_is_like_none() -> None:
    intake, planned = _plan(archive(WHOLE | {"academicSessions": "", "classes": CLASSES.replace("t26", "")}))
    assert [message for _file, _row, message in _told(intake, planned)] == [
        "academicSessions.csv is not there. The rest is read without it."
    ]
    assert len(planned.created) == 5


def test_a_file_of_zero_bytes_in_between_is_no_text_and_refused_in_words() -> None:
    with pytest.raises(InputProblem, match="neither CSV nor Excel"):
        _read(archive(WHOLE | {"users": USERS.replace("Max", "M\x00x")}))


@pytest.mark.parametrize("text", [name for name in corpus.NAMES if "\x00" not in name])
def test_r73_hostile_names_and_codes_are_text_or_told(text: str) -> None:
    cell = '"' + text.replace('"', '""') + '"'
    for mark in ("Max", "s2", "c8", "Athena School", "2026-2027", "gina@mail.example"):
        files = {stem: one.replace(mark, cell) for stem, one in WHOLE.items()}
        intake, planned = _plan(archive(files))
        assert not any(one.severity == Severity.ERROR for one in intake.problems)
        assert all(str(row["last_name"]).isprintable() for row in planned.created)


def _packed(**entries: bytes) -> Upload:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in entries.items():
            packed.writestr(name, data)
    return Upload("set.zip", content.getvalue())


@pytest.mark.parametrize("name", ["/etc/users.csv", "../users.csv", "a/../../users.csv", "C:\\users.csv"])
def test_r74_an_archive_that_names_files_outside_of_itself_is_refused(name: str) -> None:
    with pytest.raises(InputProblem, match="names files outside of itself"):
        _read(_packed(**{name: USERS.encode()}))


def test_r74_a_zip_bomb_is_refused_before_it_is_held() -> None:
    with pytest.raises(InputProblem, match="Unpacked, this file is larger"):
        _read(_packed(**{"users.csv": b"0" * (101 * 1024 * 1024)}))


def test_r74_an_archive_under_a_password_is_refused_in_words() -> None:
    content = bytearray(_packed(**{"users.csv": USERS.encode()}).content)
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + flags] |= 1
    with pytest.raises(InputProblem, match="locked with a password"):
        _read(Upload("set.zip", bytes(content)))
