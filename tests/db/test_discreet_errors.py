"""What a database refuses is told without the values of the row: errors travel into logs and into Temporal."""

from __future__ import annotations

import traceback
from typing import Any

import pytest
from sqlalchemy import Date, Integer, cast, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
from temporalio.api.failure.v1 import Failure
from temporalio.contrib.pydantic import pydantic_data_converter

from cli.faults import explain
from db import parties
from db.engine import Database
from db.ids import new_id
from db.parties import CustomerRow
from db.schema import contacts, customers, invoices, people
from domain.customer import Role
from support.rig import SELLER

SECRET = "Marguerite Delacroix-Quux"

CUSTOMER = {"id": "cus_1", "seller_id": SELLER.id, "number": "7", "name": SECRET, "country": "DE", "zones": [SECRET], "language": "en"}

REFUSED: dict[str, Any] = {
    "a value that is missing": insert(customers).values(CUSTOMER | {"behavior": None, "tier": "standard"}),
    "a key that is taken": insert(customers).values(CUSTOMER | {"number": SECRET, "behavior": "new", "tier": "standard"}),
    "a name that is taken": insert(people).values(id="p2", name=SECRET, role="viewer", created_at=text("CURRENT_TIMESTAMP")),
    "a row that is not there": insert(contacts).values(
        id="con_1", customer_id=SECRET, role="billing", name=SECRET, email=SECRET, phone="", language="en", refused=[], set_by=""
    ),
    "a number that is none": select(cast(customers.c.name + '" and more', Integer)),
    "a day that is none": select(cast(customers.c.name, Date)),
    "a text for a number": insert(invoices).values(id="inv", total_minor=SECRET),
    "a table that is not there": text("SELECT * FROM nowhere"),
}


def traces(error: Exception) -> str:
    """Whatever a log, a terminal or Temporal would keep of an error."""
    failure = Failure()
    pydantic_data_converter.failure_converter.to_failure(error, pydantic_data_converter.payload_converter, failure)
    return "\n".join((str(error), repr(error), str(failure), "".join(traceback.format_exception(error)), explain(error)))


@pytest.mark.parametrize("statement", REFUSED.values(), ids=REFUSED)
def test_a_refused_row_is_not_quoted_in_the_error(database: Database, statement: Any) -> None:
    with database.transaction() as connection:
        parties.save_seller(connection, SELLER)
        parties.save_customers(connection, SELLER.id, [CustomerRow(SECRET, SECRET, "DE", ("Europe/Berlin",), "en", ((Role.BILLING, SECRET, SECRET, ""),))])
        connection.execute(insert(people).values(id=new_id("p"), name=SECRET, role="viewer", created_at=text("CURRENT_TIMESTAMP")))
    told = ""
    try:
        with database.transaction() as connection:
            connection.execute(statement)
    except SQLAlchemyError as error:
        told = traces(error)
    assert told or database.is_sqlite  # it is less strict about types, and takes some of these
    assert SECRET not in told and "Delacroix" not in told


def test_the_error_still_says_which_rule_was_broken(database: Database) -> None:
    with database.transaction() as connection:
        parties.save_seller(connection, SELLER)
    with pytest.raises(IntegrityError) as refused, database.transaction() as connection:
        connection.execute(REFUSED["a value that is missing"])
    assert "behavior" in str(refused.value) and isinstance(refused.value, DBAPIError)
    assert "behavior" in explain(refused.value) and "DUNWELL_DATABASE_URL" in explain(refused.value)
