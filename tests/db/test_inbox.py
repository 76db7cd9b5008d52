from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from db import inbox, invoices, parties
from db.engine import Database
from domain.answers import Reply
from domain.event import HoldPlaced, InvoiceChanged
from support.office import SELLER
from support.worlds import an_invoice

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def test_the_same_delivery_is_stored_once_however_often_it_comes(database: Database) -> None:
    stored = []
    for _ in range(46):
        with database.transaction() as connection:
            stored.append(
                inbox.receive(
                    connection, source="rest:a", source_id="evt-1", kind="changed", body="{}", now=NOW, seller_id="a", ref="R-1", news=InvoiceChanged()
                )
            )
    assert len({row for row, _ in stored}) == 1
    assert sum(is_new for _, is_new in stored) == 1


def test_a_hint_belongs_to_the_case_of_its_sellers_invoice_or_to_none_as_yet(database: Database) -> None:
    with database.transaction() as connection:
        for seller in (SELLER, replace(SELLER, id="other")):
            parties.save_seller(connection, seller)
        row = parties.CustomerRow("C-1", "Ling GmbH", "DE", ("Europe/Berlin",), "en", ())
        customer = parties.save_customers(connection, SELLER.id, [row])["C-1"]
        invoices.save_invoices(connection, [(replace(an_invoice(NOW.date()), seller=SELLER.id, customer=customer), "R-1")], NOW)
        known = invoices.find_by_ref(connection, SELLER.id, "R-1")
        assert known is not None
        found = {}
        for seller, ref in ((SELLER.id, "R-1"), (SELLER.id, "R-2"), ("other", "R-1")):
            key = f"{seller}/{ref}"
            word, is_new = inbox.receive(
                connection, source="rest", source_id=key, kind="changed", body="{}", now=NOW, seller_id=seller, ref=ref, cases="invoice/", news=InvoiceChanged()
            )
            again = inbox.receive(connection, source="rest", source_id=key, kind="changed", body="{}", now=NOW, seller_id=seller, ref=ref, cases="invoice/")
            assert is_new and again == (word, False)
            stored = inbox.load_word(connection, word)
            assert stored is not None and (stored.seller, stored.ref, stored.news) == (seller, ref, InvoiceChanged())
            found[key] = stored.case
    assert found == {f"{SELLER.id}/R-1": f"invoice/{known.id}", f"{SELLER.id}/R-2": "", "other/R-1": ""}


def test_a_word_is_heard_once_and_its_answer_stays(database: Database) -> None:
    with database.transaction() as connection:
        word, _ = inbox.receive(
            connection, source="person", source_id="1", kind="hold", body="", now=NOW, case_id="invoice/x", news=HoldPlaced(by="Ann", why="asked")
        )
        assert [one.news for one in inbox.unfolded(connection, "invoice/x")] == [HoldPlaced(by="Ann", why="asked")]
        assert inbox.restrained(connection, ["invoice/x"])
        inbox.mark_folded(connection, word, 3, Reply(True, "held"), NOW)
        assert inbox.unfolded(connection, "invoice/x") == ()
        assert not inbox.restrained(connection, ["invoice/x"])
        found = inbox.load_word(connection, word)
        assert found is not None
        assert found.reply == Reply(True, "held")


def test_a_bare_hint_restrains_nothing(database: Database) -> None:
    with database.transaction() as connection:
        inbox.receive(connection, source="rest:a", source_id="1", kind="changed", body="{}", now=NOW, case_id="invoice/x", news=InvoiceChanged())
        assert not inbox.restrained(connection, ["invoice/x"])


def test_a_row_that_keeps_failing_blocks_no_other(database: Database) -> None:
    with database.transaction() as connection:
        bad, _ = inbox.receive(connection, source="rest:a", source_id="bad", kind="changed", body="{}", now=NOW, seller_id="a", ref="?")
        inbox.mark_failed(connection, bad, "no such invoice")
        good, _ = inbox.receive(connection, source="rest:a", source_id="good", kind="changed", body="{}", now=NOW, seller_id="a", ref="R")
        assert [row.id for row in inbox.waiting(connection)] == [good, bad]
