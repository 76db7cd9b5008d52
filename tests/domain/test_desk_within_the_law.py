"""Whatever an installation has chosen, the desk stays within the law wherever a customer may be."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import desk
from domain.calendar import BusinessCalendar, ContactHours, local_day
from domain.customer import Contact, Customer, Role
from domain.decision import Wait, decide
from domain.facts import Contacted, Envelope, Facts
from domain.law import USES, Party, limits, party_of
from domain.law_packs import RULES
from domain.lawful import find_unlawful
from domain.playbook import Stage, Step, Verb
from domain.statute import Technology
from support.worlds import MONDAY, STANDARD, a_case, facts

ALWAYS = ContactHours(any_time=True)
# What somebody might choose who knows no law: any hour, as often as can be.
RECKLESS = Envelope(ALWAYS, ALWAYS, 9, 50, 200, 50, 0, frozenset({"email", "sms", "call", "letter", "portal", "task"}))
REMINDER = Step("reminder", Verb.REMIND, ("email", "sms", "call", "task"), "", Stage.REMINDER, day=5)
CALL = Step("call", Verb.CALL, ("call", "task"), "", Stage.CALL, day=14)
OFFER = Step("offer", Verb.OFFER_DISCOUNT, ("sms", "email"), "", Stage.REMINDER, day=7)
ALONG = replace(REMINDER, name="along", together=True)
EAGER = replace(STANDARD, gap_days=0)
EVERYBODY = (Contact("k", Role.BILLING, "Kim", "kim@customer.example", "+61255501234"),)


def a_customer(country: str, *zones: str, **fields: object) -> Customer:
    return replace(Customer("c", "s", "C-1", "Customer", country, zones, contacts=EVERYBODY, address=("1 Main Street",)), **fields)  # type: ignore[arg-type]


def world(customer: Customer, **fields: object) -> Facts:
    return facts(customer=customer, envelope=RECKLESS, playbook=EAGER, calendar=BusinessCalendar(), **fields)


def in_sydney(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of June 2026, which begins on a Monday."""
    return datetime(2026, 6, day, hour, minute, tzinfo=ZoneInfo("Australia/Sydney")).astimezone(UTC)


SYDNEY = a_customer("AU", "Australia/Sydney")


@pytest.mark.parametrize(("hour", "opens"), [(7, in_sydney(3, 9)), (17, in_sydney(4, 9)), (23, in_sydney(4, 9))])
def test_hours_chosen_wider_than_the_law_are_used_as_narrow_as_the_law(hour: int, opens: datetime) -> None:
    refusal = desk.allow(CALL, "call", world(SYDNEY), in_sydney(3, hour))
    assert refusal is not None and refusal.rule == "hours"
    assert timedelta() <= refusal.until - opens < timedelta(hours=1)
    assert "a workplace is called from 9:00 to 17:00 on weekdays (au-workplace-hours)" in refusal.why
    assert desk.allow(CALL, "call", world(SYDNEY), refusal.until) is None
    assert desk.allow(REMINDER, "email", world(SYDNEY), in_sydney(3, hour)) is None, "the rule is about the telephone"


def test_where_our_own_hours_are_narrower_they_decide_and_no_law_is_named() -> None:
    own = replace(world(SYDNEY), envelope=Envelope(channels=RECKLESS.channels))
    refusal = desk.allow(CALL, "call", own, in_sydney(3, 8))
    assert refusal is not None and refusal.why == "it is outside contact hours where the customer is"


def test_a_public_holiday_that_the_law_keeps_free_is_kept_free() -> None:
    king = world(SYDNEY)
    king = replace(king, calendar=BusinessCalendar(frozenset({date(2026, 6, 8)})))
    refusal = desk.allow(CALL, "call", king, in_sydney(8, 10))
    assert refusal is not None and local_day(refusal.until, SYDNEY.zones) == date(2026, 6, 9)


def test_the_law_of_every_place_a_customer_may_be_in_holds_at_once() -> None:
    berlin = a_customer("DE", "Europe/Berlin")
    night = datetime(2026, 6, 3, 4, tzinfo=UTC)  # six in Berlin
    assert desk.allow(CALL, "call", world(berlin), night) is None
    assert desk.allow(CALL, "call", world(berlin, elsewhere=frozenset({"AU"})), night) is not None


def test_hours_of_the_law_hold_in_every_zone_even_where_they_never_meet() -> None:
    nowhere = world(a_customer("AU", "Australia/Sydney", "America/New_York"))
    week = (in_sydney(3, 0) + timedelta(minutes=30 * step) for step in range(7 * 48))
    assert all(desk.allow(CALL, "call", nowhere, moment) is not None for moment in week)


def test_the_fourth_contact_in_seven_days_waits_in_australia_whatever_was_chosen() -> None:
    now = in_sydney(15, 10)
    heard = tuple(Contacted(now - timedelta(days=days), Stage.REMINDER) for days in (1, 2, 4))
    refusal = desk.allow(REMINDER, "email", world(SYDNEY, contacts=heard), now)
    assert refusal is not None and refusal.rule == "caps" and "(au-frequency)" in refusal.why
    assert local_day(refusal.until, SYDNEY.zones) == date(2026, 6, 18)
    assert desk.allow(REMINDER, "email", world(replace(SYDNEY, country="NZ"), contacts=heard), now) is None


def test_in_california_a_person_who_owes_is_not_called_within_seven_days_of_a_conversation() -> None:
    now = datetime(2026, 6, 10, 18, tzinfo=UTC)
    agreed = frozenset({"ai_voice", "prerecorded_voice"})
    trader = a_customer("US", "America/Los_Angeles", region="CA", natural_person=True, consents=agreed)
    talked = (Contacted(now - timedelta(days=6), Stage.CALL, channel="talk"),)
    refusal = desk.allow(CALL, "call", world(trader, contacts=talked), now)
    assert refusal is not None and refusal.rule == "calls" and "us-ca-rosenthal-silence" in refusal.why
    assert desk.allow(CALL, "call", world(trader, contacts=talked), now + timedelta(days=1)) is None
    assert desk.allow(CALL, "call", world(replace(trader, natural_person=False), contacts=talked), now) is None
    assert desk.allow(CALL, "call", world(replace(trader, natural_person=False, guarantor=True), contacts=talked), now) is not None


def test_a_channel_without_the_consent_it_needs_is_no_channel_and_the_next_one_is_used() -> None:
    step = Step("text", Verb.REMIND, ("sms", "email", "task"), "", Stage.REMINDER, day=3)
    american = a_customer("US", "America/New_York", region="NY")
    assert world(american).channel_for(step, MONDAY) == "email"
    assert world(replace(american, consents=frozenset({"text"}))).channel_for(step, MONDAY) == "sms"
    assert world(replace(american, consents=frozenset({"ai_voice"}))).channel_for(step, MONDAY) == "email"
    assert world(a_customer("DE", "Europe/Berlin")).channel_for(step, MONDAY) == "sms"
    assert world(a_customer("DE", "Europe/Berlin"), elsewhere=frozenset({"US"})).channel_for(step, MONDAY) == "email", "an American number"
    assert world(american).channel_for(CALL, MONDAY) == "task", "a person calls where a machine may not"


def test_a_message_that_also_offers_something_keeps_to_the_hours_of_solicitations() -> None:
    texan = a_customer("US", "America/Chicago", region="TX", consents=frozenset({"text"}))
    sunday = datetime(2026, 6, 7, 10, 30, tzinfo=ZoneInfo("America/Chicago")).astimezone(UTC)
    assert desk.allow(replace(OFFER, do=Verb.REMIND), "sms", world(texan), sunday) is None
    refusal = desk.allow(OFFER, "sms", world(texan), sunday)
    assert refusal is not None and "us-tx-solicitation" in refusal.why
    assert refusal.until.astimezone(ZoneInfo("America/Chicago")).hour == 12


def test_the_reason_an_invoice_waits_names_the_law() -> None:
    case = a_case(date(2026, 5, 20), opened=in_sydney(1, 10))
    called = replace(STANDARD, gap_days=0, steps=(replace(CALL, by=("call",)),))
    verdict = decide(replace(case, entered=True), replace(world(SYDNEY), playbook=called), in_sydney(3, 20))
    assert verdict.rule == "hours" and isinstance(verdict.decision, Wait)
    assert "au-workplace-hours" in verdict.decision.why


def test_the_shipped_limits_are_lawful_for_everybody_and_open_hours_are_not() -> None:
    parties = [(frozenset({place}), Party(natural)) for rule in RULES for place in rule.places for natural in (False, True)]
    shipped = Envelope(channels=RECKLESS.channels)
    assert find_unlawful(shipped, parties, date(2026, 11, 23)) == ()
    assert find_unlawful(replace(shipped, per_week=4), [(frozenset({"DE"}), Party())], date(2026, 11, 23)) == ()
    assert {one.rule for one in find_unlawful(replace(shipped, per_week=4), [(frozenset({"AU"}), Party())], date(2026, 11, 23))} == {"au-frequency"}
    found = find_unlawful(RECKLESS, [(frozenset({"AU"}), Party())], date(2026, 11, 23))
    assert {"au-telephone-hours", "au-workplace-hours", "au-frequency"} == {one.rule for one in found}
    silent = replace(RECKLESS, channels=frozenset({"email", "task"}))
    assert "au-telephone-hours" not in {one.rule for one in find_unlawful(silent, [(frozenset({"AU"}), Party())], date(2026, 11, 23))}


PLACES = st.sampled_from(
    [("US", ""), ("US", "CA"), ("US", "TX"), ("US", "FL"), ("US", "NY"), ("DE", "BY"), ("GB", ""), ("AU", ""), ("AU", "NSW"), ("", ""), ("BR", "")]
)
ZONES = st.lists(
    st.sampled_from(["Australia/Sydney", "Australia/Perth", "America/Los_Angeles", "America/New_York", "Pacific/Honolulu", "Europe/Berlin"]),
    min_size=1,
    max_size=3,
    unique=True,
)
TIMES = st.builds(time, st.integers(0, 23), st.sampled_from([0, 30]))
HOURS = st.builds(ContactHours, TIMES, TIMES, st.booleans())
ENVELOPES = st.builds(
    Envelope,
    HOURS,
    HOURS,
    st.integers(1, 9),
    st.integers(1, 50),
    st.integers(1, 200),
    st.integers(0, 50),
    st.integers(0, 9),
    st.just(RECKLESS.channels),
)
NOW = st.datetimes(datetime(2024, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC))
AGO = st.lists(st.tuples(st.integers(0, 40 * 24), st.sampled_from(["email", "sms", "call", "talk", "letter"])), max_size=12)


@settings(max_examples=600)
@given(
    place=PLACES,
    beside=st.frozensets(st.sampled_from(["US", "US-CA", "AU", "DE"]), max_size=2),
    zones=ZONES,
    person=st.tuples(st.booleans(), st.booleans()),
    consents=st.frozensets(st.sampled_from([*map(str, Technology), "nothing"])),
    envelope=ENVELOPES,
    ago=AGO,
    step=st.sampled_from([REMINDER, CALL, OFFER, ALONG]),
    channel=st.sampled_from(["email", "sms", "call", "letter", "portal"]),
    holidays=st.frozensets(st.integers(-3, 3), max_size=3),
    now=NOW,
)
def test_nothing_the_law_forbids_ever_passes(
    place: tuple[str, str],
    beside: frozenset[str],
    zones: list[str],
    person: tuple[bool, bool],
    consents: frozenset[str],
    envelope: Envelope,
    ago: list[tuple[int, str]],
    step: Step,
    channel: str,
    holidays: frozenset[int],
    now: datetime,
) -> None:
    customer = a_customer(place[0], *zones, region=place[1], natural_person=person[0], guarantor=person[1], consents=consents)
    calendar = BusinessCalendar(frozenset(now.date() + timedelta(days=days) for days in holidays))
    contacts = tuple(Contacted(now - timedelta(hours=hours), Stage.REMINDER, channel=by) for hours, by in ago)
    seen = replace(world(customer, contacts=contacts, elsewhere=beside), envelope=envelope, calendar=calendar)
    today = local_day(now, customer.zones)
    places = beside | {"-".join(filter(None, place))}
    party = party_of(*person, consents)
    left = limits(places, channel, party, today, using=USES.get(channel, frozenset()), offers=step.do is Verb.OFFER_DISCOUNT)

    allowed = desk.allow(step, channel, seen, now) is None
    chosen = seen.channel_for(replace(step, by=(channel, "task")), now)

    if left.needs_consent:
        assert chosen == "task"
    if not allowed:
        return
    for name in zones:
        local = now.astimezone(ZoneInfo(name))
        there = limits(places, channel, party, local.date(), using=USES.get(channel, frozenset()), offers=step.do is Verb.OFFER_DISCOUNT)
        assert local.weekday() in there.weekdays
        assert there.opens <= local.time() < there.closes
        assert there.on_holidays or local.date() not in calendar.holidays
    for cap in left.caps:
        counted = [one for one in contacts if cap.concerns(one.channel) or one.channel == "talk"]
        assert sum((today - local_day(one.at, customer.zones)).days < cap.days for one in counted) < cap.count
    for talk in (one for one in contacts if one.channel == "talk"):
        assert (today - local_day(talk.at, customer.zones)).days >= left.silence_days


@settings(max_examples=200)
@given(place=PLACES, zones=ZONES, channel=st.sampled_from(["email", "sms", "call"]), envelope=ENVELOPES, now=NOW)
def test_every_refusal_names_a_later_moment(place: tuple[str, str], zones: list[str], channel: str, envelope: Envelope, now: datetime) -> None:
    customer = a_customer(place[0], *zones, region=place[1])
    refusal = desk.allow(REMINDER, channel, replace(world(customer), envelope=envelope), now)
    assert refusal is None or refusal.until > now
