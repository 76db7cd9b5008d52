"""The agreed form of a rest ledger's answer: what is not in it is refused by the name of its field.

The form is described, with examples, in docs/reference/rest-ledger.md.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Annotated

from babel import Locale
from babel.numbers import list_currencies
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from domain.calendar import zone
from domain.customer import Role
from domain.invoice import Booking, BookingKind, Standing
from domain.money import Money, UnableToReckon
from integrations.accounting import LedgerContact, LedgerCustomer, LedgerInvoice, UnableToReadLedger

_YEARS = range(2000, 2100)
_MOST_BOOKINGS = 500
_JOINERS = "\u200c\u200d"  # invisible, and part of how names are written in many scripts


def _text(value: str) -> str:
    if any(not letter.isprintable() and not letter.isspace() and letter not in _JOINERS for letter in value):
        raise ValueError("holds a control character")
    return " ".join(value.split())


def _something(value: str) -> str:
    if not value:
        raise ValueError("should not be empty")
    return value


def _amount(value: object) -> Decimal:
    if not isinstance(value, str) or not re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,3})?", value):
        raise ValueError('should be a string such as "1234.50"')
    return Decimal(value)


def _day(value: object) -> date:
    if not isinstance(value, str) or not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise ValueError('should be a day such as "2026-11-20"')
    day = date.fromisoformat(value)
    if day.year not in _YEARS:
        raise ValueError(f"should be a day from {_YEARS.start} to {_YEARS.stop - 1}")
    return day


def _link(value: str) -> str:
    if value and not re.fullmatch(r"https?://[^\s/\"'<>]+[^\s\"'<>]*", value):
        raise ValueError("should be empty or a web address that starts with https://")
    return value


def _zone(value: str) -> str:
    try:
        return zone(value).key if value else ""
    except (KeyError, ValueError, OSError) as error:
        raise ValueError('should be empty or an IANA time zone such as "Europe/Berlin"') from error


@lru_cache
def _currencies() -> frozenset[str]:
    return frozenset(list_currencies()) - {"XXX", "XTS"}  # "no currency" and "for testing"


@lru_cache
def _countries() -> frozenset[str]:
    return frozenset(code for code in map(str, Locale("en").territories) if len(code) == 2) - {"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"}


def _currency(value: str) -> str:
    if value not in _currencies():
        raise ValueError("should be an ISO 4217 code such as EUR")
    return value


def _country(value: str) -> str:
    if value and value not in _countries():
        raise ValueError("should be empty or an ISO 3166 alpha-2 code such as DE")
    return value


_Text = Annotated[str, Field(max_length=300), AfterValidator(_text)]
Name = Annotated[str, Field(max_length=200), AfterValidator(_text), AfterValidator(_something)]
Ref = Annotated[str, Field(pattern="^[!-~]{1,200}$")]
_Amount = Annotated[Decimal, BeforeValidator(_amount)]
_Day = Annotated[date, BeforeValidator(_day)]
_Currency = Annotated[str, AfterValidator(_currency)]
_Country = Annotated[str, AfterValidator(_country)]
_Zone = Annotated[str, AfterValidator(_zone)]
_Link = Annotated[str, Field(max_length=2000), AfterValidator(_link)]


class Answer(BaseModel):
    # What we do not know of is the ledger's own; what we know of must have exactly its type.
    model_config = ConfigDict(strict=True, frozen=True, extra="ignore", hide_input_in_errors=True)


class _Contact(Answer):
    name: _Text = ""
    email: _Text = ""
    phone: _Text = ""
    role: Role = Role.BILLING


class _Customer(Answer):
    number: Name
    name: Name
    country: _Country = ""
    language: Annotated[str, Field(pattern="^[a-z]{2,3}$")] = "en"
    time_zone: _Zone = ""
    contacts: tuple[_Contact, ...] = ()
    unapplied: dict[_Currency, _Amount] | None = None
    address: tuple[_Text, ...] = Field(default=(), max_length=6)


class _Booking(Answer):
    id: Ref
    day: _Day
    amount: _Amount
    currency: _Currency | None = None
    kind: BookingKind = BookingKind.PAYMENT
    method: _Text = ""
    reference: _Text = ""


class _Invoice(Answer):
    ref: Ref
    number: Name
    customer: _Customer
    currency: _Currency
    total: _Amount
    balance: _Amount
    issued: _Day
    due: _Day
    standing: Standing = Standing.OPEN
    pay_url: _Link = ""
    pdf_url: _Link = ""
    purchase_order: _Text = ""
    paid_on: _Day | None = None
    payments: tuple[_Booking, ...] | None = Field(default=None, max_length=_MOST_BOOKINGS)

    def as_told(self) -> LedgerInvoice:
        customer = self.customer
        if self.balance > self.total:
            raise UnableToReadLedger(
                f"the ledger's invoice {self.ref} has a balance of {self.balance}, more than its total of {self.total}; it must be corrected there"
            )
        contacts = tuple(LedgerContact(contact.name, contact.email, contact.phone, contact.role) for contact in customer.contacts)
        unapplied = None if customer.unapplied is None else self._unapplied(customer.unapplied)
        return LedgerInvoice(
            ref=self.ref,
            number=self.number,
            customer=LedgerCustomer(
                customer.number, customer.name, customer.country, customer.language, customer.time_zone, contacts, unapplied, customer.address
            ),
            currency=self.currency,
            total=self._money("total", self.total),
            balance=self._money("balance", self.balance),
            issued=self.issued,
            due=self.due,
            standing=self.standing,
            pay_url=self.pay_url,
            pdf_url=self.pdf_url,
            purchase_order=self.purchase_order,
            paid_on=self.paid_on,
            bookings=None if self.payments is None else tuple(self._bookings(self.payments)),
        )

    def _bookings(self, told: tuple[_Booking, ...]) -> Iterator[Booking]:
        seen: set[str] = set()
        for place, one in enumerate(told):
            if one.id in seen:
                raise UnableToReadLedger(f"the ledger's invoice {self.ref} has payment {one.id} twice; it must be corrected there")
            seen.add(one.id)
            if one.currency not in (None, self.currency):
                raise UnableToReadLedger(
                    f"the ledger's invoice {self.ref} is in {self.currency} and has payment {one.id} in {one.currency}; tell it as it was set against it"
                )
            amount = self._money(f"payments[{place}].amount", one.amount)
            if not amount:
                raise UnableToReadLedger(f"the ledger's invoice {self.ref} has payment {one.id} of nothing; it must be corrected there")
            yield Booking(one.id, one.day, Money(amount, self.currency), one.kind, one.method, one.reference)

    def _unapplied(self, told: dict[str, Decimal]) -> tuple[tuple[str, Decimal], ...]:
        if any(amount < 0 for amount in told.values()):
            raise UnableToReadLedger(f"the ledger's invoice {self.ref} has a customer with less than nothing unapplied; it must be corrected there")
        return tuple((currency, self._money("customer.unapplied", amount, currency)) for currency, amount in sorted(told.items()) if amount)

    def _money(self, name: str, amount: Decimal, currency: str = "") -> Decimal:
        try:
            return Money(amount, currency or self.currency).amount
        except UnableToReckon as error:
            raise UnableToReadLedger(f"the ledger's invoice {self.ref} has an unusable {name}: {error}; it must be corrected there") from error


class Page(Answer):
    invoices: tuple[_Invoice, ...]
    next: str | None = None
    posted_through: _Day | None = None


def place_of(error: ValidationError) -> str:
    """Where an answer first departs from the agreed form, and how, as in ``invoices[3].total: should be a string``."""
    fault = error.errors(include_url=False, include_input=False)[0]
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in fault["loc"]).lstrip(".") or "the whole"
    return f"{place}: {fault['msg'].removeprefix('Value error, ')}"


def invoice_of(error: ValidationError, body: bytes) -> str:
    """Which invoice it is whose form is another, where that can still be read."""
    match error.errors(include_url=False, include_input=False)[0]["loc"]:
        case ("invoices", int(place), *_):
            try:
                entry = json.loads(body)["invoices"][place]
            except (ValueError, LookupError, TypeError, RecursionError):
                return ""
            told = {key: entry[key] for key in ("ref", "number") if isinstance(entry, dict) and isinstance(entry.get(key), str)}
            named = [f"{key} {''.join(letter for letter in value[:60] if letter.isprintable())}" for key, value in told.items()]
            return f" (invoice with {', '.join(named)})" if named else ""
        case _:
            return ""
