from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import BusinessCalendar, ContactHours, local_day
from integrations.reference.holidays import calendar_for
from integrations.reference.zones import possible_zones

HOURS = ContactHours()
ZONES = st.sampled_from(
    [
        ("Europe/Berlin",),
        ("America/New_York", "America/Los_Angeles"),
        ("Pacific/Kiritimati",),
        ("America/St_Johns",),
        ("Asia/Kolkata",),
        ("Australia/Lord_Howe",),
        ("America/New_York", "Pacific/Honolulu"),
    ]
)
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2029, 12, 31)).map(lambda moment: moment.replace(tzinfo=UTC))
# Leap day, year's end, both clock changes in Europe and in America.
EDGES = [date(2028, 2, 29), date(2026, 12, 31), date(2026, 3, 29), date(2026, 10, 25), date(2026, 3, 8), date(2026, 11, 1)]


@given(MOMENTS, ZONES, st.integers(0, 49))
def test_the_next_allowed_moment_is_allowed_and_never_earlier(moment: datetime, zones: tuple[str, ...], offset: int) -> None:
    calendar = calendar_for(("DE", "US"), moment.date())
    found = HOURS.next_allowed(moment, zones, calendar, timedelta(minutes=offset))
    assert found >= moment
    assert HOURS.allows(found, zones, calendar)
    for name in zones:
        local = found.astimezone(ZoneInfo(name))
        assert 8 <= local.hour < 18
        assert local.weekday() < 5


@pytest.mark.parametrize("day", EDGES)
def test_contact_opens_at_eight_local_time_on_every_edge_of_the_calendar(day: date) -> None:
    for name in ("Europe/Berlin", "America/New_York", "Pacific/Kiritimati", "America/St_Johns"):
        opening = HOURS.opening(day, (name,), BusinessCalendar()).astimezone(ZoneInfo(name))
        assert (opening.hour, opening.minute) == (8, 0)
        assert opening.date() >= day


def test_a_customer_who_may_be_in_new_york_or_honolulu_is_written_to_when_both_are_at_work() -> None:
    opening = HOURS.opening(date(2026, 6, 3), ("America/New_York", "Pacific/Honolulu"), BusinessCalendar())
    assert opening.astimezone(ZoneInfo("Pacific/Honolulu")).hour == 8
    assert opening.astimezone(ZoneInfo("America/New_York")).hour == 14


def test_zones_with_no_common_hour_fall_back_to_the_first_instead_of_silence_for_ever() -> None:
    zones = ("Europe/Kaliningrad", "Asia/Kamchatka")
    opening = HOURS.opening(date(2026, 6, 3), zones, BusinessCalendar())
    assert HOURS.allows(opening, zones, BusinessCalendar())


def test_german_holidays_are_no_business_days() -> None:
    calendar = calendar_for(("DE",), date(2026, 1, 1))
    assert not calendar.is_business_day(date(2026, 12, 25))
    assert calendar.add(date(2026, 12, 24), 1) == date(2026, 12, 28)


def test_fridays_are_free_where_the_weekend_is_friday_and_saturday() -> None:
    assert not calendar_for(("SA",), date(2026, 1, 1)).is_business_day(date(2026, 6, 5))


@given(st.dates(date(2025, 1, 1), date(2027, 12, 31)), st.integers(1, 40))
def test_adding_business_days_and_counting_them_agree(day: date, number: int) -> None:
    calendar = calendar_for(("DE",), day)
    assert calendar.between(day, calendar.add(day, number)) == number


def test_a_landline_tells_the_zone_and_a_mobile_does_not() -> None:
    assert possible_zones("US", phones=("+1 415 222 0100",)) == possible_zones("US")  # US numbers do not tell mobile from landline
    assert len(possible_zones("US")) > 5
    assert possible_zones("DE", stated="Europe/Berlin") == ("Europe/Berlin",)
    assert possible_zones("DE", stated="Mars/Olympus") == possible_zones("DE")
    assert possible_zones("ZZ") == ("UTC",)


def test_the_day_of_a_moment_is_the_first_zones_day() -> None:
    moment = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
    assert local_day(moment, ("Europe/Berlin",)) == date(2026, 3, 2)
    assert local_day(moment, ("Pacific/Kiritimati",)) == date(2026, 3, 2)
    assert local_day(moment, ("America/St_Johns",)) == date(2026, 3, 1)
