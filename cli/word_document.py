"""A Word document (Office Open XML, ECMA-376) of headings, paragraphs and tables: small, plain, and the same every time."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

_MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_DECLARED = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_EPOCH = (1980, 1, 1, 0, 0, 0)
# A4 across, in twentieths of a point, with margins of two centimeters.
_PAGE = '<w:sectPr><w:pgSz w:w="16838" w:h="11906" w:orient="landscape"/><w:pgMar w:top="1134" w:right="1134" w:bottom="1134" w:left="1134"/></w:sectPr>'
_WIDTH = 14570


@dataclass(frozen=True, slots=True)
class Heading:
    text: str
    level: int = 1


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Text; its line breaks are kept."""

    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of as many cells as there are columns."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


def write_document(title: str, parts: Iterable[Heading | Paragraph | Table]) -> bytes:
    """The file. Characters that XML cannot hold are left out."""
    body = "".join(_element(part) for part in (Heading(title, 0), *parts))
    files = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/word/document.xml" ContentType="{_MAIN}.document.main+xml"/>'
        f'<Override PartName="/word/styles.xml" ContentType="{_MAIN}.styles+xml"/></Types>',
        "_rels/.rels": _relations(f"{_OFFICE}/officeDocument", "word/document.xml"),
        "word/_rels/document.xml.rels": _relations(f"{_OFFICE}/styles", "styles.xml"),
        "word/document.xml": f'<w:document xmlns:w="{_WORD}"><w:body>{body}{_PAGE}</w:body></w:document>',
        "word/styles.xml": _styles(),
    }
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), _DECLARED + text, zipfile.ZIP_DEFLATED)
    return written.getvalue()


def _relations(kind: str, target: str) -> str:
    return f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" Type="{kind}" Target="{target}"/></Relationships>'


def _element(part: Heading | Paragraph | Table) -> str:
    match part:
        case Heading(text, level):
            return _paragraph(text, "Title" if level == 0 else f"Heading{level}")
        case Paragraph(text):
            return _paragraph(text)
        case Table(columns, rows):
            return _table(columns, rows)


def _paragraph(text: str, style: str = "", bold: bool = False) -> str:
    look = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    weight = "<w:rPr><w:b/></w:rPr>" if bold else ""
    lines = "<w:br/>".join(f'<w:t xml:space="preserve">{escape(_printable(line))}</w:t>' for line in text.split("\n"))
    return f"<w:p>{look}<w:r>{weight}{lines}</w:r></w:p>"


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    each = _WIDTH // len(columns)
    sides = "".join(f'<w:{side} w:val="single" w:sz="4" w:color="999999"/>' for side in ("top", "left", "bottom", "right", "insideH", "insideV"))
    grid = f'<w:gridCol w:w="{each}"/>' * len(columns)
    written = "".join(_row(row, each, is_head=number == 0) for number, row in enumerate([columns, *rows]))
    look = f'<w:tblPr><w:tblW w:w="{_WIDTH}" w:type="dxa"/><w:tblBorders>{sides}</w:tblBorders></w:tblPr>'
    return f"<w:tbl>{look}<w:tblGrid>{grid}</w:tblGrid>{written}</w:tbl><w:p/>"  # Word wants a paragraph after every table


def _row(cells: Sequence[str], width: int, *, is_head: bool) -> str:
    head = "<w:trPr><w:tblHeader/></w:trPr>" if is_head else ""
    written = "".join(f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/></w:tcPr>{_paragraph(cell, bold=is_head)}</w:tc>' for cell in cells)
    return f"<w:tr>{head}{written}</w:tr>"


def _styles() -> str:
    def style(name: str, title: str, size: int) -> str:
        look = f'<w:pPr><w:keepNext/><w:spacing w:before="240" w:after="80"/></w:pPr><w:rPr><w:b/><w:sz w:val="{size}"/></w:rPr>'
        return f'<w:style w:type="paragraph" w:styleId="{name}"><w:name w:val="{title}"/><w:basedOn w:val="Normal"/><w:next w:val="Normal"/>{look}</w:style>'

    normal = '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/><w:rPr><w:sz w:val="20"/></w:rPr></w:style>'
    named = style("Title", "Title", 40) + style("Heading1", "heading 1", 28) + style("Heading2", "heading 2", 24)
    return f'<w:styles xmlns:w="{_WORD}">{normal}{named}</w:styles>'


def _printable(text: str) -> str:
    return "".join(letter for letter in text if letter == "\t" or (letter >= " " and letter not in "\ufffe\uffff" and not "\ud800" <= letter <= "\udfff"))
