"""PDF policies: headings, re-flowed paragraphs, no running lines; what cannot be read is named."""

from __future__ import annotations

import pytest

from analysis.blocks import BlockKind
from scrapers.errors import PdfScanned, PdfUnreadable
from scrapers.extract import extract
from tests.scrapers.pdfs import Line, make_pdf


def _running(page: int) -> list[Line]:
    return [("Harbour Data Processing Agreement", 8, 60, 800, "F1"), (f"Page {page} of 3", 8, 280, 30, "F1")]


def _text(lines: list[str], top: float, size: float = 11, font: str = "F1", x: float = 60) -> list[Line]:
    return [(line, size, x, top - 14 * index, font) for index, line in enumerate(lines)]


PAGES: list[list[Line]] = [
    [
        *_running(1),
        ("Data Processing Agreement", 20, 60, 740, "F2"),
        ("1. Purpose", 14, 60, 700, "F2"),
        *_text(
            [
                "The processor handles personal data for the controller only on docu-",
                "mented instructions, and tells third-party suppliers the same. A third-",
                "party supplier is any company that the processor engages.",
            ],
            680,
        ),
        *_text(["It ends with the main contract between the parties, unless a law asks the"], 120),
        *_text(["processor to keep the data for longer, in which case the processor"], 106),
    ],
    [
        *_running(2),
        *_text(["informs the controller of that law before it begins its work."], 740),
        ("2. Security", 14, 60, 700, "F2"),
        *_text(["The processor takes these measures:"], 680),
        ("• encryption of the data in transit", 11, 70, 652, "F1"),
        ("• access for named employees only", 11, 70, 624, "F1"),
    ],
    [*_running(3), *_text(["Signed for the parties on the first day of March in Bergen."], 740)],
]


def test_headings_paragraphs_items() -> None:
    found = extract(
        make_pdf(PAGES, title="Harbour DPA"), content_type="application/pdf", url="https://h.example/dpa.pdf"
    )
    assert (found.title, found.method, found.language) == ("Harbour DPA", "pdf", "en")
    assert [(block.kind.value, block.level, block.text) for block in found.blocks] == [
        ("heading", 1, "Data Processing Agreement"),
        ("heading", 2, "1. Purpose"),
        (
            "paragraph",
            0,
            "The processor handles personal data for the controller only on documented instructions, and tells"
            " third-party suppliers the same. A third-party supplier is any company that the processor engages.",
        ),
        (
            "paragraph",
            0,
            "It ends with the main contract between the parties, unless a law asks the processor to keep the data for"
            " longer, in which case the processor informs the controller of that law before it begins its work.",
        ),
        ("heading", 2, "2. Security"),
        ("paragraph", 0, "The processor takes these measures:"),
        ("item", 1, "encryption of the data in transit"),
        ("item", 1, "access for named employees only"),
        ("paragraph", 0, "Signed for the parties on the first day of March in Bergen."),
    ]
    assert found.blocks[-1].path == ("Data Processing Agreement", "2. Security")


def test_bytes_are_believed_before_headers() -> None:
    found = extract(make_pdf(PAGES), content_type="text/html")
    assert found.method == "pdf" and found.title == "Data Processing Agreement"
    assert [block for block in found.blocks if block.kind is BlockKind.HEADING]


def test_scan_is_named() -> None:
    with pytest.raises(PdfScanned):
        extract(make_pdf([[("3", 8, 280, 30, "F1")], []], picture=True), content_type="application/pdf")


def test_broken_pdf_is_named() -> None:
    whole = make_pdf(PAGES)
    with pytest.raises(PdfUnreadable):
        extract(whole[:200], content_type="application/pdf")
    with pytest.raises(PdfUnreadable):
        extract(b"%PDF-1.7\n%not much more", content_type="application/pdf")
