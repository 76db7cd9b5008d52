"""Every time zone a customer may be in."""

from __future__ import annotations

from functools import lru_cache
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers.timezone import time_zones_for_number

from integrations.reference import countries


def possible_zones(country: str, stated: str = "", phones: tuple[str, ...] = ()) -> tuple[str, ...]:
    """IANA zones where a customer of ``country`` (ISO alpha-2) may be.

    A stated zone is the answer, when it exists. Otherwise the zones of its landline numbers where they agree with the
    country, else every zone of the country; UTC when nothing is known.
    """
    if stated and _exists(stated):
        return (stated,)
    of_country = countries.zones_by_country().get(country, ())
    of_phones = tuple(dict.fromkeys(zone for phone in phones for zone in _zones_of_phone(phone, country) if zone in of_country))
    return of_phones or of_country or ("UTC",)


def _zones_of_phone(phone: str, country: str) -> tuple[str, ...]:
    try:
        number = phonenumbers.parse(phone, country)
    except phonenumbers.NumberParseException:
        return ()
    if not phonenumbers.is_valid_number(number) or phonenumbers.number_type(number) != phonenumbers.PhoneNumberType.FIXED_LINE:
        return ()  # mobiles travel
    return tuple(time_zones_for_number(number))


@lru_cache(maxsize=10_000)
def country_of_phone(phone: str, country: str) -> str:
    """The country (ISO alpha-2) that a phone number written in ``country`` belongs to; empty when it tells none."""
    try:
        found = phonenumbers.region_code_for_number(phonenumbers.parse(phone, country))
    except phonenumbers.NumberParseException:
        return ""
    return found if found and len(found) == 2 and found.isalpha() and found != "ZZ" else ""


def _exists(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True
