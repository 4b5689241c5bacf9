"""The Imports page: upload, see what was recognised, import."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlmodel import select
from streamlit.testing.v1 import AppTest

from core import clock, database
from core.config import ROOT
from core.models import FolderImport, ImportRun, Person, ReportRequest
from core.permissions import Actor, Role
from core.rules.spreadsheets import Upload
from core.web import proof
from pages.shared import guard
from tests import cast as people
from tests import oneroster
from tests.cast import Cast
from tests.pages import screens

LIST = (
    "Student code,Last name,First name,Class,E-mail,Password,Kurs\r\n"
    "N1,Παπαδόπουλος,Νίκος,7B,nikos@mail.example,secret,x\r\n"
    "N2,![x](http://evil.example/x.png),Ann,7B,,secret,y\r\n"
)


def _page(monkeypatch: pytest.MonkeyPatch, actor: Actor | None) -> AppTest:
    monkeypatch.setattr(guard, "look_up", lambda: actor)
    page = AppTest.from_file(str(ROOT / "pages" / "navigation.py"), default_timeout=30)
    page.run()
    return page.switch_page("imports.py").run()


def _upload(page: AppTest, *files: tuple[str, bytes]) -> AppTest:
    page.file_uploader[0].set_value([(name, content, "text/csv") for name, content in files])
    return page.run()


def _texts(elements: Any) -> str:
    return " ".join(str(element.value) for element in elements)


def _button(page: AppTest, label: str) -> Any:
    return next(button for button in page.button if button.label == label)


def test_a_list_is_checked_then_imported_and_the_next_step_is_named(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = _upload(_page(monkeypatch, cast.olga.actor), ("list.csv", LIST.encode("utf-16")))
    assert not page.exception
    assert [metric.value for metric in page.metric] == ["2", "0", "0", "3"]
    files = page.dataframe[0].value.iloc[0]
    assert (files["Encoding"], files["Delimiter"], files["Rows"]) == ("UTF-16", "comma", 2)
    assert "Password (never imported)" in files["Left out"]
    assert "Kurs (not recognised, left out)" in files["Left out"]
    page = _button(page, "Import 2 people").click().run()
    assert not page.exception
    assert "2 new, 0 changed" in _texts(page.success)
    with database.reading() as db:
        assert db.exec(select(ImportRun)).one().created == 2
        assert db.exec(select(Person).where(Person.source_id == "N1")).one().last_name == "Παπαδόπουλος"
    assert page.dataframe[-1].value.iloc[0]["New"] == 2
    assert not page.metric


def test_the_same_file_again_has_nothing_to_import(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    page = _upload(_page(monkeypatch, cast.olga.actor), ("list.csv", LIST.encode()))
    page = _button(page, "Import 2 people").click().run()
    page = _upload(page, ("list.csv", LIST.encode()))
    assert "knows all of this already" in _texts(page.info)


def test_a_column_can_be_given_another_meaning(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    page = _upload(_page(monkeypatch, cast.olga.actor), ("list.csv", LIST.replace("First name", "Ruf").encode()))
    assert "recognised as First name" in _texts(page.error)
    chosen = next(box for box in page.selectbox if box.label == "Column 3")
    chosen.select("first_name")
    page = _button(page, "Check again with these").click().run()
    assert not page.exception
    assert _button(page, "Import 2 people")


def test_errors_are_listed_and_block_the_button(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    page = _upload(_page(monkeypatch, cast.olga.actor), ("list.csv", (LIST + "N1,Twice,Tom,,,,\r\n").encode()))
    problems = page.dataframe[1].value
    assert problems.iloc[0][["Row", "Column", "Value"]].tolist() == [4, "Student code", "N1"]
    assert _button(page, "Import 2 people").disabled


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("list.csv", b""),
        ("list.csv", b"%PDF-1.7"),
        ("list.xlsx", b"PK\x03\x04 xl/workbook.xml"),
        ("a.zip", b"PK\x03\x04"),
    ],
)
def test_a_file_that_is_no_list_gets_a_sentence(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, name: str, content: bytes
) -> None:
    page = _upload(_page(monkeypatch, cast.olga.actor), (name, content))
    assert not page.exception
    assert page.error


def test_people_not_in_the_file_are_marked_as_left_only_when_ticked(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = _upload(_page(monkeypatch, cast.olga.actor), ("list.csv", LIST.encode()))
    page.checkbox[0].check().run()
    _button(page, "Import 2 people").click().run()
    with database.reading() as db:
        assert db.get(Person, cast.otto.person.id).status == "left"
        assert db.get(Person, cast.tom.person.id).status == "active"


def _upload_set(page: AppTest, upload: Upload) -> AppTest:
    page.file_uploader[0].set_value([(upload.name, upload.content, "application/zip")])
    return page.run()


def test_a_oneroster_archive_is_checked_said_what_it_is_and_imported(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = _upload_set(_page(monkeypatch, cast.olga.actor), oneroster.archive(oneroster.WHOLE))
    assert not page.exception
    assert "OneRoster 1.1, everything (bulk)" in _texts(page.subheader)
    assert next(metric.value for metric in page.metric) == "5"
    files = page.dataframe[0].value.set_index("File")
    assert files.loc["users.csv", "Rows"] == 5 and "password (never imported)" in files.loc["users.csv", "Left out"]
    page = _button(page, "Import 5 people").click().run()
    assert "5 new, 0 changed" in _texts(page.success)


def test_so_many_leave_only_when_an_administrator_types_how_many_and_it_can_be_undone(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = _upload_set(_page(monkeypatch, cast.ada.actor), oneroster.many(30))
    _button(page, "Import 31 people").click().run()
    page = _upload_set(_page(monkeypatch, cast.ada.actor), oneroster.many(10))
    page = page.checkbox[0].check().run()
    assert "marks nobody" in _texts(page.warning)
    number = page.checkbox[0].label.split("mark the ")[1].split()[0]
    assert _button(page, f"Mark {number} as Left").disabled
    typed = next(field for field in page.text_input if field.label.startswith("If so many"))
    page = typed.input(number).run()
    assert "only ever marked by hand" not in _texts(page.caption)
    page = _button(page, f"Mark {number} as Left").click().run()
    assert not page.exception
    assert f"{number} marked as Left" in _texts(page.success)
    page = _button(page, "Undo that they left").click().run()
    assert f"{number} people are back" in _texts(page.success) and "Imported" not in _texts(page.success)
    assert page.dataframe[-1].value.iloc[0]["Left"] == f"{number} (undone)"
    with database.reading() as db:
        assert db.get(Person, cast.otto.person.id).status == "registered"


def test_r31_who_lets_so_many_leave_is_asked_who_they_are_and_the_import_goes_on(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = _upload_set(_page(monkeypatch, cast.ada.actor), oneroster.many(30))
    _button(page, "Import 31 people").click().run()
    stale = replace(cast.ada.actor, fresh_until=clock.now())
    page = _upload_set(_page(monkeypatch, stale), oneroster.many(10))
    page = page.checkbox[0].check().run()
    number = page.checkbox[0].label.split("mark the ")[1].split()[0]
    page = next(field for field in page.text_input if field.label.startswith("If so many")).input(number).run()
    monkeypatch.setattr(proof, "has_any", lambda _actor: True)
    monkeypatch.setattr(proof, "by_code", lambda _actor: True)
    monkeypatch.setattr(proof, "given", lambda _actor, typed, *, carried: typed == "123456")
    page = _button(page, f"Mark {number} as Left").click().run()
    with database.reading() as db:
        assert db.get(Person, cast.otto.person.id).status == "registered", "nothing before the code"
    next(field for field in page.text_input if field.label.startswith("Six digits")).input("123456")
    page = _button(page, f"It is me: mark {number} as Left").click().run()
    assert f"{number} marked as Left" in _texts(page.success)


def test_administrators_whom_a_file_does_not_have_are_named_and_stay(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.transaction() as db:
        people.role(db, account=cast.tom.account, role=Role.ADMINISTRATOR)
    page = _upload_set(_page(monkeypatch, cast.ada.actor), oneroster.archive(oneroster.WHOLE))
    assert f"{cast.tom.person.last_name} {cast.tom.person.first_name} would leave" in _texts(page.caption)


def test_who_comes_back_is_said_before_and_after_and_can_be_undone(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = oneroster.archive(oneroster.WHOLE)
    _button(_upload_set(_page(monkeypatch, cast.olga.actor), whole), "Import 5 people").click().run()
    gone = oneroster.changes(users="s2,tobedeleted,2026-11-01,,,,,,,,,,,,,,,\r\n")
    _button(_upload_set(_page(monkeypatch, cast.olga.actor), gone), "Mark 1 as Left").click().run()
    page = _upload_set(_page(monkeypatch, cast.olga.actor), whole)
    assert "1 person of this file had left before" in _texts(page.info)
    page = _button(page, "Import 1 people").click().run()
    assert "1 came back" in _texts(page.success)
    page = _button(page, "Undo that they came back").click().run()
    assert "Left again, with their accounts off" in _texts(page.success)


def test_the_office_cannot_let_so_many_leave(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    page = _upload_set(_page(monkeypatch, cast.olga.actor), oneroster.many(30))
    _button(page, "Import 31 people").click().run()
    page = _upload_set(_page(monkeypatch, cast.olga.actor), oneroster.many(10))
    page = page.checkbox[0].check().run()
    assert "an administrator can import this file" in _texts(page.caption)
    number = page.checkbox[0].label.split("mark the ")[1].split()[0]
    assert _button(page, f"Mark {number} as Left").disabled


def test_what_became_of_files_of_the_import_folder_stands_on_the_page(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.transaction() as db:
        db.add(FolderImport(at=clock.now(), name="old.zip", digest="a"))
        db.add(FolderImport(at=clock.now(), name="night.zip", digest="b", refusal="Half of it is missing.", notes=2))
    page = _page(monkeypatch, cast.olga.actor)
    assert "Half of it is missing" in _texts(page.warning)
    shown = page.dataframe[-1].value
    assert shown["Outcome"].tolist() == ["Refused", "Known already"]
    assert shown["Notes"].tolist() == [2, 0]


@pytest.mark.parametrize("member", ["tom", "cora"])
def test_those_who_may_not_import_cannot_open_the_page(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, member: str
) -> None:
    said = screens.everything_said(_page(monkeypatch, getattr(cast, member).actor))
    assert "This page is not for your role" in said


def test_r44_the_problems_are_prepared_as_a_file_that_stands_at_our_own_address(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = "Student code,Last name,First name,E-mail\r\nN1,Nilsen,Nora,nora@\r\n"
    page = _upload(_page(monkeypatch, cast.olga.actor), ("list.csv", wrong.encode()))
    assert "/files/" not in screens.everything_said(page)
    page = _button(page, "Excel").click().run()
    assert not page.exception
    with database.reading() as db:
        (kept,) = db.exec(select(ReportRequest)).all()
    assert (kept.kind, kept.people) == ("import-problems-xlsx", 1)
    assert f"/files/{kept.token}" in screens.everything_said(page)
