"""What the messages that answer say: what was agreed, how to pay just that, what to do if it is a misunderstanding; and no threat."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

import playbooks
from domain.money import Money
from playbooks.page import Circumstances, FactSheet
from playbooks.samples import EVERYTHING, ONE, SHEETS
from playbooks.wording import Rendered, render, render_text

STANDARD = playbooks.load("standard")
WORDINGS = playbooks.wording_texts(STANDARD)
PAY_URL = "https://pay.brightwater.example/i/104"
PROMISE = replace(ONE, around=Circumstances(tone="warm", promised_amount=Money(Decimal("740.00"), "EUR"), promised_day=date(2026, 3, 9)))
PLAN = replace(
    ONE,
    around=Circumstances(
        tone="warm",
        plan_lines=((date(2026, 3, 16), Money(Decimal("620.00"), "EUR")), (date(2026, 4, 16), Money(Decimal("620.00"), "EUR"))),
        about="INV-104, INV-117",
    ),
    asked=Money(Decimal("620.00"), "EUR"),
)
SPOKEN = Circumstances(tone="warm", about="INV-104", colleague="Vera Lind", answer_day=date(2026, 3, 9), number_ending="182")
_SHEET_OF = {
    "promise-confirmed": PROMISE,
    "plan-confirmed": PLAN,
    "installment-reminder": PLAN,
    "discount-granted": replace(ONE, around=EVERYTHING),
    **dict.fromkeys(("dispute-confirmed", "call-back-confirmed", "payment-noted"), replace(ONE, around=SPOKEN)),
}


def write(name: str, sheet: FactSheet) -> Rendered:
    return (render if name.endswith(".email") else render_text)(WORDINGS[name], sheet)


@pytest.mark.parametrize("name", STANDARD.says)
def test_each_is_typed_with_care_and_threatens_nobody(name: str) -> None:
    written = write(name, _SHEET_OF.get(name.partition(".")[0], ONE))
    assert "\n\n\n" not in written.text
    prose = "\n".join(line for line in written.text.splitlines() if not line.startswith(" "))
    assert not re.search(r"\*\*|[{}<>]|\bNone\b|(?<=\S)  +(?=\S)|  $", prose), prose
    assert not re.search(r"\b(lawyer|court|agency|collections|overdue fee|suspend|case|rung|desk)\b", prose, re.I)
    assert name.endswith(".sms") or all(len(line) <= 72 or "://" in line for line in written.text.splitlines())


@pytest.mark.parametrize("name", STANDARD.says)
def test_each_can_be_written_in_every_situation(name: str) -> None:
    assert all(write(name, sheet).text.strip() for sheet in SHEETS)


@pytest.mark.parametrize("name", ["promise-confirmed.email", "promise-confirmed.sms", "promise-confirmed.task"])
def test_a_confirmation_says_how_much_by_when_and_for_which_invoice(name: str) -> None:
    text = " ".join(write(name, PROMISE).text.split())
    assert "€740.00" in text and "9 March 2026" in text and "INV-104" in text
    assert name.endswith("task") or "misunderstanding" in text


def test_a_part_that_was_promised_is_asked_for_by_transfer_since_the_link_takes_all() -> None:
    sheet = replace(PROMISE, pay_url=PAY_URL, asked=Money(Decimal("740.00"), "EUR"))
    text = write("promise-confirmed.email", sheet).text
    assert PAY_URL not in text and re.search(r"Amount:\s+€740.00", text) and "€1,240.00" in text
    assert PAY_URL in write("promise-confirmed.email", replace(sheet, asked=Money(Decimal("1240.00"), "EUR"))).text


@pytest.mark.parametrize("channel", ["email", "sms", "task"])
@pytest.mark.parametrize("what", ["dispute-confirmed", "call-back-confirmed", "payment-noted"])
def test_what_was_said_on_the_phone_is_confirmed_with_the_invoices_and_the_day(what: str, channel: str) -> None:
    def said(around: Circumstances) -> str:
        written = write(f"{what}.{channel}", replace(ONE, around=around))
        return " ".join(f"{written.subject} {written.text}".split())

    assert "INV-104" in said(SPOKEN) and "9 March 2026" in said(SPOKEN)
    assert "INV-104, INV-117" in said(replace(SPOKEN, about="INV-104, INV-117"))
    assert ("Vera Lind" in said(SPOKEN)) == (what != "payment-noted" and (what, channel) not in (("dispute-confirmed", "sms"), ("call-back-confirmed", "task")))
    assert ("182" in said(SPOKEN).replace("0182", "")) == (what == "call-back-confirmed" and channel != "sms")


@pytest.mark.parametrize("channel", ["email", "sms"])
def test_a_dispute_about_a_part_says_that_we_do_not_remind_of_that_part(channel: str) -> None:
    part = replace(SPOKEN, disputed_amount=Money(Decimal("300.00"), "EUR"))
    text = write(f"dispute-confirmed.{channel}", replace(ONE, around=part)).text
    assert "€300.00" in text and "remind" in text


def test_a_plan_names_every_installment_and_asks_for_the_next() -> None:
    text = write("plan-confirmed.email", PLAN).text
    assert "16 Mar 2026" in text and "16 Apr 2026" in text and "invoices INV-104, INV-117" in " ".join(text.split())
    assert re.search(r"Amount:\s+€620.00", text)


@pytest.mark.parametrize("locale, spelled", [("en_GB", "instalment"), ("en_IE", "instalment"), ("en_US", "installment"), ("en", "installment")])
@pytest.mark.parametrize("name", ["installment-reminder.email", "installment-reminder.sms", "plan-confirmed.email"])
def test_readers_find_the_spelling_of_their_own_country(name: str, locale: str, spelled: str) -> None:
    said = write(name, replace(ONE, locale=locale, customer_name="Installment Loans Ltd"))
    assert set(re.findall(r"instal+ment", f"{said.subject} {said.text}")) == {spelled}
