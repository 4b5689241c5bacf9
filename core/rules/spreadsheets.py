"""Files with rows: CSV and Excel, whatever encoding, delimiter and line ends a school's system writes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from core.errors import InputProblem
from core.rules import archives, delimited, text_encoding, workbooks

_ZIP, _OLD_EXCEL, _PDF = b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF"
_TEXT_ENDINGS = (".csv", ".txt", ".tsv", ".tab", "")


@dataclass(frozen=True)
class Upload:
    """A file as it came."""

    name: str
    content: bytes


@dataclass(frozen=True)
class Limits:
    """How much is read at once."""

    rows: int
    size: int
    unpacked: int = archives.MAX_UNPACKED


MB = 1024 * 1024
PAGE_LIMITS = Limits(rows=20_000, size=10 * MB)
# A million rows of users take 220 MB and their enrolments as much again; read, they take nine times that of memory.
COMMAND_LINE_LIMITS = Limits(rows=1_000_000, size=500 * MB, unpacked=500 * MB)


@dataclass(frozen=True)
class Sheet:
    """The rows of one file. `rows` carry the number that a spreadsheet shows; empty ones are left out."""

    file: str
    encoding: str
    delimiter: str
    header: tuple[str, ...]
    rows: tuple[tuple[int, list[str]], ...]

    @property
    def stem(self) -> str:
        """The file's name without folder and ending, folded for comparing."""
        return stem(self.file)


def stem(name: str) -> str:
    """A file's name without folder and ending, folded for comparing."""
    return "".join(c for c in PurePosixPath(name).stem.casefold() if c.isalnum())


def unpack(uploads: list[Upload], *, limits: Limits) -> list[Upload]:
    """The files themselves, taken out of ZIP archives; refuses what is too large."""
    if not uploads:
        raise InputProblem(
            "There is no file. Choose a CSV or Excel file, or the files of a OneRoster or School Data Sync set."
        )
    if sum(len(upload.content) for upload in uploads) > limits.size:
        raise InputProblem(f"That is more than {limits.size // MB} MB. {_smaller(limits)}")
    found: list[Upload] = []
    for upload in uploads:
        if upload.content.startswith(_ZIP) and not _is_workbook(upload):
            inside = archives.unpack(upload.content, limit=limits.unpacked, only=(".csv", ".txt", ".xlsx"))
            found += [Upload(name.replace("\\", "/"), data) for name, data in inside.items() if "__MACOSX" not in name]
        else:
            found.append(upload)
    if not found:
        raise InputProblem("This archive holds no CSV and no Excel file. Put the files in and upload it again.")
    return found


def read(upload: Upload, *, limits: Limits, encoding: str = "", delimiter: str = "") -> Sheet:
    """The rows of a file with its header; refuses what is no table, is empty or is too long."""
    if not upload.content.strip():
        raise InputProblem(f"“{upload.name}” is empty. Export the list again and upload that.")
    if _is_workbook(upload):
        (rows, sheet), name = workbooks.rows(upload.content, limit=limits.rows + 1), "Excel"
        return _sheet(upload.name, name, sheet, rows, limits)
    _refuse_other_types(upload)
    text, found_encoding = text_encoding.read(upload.content, encoding=encoding)
    if sum(character < " " and character not in "\t\r\n\v\f" for character in text[:2000]) > 20:
        raise _neither(upload)
    rows, found_delimiter = delimited.rows(text, delimiter=delimiter, limit=limits.rows + 1)
    return _sheet(upload.name, found_encoding, found_delimiter, rows, limits)


def _sheet(file: str, encoding: str, delimiter: str, rows: list[list[str]], limits: Limits) -> Sheet:
    numbered = tuple((number, row) for number, row in enumerate(rows, 1) if any(row))
    if not numbered:
        raise InputProblem(f"“{file}” has no rows. Export the list again and upload that.")
    if len(numbered) > limits.rows + 1:
        raise InputProblem(f"“{file}” has more than {limits.rows:,} rows. {_smaller(limits)}")
    header = tuple(cell.strip().lstrip("\ufeff") for cell in numbered[0][1])
    return Sheet(file, encoding, delimiter, header, numbered[1:])


def _smaller(limits: Limits) -> str:
    if limits == PAGE_LIMITS:
        typed = "firstkey import FILE on a server, else python -m core.manage import FILE"
        return f"Divide it, or use the command line: {typed}."
    return "Divide it into several files and import one after the other."


def _is_workbook(upload: Upload) -> bool:
    return upload.content.startswith(_ZIP) and b"xl/workbook.xml" in upload.content


def _refuse_other_types(upload: Upload) -> None:
    start, ending = upload.content[:8], PurePosixPath(upload.name.lower()).suffix
    if start.startswith(_OLD_EXCEL) or ending in (".xls", ".xlsm", ".xlsb", ".ods"):
        raise InputProblem(
            f"“{upload.name}” has a format that cannot be read. In Excel, save it as .xlsx or CSV UTF-8."
        )
    binary = b"\x00" in upload.content[:4096] and not text_encoding.detect(upload.content).startswith("utf-16")
    if start.startswith(_PDF) or binary or ending not in _TEXT_ENDINGS:
        raise _neither(upload)


def _neither(upload: Upload) -> InputProblem:
    return InputProblem(f"“{upload.name}” is neither CSV nor Excel (.xlsx). Export the list as one of these.")
