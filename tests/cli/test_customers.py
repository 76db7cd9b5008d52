"""Customers and contacts from the command line, and the round trip through a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from cli.customer_sheet import COLUMNS, read_sheet, write_sheet
from db.customers import CustomerLine
from db.people import Access
from db.schema import customers as rows
from db.schema import inbox, tasks
from domain.customer import Behavior, Tier
from domain.treatment import Treatment
from integrations.accounting.csv_sheet import UnableToImport
from tests.cli.installation import Installation

WHY = ("--reason", "yearly review")


@pytest.fixture
def office(answering: Installation, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """Three customers with an invoice each, two of them watched; what is passed on to invoices is taken."""

    async def report(door: object, word: str) -> bool:
        return True

    monkeypatch.setattr("starter.Door.report", report)
    answering.run("import", str(answering.write_csv(("A-1", "oak", 40), ("A-2", "elm", 4), ("A-3", "ash", 4), paid=("A-3",))))
    answering.look_at_all()
    return answering


def listed(installation: Installation, *words: str) -> dict[str, Any]:
    return {one["number"]: one for one in json.loads(installation.run("customers", "list", "--json", *words).stdout)}


def exported(installation: Installation) -> list[dict[str, str]]:
    file = installation.folder / "customers.csv"
    installation.run("customers", "list", "--csv", str(file))
    return list(csv.DictReader(io.StringIO(file.read_bytes().decode("utf-8-sig"), newline="")))


def written(installation: Installation, table: list[dict[str, str]], delimiter: str = ",", encoding: str = "utf-8-sig") -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(table[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(table)
    file = installation.folder / "customers.csv"
    file.write_bytes(text.getvalue().encode(encoding))
    return str(file)


def test_the_list_tells_tier_and_who_set_it_behavior_and_what_is_open(office: Installation) -> None:
    office.run("customers", "set", "oak", "--tier", "strategic", "--account-manager", "Tom Bell", *WHY)
    said = office.run("customers", "list").stdout
    assert "strategic (set by" in said and "Tom Bell" in said and "100.00 EUR" in said and "3 customers." in said
    found = listed(office)
    assert found["oak"]["tier"] == "strategic" and found["oak"]["tier_set_by"]
    assert found["oak"]["open"] == [{"amount": "100.00", "currency": "EUR"}] and found["ash"]["open"] == []
    assert found["elm"]["tier_set_by"] is None and found["elm"]["suggested"] is None


def test_the_list_is_narrowed_by_tier_behavior_and_text(office: Installation) -> None:
    office.run("customers", "set", "oak", "--tier", "vip", *WHY)
    assert list(listed(office, "--tier", "vip")) == ["oak"]
    assert list(listed(office, "--text", "ELM")) == ["elm"]
    assert list(listed(office, "--behavior", "new")) == ["ash", "elm", "oak"]
    assert "No customer is like that" in office.run("customers", "list", "--suggested").stdout


def test_a_change_is_said_kept_with_its_person_and_told_to_the_running_invoices(office: Installation) -> None:
    said = office.run("customer", "set", "oak", "--tier", "vip", "--region", "by", *WHY, "--by", "Ada Owner").stdout
    assert said == "Customer oak: tier vip instead of standard, region BY instead of none. 1 invoice is looked at again now.\n"
    assert listed(office)["oak"]["tier_set_by"].endswith(" for Ada Owner")
    with office.database().reading() as connection:
        (news,) = connection.scalars(select(inbox.c.news).where(inbox.c.kind == "customer"))
    assert news["what"] == "tier vip instead of standard, region BY instead of none" and news["why"] == "yearly review"
    assert "Customer oak is as before." in office.run("customers", "set", "oak", "--tier", "vip", *WHY).stdout


def test_consent_is_given_and_taken_back_one_by_one(office: Installation) -> None:
    office.run("customers", "set", "oak", "--consent", "text", "--consent", "recording", "--prefers", "sms", *WHY)
    office.run("customers", "set", "oak", "--withdraw", "recording", "--natural-person", *WHY)
    assert (listed(office)["oak"]["consents"], listed(office)["oak"]["natural_person"]) == (["text"], True)


def test_what_cannot_be_set_is_refused_with_its_field_and_remedy(office: Installation) -> None:
    before = listed(office)
    refused = [
        (("oak",), "say what to change"),
        (("nobody", "--tier", "vip"), "no customer has the number 'nobody'"),
        (("oak", "--account-manager-email", "tom"), "account manager email: 'tom' is not an e-mail address"),
        (("oak", "--account-manager", "x" * 201), "account manager: is too long"),
        (("oak", "--prefers", "fax"), "preferred channel: 'fax' is no channel; write one of email, sms"),
        (("oak", "--region", "Bavaria"), "region: 'Bavaria' is no region"),
        (("oak", "--pays-through", "oak"), "cannot pay through itself"),
        (("oak", "--pays-through", "yew"), "no customer of the seller main has the number 'yew'"),
    ]
    for words, problem in refused:
        assert problem in office.run("customers", "set", *words, *WHY, status=2 if len(words) == 1 else 1).stderr
    assert listed(office) == before


def test_only_who_may_change_invoices_changes_customers(office: Installation) -> None:
    viewer = office.token("Kim", Access.VIEWER)
    file = written(office, exported(office))
    for words in (("customers", "set", "oak", "--tier", "vip"), ("customers", "import", file), ("contact", "set", "oak", "--role", "cfo", "--email", "a@b.co")):
        assert "Kim has the role viewer, and this needs the role agent" in office.run(*words, *WHY, status=1, DUNWELL_TOKEN=viewer).stderr


def test_with_temporal_away_the_change_is_kept_and_told_later(installation: Installation) -> None:
    installation.run("import", str(installation.write_csv(("A-1", "oak", 40))))
    installation.look_at_all()
    said = installation.run("customers", "set", "oak", "--tier", "vip", *WHY).stdout
    assert "Temporal is away, so 1 invoice looks again once it is back." in said
    with installation.database().reading() as connection:
        assert list(connection.scalars(select(inbox.c.state).where(inbox.c.kind == "customer"))) == ["new"]


# The spreadsheet


def test_what_was_written_and_not_changed_changes_nothing(office: Installation) -> None:
    office.run("customers", "set", "oak", "--tier", "vip", "--account-manager", "=HYPERLINK(1)", "--consent", "text", *WHY)
    office.run("customers", "set", "elm", "--pays-through", "oak", *WHY)
    before = listed(office)
    exported(office)
    said = office.run("customers", "import", str(office.folder / "customers.csv"), *WHY).stdout
    assert said == "0 customers changed, 3 as before.\n"
    assert listed(office) == before


@pytest.mark.parametrize("delimiter, encoding", [(",", "utf-8-sig"), (";", "cp1252"), ("\t", "utf-16"), (";", "utf-8")])
def test_a_file_saved_by_any_spreadsheet_is_understood(office: Installation, delimiter: str, encoding: str) -> None:
    table = exported(office)
    for row in table:
        row["account manager"] = "Jürgen Groß; Süd"
    file = written(office, table, delimiter, encoding)
    assert "3 customers changed, 0 as before." in office.run("customers", "import", file, *WHY).stdout
    assert {one["account_manager"] for one in listed(office).values()} == {"Jürgen Groß; Süd"}


def test_a_dry_run_says_what_would_change_and_stores_nothing(office: Installation) -> None:
    office.run("customers", "set", "oak", "--tier", "vip", *WHY)
    table = exported(office)
    next(row for row in table if row["number"] == "oak")["tier"] = "standard"
    file, before = written(office, table), listed(office)
    said = office.run("customers", "import", file, "--dry-run", *WHY).stdout
    assert "1 customer would change, 2 as before. Nothing was stored." in said
    assert "oak oak Ltd: tier standard instead of vip (set by " in said
    assert listed(office) == before
    told = json.loads(office.run("customers", "import", file, "--json", *WHY).stdout)
    assert [one["changed"] for one in told["changed"]] == ["tier standard instead of vip"] and told["unchanged"] == 2 and told["stored"]


def test_columns_that_were_taken_out_change_nothing(office: Installation) -> None:
    office.run("customers", "set", "oak", "--tier", "vip", "--account-manager", "Tom", *WHY)
    file = written(office, [{"Number": "oak", "Tier": "strategic"}])
    office.run("customers", "import", file, *WHY)
    assert (listed(office)["oak"]["tier"], listed(office)["oak"]["account_manager"]) == ("strategic", "Tom")


@pytest.mark.parametrize(
    "row, fault",
    [
        ({"tier": "gold"}, 'line 2, column "tier": "gold" is not a tier; write one of standard, vip, strategic'),
        ({"tier": ""}, 'line 2, column "tier": is not a tier'),
        ({"account manager email": "tom@"}, 'line 2, column "account manager email": "tom@" is not an e-mail address; write one'),
        ({"preferred channel": "task"}, 'line 2, column "preferred channel": "task" is no channel'),
        ({"consents": "text; fax"}, 'line 2, column "consents": "text; fax" \'fax\' is nothing a customer consents to'),
        ({"guarantor": "perhaps"}, 'line 2, column "guarantor": "perhaps" is neither yes nor no; write yes or no'),
        ({"region": "Bavaria"}, 'line 2, column "region": "Bavaria" is no region'),
        ({"pays through": "yew"}, 'line 2, column "pays through": "yew" is no customer of this seller'),
        ({"pays through": "ash"}, 'line 2, column "pays through": "ash" a customer cannot pay through itself'),
        ({"number": "nobody"}, 'line 2, column "number": "nobody" is no customer known here; dunwell customers list shows all numbers'),
        ({"number": "elm"}, 'line 3, column "number": "elm" stands in line 2 already; remove one of the two rows'),
        ({"seller": "other"}, 'line 2, column "number": "ash" is no customer known here'),
    ],
)
def test_a_faulty_cell_is_named_with_its_line_and_the_remedy(row: dict[str, str], fault: str) -> None:
    known = (line("ash"), line("elm"), line("oak"))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS)
    table = list(csv.DictReader(io.StringIO(write_sheet(known).decode("utf-8-sig"), newline="")))
    writer.writeheader()
    writer.writerows([{**table[0], **row}, *table[1:]])
    with pytest.raises(UnableToImport) as caught:
        read_sheet(text.getvalue().encode(), "f.csv", known)
    assert f"f.csv, {fault}" in str(caught.value)


def test_all_that_is_wrong_is_told_at_once_and_nothing_of_the_file_counts(office: Installation) -> None:
    table = exported(office)
    table[0]["tier"], table[1]["region"], table[2]["tier"] = "gold", "far away", "vip"
    file, before = written(office, table), listed(office)
    said = office.run("customers", "import", file, *WHY, status=1).stderr
    assert 'customers.csv, line 2, column "tier"' in said and 'line 3, column "region"' in said
    assert listed(office) == before


@pytest.mark.parametrize(
    "content, problem",
    [
        (b"", 'column "number": there is no such column; begin with what dunwell customers list --csv wrote'),
        (b"number,teir\noak,vip\n", 'line 1, column "teir": is no column of this file'),
        (b"number,tier,Tier\noak,vip,vip\n", 'line 1, column "Tier": stands there twice'),
        (b"number,account manager\noak,Bell, Tom\n", 'line 2: "Tom" stands beyond the last column'),
        (b'number,tier\noak,"vip\n', "cannot be taken apart"),
        (b"PK\x03\x04", "is a workbook or a document"),
    ],
)
def test_a_file_that_is_not_what_was_written_is_refused(content: bytes, problem: str) -> None:
    with pytest.raises(UnableToImport) as caught:
        read_sheet(content, "f.csv", (line("oak"),))
    assert problem in str(caught.value)


def test_zeros_that_a_spreadsheet_took_off_are_pointed_out() -> None:
    with pytest.raises(UnableToImport, match='"42" is no customer known here; it may be 0042: format the column as text'):
        read_sheet(b"number,tier\n42,vip\n", "f.csv", (line("0042"),))


# The file itself


def line(number: str, name: str = "", **treatment: Any) -> CustomerLine:
    return CustomerLine(f"cus_{number}", "main", number, name, "GB", Treatment(**treatment), "", Behavior.NEW, 0, (), None)


DANGEROUS = ["=1+1", "+44", "-5", "@SUM(A1)", "'=1", "''=1", "'quoted'", "plain", "'"]


@pytest.mark.parametrize("text", DANGEROUS)
def test_no_cell_is_one_that_a_spreadsheet_would_run_and_every_cell_comes_back_as_it_was(text: str) -> None:
    known = (line(text, name=text, account_manager=text),)
    content = write_sheet(known)
    table = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert not [cell for row in table for cell in row if cell.startswith(("=", "+", "-", "@"))]
    read = read_sheet(content, "customers.csv", known)
    assert (read.wanted, read.unchanged) == ({}, 1)


def test_the_file_is_as_spreadsheets_want_it() -> None:
    content = write_sheet((line("C-1", "Süd, Bau"),))
    assert content.startswith(b"\xef\xbb\xbfseller,number,name,tier,") and content.count(b"\r\n") == 2
    assert len(COLUMNS) == len(set(COLUMNS))


def test_places_are_changed_in_one_file_and_a_chain_is_refused() -> None:
    known = (line("1", pays_through="2"), line("2"), line("3"))
    swapped = read_sheet(b"number,pays through\n1,\n2,1\n", "f.csv", known)
    assert {one: treatment.pays_through for one, treatment in swapped.wanted.items()} == {"cus_1": "", "cus_2": "1"}
    with pytest.raises(UnableToImport, match='line 2, column "pays through": "3" 1 pays through this customer'):
        read_sheet(b"number,pays through\n2,3\n", "f.csv", known)
    with pytest.raises(UnableToImport, match='line 2, column "pays through": "1" 1 pays through another itself'):
        read_sheet(b"number,pays through\n3,1\n", "f.csv", known)


def test_a_row_cut_off_after_its_last_filled_cell_clears_what_follows() -> None:
    known = (line("1", account_manager="Tom", tier=Tier.VIP),)
    read = read_sheet(b"number,tier,account manager\n1,vip\n", "f.csv", known)
    assert read.wanted == {"cus_1": Treatment(tier=Tier.VIP)}


# Contacts


def test_a_contact_is_set_shown_and_given_back(office: Installation) -> None:
    said = office.run("contact", "set", "oak", "--role", "billing", "--email", "ap@oak.example", "--phone", "+44 20 7946 0123", *WHY).stdout
    assert said == "The billing contact of customer oak is as you said. 1 invoice is looked at again now.\n"
    (found,) = json.loads(office.run("contact", "list", "oak", "--json").stdout)
    assert (found["email"], found["phone"]) == ("ap@oak.example", "+442079460123") and found["set_by"]
    assert "ap@oak.example" in office.run("contacts", "list", "oak").stdout
    office.run("contact", "set", "oak", "--role", "billing", "--as-ledger", *WHY)
    assert "ledger" in office.run("contact", "list", "oak").stdout


def test_setting_a_contact_closes_the_task_that_asked_for_one(office: Installation) -> None:
    with office.database().transaction() as connection:
        customer = connection.scalar(select(rows.c.id).where(rows.c.number == "oak"))
        task = {"id": "task_1", "key": "k", "open_key": f"contact/{customer}", "kind": "repair_contact", "title": "t", "remedy": "r", "owner": "o"}
        connection.execute(tasks.insert().values(**task, due=office.today(), opened_at=datetime.now(UTC)))
    office.run("contact", "set", "oak", "--role", "cfo", "--name", "Ada", "--email", "ada@oak.example", *WHY)
    with office.database().reading() as connection:
        assert connection.scalar(select(tasks.c.closed_at).where(tasks.c.id == "task_1")) is not None


def test_a_contact_that_cannot_be_is_refused(office: Installation) -> None:
    refused = [
        (("--role", "cfo"), 2, "say what to change"),
        (("--role", "cfo", "--name", "Ada", "--as-ledger"), 2, "--as-ledger alone"),
        (("--role", "cfo", "--name", "Ada"), 1, "nobody could be reached so"),
        (("--role", "cfo", "--email", "ada@"), 1, "email: 'ada@' is not an e-mail address"),
        (("--role", "cfo", "--phone", "12"), 1, "write it with its country code"),
        (("--role", "cfo", "--as-ledger"), 1, "the ledger's already, or there is none"),
        (("--role", "boss", "--email", "a@b.co"), 2, "'boss' is not one of"),
    ]
    for words, status, problem in refused:
        assert problem in office.run("contact", "set", "oak", *words, *WHY, status=status).stderr
