"""What customers answered, listed, shown and dealt with by people: one word, and their invoices hear of it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from db import incoming, mailboxes, outreach, suppressions
from db.people import Access
from domain.event import DisputeRaised, HoldPlaced, PaymentReported, PromiseMade, Replied, ReplyHandled
from domain.incoming import Enclosed, Incoming
from tests.cli.installation import OURS, SELLERS, Installation


@pytest.fixture
def watching(answering: Installation, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """Three invoices of two customers, looked at once; what is put into their inbox is passed on."""

    async def report_all(door: object, words: tuple[str, ...]) -> int:
        return len(words)

    monkeypatch.setattr("starter.Door.report_all", report_all)
    answering.run("import", str(answering.write_csv(("A-1001", "oak", 40), ("A-1002", "oak", 3), ("B-1", "elm", 10))))
    answering.look_at_all()
    return answering


def arrived(watching: Installation, text: str, **fields: object) -> str:
    """Keep a mail of oak's about A-1001; its id."""
    plain = Incoming("imap:x", f"INBOX/1/{abs(hash(text))}", "email", datetime.now(UTC), "pay@oak.example", ("hanna@brightwater.example",), text)
    message = replace(plain, **{"subject": "Re: Invoice A-1001", "sender_name": "Olive Oak", **fields})  # type: ignore[arg-type]
    with watching.database().transaction() as connection:
        return incoming.receive(connection, message, datetime.now(UTC)).id


def case_of(watching: Installation, number: str) -> str:
    return next(f"invoice/{line['id']}" for line in json.loads(watching.run("cases", "--json").stdout) if line["number"] == number)


def resolve(watching: Installation, message: str, *words: str, status: int = 0) -> str:
    token = watching.token("Vera Lind", Access.AGENT)
    done = watching.run("inbox", "resolve", message, *words, "--reason", "read it", "--token", token, status=status)
    return done.stdout if status == 0 else done.stderr


def test_the_list_says_who_waits_since_when_for_what(watching: Installation) -> None:
    assert watching.run("inbox", "list").stdout == "No answer waits for anybody.\n"
    found = arrived(watching, "We already paid this invoice last week.")
    unknown = arrived(watching, "Bonjour", sender="who@else.example", sender_name="", subject="?")
    said = watching.run("inbox", "list").stdout
    assert "oak Ltd" in said and "A-1001" in said and "paid already" in said
    assert "who@else.example - who is this?" in said
    told = json.loads(watching.run("inbox", "list", "--json").stdout)
    assert [(one["id"], one["understood_as"], [about["number"] for about in one["invoices"]]) for one in told] == [
        (found, "paid_already", ["A-1001"]),
        (unknown, "other", []),
    ]
    assert not any(word in said for word in OURS)


def test_a_message_is_shown_whole_with_why_it_was_understood_so_and_what_can_be_done(watching: Installation) -> None:
    found = arrived(watching, "We will pay on Friday.", enclosed=(Enclosed("../../note.pdf", "application/pdf", b"%PDF"),))
    folder = watching.folder / "files"
    said = watching.run("inbox", "show", found[:9], "--save-files", str(folder)).stdout
    assert "Olive Oak <pay@oak.example>" in said and "We will pay on Friday." in said
    assert "Understood as promise" in said and "the words" in said
    assert f"dunwell inbox resolve {found} --as promise|paid" in said
    (saved,) = folder.iterdir()
    assert saved.read_bytes() == b"%PDF"
    assert json.loads(watching.run("inbox", "show", found, "--json").stdout)["understood"]["intent"] == "promise"
    assert "no message has the id" in watching.run("inbox", "show", "in_nothing", status=1).stderr


def test_what_was_promised_counts_once_a_person_agrees_with_one_word(watching: Installation) -> None:
    found = arrived(watching, "We will pay 50.00 EUR on Friday.")
    day = json.loads(watching.run("inbox", "show", found, "--json").stdout)["understood"]["promise_day"]
    said = resolve(watching, found, "--as", "promise")
    assert said == "Invoice A-1001: promise was heard.\nDone.\n"
    case = case_of(watching, "A-1001")
    assert [(told, news.kind) for told, news, _, _ in watching.told] == [(case, "promise"), (case, "reply_handled")]
    assert watching.told[0][1] == PromiseMade(datetime.fromisoformat(day).date(), Decimal("50.00"))
    assert watching.told[0][2:] == ("Vera Lind", "read it")
    assert watching.run("inbox", "list").stdout == "No answer waits for anybody.\n"
    assert "Vera Lind has dealt with it already: promise" in resolve(watching, found, "--as", "nothing", status=1)


@pytest.mark.parametrize(
    ("words", "news"),
    [
        (("--as", "paid"), [PaymentReported(), ReplyHandled()]),
        (("--as", "dispute", "--about", "two boxes missing", "--amount", "30"), [DisputeRaised("two boxes missing", Decimal(30)), ReplyHandled()]),
        (("--as", "copy"), [ReplyHandled(), Replied(copy=True)]),
        (("--as", "nothing"), [ReplyHandled()]),
        (("--as", "plan", "--day", "2030-01-02"), [HoldPlaced(datetime(2030, 1, 2).date()), ReplyHandled()]),
    ],
)
def test_each_way_to_deal_with_it_tells_the_invoice_what_it_is(watching: Installation, words: tuple[str, ...], news: list[object]) -> None:
    resolve(watching, arrived(watching, "Hello"), *words)
    assert [told[1] for told in watching.told] == news


def rows_of(watching: Installation, source: str) -> list[tuple[str, str]]:
    """Of what was put into the inbox by this way, each kind and whom it is for."""
    with watching.database().reading() as connection:
        found = connection.exec_driver_sql(f"select kind, case_id from inbox where source = '{source}' order by kind").all()
    return [(kind, case_id.partition("/")[0]) for kind, case_id in found]


def test_who_wants_to_pay_in_parts_is_sent_the_proposal_of_a_playbook_that_offers_plans(watching: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUNWELL_PLAYBOOK", "issue-to-payment")
    watching.run("import", str(watching.write_csv(("C-1", "fir", 20))))
    watching.look_at_all()
    found = arrived(watching, "Hello", sender="pay@fir.example", subject="C-1")
    assert rows_of(watching, "incoming") == [("replied", "invoice")]
    said = resolve(watching, found, "--as", "plan")
    assert said == "Invoice C-1: the payment plan that its playbook offers is proposed in writing.\nDone.\n"
    assert rows_of(watching, "incoming") == [("hold", "invoice"), ("offered", "plan"), ("replied", "invoice")]
    assert [told[1] for told in watching.told] == [ReplyHandled()], "no hold of two weeks besides"
    (line,) = json.loads(watching.run("inbox", "list", "--all", "--json").stdout)
    assert line["state"] == "handled"


def test_where_the_playbook_offers_no_plans_a_person_makes_the_offer(watching: Installation) -> None:
    resolve(watching, arrived(watching, "Hello"), "--as", "plan")
    assert [told[1] for told in watching.told] == [HoldPlaced(), ReplyHandled()]
    assert "offered" not in dict(rows_of(watching, "incoming"))


def test_a_promise_without_a_day_is_refused_and_the_message_stays(watching: Installation) -> None:
    found = arrived(watching, "Hello")
    assert "--day: say when the money is to come" in resolve(watching, found, "--as", "promise", status=2)
    assert found[:12] in watching.run("inbox", "list").stdout


def test_while_another_answer_about_it_waits_its_invoice_waits_too(watching: Installation) -> None:
    first, second = arrived(watching, "Hello"), arrived(watching, "And another thing")
    resolve(watching, first, "--as", "nothing")
    assert watching.told == []
    resolve(watching, second, "--as", "nothing")
    assert [told[1] for told in watching.told] == [ReplyHandled()]


def test_a_message_of_somebody_unknown_is_given_to_the_invoice_it_is_about(watching: Installation) -> None:
    found = arrived(watching, "Bonjour", sender="who@else.example", subject="?")
    resolve(watching, found, "--as", "paid", "--invoice", "B-1")
    assert {told[0] for told in watching.told} == {case_of(watching, "B-1")}
    (line,) = json.loads(watching.run("inbox", "list", "--all", "--json").stdout)
    assert (line["joined_by"], line["state"], [one["number"] for one in line["invoices"]]) == ("person", "handled", ["B-1"])


def test_a_wrong_contact_hears_nothing_more_at_that_address(watching: Installation) -> None:
    resolve(watching, arrived(watching, "I do not work there any more."), "--as", "wrong-contact")
    with watching.database().reading() as connection:
        (silenced,) = suppressions.list_suppressions(connection)
    assert (silenced.reach, silenced.channel, silenced.by) == ("pay@oak.example", "email", "Vera Lind")


def test_what_i_wrote_elsewhere_is_noted_and_counts_as_a_contact(watching: Installation) -> None:
    token = watching.token("Vera Lind", Access.AGENT)
    said = watching.run("note", "oak", "sent them the delivery notes", "--token", token).stdout
    assert said == "Noted; 2 invoices take it into account.\n"
    case = case_of(watching, "A-1001")
    with watching.database().reading() as connection:
        found = outreach.contacts_made(connection, [], ["x"], datetime.now(UTC) - timedelta(days=1), rehearsed=False)
        assert found == ()
        customer = connection.exec_driver_sql(f"select customer_id from cases where id = '{case}'").scalar_one()
        (contact,) = outreach.contacts_made(connection, [customer], [], datetime.now(UTC) - timedelta(days=1), rehearsed=False)
    assert contact.channel == "email"
    assert "no customer goes by 'nobody'" in watching.run("note", "nobody", "x", "--token", token, status=1).stderr


def replies_found(watching: Installation, **more: str) -> list[tuple[str, str]]:
    # Its status is 1: in this folder neither Temporal nor a worker runs.
    found = json.loads(watching.run("doctor", "--json", status=1, **more).stdout)
    return [(one["health"], one["said"]) for one in found if one["what"] == "replies"]


def test_the_doctor_says_whether_answers_are_read(watching: Installation) -> None:
    assert replies_found(watching) == [("look", "no program reads what customers answer")]
    here = {"DUNWELL_IMAP_URL": "imaps://hanna:pw@mail.example"}
    assert replies_found(watching, **here) == [("look", "mailbox hanna has not been read yet")]
    source, now = "imap:hanna@mail.example", datetime.now(UTC)
    with watching.database().transaction() as connection:
        mailboxes.note_read(connection, source, "INBOX", now)
    assert replies_found(watching, **here) == [("ok", "mailbox hanna was read 0 minutes ago")]
    with watching.database().transaction() as connection:
        mailboxes.note_failure(connection, source, "INBOX", "the server refused the user name or password", now)
    ((health, said),) = replies_found(watching, **here)
    assert health == "wrong" and "refused the user name or password" in said and "pw@" not in said
    with watching.database().transaction() as connection:
        mailboxes.note_read(connection, source, "INBOX", now - timedelta(hours=3))
    assert replies_found(watching, **here) == [("wrong", "mailbox hanna was last read 3 hours ago")]
    arrived(watching, "Hello?", received_at=now - timedelta(days=6))
    assert replies_found(watching, **here)[1:] == [("wrong", "1 answer of customers to be dealt with, the oldest for 6 days")]


@pytest.mark.parametrize(
    ("mailbox", "said"),
    [
        ("{user: hanna, host: mail.example, password: 'env:NO_SUCH_NAME'}", "sellers[0].mailbox.password: env:NO_SUCH_NAME names an environment variable"),
        ("{user: hanna, host: mail.example, passwort: x}", "sellers[0].mailbox.passwort: Extra inputs are not permitted"),
        ("{user: hanna, password: x}", "sellers[0].mailbox.host: is empty"),
        ("[x]", "sellers[0].mailbox.: Input should be"),
    ],
)
def test_a_mailbox_that_is_written_wrongly_is_named_by_its_field(watching: Installation, mailbox: str, said: str) -> None:
    (watching.folder / "sellers.yaml").write_text(SELLERS.replace("country: GB", f"country: GB, mailbox: {mailbox}"))
    (fault,) = [one["said"] for one in json.loads(watching.run("doctor", "--json", status=1).stdout) if one["what"] == "sellers"]
    assert said in fault


def test_a_mailbox_is_a_reader_of_answers_and_lets_an_installation_go_live(watching: Installation) -> None:
    written = SELLERS.replace("brightwater.example", "brightwater.co.uk")
    (watching.folder / "sellers.yaml").write_text(written)
    assert "nobody would read what customers answer" in watching.run("live", "--yes", status=1, DUNWELL_MAILER="smtp").stderr
    mailbox = "country: GB, mailbox: {user: hanna, host: mail.example, password: x}"
    (watching.folder / "sellers.yaml").write_text(written.replace("country: GB", mailbox))
    assert watching.run("live", "--yes", DUNWELL_MAILER="smtp").stdout.startswith("Live:")
