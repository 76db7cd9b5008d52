"""The short forms of office mail: "EOM", "EOW", "COB Friday", and the ends of a working day."""

from __future__ import annotations

from datetime import date

from domain.day_readers import Reader, after, last_of_month, read_calendar_week, read_part, read_weekend
from domain.named_days import MONTH, WEEKDAY


def short_forms(language: str, next_: str, today: str) -> tuple[tuple[str, Reader], ...]:
    """``EOM``, ``EOW`` and ``COB`` as Germans write them, too; ``next_`` are the words for this and next."""
    week, month = ("week", "month") if language == "en" else ("woche", "monat(?:s|en)?")
    return (
        (rf"\beom,? (?:of |in |im |des |d\. )?(?P<which>)(?P<part>)(?P<unit>{MONTH[language]})", read_part),
        (rf"\b(?P<unit>{MONTH[language]}) eom\b(?P<which>)(?P<part>)", read_part),
        (rf"\beom,? (?:of |des )?(?P<which>{next_}) (?P<unit>{month})(?P<part>)\b", read_part),
        (rf"\beow,? (?:of |der )?(?P<which>{next_}) (?P<unit>{week})(?P<part>)\b", read_part),
        (rf"\b(?P<which>{next_}) (?P<unit>{week})(?P<part>),? eow\b", read_part),
        (r"\beow,? (?:of |in |der )*(?:week|wk|cw|kw|woche|kalenderwoche) ?(?P<n>[0-9]{1,2})(?P<part>)\b", read_calendar_week),
        (r"\beom\b", lambda _, when: last_of_month(when.today.year, when.today.month)),
        (r"\beow\b", lambda _, when: read_weekend(4, when)),
        (r"\beoq\b", lambda _, when: last_of_month(when.today.year, (when.today.month + 2) // 3 * 3)),
        (r"\beoy\b", lambda _, when: date(when.today.year, 12, 31)),
        (
            rf"(?<!day )(?<!day by )(?<!tag )(?<!tag bis )(?<!tag zum )(?<!woch )(?<!woch bis )(?<!morrow )(?<!morgen )(?<![0-9] )(?<![0-9]\. )"
            rf"\b(?:cob|eod|eob|eobd|cop|eop|{today})\b"
            rf"(?!,? ?(?:on |am |of )?(?:{WEEKDAY[language]}|tomorrow|morgen|uebermorgen|the|next|de[mrsn]|naechst|kommend|{MONTH[language]}|[0-9]))",
            after(0),
        ),
    )
