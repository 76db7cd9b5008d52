"""What stands on a message: the facts of a sheet, written out in the reader's locale."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from babel import Locale

from domain.interest import Interest
from domain.invoice import Invoice
from domain.money import Money, total
from domain.seller import Seller
from domain.voice import Formality, Voice, first_name
from playbooks.booked import list_all, thank
from playbooks.language import phrases
from playbooks.phrases import account, brand, clean, long_day, money, short_day, web_address
from playbooks.plain import WIDTH, columns

Kind = Literal["prose", "invoices", "also_open", "payment", "signature", "plan_lines", "answers", "interest"]


@dataclass(frozen=True, slots=True)
class Line:
    """One invoice in a message. ``days_late`` is negative before the due date; ``attached``: its document goes along. ``told`` is the
    invoice as its ledger tells it, where ``invoice`` is less: a part in dispute is not asked for."""

    invoice: Invoice
    days_late: int
    attached: bool = False
    told: Invoice | None = None


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a wording may take into account beyond the invoices themselves; each is empty or false where it does not apply.

    ``usual_days`` is how many days after the due date this customer usually pays. ``plan``: paying in parts is offered.
    ``first_invoice``: we know of no other invoice to them, and this is our first word about it. ``plan_lines`` are installments as
    (day, amount), ``about`` the numbers of the invoices of their plan, or of all that was spoken about, ``answers`` one-tap answers as
    (scheduled, again or wrong; address). ``portal_url`` leads to the reader's own page. ``collectors``: others were asked to collect it.
    ``paid_day`` is when the money came that settled it. ``colleague`` is the person of ours who sees to what was agreed on the phone,
    ``answer_day`` by when, ``number_ending`` the last digits of the number that is called, ``disputed_amount`` what of an invoice is in
    dispute where it is not all of it.
    """

    tone: str = "firm"
    strategic: bool = False
    usual_days: int = 0
    promised_amount: Money | None = None
    promised_day: date | None = None
    discount_percent: str = ""
    discount_until: date | None = None
    discount_amount: Money | None = None
    plan_lines: tuple[tuple[date, Money], ...] = ()
    plan: bool = False
    first_invoice: bool = False
    answers: tuple[tuple[str, str], ...] = ()
    account_manager: str = ""
    agency: str = ""
    hold: bool = False
    reissued_as: str = ""
    about: str = ""
    portal_url: str = ""
    collectors: bool = False
    paid_day: date | None = None
    colleague: str = ""
    answer_day: date | None = None
    number_ending: str = ""
    disputed_amount: Money | None = None


@dataclass(frozen=True, slots=True)
class FactSheet:
    """Everything one message may say. ``claimed`` (one or more, of one currency) is what it is about; ``also_open`` rides along.

    ``locale`` is a code such as ``en`` or ``en_GB``. ``pay_url`` is for the one claimed invoice and is left out when there
    are several. ``payment_reference`` is what a bank transfer should quote; without one, the invoice numbers are. ``asked`` is what
    is to be paid now where it is not all that is claimed: a part that was promised, an installment. ``drafted`` are paragraphs that a
    writing model worded, ``voice`` is how the owner writes who signs it. ``interest`` is named below the claimed invoices and never asked for.
    ``contact_email`` is never written: it tells whether the reader is a person, or an office that nobody is on first names with.
    ``for_colleagues``: each payment is listed as the ledger tells it, with what customers are not shown.
    """

    seller: Seller
    customer_name: str
    contact_name: str
    locale: str
    today: date
    step_title: str
    claimed: tuple[Line, ...]
    also_open: tuple[Line, ...] = ()
    pay_url: str = ""
    payment_reference: str = ""
    around: Circumstances = Circumstances()
    asked: Money | None = None
    drafted: tuple[str, ...] = ()
    voice: Voice | None = None
    interest: Interest | None = None
    contact_email: str = ""
    for_colleagues: bool = False

    @property
    def total(self) -> Money:
        """What the claimed invoices come to. Raises UnableToReckon when they are in several currencies."""
        return total(tuple(line.invoice.balance for line in self.claimed))


@dataclass(frozen=True, slots=True)
class Row:
    """One invoice as a table shows it; all parts are plain text, empty where there is nothing to say. ``booked``: what came in on it."""

    number: str
    order: str
    due: str
    late: str
    is_late: bool
    amount: str
    whole: str
    view_url: str
    pay_url: str
    booked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a message that is not prose, placed by its name."""

    name: str
    is_there: bool = True

    def __bool__(self) -> bool:
        return self.is_there


class Page:
    """The facts of one sheet, written out in one locale."""

    def __init__(self, sheet: FactSheet, locale: Locale) -> None:
        self.sheet = sheet
        self.locale = locale
        spoken = sheet.voice is not None and sheet.voice.language == locale.language
        self.voice = sheet.voice if sheet.voice is not None and spoken else Voice()
        self.seller = clean(sheet.seller.name)
        casual = spoken and self.voice.formality is Formality.CASUAL
        # Empty: the formal address stands, whatever the owner writes to others.
        self.first = first_name(clean(sheet.contact_name), sheet.contact_email) if casual else ""
        self.words = phrases(locale.language).to_friends() if self.first else phrases(locale.language)
        self.contracts = bool(self.first) if spoken else sheet.around.tone == "warm"
        # Only a single invoice gets the button: a link takes the amount of its own invoice, not the sum, and not a part.
        whole = len(sheet.claimed) == 1 and sheet.asked in (None, sheet.claimed[0].invoice.balance)
        self.button = web_address(sheet.pay_url) if whole else ""

    def facts(self) -> dict[str, object]:
        sheet, dues = self.sheet, [line.invoice.due for line in self.sheet.claimed]
        lates = [line.days_late for line in sheet.claimed]
        first, one = sheet.claimed[0].invoice, len(sheet.claimed) == 1
        number, contact = clean(first.number), clean(sheet.contact_name)
        return {
            "greeting": self.voice.greet(contact, self.first) or self.words.greet(self.first or contact, sheet.around.tone),
            "closing": self.closing(),
            "familiar": bool(self.first),
            "contracts": self.contracts,
            "short": self.voice.is_short,
            "phrase_opening": self.voice.opening_phrase,
            "phrase_ending": self.voice.ending_phrase,
            "stem": self.words.stem.of(len(sheet.claimed), number=number, seller=self.seller),
            "seller": self.seller,
            "sender": clean(sheet.seller.sender_name),
            "phone": clean(sheet.seller.phone),
            "customer": clean(sheet.customer_name),
            "contact": contact,
            "today": long_day(sheet.today, self.locale),
            "step": sheet.step_title,
            "reference": self.reference,
            "count": len(sheet.claimed),
            "one": one,
            "number": number,
            "amount": money(sheet.total, self.locale),
            "due": long_day(min(dues), self.locale),
            "last_due": long_day(max(dues), self.locale),
            "days_late": max(lates),
            "least_days_late": min(lates),
            "remainder": one and first.balance < first.total,
            "attached": all(line.attached for line in sheet.claimed),
            "day_in": lambda ahead: long_day(sheet.today + timedelta(days=ahead), self.locale),
            "days": lambda number: self.words.days.of(abs(number)),
            "invoices": Block("invoices"),
            "also_open": Block("also_open", is_there=bool(sheet.also_open)),
            "payment": Block("payment"),
            "signature": Block("signature"),
            "drafted": list(self.sheet.drafted),
            **self.circumstances(),
        }

    def closing(self) -> str:
        """What stands above the signature, with the mark that belongs to it where the text has none."""
        usual = self.words.close(self.sheet.around.tone)
        return f"{self.voice.closing}{',' if usual.endswith(',') else ''}" if self.voice.closing else usual

    def circumstances(self) -> dict[str, object]:
        around = self.sheet.around

        def day(value: date | None) -> str:
            return long_day(value, self.locale) if value else ""

        def amount(value: Money | None) -> str:
            return money(value, self.locale) if value else ""

        return {
            "tone": around.tone,
            "strategic": around.strategic,
            "usual_days": around.usual_days,
            "promise_broken": around.promised_day is not None,
            "promised_day": day(around.promised_day),
            "promised_amount": amount(around.promised_amount),
            "discount_percent": around.discount_percent,
            "discount_until": day(around.discount_until),
            "discount_amount": amount(around.discount_amount),
            "plan": around.plan or bool(around.plan_lines),
            "plan_lines": Block("plan_lines", is_there=bool(around.plan_lines)),
            "first_invoice": around.first_invoice,
            "answers": Block("answers", is_there=bool(around.answers)),
            "account_manager": clean(around.account_manager),
            "agency": clean(around.agency),
            "hold": around.hold,
            "reissued_as": clean(around.reissued_as),
            "about": clean(around.about),
            "collectors": around.collectors,
            "paid_day": day(around.paid_day),
            "colleague": clean(around.colleague),
            "answer_day": day(around.answer_day),
            "number_ending": clean(around.number_ending),
            "disputed_amount": amount(around.disputed_amount),
        }

    def installments(self) -> list[tuple[str, str]]:
        return [(short_day(day, self.locale), money(amount, self.locale)) for day, amount in self.sheet.around.plan_lines]

    def interest(self) -> list[tuple[str, str]]:
        """What the law adds, as label and amount: the principal, interest up to the day, the fixed sum, and the total."""
        found, words = self.sheet.interest, self.words.interest
        if found is None:
            return []
        until = long_day(found.until, self.locale)
        return [
            (words.principal, money(found.principal, self.locale)),
            (words.accrued.format(day=until), money(found.accrued, self.locale)),
            (words.fixed, money(found.fixed, self.locale)),
            (words.total, money(found.total, self.locale)),
        ]

    def interest_ground(self) -> str:
        """On which law interest and fixed sum rest, and that they are not part of what is asked for."""
        found, words = self.sheet.interest, self.words.interest
        return f"{getattr(words.grounds, found.law)} {words.apart}" if found else ""

    def answers(self) -> list[tuple[str, str]]:
        return [(getattr(self.words.answers, answer), web_address(address)) for answer, address in self.sheet.around.answers]

    @property
    def reference(self) -> str:
        return clean(self.sheet.payment_reference) or ", ".join(clean(line.invoice.number) for line in self.sheet.claimed)

    def rows(self, lines: tuple[Line, ...]) -> list[Row]:
        return [
            Row(
                number=clean(line.invoice.number),
                order=clean(line.invoice.purchase_order),
                due=short_day(line.invoice.due, self.locale),
                late=self.words.lateness(line.days_late),
                is_late=line.days_late > 0,
                amount=money(line.invoice.balance, self.locale),
                whole=money(line.invoice.total, self.locale) if line.invoice.balance < line.invoice.total else "",
                view_url="" if line.attached else web_address(line.invoice.pdf_url),
                pay_url="" if self.button and lines is self.sheet.claimed else web_address(line.invoice.pay_url),
                booked=self._booked(line),
            )
            for line in lines
        ]

    def _booked(self, line: Line) -> tuple[str, ...]:
        told = line.told or line.invoice
        if self.sheet.for_colleagues:
            return list_all(told, self.words, self.locale)
        remains = 0 < line.invoice.balance.amount < line.invoice.total.amount
        return tuple(filter(None, (thank(told, self.words, self.locale),))) if remains else ()

    def sum_of(self, lines: tuple[Line, ...]) -> str:
        """The total under a table: empty where it would only repeat the one amount, or mix currencies."""
        if len(lines) < 2 or len({line.invoice.balance.currency for line in lines}) > 1:
            return ""
        return money(total(tuple(line.invoice.balance for line in lines)), self.locale)

    def bank(self) -> list[tuple[str, str]]:
        """Where to pay by transfer, in place of a pay button."""
        return [] if self.button else self.transfer()

    def transfer(self) -> list[tuple[str, str]]:
        """Where to pay by transfer, as label and value; empty without a bank account."""
        bank = self.sheet.seller.bank
        if not bank.iban:
            return []
        words, (is_iban, number) = self.words.bank, account(clean(bank.iban))
        details = [
            (words.holder, clean(bank.holder)),
            (words.iban if is_iban else words.account, number),
            (words.bic, clean(bank.bic)),
            (words.bank, clean(bank.bank)),
        ]
        return [
            *((label, value) for label, value in details if value),
            (words.amount, money(self.sheet.asked or self.sheet.total, self.locale)),
            (words.reference, self.reference),
        ]

    def signature(self) -> list[str]:
        seller = self.sheet.seller
        role = ", ".join(filter(None, (clean(seller.sender_title), self.seller)))
        return [line for line in (self.voice.sign_off or clean(seller.sender_name), role, clean(seller.phone)) if line]

    def text_of(self, block: str) -> str:
        if block == "signature":
            return "\n".join(self.signature())
        if block == "payment":
            return self._text_of_payment()
        if block == "plan_lines":
            return "\n".join(columns(self.installments(), right=1))
        if block == "interest":
            return "\n".join(
                [*columns(self.interest(), right=1), "", *textwrap.wrap(self.interest_ground(), WIDTH, break_long_words=False, break_on_hyphens=False)]
            )
        if block == "answers":
            return "\n".join(f"{label}{self.words.colon} {address}" for label, address in self.answers())
        lines = self.sheet.claimed if block == "invoices" else self.sheet.also_open
        rows, whole = self.rows(lines), self.sum_of(lines)
        table = [(row.number, row.due, row.late, row.amount) for row in rows]
        written = columns([*table, (self.words.table.total, "", "", whole)] if whole else table, right=3)
        listed = []
        for row, line in zip(rows, written, strict=False):
            notes = [self.words.remainder.format(amount=row.whole) if row.whole else "", self.words.order.format(order=row.order) if row.order else ""]
            links = [f"{label}{self.words.colon} {url}" for label, url in ((self.words.copy, row.view_url), (self.words.pay_link, row.pay_url)) if url]
            listed += [line, *(f"      {note}" for note in (", ".join(filter(None, notes)), *row.booked, *links) if note)]
        return "\n".join([*listed, *written[len(rows) :]])

    def _text_of_payment(self) -> str:
        if self.button:
            return f"{self.words.pay_here.format(amount=money(self.sheet.total, self.locale))}\n{self.button}"
        if bank := self.bank():
            return "\n".join([self.words.transfer, "", *columns((f"{label}{self.words.colon}", value) for label, value in bank)])
        if self.offers_links:
            return ""
        sender = clean(self.sheet.seller.sender_name)
        return self.words.ask_bank.format(sender=sender) if sender else self.words.ask_bank_unnamed

    @property
    def offers_links(self) -> bool:
        return all(row.pay_url for row in self.rows(self.sheet.claimed))

    def imprint(self) -> list[str]:
        seller = self.sheet.seller
        return [line for line in (clean(seller.legal_name), *map(clean, seller.address), clean(seller.phone)) if line]

    def reach(self) -> list[str]:
        return [self.words.reach.format(sender=clean(self.sheet.seller.sender_name) or self.seller), self.words.wrong_person]

    def footer(self) -> str:
        portal = self.portal()
        return "\n".join(["--", *self.reach(), *([f"{self.words.portal} {portal}"] if portal else []), "", *self.imprint()])

    def portal(self) -> str:
        return web_address(self.sheet.around.portal_url)

    def looks(self, subject: str, preview: str) -> dict[str, object]:
        color, on_color = brand(self.sheet.seller.brand_color)
        return {
            "subject": subject,
            "preview": preview,
            "language": self.locale.language,
            "seller": self.seller,
            "logo_url": web_address(self.sheet.seller.logo_url),
            "color": color,
            "on_color": on_color,
            "tables": {"invoices": self.rows(self.sheet.claimed), "also_open": self.rows(self.sheet.also_open)},
            "totals": {"invoices": self.sum_of(self.sheet.claimed), "also_open": self.sum_of(self.sheet.also_open)},
            "button": self.button,
            "amount": money(self.sheet.total, self.locale),
            "words": self.words.labels(),
            "bank": self.bank(),
            "payment": self._text_of_payment(),
            "signature": self.signature(),
            "plan_lines": self.installments(),
            "interest": self.interest(),
            "interest_ground": self.interest_ground(),
            "answers": self.answers(),
            "reach": self.reach(),
            "portal": (self.words.portal.rstrip(" \u00a0:"), self.portal()),
            "imprint": self.imprint(),
        }
