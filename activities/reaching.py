"""Where else a customer may be than its address says, and whose quiet it keeps."""

from __future__ import annotations

from db.parties import Reached
from integrations.reference.zones import country_of_phone


def places_besides(reached: Reached) -> frozenset[str]:
    """Places whose law may hold for a customer besides its own: the countries of the phones it is reached by, and of whom it
    pays through, as ISO codes."""
    customer, payer = reached.customer, reached.payer
    phones = {country_of_phone(contact.phone, customer.country) for contact in customer.contacts if contact.phone}
    paying = {f"{payer.country}-{payer.region}" if payer.region else payer.country} if payer else set()
    return frozenset(paying | (phones - {"", customer.country}))


def quiet_for(reached: Reached) -> tuple[str, ...]:
    """Everybody whose quiet periods a customer keeps, as ``db.quiet_periods.load_quiet`` asks for them."""
    customer, payer = reached.customer, reached.payer
    return (customer.seller, customer.id, customer.country, *((payer.id, payer.country) if payer else ()))
