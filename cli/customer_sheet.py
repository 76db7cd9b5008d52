"""customers.csv: the list of customers as a spreadsheet opens it, and what was changed in it there."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from db.customers import CustomerLine
from domain.treatment import FIELDS, Treatment, UnableToReadTreatment, find_detour, read, write
from integrations.accounting.csv_cells import plain
from integrations.accounting.csv_sheet import Fault, UnableToImport, decode, split_rows

# What stands beside the fields that can be changed: to find the row by, and to decide from.
_SHOWN = ("seller", "number", "name", "tier set by", "suggested tier", "suggested because", "behavior", "usual days late", "open")
_FIELDS = {field.replace("_", " "): field for field in FIELDS}
COLUMNS = ("seller", "number", "name", "tier", *_SHOWN[3:], *(name for name in _FIELDS if name != "tier"))
# Spreadsheets run a cell that begins so.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Changes:
    """What a file changes: the treatment of each customer (by id) that is not as before, and the line it stands in."""

    file: str
    wanted: Mapping[str, Treatment]
    lines: Mapping[str, int]
    unchanged: int


def write_sheet(lines: Sequence[CustomerLine]) -> bytes:
    """The file for these customers: UTF-8 with its mark, so that spreadsheets read every letter, and no cell they would run."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for line in lines:
        cells = {**_shown(line), **{name: write(field, line.treatment) for name, field in _FIELDS.items()}}
        writer.writerow([_harmless(cells[name]) for name in COLUMNS])
    return b"\xef\xbb\xbf" + text.getvalue().encode("utf-8")


def read_sheet(content: bytes, file: str, known: Sequence[CustomerLine]) -> Changes:
    """What the file changes of the ``known`` customers, which are all there are; ``file`` is its name in messages.

    Only the columns a person may set are read, and those left out change nothing. Raises UnableToImport with every fault
    there is.
    """
    header, rows = _take_apart(content, file)
    sheet = _Sheet(file, header, known)
    for number, cells in rows:
        sheet.hear(number, cells)
    sheet.check_payers()
    if sheet.faults:
        raise UnableToImport(tuple(sorted(sheet.faults, key=lambda fault: fault.line)))
    wanted = {one: treatment for one, treatment in sheet.wanted.items() if treatment != sheet.by_id[one].treatment}
    return Changes(file, wanted, sheet.lines, len(sheet.wanted) - len(wanted))


def _shown(line: CustomerLine) -> dict[str, str]:
    return {
        "seller": line.seller,
        "number": line.number,
        "name": line.name,
        "tier set by": line.tier_set_by,
        "suggested tier": line.suggested.tier if line.suggested else "",
        "suggested because": line.suggested.why if line.suggested else "",
        "behavior": line.behavior,
        "usual days late": str(line.usual_days_late),
        "open": "; ".join(str(sum_) for sum_ in line.open),
    }


def _harmless(cell: str) -> str:
    """``cell`` with a quotation mark before what a spreadsheet would run, and before such a mark: ``_as_meant`` undoes it."""
    return f"'{cell}" if cell.lstrip("'").startswith(_FORMULA) else cell


def _as_meant(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(_FORMULA) else cell


def _take_apart(content: bytes, file: str) -> tuple[dict[str, int], list[tuple[int, list[str]]]]:
    """Where each column stands, and the rows below, with their line numbers."""
    text, _ = decode(content, file)
    delimiter = max(",;\t", key=lambda each: _recognized(text, each))
    rows = list(split_rows(text, delimiter, file))
    line, names = rows[0] if rows else (0, [])
    header: dict[str, int] = {}
    faults = []
    meant = {plain(name): name for name in COLUMNS}
    for index, name in enumerate(names):
        column = meant.get(plain(name), "")
        if name and not column:
            faults.append(Fault(file, line, name, "", "is no column of this file", f"remove it, or choose from {', '.join(COLUMNS)}"))
        elif column in header:
            faults.append(Fault(file, line, name, "", "stands there twice", "remove one of the two"))
        elif column:
            header[column] = index
    if "number" not in header:
        faults.append(Fault(file, line, "number", "", "there is no such column", "begin with what dunwell customers list --csv wrote"))
    if faults:
        raise UnableToImport(tuple(faults))
    return header, rows[1:]


def _recognized(text: str, delimiter: str) -> int:
    try:
        _, header = next(split_rows(text, delimiter, ""), (0, []))
    except UnableToImport:
        return 0
    return len({plain(name) for name in header} & {plain(name) for name in COLUMNS})


class _Sheet:
    """What has been heard of a file so far, row by row; what is wrong is kept in ``faults``."""

    def __init__(self, file: str, header: Mapping[str, int], known: Sequence[CustomerLine]) -> None:
        self._file = file
        self._header = header
        self._by_number: defaultdict[str, list[CustomerLine]] = defaultdict(list)
        for line in known:
            self._by_number[" ".join(line.number.split())].append(line)
        self.by_id = {line.id: line for line in known}
        self.wanted: dict[str, Treatment] = {}
        self.lines: dict[str, int] = {}
        self.faults: list[Fault] = []

    def hear(self, line: int, cells: Sequence[str]) -> None:
        if extra := [cell for cell in cells[max(self._header.values()) + 1 :] if cell]:
            self._blame(line, "", extra[0], "stands beyond the last column", 'put a value with a separator in it in quotation marks: "Bau, Nord"')
            return
        row = {name: _as_meant(cells[index]) if index < len(cells) else "" for name, index in self._header.items()}
        customer = self._find(line, row)
        if customer is None:
            return
        if customer.id in self.lines:
            self._blame(line, "number", row["number"], f"stands in line {self.lines[customer.id]} already", "remove one of the two rows")
            return
        self.lines[customer.id] = line
        values: dict[str, Any] = {}
        for name, field in _FIELDS.items():
            if name in row:
                try:
                    values[field] = read(field, row[name])
                except UnableToReadTreatment as error:
                    self._blame(line, name, row[name], error.problem, error.remedy)
        self.wanted[customer.id] = replace(customer.treatment, **values)

    def check_payers(self) -> None:
        """Whether everybody can pay through whom the file says, once all of it counts."""
        through: dict[str, dict[str, str]] = {}
        for one, line in self.by_id.items():
            through.setdefault(line.seller, {})[line.number] = self.wanted.get(one, line.treatment).pays_through
        for one, treatment in self.wanted.items():
            line, payer = self.by_id[one], treatment.pays_through
            if payer == line.treatment.pays_through:
                continue
            if payer and payer not in through[line.seller]:
                self._blame(self.lines[one], "pays through", payer, "is no customer of this seller", "write the number of one, or nothing")
            elif detour := find_detour(through[line.seller], line.number):
                self._blame(self.lines[one], "pays through", payer, detour, "have everybody pay through the one who is written to, in one step")

    def _find(self, line: int, row: Mapping[str, str]) -> CustomerLine | None:
        number = row["number"]
        found = [one for one in self._by_number.get(number, ()) if row.get("seller", "") in ("", one.seller)]
        if len(found) == 1:
            return found[0]
        if found:
            self._blame(line, "number", number, "is a customer of several sellers", "fill the column seller, as dunwell customers list --csv does")
            return None
        # Spreadsheets take off leading zeros.
        near = next((named for named in self._by_number if number and named.lstrip("0") == number.lstrip("0")), "")
        remedy = f"it may be {near}: format the column as text, so that zeros stay" if near else "dunwell customers list shows all numbers"
        self._blame(line, "number", number, "is no customer known here", remedy)
        return None

    def _blame(self, line: int, column: str, value: str, problem: str, remedy: str) -> None:
        self.faults.append(Fault(self._file, line, column, value, problem, remedy))
