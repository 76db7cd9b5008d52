"""A diary is a chain: whatever is done to one of its rows is found, at its place and by its name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.chain import Harm, Link, find_break, hash_after, spell

CASE = "invoice/inv_1"
AT = datetime(2026, 3, 2, 9, 0, 0, 5, tzinfo=UTC)


def chain(length: int) -> list[Link]:
    rows, before = [], ""
    for place in range(1, length + 1):
        fields = (place, AT + timedelta(hours=place), date(2026, 3, 2), place - 3, "person", f"line {place}", "Ann")
        before = hash_after(before, spell(CASE, place, *fields))
        rows.append(Link(place, *fields, before))
    return rows


def numbered(rows: list[Link]) -> list[Link]:
    """The rows as somebody would number them who covers the traces."""
    return [replace(row, place=place) for place, row in enumerate(rows, 1)]


def test_what_was_written_is_whole() -> None:
    for length in (0, 1, 2, 9):
        assert find_break(CASE, chain(length)) is None


def test_the_formula_is_the_one_that_the_page_on_audits_gives() -> None:
    text = '["invoice/inv_1",1,1,"2026-03-02 10:00:00.000005","2026-03-02",-2,"person","line 1","Ann"]'
    assert chain(1)[0].hash == sha256(f"\n{text}".encode()).hexdigest()


def test_a_moment_is_the_same_in_every_zone_and_as_the_text_that_sqlite_keeps() -> None:
    moments = AT, AT.astimezone(timezone(timedelta(hours=14))), "2026-03-02 09:00:00.000005"
    spelled = {spell(CASE, 1, 1, at, "2026-03-02", 0, "person", "x", "") for at in moments}
    assert len(spelled) == 1


def altered(rows: list[Link], at: int) -> list[Link]:
    return [replace(row, what="paid in full") if row.place == at else row for row in rows]


def hash_altered(rows: list[Link], at: int) -> list[Link]:
    return [replace(row, hash="0" * 64) if row.place == at else row for row in rows]


def removed(rows: list[Link], at: int) -> list[Link]:
    return [row for row in rows if row.place != at]


def inserted(rows: list[Link], at: int) -> list[Link]:
    return numbered([*rows[: at - 1], replace(rows[0], what="never said", hash="1" * 64), *rows[at - 1 :]])


def inserted_with_a_hash(rows: list[Link], at: int) -> list[Link]:
    made = replace(rows[at - 1], what="never said")
    before = str(rows[at - 2].hash) if at > 1 else ""
    made = replace(made, hash=hash_after(before, spell(CASE, at, made.seq, made.at, made.on, made.day, made.kind, made.what, made.by)))
    return numbered([*rows[: at - 1], made, *rows[at - 1 :]])


def swapped(rows: list[Link], at: int) -> list[Link]:
    return numbered([*rows[: at - 1], rows[at], rows[at - 1], *rows[at + 1 :]])


def moved_far(rows: list[Link], at: int) -> list[Link]:
    return numbered([*rows[: at - 1], *rows[at:], rows[at - 1]])


@pytest.mark.parametrize(
    "tamper, harm, found_at",
    [
        (altered, Harm.ALTERED, 4),
        (hash_altered, Harm.ALTERED, 4),
        (removed, Harm.REMOVED, 4),
        (lambda rows, at: numbered(removed(rows, at)), Harm.REMOVED, 4),
        (lambda rows, at: numbered(removed(removed(rows, at), at + 1)), Harm.REMOVED, 4),
        (inserted, Harm.INSERTED, 4),
        # It fits where it stands; the true row after it is then the first that does not.
        (inserted_with_a_hash, Harm.ALTERED, 5),
        (swapped, Harm.REORDERED, 4),
        (moved_far, Harm.REORDERED, 4),
    ],
)
def test_the_harm_is_told_by_its_name_and_place(tamper: Callable[[list[Link], int], list[Link]], harm: Harm, found_at: int) -> None:
    found = find_break(CASE, tamper(chain(9), 4))
    assert found and (found.harm, found.row) == (harm, found_at), found
    assert found.said


def test_a_row_that_stands_there_twice_was_put_in() -> None:
    rows = chain(5)
    found = find_break(CASE, [*rows[:3], replace(rows[2], what="never said"), *rows[3:]])
    assert found and (found.harm, found.row) == (Harm.INSERTED, 3)


def test_a_row_of_another_diary_does_not_fit() -> None:
    assert find_break("invoice/inv_2", chain(3)) is not None


def test_a_check_can_begin_after_a_row_that_is_known() -> None:
    rows = chain(6)
    assert find_break(CASE, rows[3:], before=rows[2].hash, place=4) is None
    assert find_break(CASE, rows[3:], before=rows[1].hash, place=4) is not None


@given(st.integers(1, 12), st.data())
def test_no_change_to_a_row_stays_unseen(length: int, data: st.DataObject) -> None:
    rows = chain(length)
    at = data.draw(st.integers(0, length - 1))
    field = data.draw(st.sampled_from(["seq", "at", "on", "day", "kind", "what", "by", "hash", "place"]))
    value = data.draw(st.none() | st.integers() | st.text() | st.binary() | st.dates())
    tampered = [*rows[:at], replace(rows[at], **{field: value}), *rows[at + 1 :]]
    found = find_break(CASE, tampered)
    assert (found is None) == (tampered == rows or spell(CASE, 1, value, 0, 0, 0, 0, 0, 0) == spell(CASE, 1, getattr(rows[at], field), 0, 0, 0, 0, 0, 0))
    assert found is None or found.row in (at + 1, value)
