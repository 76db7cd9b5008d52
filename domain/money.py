"""Amounts of money: exact, with their currency, never mixed."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

# ISO 4217 minor units that differ from two.
_MINOR_UNITS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}


class UnableToReckon(ValueError):
    """An amount that cannot be money: not finite, finer than its currency allows, or of another currency."""


def minor_units(currency: str) -> int:
    """How many decimal places ``currency`` (ISO 4217 code) has."""
    return _MINOR_UNITS.get(currency, 2)


def minor_unit(currency: str) -> Decimal:
    """The smallest amount of a currency, such as 0.01. Raises UnableToReckon for an unknown one."""
    return Decimal(1).scaleb(-minor_units(currency))


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount in one currency.

    Raises UnableToReckon when the amount is not finite or has more decimal places than the currency.
    """

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if len(self.currency) != 3 or not self.currency.isascii() or not self.currency.isupper():
            raise UnableToReckon(f"currency {self.currency!r} is not a three-letter ISO 4217 code such as EUR")
        if not self.amount.is_finite():
            raise UnableToReckon(f"amount {self.amount} is not a number")
        if self.amount.copy_abs() >= Decimal(10) ** 15:  # abs would reckon, and stumble over an exponent of a billion
            raise UnableToReckon(f"amount {self.amount:.6g} is larger than any invoice Dunwell accepts (15 digits)")
        exact = self.amount.quantize(Decimal(1).scaleb(-minor_units(self.currency)), rounding=ROUND_HALF_EVEN)
        if exact != self.amount:
            raise UnableToReckon(f"amount {self.amount} has more decimal places than {self.currency} allows ({minor_units(self.currency)})")
        object.__setattr__(self, "amount", exact)

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self._same(other).amount, self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._same(other).amount, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.amount < self._same(other).amount

    def __le__(self, other: Money) -> bool:
        return self.amount <= self._same(other).amount

    def __str__(self) -> str:
        return f"{self.amount:,f} {self.currency}"

    def _same(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise UnableToReckon(f"{self.currency} cannot be reckoned with {other.currency}")
        return other

    def split(self, parts: int) -> tuple[Money, ...]:
        """Split into near-equal parts that add up exactly; the first parts take the odd minor units."""
        if parts < 1:
            raise UnableToReckon("money is split into one part or more")
        unit = Decimal(1).scaleb(-minor_units(self.currency))
        each, odd = divmod(int(self.amount / unit), parts)
        return tuple(Money((each + (1 if n < odd else 0)) * unit, self.currency) for n in range(parts))


def total(amounts: tuple[Money, ...]) -> Money:
    """The sum of one or more amounts of the same currency."""
    first, *rest = amounts
    for amount in rest:
        first = first + amount
    return first


@dataclass(frozen=True, slots=True)
class Tolerance:
    """What may stay open on an invoice that counts as paid (bank charges, a discount taken), by currency."""

    default: Decimal = Decimal("1.00")
    by_currency: tuple[tuple[str, Decimal], ...] = ()

    def covers(self, balance: Money) -> bool:
        """Whether ``balance`` is small enough (or negative) to count as settled."""
        return balance.amount <= dict(self.by_currency).get(balance.currency, self.default)
