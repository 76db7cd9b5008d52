"""One line of a csv file, cell by cell: what each says, and a fault for each that cannot be believed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeVar

from integrations.accounting import csv_cells as cells
from integrations.accounting.csv_cells import DateOrder, DecimalMark, UnableToReadCell, plain
from integrations.accounting.csv_sheet import Fault, Sheet

_LONGEST_TEXT = 200
_LONGEST_LINK = 2000
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_TOTALS = {"total", "totals", "sum", "summe", "gesamt", "gesamtsumme", "grandtotal"}

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Declared:
    """What a file's owner says of it, because the file cannot."""

    dates: DateOrder
    decimal: DecimalMark | None
    today: date
    currency: str
    country: str
    language: str


@dataclass(slots=True)
class Row:
    """One line of the file; what is wrong with it is added to ``faults``."""

    sheet: Sheet
    line: int
    cells: list[str]
    declared: Declared
    faults: list[Fault]

    def text(self, key: str) -> str:
        """The cell; "" where the file has no such column."""
        return self.cells[self.sheet.columns[key][0]] if key in self.sheet.columns else ""

    def fault(self, key: str, problem: str, remedy: str) -> None:
        self.faults.append(Fault(self.sheet.file, self.line, self.sheet.column_name(key), self.text(key), problem, remedy))

    def value(self, key: str, read: Callable[[str], _T], otherwise: _T) -> _T:
        """What the cell says, or ``otherwise`` where it is empty or at fault."""
        text = self.text(key)
        try:
            return read(text) if text else otherwise
        except UnableToReadCell as error:
            self.fault(key, error.problem, error.remedy)
            return otherwise

    def day(self, key: str) -> date | None:
        return self.value(key, lambda text: cells.day(text, self.declared.dates, self.declared.today), None)

    def amount(self, key: str) -> Decimal | None:
        """None where it is empty, at fault, or its currency is (that is noted with the currency)."""
        try:
            currency = self.currency()
        except UnableToReadCell:
            return None
        return self.value(key, lambda text: cells.amount(text, currency, self.declared.decimal), None)

    def currency(self) -> str:
        text = self.text("currency")
        if not text and not self.declared.currency:
            raise UnableToReadCell("is not told", "fill it in, or pass --currency EUR for the whole file")
        return cells.currency(text) if text else self.declared.currency

    def is_whole(self) -> bool:
        """Whether the line has a cell for every column, and only values such a column could hold."""
        before = len(self.faults)
        width = self.sheet.width
        if len(self.cells) < width or any(self.cells[width:]):
            problem = f"has {len(self.cells)} cells where the first line names {width} columns"
            remedy = 'complete the line; a value that holds the separator or a line break belongs in "quotes"'
            self.faults.append(Fault(self.sheet.file, self.line, "", "", problem, remedy))
            return False
        if plain(next(filter(None, self.cells))) in _TOTALS and not self.text("due"):
            self.fault("number", "looks like a row of totals", "remove it")
            return False
        for key in self.sheet.columns:
            if _CONTROL.search(self.text(key)):
                self.fault(key, "holds a control character", "remove it where the value was entered")
            elif len(self.text(key)) > (_LONGEST_LINK if key.endswith("_url") else _LONGEST_TEXT):
                self.fault(key, "is longer than such a value can be", "look for a missing quotation mark before it")
        return len(self.faults) == before


def proven_mark(sheet: Sheet, keys: Sequence[str]) -> DecimalMark | None:
    """The decimal mark most amounts of these columns can only be read with; those of the other are then at fault."""
    columns = [sheet.columns[key][0] for key in keys if key in sheet.columns]
    proofs = Counter(mark for _, row in sheet.rows for index in columns if index < len(row) and (mark := cells.decimal_mark(row[index])))
    return max(proofs, key=lambda mark: proofs[mark], default=None)
