"""The words of a colleague that somebody passed on: their days count from the day they were written, which a line above them tells."""

from __future__ import annotations

import re
from datetime import date, timedelta

from domain.calendar import BusinessCalendar
from domain.plain_words import plain
from domain.promise_day import language_of_days, name_days

# As mail programs write it: with the hour, which tells it from the date of an invoice or of a payment.
_WRITTEN = re.compile(r"^\W{0,3}(?:date|sent|gesendet|datum)\W{0,3}:(?P<day>.+?)[0-9]{1,2}[:.][0-9]{2}\b.*$", re.IGNORECASE | re.MULTILINE)
_LONG_AGO = timedelta(days=60)


def part_passed_on(text: str, language: str, today: date, calendar: BusinessCalendar) -> tuple[str, str, date] | None:
    """What stands above and below the line that tells when the words below it were written, and that day; None where there is no
    such line, or where its day is not lately gone by. The rest as for ``find_promise``."""
    found = _WRITTEN.search(text)
    if not found:
        return None
    line = plain(found["day"])
    named = name_days(line, language, language_of_days(line, language, today, calendar), today, calendar, None)
    written_on = next((one.resolved.day for one in named if today - _LONG_AGO <= one.resolved.day <= today), None)
    return (text[: found.start()], text[found.end() :], written_on) if written_on else None
