"""The same list drawn by others: what Student Account Info is compared with. Same rows, columns, size and rules."""

from __future__ import annotations

import io
from collections.abc import Iterator

from fpdf import FPDF
from reportlab.lib.pagesizes import A4, landscape
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from core.documents.fonts import BOLD, REGULAR
from core.documents.listing import ROW_HEIGHT, SIZE
from core.documents.moments import Days
from core.documents.papers import StudentAccountInfo
from core.documents.student_account_info import COLUMNS

LEFT, TOP, FOOT = 28.0, 95.0, 557.0


def fpdf2_cell(paper: StudentAccountInfo) -> bytes:
    pdf = FPDF("L", "pt", "A4")
    pdf.set_auto_page_break(False)
    pdf.add_font("sans", "", REGULAR)
    pdf.add_font("sans", "B", BOLD)
    y = FOOT
    for row in _rows(paper):
        if y + ROW_HEIGHT > FOOT:
            _fpdf2_page(pdf)
            y = TOP
        pdf.set_xy(LEFT, y)
        for column, text in zip(COLUMNS, row, strict=True):
            pdf.cell(column.width, ROW_HEIGHT, text, border="B")
        y += ROW_HEIGHT
    return bytes(pdf.output())


def _fpdf2_page(pdf: FPDF) -> None:
    pdf.add_page()
    pdf.set_font("sans", "B", 16)
    pdf.set_xy(LEFT, 40)
    pdf.cell(400, 20, "Student Account Info")
    pdf.set_font("sans", "B", SIZE)
    pdf.set_xy(LEFT, TOP - ROW_HEIGHT)
    for column in COLUMNS:
        pdf.cell(column.width, ROW_HEIGHT, column.heading.replace("\n", " "), border="B")
    pdf.set_font("sans", "", SIZE)
    pdf.set_xy(LEFT, 570)
    pdf.cell(100, 10, f"Page {pdf.page_no()} of {{nb}}")


def reportlab(paper: StudentAccountInfo) -> bytes:
    pdfmetrics.registerFont(TTFont("sans", str(REGULAR)))
    pdfmetrics.registerFont(TTFont("sans-bold", str(BOLD)))
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=landscape(A4), pageCompression=1)
    y = 0.0
    for number, row in enumerate(_rows(paper)):
        if y < 595 - FOOT + ROW_HEIGHT:
            if number:
                canvas.showPage()
            _reportlab_page(canvas)
            y = 595 - TOP
        y -= ROW_HEIGHT
        x = LEFT
        for column, text in zip(COLUMNS, row, strict=True):
            canvas.drawString(x, y + 4, text)
            x += column.width
        canvas.line(LEFT, y, x, y)
    canvas.showPage()
    canvas.save()
    return file.getvalue()


def _reportlab_page(canvas: Canvas) -> None:
    canvas.setFont("sans-bold", 16)
    canvas.drawString(LEFT, 540, "Student Account Info")
    canvas.setFont("sans-bold", SIZE)
    x = LEFT
    for column in COLUMNS:
        canvas.drawString(x, 595 - TOP + 4, column.heading.replace("\n", " "))
        x += column.width
    canvas.setFont("sans", SIZE)
    canvas.drawString(LEFT, 20, f"Page {canvas.getPageNumber()}")


def _rows(paper: StudentAccountInfo) -> Iterator[tuple[str, ...]]:
    days, states = Days(paper.head.zone), paper.states
    for group in paper.classes:
        rows = (row for part in group.load() for row in zip(*part, strict=True))
        for number, row in enumerate(rows, start=1):
            code, last, first, username, method, email, mobile, active, verified, invited, seen, state = row
            facts = ("Yes" if active else "No", "Yes" if verified else "No", days[invited], days[seen], states[state])
            method = paper.methods.get(method, "–")
            yield str(number), code, last, first, group.title, username, method, email, mobile, *facts
