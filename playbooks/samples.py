"""Invented facts of every situation a message may have to put into words, for checking wordings before they are used."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from domain.interest import Interest, InterestLaw
from domain.invoice import Invoice
from domain.money import Money
from domain.seller import BankDetails, Seller
from playbooks.page import Circumstances, FactSheet, Line

TODAY = date(2026, 3, 2)
SELLER = Seller(
    id="seller-1",
    name="Brightwater Tools",
    legal_name="Brightwater Tools Ltd",
    sender_name="Hanna Weiss",
    sender_title="Accounts Receivable",
    sender_email="hanna.weiss@brightwater.example",
    ledger="csv",
    country="GB",
    time_zone="Europe/London",
    address=("12 Mill Lane", "Leeds LS1 4AP", "United Kingdom"),
    phone="+44 113 496 0182",
    brand_color="#0f5c6e",
    bank=BankDetails(holder="Brightwater Tools Ltd", iban="GB29NWBK60161331926819", bic="NWBKGB2L", bank="NatWest"),
)
# One accent in a name, or a long name, may make a text message too long.
ACCENTED = replace(SELLER, name="Zakłady Łódzkie Gómez Sp. z o.o.", legal_name="Zakłady Łódzkie Gómez Sp. z o.o.", phone="+48 22 123 45 67")
LONG_NAMED = replace(SELLER, name="Norddeutsche Maschinenbau- und Anlagentechnik Vertriebsgesellschaft mbH", phone="+49 40 1234567")


def line(number: str, balance: str, days_late: int, *, total: str = "", order: str = "", pay_url: str = "", attached: bool = False) -> Line:
    """An invoice with ``balance`` EUR open, due ``days_late`` days before TODAY."""
    due = TODAY - timedelta(days=days_late)
    open_amount, whole = Money(Decimal(balance), "EUR"), Money(Decimal(total or balance), "EUR")
    return Line(
        Invoice(
            id=f"id-{number}",
            seller=SELLER.id,
            customer="customer-1",
            number=number,
            total=whole,
            balance=open_amount,
            issued=due - timedelta(days=30),
            due=due,
            purchase_order=order,
            pay_url=pay_url,
        ),
        days_late=days_late,
        attached=attached,
    )


ONE = FactSheet(
    seller=SELLER,
    customer_name="Holloway & Finch Interiors",
    contact_name="Dana Whitfield",
    contact_email="dana.whitfield@holloway.example",
    locale="en_GB",
    today=TODAY,
    step_title="sample",
    claimed=(line("INV-104", "1240.00", 18, order="PO-8812", attached=True),),
    payment_reference="INV-104",
)
MANY = replace(
    ONE,
    claimed=(
        line("INV-104", "740.00", 18, total="1240.00", order="PO-8812", pay_url="https://pay.brightwater.example/i/104"),
        line("INV-117", "3860.50", 15),
        line("INV-121", "95.20", 14),
    ),
    also_open=(line("INV-133", "410.00", 2), line("INV-140", "1980.00", -12)),
    payment_reference="K-2041",
)
EVERYTHING = Circumstances(
    tone="firm",
    strategic=True,
    usual_days=17,
    promised_amount=Money(Decimal("740.00"), "EUR"),
    promised_day=date(2026, 2, 20),
    discount_percent="2",
    discount_until=date(2026, 3, 9),
    discount_amount=Money(Decimal("24.80"), "EUR"),
    plan_lines=((date(2026, 3, 16), Money(Decimal("620.00"), "EUR")), (date(2026, 4, 16), Money(Decimal("620.00"), "EUR"))),
    plan=True,
    first_invoice=True,
    answers=(("scheduled", "https://pay.brightwater.example/a/1"), ("again", "https://pay.brightwater.example/a/2")),
    account_manager="Tom Reyes",
    agency="Harbor Collections",
    hold=True,
    reissued_as="INV-204",
    about="INV-104, INV-117",
    collectors=True,
    paid_day=date(2026, 3, 1),
    colleague="Vera Lind",
    answer_day=date(2026, 3, 9),
    number_ending="182",
    disputed_amount=Money(Decimal("300.00"), "EUR"),
)
INTEREST = Interest(InterestLaw.EU, TODAY, Money(Decimal("1240.00"), "EUR"), Money(Decimal("6.20"), "EUR"), Money(Decimal("40.00"), "EUR"))
SHEETS = (
    replace(ONE, around=EVERYTHING),
    replace(MANY, around=replace(EVERYTHING, strategic=False, tone="formal")),
    ONE,
    MANY,
    replace(ONE, pay_url="https://pay.brightwater.example/i/104"),
    replace(ONE, claimed=(line("INV-104", "740.00", 0, total="1240.00"),), contact_name="", also_open=MANY.also_open),
    replace(ONE, claimed=(line("INV-104", "1240.00", -7),), seller=replace(SELLER, phone="", sender_title="", address=(), bank=BankDetails())),
    replace(ONE, around=Circumstances(tone="formal"), interest=INTEREST),
    replace(MANY, claimed=tuple(line(f"INV-{number}", "10.00", 0, attached=True) for number in range(200, 212)), also_open=()),
)
