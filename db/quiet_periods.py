"""Quiet periods, as people set them for a seller, a country or a customer."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, RowMapping, bindparam, select

from db.ids import new_id
from db.schema import customers, quiet_periods, sellers
from domain.quiet import QuietPeriod, Scope

# Statements are made once: to make one takes longer than to run it.
_OF = (
    select(quiet_periods.c.first_day, quiet_periods.c.last_day, quiet_periods.c.why, quiet_periods.c.stops_clock)
    .where(quiet_periods.c.whom.in_(bindparam("whom")))
    .order_by(quiet_periods.c.first_day)
)


class UnableToKeepQuiet(Exception):
    """A quiet period that cannot be set or ended so; the message names the field and the remedy."""


@dataclass(frozen=True, slots=True)
class KeptQuiet:
    """A quiet period as it was set. ``whom`` is the seller's or customer's id, or the country's code."""

    id: str
    scope: Scope
    whom: str
    period: QuietPeriod
    set_by: str
    set_at: datetime


def load_quiet(connection: Connection, whom: Collection[str]) -> tuple[QuietPeriod, ...]:
    """The periods of any of ``whom``: ids of sellers and customers, codes of countries; none of these can be mistaken for another."""
    return tuple(QuietPeriod(first, last, why, stops) for first, last, why, stops in connection.execute(_OF, {"whom": list(whom)}))


def list_quiet(connection: Connection) -> tuple[KeptQuiet, ...]:
    """All of them, the latest first."""
    query = select(quiet_periods).order_by(quiet_periods.c.first_day.desc(), quiet_periods.c.id)
    return tuple(_read(row) for row in connection.execute(query).mappings())


def add_quiet(connection: Connection, scope: Scope, whom: str, period: QuietPeriod, by: str, now: datetime) -> KeptQuiet:
    """Raises UnableToKeepQuiet when the seller or customer is not known."""
    kept = KeptQuiet(new_id("qui"), scope, whom, period, by, now)
    table = {Scope.SELLER: sellers, Scope.CUSTOMER: customers}.get(scope)
    if table is not None and connection.execute(select(table.c.id).where(table.c.id == whom)).first() is None:
        raise UnableToKeepQuiet(f"{scope}: no {scope} with the id {whom!r} is known")
    connection.execute(
        quiet_periods.insert().values(
            id=kept.id,
            scope=scope.value,
            whom=whom,
            first_day=period.first_day,
            last_day=period.last_day,
            why=period.why,
            stops_clock=period.stops_clock,
            set_by=by,
            set_at=now,
        )
    )
    return kept


def end_quiet(connection: Connection, id_: str, today: date, by: str, reason: str) -> KeptQuiet:
    """Have a period be over before ``today``; one that has not begun by then never was. What is left of it, or what was.

    Raises UnableToKeepQuiet when there is none, or it is over already.
    """
    row = connection.execute(select(quiet_periods).where(quiet_periods.c.id == id_)).mappings().one_or_none()
    if row is None:
        raise UnableToKeepQuiet(f"no quiet period has the id {id_!r}; dunwell quiet list shows them")
    kept = _read(row)
    if kept.period.last_day < today:
        raise UnableToKeepQuiet(f"the quiet period {id_} was over on {kept.period.last_day} already")
    if kept.period.first_day >= today:
        connection.execute(quiet_periods.delete().where(quiet_periods.c.id == id_))
        return kept
    left = replace(kept.period, last_day=today - timedelta(days=1), why=f"{kept.period.why}; ended early by {by}: {reason}")
    connection.execute(quiet_periods.update().where(quiet_periods.c.id == id_).values(last_day=left.last_day, why=left.why))
    return replace(kept, period=left)


def _read(row: RowMapping) -> KeptQuiet:
    period = QuietPeriod(row["first_day"], row["last_day"], row["why"], row["stops_clock"])
    return KeptQuiet(row["id"], Scope(row["scope"]), row["whom"], period, row["set_by"], row["set_at"])
