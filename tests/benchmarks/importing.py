"""How fast a list is checked and applied: a realistic list of students with guardians, into SQLite."""

from __future__ import annotations

import csv
import io
import time
from random import Random

from core import database
from core.demo import contacts, names
from core.permissions import command_line
from core.rules.imports import reading
from core.rules.spreadsheets import COMMAND_LINE_LIMITS, Upload
from core.services import imports
from tests.benchmarks.report import Report
from tests.benchmarks.scratch import scratch_school

HEADER = (
    *("Student code", "Last name", "First name", "Grade", "Class", "Status", "Personal e-mail", "Use Personal E-mail"),
    *("Contact e-mail", "Mobile", "Language", "Guardian", "Guardian mobile", "Guardian e-mail"),
)
ACTOR = command_line("benchmark")


def run(report: Report) -> None:
    """The two figures of the group."""
    for rows, name in ((10_000, "10k"), (100_000, "100k")):
        content = student_list(rows)
        report.median(f"import_rows_per_s_{name}", "1/s", measure=lambda c=content, n=rows: n / seconds(c))


def student_list(rows: int) -> bytes:
    """A CSV with the columns of the Students List; one guardian to two students."""
    chance, pool = Random(rows), names.load()
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";")
    writer.writerow(HEADER)
    for number in range(rows):
        if number % 2 == 0:
            culture = pool.culture(chance)
            parent, last = chance.choice(culture.given["f"]), chance.choice(culture.family["f"])
            guardian = [f"{last.written}, {parent.written}", f"691{number:07}", contacts.email(parent, last, number)]
        first = chance.choice(culture.given["f"])
        grade = str(7 + number % 6)
        section = f"{grade}{chr(65 + number // 6 % 20)}"
        address = contacts.email(first, last, number)
        own = [f"S{number:06}", last.written, first.written, grade, section, "Registered", address, "yes"]
        writer.writerow([*own, "", contacts.mobile(chance, culture), "Greek", *guardian])
    return text.getvalue().encode()


def seconds(content: bytes) -> float:
    """Check and apply, from bytes to committed rows, into an empty school."""
    uploads = [Upload("list.csv", content)]
    with scratch_school():
        started = time.perf_counter()
        intake = reading.read(reading.sheets(uploads, limits=COMMAND_LINE_LIMITS))
        with database.reading() as db:
            check = imports.check(db, ACTOR, intake=intake)
        with database.transaction() as db:
            imports.apply(db, ACTOR, seen=check, uploads=uploads)
        return time.perf_counter() - started
