"""Nothing in the diaries can be changed unseen, and the check names what was changed first."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import Connection, delete, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from db import audit, cases, journal, migrate, parties, seals
from db.audit import Damage
from db.engine import Database
from db.schema import journal as rows
from db.schema import sealed_heads
from db.schema import seals as seal_rows
from db.seals import Seal
from domain.chain import Harm, hash_after, spell
from domain.diary import Entry, EntryKind
from support.office import SELLER, Office

NOW = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)
NIGHT = timedelta(days=1)


class World:
    """Three invoices with five lines each; two more lines for the second invoice after the first seal."""

    def __init__(self, database: Database) -> None:
        self.database = database
        with database.transaction() as connection:
            parties.save_seller(connection, SELLER)
        office = Office(database, NOW)
        customer = office.customer()
        self.cases = sorted(f"invoice/{office.invoice(f'INV-{number}', customer)}" for number in range(3))
        for case in self.cases:
            self.tell(case, 4)
        self.first = self.seal(1)
        self.tell(self.cases[1], 2)
        self.second = self.seal(2)

    def tell(self, case: str, lines: int) -> None:
        with self.database.transaction() as connection:
            for number in range(lines):
                journal.write(connection, case, number, [Entry(NOW, NOW.date(), 5, EntryKind.PERSON, f"held by Ann: reason {number}", "Ann")])

    def seal(self, nights: int) -> Seal:
        with self.database.transaction() as connection:
            return seals.make(connection, NOW + nights * NIGHT)

    def damages(self, since: Seal | None = None) -> list[Damage]:
        with audit.holding_still(self.database) as connection:
            return list(audit.check(connection, since))

    def found(self) -> list[tuple[Harm, int, int]]:
        return [(damage.harm, damage.row, damage.seal) for damage in self.damages()]

    def change(self, how: Callable[[Connection, str], object]) -> None:
        """What somebody does who can write the database."""
        with self.database.transaction() as connection:
            how(connection, self.cases[1])


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


def at(case: str, place: int) -> tuple[object, ...]:
    return rows.c.case_id == case, rows.c.place == place


def alter(connection: Connection, case: str) -> None:
    connection.execute(update(rows).where(*at(case, 3)).values(what="held by Ann: the customer asked"))


def redate(connection: Connection, case: str) -> None:
    connection.execute(update(rows).where(*at(case, 3)).values(at=NOW - timedelta(microseconds=1)))


def rename(connection: Connection, case: str) -> None:
    connection.execute(update(rows).where(*at(case, 3)).values(by="Tom"))


def remove(connection: Connection, case: str) -> None:
    connection.execute(delete(rows).where(*at(case, 3)))


def remove_and_number_anew(connection: Connection, case: str) -> None:
    remove(connection, case)
    for place in (4, 5, 6, 7):
        connection.execute(update(rows).where(*at(case, place)).values(place=place - 1))


def remove_tail(connection: Connection, case: str) -> None:
    connection.execute(delete(rows).where(rows.c.case_id == case, rows.c.place >= 6))


def remove_all(connection: Connection, case: str) -> None:
    connection.execute(delete(rows).where(rows.c.case_id == case))


def put_in(connection: Connection, case: str) -> None:
    for place in (7, 6, 5, 4, 3):
        connection.execute(update(rows).where(*at(case, place)).values(place=place + 1))
    connection.execute(insert(rows).values(case_id=case, place=3, seq=1, at=NOW, on=NOW.date(), day=5, kind="person", what="x", by="Ann", hash="0" * 64))


def swap(connection: Connection, case: str) -> None:
    for before, after in ((3, 99), (4, 3), (99, 4)):
        connection.execute(update(rows).where(*at(case, before)).values(place=after))


def rewrite(connection: Connection, case: str) -> None:
    """Change a row and chain all after it anew, as the formula is no secret."""
    alter(connection, case)
    before = connection.execute(select(rows.c.hash).where(*at(case, 2))).scalar_one()
    for place in range(3, 8):
        r = connection.execute(select(rows).where(*at(case, place))).mappings().one()
        before = hash_after(before, spell(case, place, r["seq"], r["at"], r["on"], r["day"], r["kind"], r["what"], r["by"]))
        connection.execute(update(rows).where(*at(case, place)).values(hash=before))


def alter_seal(connection: Connection, case: str) -> None:
    connection.execute(update(seal_rows).where(seal_rows.c.number == 1).values(cases=2))


def alter_digest(connection: Connection, case: str) -> None:
    connection.execute(update(seal_rows).where(seal_rows.c.number == 2).values(digest="0" * 64))


def alter_head(connection: Connection, case: str) -> None:
    connection.execute(update(sealed_heads).where(sealed_heads.c.case_id == case, sealed_heads.c.seal == 1).values(hash="0" * 64))


def remove_first_seal(connection: Connection, case: str) -> None:
    connection.execute(delete(seal_rows).where(seal_rows.c.number == 1))


def remove_last_seal(connection: Connection, case: str) -> None:
    connection.execute(delete(seal_rows).where(seal_rows.c.number == 2))


def test_what_was_written_is_whole(world: World) -> None:
    assert world.damages() == []
    assert (world.first.cases, world.second.cases) == (3, 1)
    assert world.second.previous == world.first.digest
    with world.database.reading() as connection:
        assert audit.count_rows(connection) == 17


@pytest.mark.parametrize(
    "how, harm, row, seal",
    [
        (alter, Harm.ALTERED, 3, 0),
        (redate, Harm.ALTERED, 3, 0),
        (rename, Harm.ALTERED, 3, 0),
        (remove, Harm.REMOVED, 3, 0),
        (remove_and_number_anew, Harm.REMOVED, 3, 0),
        (remove_tail, Harm.TAIL_REMOVED, 6, 0),
        (remove_all, Harm.TAIL_REMOVED, 1, 0),
        (put_in, Harm.INSERTED, 3, 0),
        (swap, Harm.REORDERED, 3, 0),
        (rewrite, Harm.REWRITTEN, 1, 0),
        (alter_seal, Harm.SEAL_ALTERED, 0, 1),
        (alter_digest, Harm.SEAL_ALTERED, 0, 2),
        (alter_head, Harm.SEAL_ALTERED, 0, 1),
        (remove_first_seal, Harm.SEAL_MISSING, 0, 1),
        (remove_last_seal, Harm.SEAL_MISSING, 0, 2),
    ],
)
def test_every_damage_is_found_by_its_name_and_place(world: World, how: Callable[[Connection, str], object], harm: Harm, row: int, seal: int) -> None:
    world.change(how)
    assert world.found() == [(harm, row, seal)]
    (damage,) = world.damages()
    if row:
        with world.database.transaction() as connection:
            case = cases.load_case(connection, world.cases[1])
        assert case and (damage.case, damage.invoice) == (case.id, case.invoice.number)


def test_a_seal_made_after_the_damage_does_not_cover_it(world: World) -> None:
    for how in (remove_tail, remove_last_seal):
        world.change(how)
    third = world.seal(3)
    assert third.number == 3
    assert world.found() == [(Harm.SEAL_MISSING, 0, 2), (Harm.TAIL_REMOVED, 6, 0)]


def test_each_damaged_diary_is_named(world: World) -> None:
    world.change(alter)
    with world.database.transaction() as connection:
        remove(connection, world.cases[2])
    assert {(damage.case, damage.harm) for damage in world.damages()} == {(world.cases[1], Harm.ALTERED), (world.cases[2], Harm.REMOVED)}


def test_a_check_since_a_day_takes_what_was_sealed_before_as_it_stands(world: World) -> None:
    with world.database.reading() as connection:
        base = audit.find_seal_before(connection, NOW + 1.5 * NIGHT)
        assert base == world.first
        assert audit.count_rows(connection, base) == 2
        assert audit.find_seal_before(connection, NOW) is None
    assert world.damages(since=base) == []
    world.change(alter)
    assert world.damages(since=base) == []
    with world.database.transaction() as connection:
        connection.execute(update(rows).where(*at(world.cases[1], 7)).values(what="x"))
    assert [(damage.harm, damage.row) for damage in world.damages(since=base)] == [(Harm.ALTERED, 7)]


def test_a_night_in_which_nothing_happened_has_a_seal_all_the_same(world: World) -> None:
    third = world.seal(3)
    assert (third.cases, third.previous) == (0, world.second.digest)
    assert world.damages() == []


def test_two_writers_cannot_continue_one_diary_at_the_same_place(world: World) -> None:
    with world.database.reading() as connection:
        last = connection.execute(select(rows).where(rows.c.case_id == world.cases[0]).order_by(rows.c.place.desc())).mappings().first()
    assert last is not None
    with pytest.raises(IntegrityError), world.database.transaction() as connection:
        connection.execute(insert(rows).values({**last, "id": None} | {"id": last["id"] + 1_000}))


def test_an_export_can_be_checked_without_dunwell(world: World) -> None:
    with world.database.reading() as connection:
        exported = [json.loads(json.dumps(row)) for row in audit.export(connection, world.cases[1])]
    before = ""
    for place, row in enumerate(exported, 1):
        assert row["before"] == before
        assert row["hash"] == sha256(f"{before}\n{row['text']}".encode()).hexdigest()
        assert [row[name] for name in ("case", "row", "seq", "at", "on", "day", "kind", "what", "by")] == json.loads(row["text"])
        assert (row["row"], row["case"]) == (place, world.cases[1])
        before = row["hash"]
    assert len(exported) == 7 and exported[-1]["by"] == "Ann"


def test_rows_written_before_there_were_hashes_are_chained_by_the_migration(world: World) -> None:
    with world.database.reading() as connection:
        told = [journal.read(connection, case) for case in world.cases]
        before = connection.execute(select(rows.c.hash).order_by(rows.c.case_id, rows.c.place)).scalars().all()
    migrate.downgrade(world.database, "0005")
    migrate.upgrade(world.database)
    with world.database.reading() as connection:
        assert [journal.read(connection, case) for case in world.cases] == told
        assert connection.execute(select(rows.c.hash).order_by(rows.c.case_id, rows.c.place)).scalars().all() == before
    world.tell(world.cases[0], 1)
    assert world.damages() == []


def test_the_file_outside_gets_each_seal_once_and_knows_what_the_database_lost(world: World, tmp_path: Path) -> None:
    file = tmp_path / "seals.jsonl"

    def known() -> tuple[Seal, ...]:
        with world.database.reading() as connection:
            return seals.load_seals(connection)

    assert seals.keep_outside(file, known()[:1]) == 1
    assert seals.keep_outside(file, known()) == 1
    assert seals.keep_outside(file, known()) == 0
    assert seals.read_outside(file) == known() == (world.first, world.second)
    assert audit.compare(known(), seals.read_outside(file)) == ()
    # Somebody takes the last lines, their seal and all that it vouched for, so that what is left is whole.
    world.change(remove_tail)
    world.change(remove_last_seal)
    with world.database.transaction() as connection:
        connection.execute(delete(sealed_heads).where(sealed_heads.c.seal == 2))
    assert world.damages() == []
    assert audit.compare(known(), seals.read_outside(file)) == (world.second,)
    assert audit.compare((world.first, replace(world.second, digest="0" * 64)), seals.read_outside(file)) == (world.second,)


def test_a_file_outside_that_is_not_ours_is_named_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "seals.jsonl"
    seal = Seal(1, NOW, 3, "", "a" * 64)
    seals.keep_outside(file, (seal,))
    for line, where in (("{", "the line"), ('{"number": 1}', "at"), ('{"number": "x"}', "number")):
        file.write_text(file.read_text().splitlines()[0] + "\n" + line + "\n")
        with pytest.raises(seals.UnableToKeepSeals, match=rf"seals.jsonl:2: {where}"):
            seals.read_outside(file)
    with pytest.raises(seals.UnableToKeepSeals, match=r"DUNWELL_SEALS_FILE: .*make the folder"):
        seals.keep_outside(tmp_path / "nowhere" / "seals.jsonl", (seal,))


def test_however_many_rows_there_are_the_check_needs_little_memory(world: World) -> None:
    with world.database.transaction() as connection:
        names = connection.execute(text("select count(*) from journal")).scalar_one()
        entries = [Entry(NOW, NOW.date(), 5, EntryKind.PERSON, f"line {number} " + "x" * 200, "Ann") for number in range(50)]
        body = connection.execute(text("select * from cases limit 1")).mappings().one()
        invoice = connection.execute(text("select * from invoices limit 1")).mappings().one()
        for number in range(200):
            one = {**invoice, "id": f"inv_n{number}", "number": f"N-{number}", "ref": f"n/{number}"}
            _copy(connection, "invoices", one)
            _copy(connection, "cases", {**body, "id": f"invoice/inv_n{number}", "invoice_id": one["id"]})
            journal.write(connection, f"invoice/inv_n{number}", 1, entries)
    assert world.damages() == []  # what is loaded once stands in memory now
    seen: list[int] = []
    tracemalloc.start()
    with audit.holding_still(world.database) as connection:
        assert list(audit.check(connection, progress=seen.append)) == []
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert seen == sorted(seen) and seen[-1] == names + 10_000
    assert peak < 8_000_000, f"{peak} bytes for {seen[-1]} rows, which would fill {seen[-1] * 1_000}"


def _copy(connection: Connection, table: str, row: dict[str, object]) -> None:
    columns = ", ".join(f'"{name}"' for name in row)
    values = ", ".join(f":{name}" for name in row)
    connection.execute(text(f"insert into {table} ({columns}) values ({values})"), {name: _plain(value) for name, value in row.items()})


def _plain(value: object) -> object:
    return json.dumps(value) if isinstance(value, (dict, list)) else value
