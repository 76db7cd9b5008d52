"""Reference rates of statutory interest: the shipped table, and the lines that a business adds in its own folder of playbooks."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

from domain.interest import InterestLaw, Rate, half_year_of
from playbooks.reading import Fault, UnableToLoad

FILE = "interest-rates.csv"

_SHIPPED = Path(__file__).parent
_HEADER = ("law", "from", "percent")
_PERCENT = re.compile(r"-?[0-9]{1,2}(\.[0-9]{1,4})?")
_MOST = Decimal(25)
_LARGEST = 100_000  # bytes


def load_rates(own: Path | None = None) -> tuple[Rate, ...]:
    """Every reference rate, those of the business's own file first. Raises UnableToLoad with every fault found."""
    mine = own / FILE if own else None
    written = _read(mine, str(mine)) if mine and mine.is_file() else ()
    return (*written, *_read(_SHIPPED / FILE, f"playbooks/{FILE}"))


def _read(path: Path, shown: str) -> tuple[Rate, ...]:
    with path.open("rb") as file:
        content = file.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise UnableToLoad([Fault(shown, 1, f"is larger than {_LARGEST:,} bytes; a line for each half-year is enough")])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnableToLoad([Fault(shown, 1, "is not UTF-8 text; save the file as UTF-8")]) from None
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1)]
    rows = [(number, tuple(cell.strip() for cell in line.split(","))) for number, line in lines if line and not line.startswith("#")]
    if not rows or rows[0][1] != _HEADER:
        raise UnableToLoad([Fault(shown, rows[0][0] if rows else 1, f"does not begin with the line {','.join(_HEADER)}; write it above the rates")])
    found: dict[tuple[InterestLaw, date], Rate] = {}
    faults = []
    for number, cells in rows[1:]:
        rate = _rate(cells)
        if isinstance(rate, str):
            faults.append(Fault(shown, number, rate))
        elif (rate.law, rate.since) in found:
            faults.append(Fault(shown, number, f"names {rate.law} from {rate.since.isoformat()} once more; keep one of the lines"))
        else:
            found[rate.law, rate.since] = rate
    if faults:
        raise UnableToLoad(faults)
    return tuple(found.values())


def _rate(cells: tuple[str, ...]) -> Rate | str:
    """The rate of a line; or what is wrong with it, and the remedy."""
    if len(cells) != len(_HEADER):
        return f"has {len(cells)} cells; write law, from and percent, the latter with a point, such as eu,2026-01-01,2.15"
    law, since, percent = cells
    if law not in set(InterestLaw):
        return f"law {law!r} is unknown; choose from {', '.join(InterestLaw)}"
    try:
        day = date.fromisoformat(since)
    except ValueError:
        day = None
    if day is None or day != half_year_of(day):
        return f"from {since!r} begins no half-year; write 1 January or 1 July, such as 2026-07-01"
    if not _PERCENT.fullmatch(percent) or abs(Decimal(percent)) > _MOST:
        return f"percent {percent!r} is no reference rate; write the published rate alone, such as 2.15, without the points that the law adds"
    return Rate(InterestLaw(law), day, Decimal(percent))
