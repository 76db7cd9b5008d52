"""One invoice on the command line: looked at by anybody, changed only by a person with a token."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from db import cases, inbox
from db.people import Access
from domain.case import Dispute, Fate, Rung
from domain.event import ChasingStopped, HoldPlaced, HoldReleased, OutreachResolved, PromiseMade, Reissued, WrittenOff
from domain.money import Money
from tests.cli.installation import OURS, Installation


@pytest.fixture
def watching(answering: Installation) -> Installation:
    """Three invoices of two customers, looked at once."""
    answering.run("import", str(answering.write_csv(("A-1", "oak", 40), ("A-2", "oak", -20), ("B-1", "elm", 10))))
    answering.look_at_all()
    return answering


def test_the_list_says_what_waits_and_why(watching: Installation) -> None:
    said = watching.run("cases").stdout
    assert "A-1" in said and "oak Ltd" in said and "100.00 EUR" in said and "40 days late" in said
    assert "nobody has said how far the bank is booked" in said
    assert "A-2" not in watching.run("cases", "--overdue").stdout
    assert "B-1" not in watching.run("cases", "--customer", "OAK").stdout
    assert [line["number"] for line in json.loads(watching.run("cases", "--overdue", "--json").stdout)] == ["A-1", "B-1"]
    assert "No invoice is like that" in watching.run("cases", "--stage", "final").stdout


def test_the_diary_reads_from_the_due_date(watching: Installation) -> None:
    assert watching.run("case", "diary", "A-2").stdout.endswith("watching begins: 100.00 EUR open\n")
    entries = json.loads(watching.run("case", "diary", "A-1", "--json").stdout)
    assert (entries[0]["kind"], entries[0]["day"]) == ("opened", 40)


def test_an_invoice_issued_anew_is_told_which_one_it_replaces_and_the_old_one_by_which(watching: Installation) -> None:
    token = watching.token("Vera Lind", Access.AGENT)
    said = watching.run("case", "replaced", "A-1", "--by-invoice", "A-2", "--reason", "wrong order number", "--token", token).stdout
    assert said == "Invoice A-2: reissued was heard.\n"
    ids = {line["number"]: line["id"] for line in json.loads(watching.run("cases", "--json").stdout)}
    assert [told[1] for told in watching.told] == [Reissued(successor=ids["A-2"]), Reissued(predecessor=ids["A-1"])]
    refused = watching.run("case", "replaced", "A-1", "--by-invoice", "B-1", "--reason", "x", "--token", token, status=2)
    assert "must be another invoice of the same customer" in refused.stderr


def test_the_diary_of_an_invoice_issued_anew_begins_with_that_of_the_old_one(watching: Installation) -> None:
    ids = {line["number"]: line["id"] for line in json.loads(watching.run("cases", "--json").stdout)}
    with watching.database().transaction() as connection:
        case = cases.load_case(connection, f"invoice/{ids['A-2']}")
        assert case is not None
        again = cases.Showing("upcoming", "planned", "planned", "Vera", None, "")
        cases.save_case(connection, replace(case, predecessor=ids["A-1"]), again, datetime.now(UTC))
    said = watching.run("case", "diary", "A-2").stdout
    assert said.startswith("Before, as invoice A-1:\n\nday  +40")
    assert {entry["invoice"] for entry in json.loads(watching.run("case", "diary", "A-2", "--json").stdout)} == {"A-1", "A-2"}


def test_why_tells_the_decision_and_what_it_was_made_from(watching: Installation) -> None:
    said = watching.run("case", "why", "A-1").stdout
    assert "because nobody has said how far the bank is booked" in said
    assert "100.00 EUR open" in said and "customer pays: new" in said
    assert json.loads(watching.run("case", "why", "A-1", "--json").stdout)[0]["reason"] == "books"


def test_why_says_once_what_was_decided_again_and_again(watching: Installation) -> None:
    before = watching.run("case", "why", "A-1").stdout
    for _ in range(3):
        watching.look_at_all()
    said = watching.run("case", "why", "A-1").stdout
    assert before.count("the same") == 0 and said.count("because nobody has said") == 1 and "  the same 4 times since " in said
    assert len(json.loads(watching.run("case", "why", "A-1", "--json").stdout)) == 4


def test_the_list_tells_what_is_late_and_was_never_asked_for_from_what_is_not_due(watching: Installation) -> None:
    assert {line["number"]: line["stage"] for line in json.loads(watching.run("cases", "--json").stdout)} == {
        "A-1": "overdue",
        "A-2": "upcoming",
        "B-1": "overdue",
    }
    assert [line["number"] for line in json.loads(watching.run("cases", "--stage", "upcoming", "--json").stdout)] == ["A-2"]


def test_everything_about_an_invoice_can_be_shown(watching: Installation) -> None:
    assert "Invoice A-1 of oak Ltd (oak), owed to Brightwater\n  open         100.00 EUR of 100.00 EUR\n" in watching.run("case", "show", "A-1").stdout
    assert json.loads(watching.run("case", "show", "A-1", "--json").stdout)["case"]["invoice"]["number"] == "A-1"


def test_what_is_in_dispute_stands_with_the_invoice(watching: Installation) -> None:
    with watching.database().transaction() as connection:
        (case,) = [one for id_ in cases.running(connection) if (one := cases.load_case(connection, id_)) and one.invoice.number == "A-1"]
        part = Dispute(Money(Decimal(30), "EUR"), "two boxes missing", "Tom", date(2026, 12, 4), datetime.now(UTC), "Ilse", is_whole=False)
        over = replace(part, reason="price", is_whole=True, is_open=False)
        changed = replace(case, disputes=(over, part), seq=case.seq + 1)
        cases.save_case(connection, changed, cases.Showing("reminder", "planned", "its day", "Vera", None, ""), datetime.now(UTC))
    said = watching.run("case", "show", "A-1").stdout
    assert "Disputes\n  all of it: price; over (told by Ilse)\n  30.00 EUR: two boxes missing; Tom clears it up by Fri 4 Dec 2026 (told by Ilse)\n" in said


def test_a_change_goes_out_in_the_name_of_the_tokens_person_with_the_reason(watching: Installation) -> None:
    token = watching.token("Vera Lind", Access.AGENT)
    watching.run("case", "hold", "A-1", "--until", "2026-12-10", "--reason", " delivery  checked ", "--token", token)
    watching.run("case", "promise", "B-1", "--day", "2026-12-04", "--amount", "50", "--reason", "on the phone", DUNWELL_TOKEN=token)
    watching.run("case", "release", "A-1", "--reason", "fine")
    assert watching.run("case", "stop", "A-1", "--reason", "over").stdout == "Invoice A-1: stop was heard.\n"
    assert [told[1:] for told in watching.told] == [
        (HoldPlaced(date(2026, 12, 10)), "Vera Lind", "delivery checked"),
        (PromiseMade(date(2026, 12, 4), Decimal("50")), "Vera Lind", "on the phone"),
        (HoldReleased(), "local owner", "fine"),
        (ChasingStopped(), "local owner", "over"),
    ]
    assert all(told[0].startswith("invoice/inv_") for told in watching.told)


def test_who_decided_it_is_kept_beside_the_person_of_the_token_and_gives_nobodys_leave(watching: Installation) -> None:
    token = watching.token("Vera Lind", Access.AGENT)
    watching.run("case", "write-off", "A-1", "--by", " Ann  Lee ", "--reason", "insolvent", "--token", token)
    assert [told[1:] for told in watching.told] == [(WrittenOff(), "Vera Lind", "insolvent (decided by Ann Lee)")]
    assert "No such option '--by'" in watching.run("case", "approve", "A-1", "--by", "Ann Lee", status=2).stderr


def test_a_change_that_is_not_taken_ends_with_1_and_the_answer(watching: Installation) -> None:
    assert watching.run("case", "skip", "A-1", "--reason", "x", status=1).stderr == "Error: skip was heard\n"
    told = json.loads(watching.run("case", "skip", "A-1", "--reason", "x", "--json", status=1).stdout)
    assert told == {"taken": False, "said": "skip was heard", "in_flight": False, "pending": False}


def test_with_temporal_away_a_change_is_recorded_and_says_so(installation: Installation) -> None:
    installation.run("import", str(installation.write_csv(("A-1", "oak", 40))))
    installation.look_at_all()
    said = installation.run("case", "hold", "A-1", "--reason", "delivery is checked").stdout
    assert said == "Invoice A-1: recorded; it counts from now on, and is confirmed as soon as a worker is up.\n"
    with installation.database().reading() as connection:
        assert "hold" in [word.kind for word in inbox.waiting(connection)]


def test_a_viewer_may_look_and_not_change(watching: Installation) -> None:
    token = watching.token("Vic", Access.VIEWER)
    refused = watching.run("case", "hold", "A-1", "--reason", "x", status=1, DUNWELL_TOKEN=token)
    assert refused.stderr == "Error: Vic has the role viewer, and this needs the role agent; dunwell token issue 'Vic' --role agent changes that\n"
    assert watching.told == []
    watching.run("case", "show", "A-1", DUNWELL_TOKEN=token)


def test_a_token_that_is_wrong_missing_or_taken_back_changes_nothing(watching: Installation) -> None:
    assert "this token is not valid" in watching.run("case", "stop", "A-1", "--reason", "x", "--token", "dw_nonsense", status=1).stderr
    token = watching.token("Vera", Access.AGENT)
    watching.run("token", "revoke", "Vera")
    assert "this token is not valid" in watching.run("case", "stop", "A-1", "--reason", "x", "--token", token, status=1).stderr
    (watching.folder / "token").unlink()
    assert "no token: set DUNWELL_TOKEN" in watching.run("case", "stop", "A-1", "--reason", "x", status=1).stderr
    assert watching.told == []


@pytest.mark.parametrize(
    "words, status, said",
    [
        (("show", "A-9"), 1, "no watched invoice has the number 'A-9'; dunwell cases lists them"),
        (("hold", "A-1"), 2, "Missing option '--reason'"),
        (("hold", "A-1", "--reason", "  "), 2, "--reason: say why, in up to 500 letters"),
        (("hold", "A-1", "--reason", "x", "--by", "x" * 201), 2, "--by: give a person's name, up to 200 letters"),
        (("promise", "A-1", "--reason", "x", "--day", "soon"), 2, "'soon' is not a day; write it with year, month and day, as 2026-12-04"),
        (("promise", "A-1", "--reason", "x", "--day", "2026-12-01", "--amount", "some"), 2, "--amount: 'some' is no amount"),
        (("resolve", "A-1", "--reason", "x"), 2, "say which: --sent or --not-sent"),
        (("resolve", "A-1", "--reason", "x", "--sent"), 1, "no message about invoice A-1 is in doubt"),
    ],
)
def test_a_mistake_is_named_with_its_remedy(watching: Installation, words: tuple[str, ...], status: int, said: str) -> None:
    assert said in watching.run("case", *words, status=status).stderr


def test_two_invoices_with_one_number_are_told_apart_by_id(watching: Installation) -> None:
    watching.run("import", str(watching.write_csv(("A-1", "ash", 3), name="more.csv")))
    watching.look_at_all()
    said = watching.run("case", "show", "A-1", status=1).stderr
    assert "several invoices have the number 'A-1'; name one by its id: inv_" in said
    watching.run("case", "show", said.strip().split(", ")[-1])


def test_what_is_printed_uses_the_readers_words(watching: Installation) -> None:
    for words in (("cases",), ("case", "show", "A-1"), ("case", "why", "A-1"), ("case", "diary", "A-1"), ("doctor",)):
        result = watching.run(*words, status=1 if words == ("doctor",) else 0)
        assert not [word for word in OURS if word in result.output.lower()]


def test_what_comes_from_outside_cannot_steer_the_terminal(watching: Installation) -> None:
    watching.run("case", "hold", "A-1", "--reason", "\x1b[2Jgone", status=2)


def test_a_message_in_doubt_is_resolved_by_what_the_provider_says(watching: Installation) -> None:
    with watching.database().transaction() as connection:
        (found,) = [one for one in cases.running(connection) if (case := cases.load_case(connection, one)) and case.invoice.number == "A-1"]
        case = cases.load_case(connection, found)
        assert case
        doubtful = case.with_rung(Rung("first-reminder", Fate.UNKNOWN, datetime.now(UTC), "email", "out_1"))
        cases.save_case(connection, doubtful, cases.Showing("reminder", "unknown", "nobody knows", "Vera", None, ""), datetime.now(UTC))
    watching.run("case", "resolve", "A-1", "--not-sent", "--reason", "not in the log", "--message", "out_2", status=1)
    watching.run("case", "resolve", "A-1", "--not-sent", "--reason", "not in the log")
    assert watching.told == [(found, OutreachResolved("out_1", False), "local owner", "not in the log")]
