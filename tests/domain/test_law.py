"""Rules of law are dated data; the strictest of all that may apply is what is left, and nobody chooses more."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.law import SHIPPED, Chosen, Limits, Opening, Party, find_excess, limits, packs_for
from domain.law_packs import PACKS, RULES
from domain.statute import EVERY_DAY, Cap, Disclosure, Hours, Per, Rule, Technology

TODAY = date(2026, 11, 23)  # a Monday
BUSINESS, TRADER = Party(), Party(natural_person=True)
PLACES = st.sampled_from(
    ["US", "US-CA", "US-FL", "US-KY", "US-NY", "US-RI", "US-TX", "DE", "DE-BY", "FR", "GB", "GB-SCT", "AU", "AU-NSW", "BR", "EU", "nowhere"]
)
CHANNELS = st.sampled_from(["email", "sms", "call", "letter", "portal"])
TECHNOLOGIES = st.frozensets(st.sampled_from(list(Technology)))
PARTIES = st.builds(Party, st.booleans(), st.booleans(), TECHNOLOGIES)
DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))


def a_rule(name: str, **fields: object) -> Rule:
    return replace(Rule(name, "XX", "what it says", frozenset({"US"}), "a test"), **fields)  # type: ignore[arg-type]


def at(*places: str, channel: str = "call", party: Party = BUSINESS, day: date = TODAY, **more: object) -> Limits:
    return limits(frozenset(places), channel, party, day, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rule", "place", "channel", "last_day_before"),
    [
        ("us-ca-rosenthal", "US-CA", "email", date(2025, 6, 30)),
        ("us-ca-artificial-voice", "US-CA", "call", date(2024, 12, 31)),
        ("us-tx-solicitation", "US-TX", "sms", date(2025, 8, 31)),
        ("us-or-solicitation", "US-OR", "sms", date(2025, 12, 31)),
        ("eu-ai-act-50", "FR", "call", date(2026, 8, 1)),
    ],
)
def test_a_rule_begins_on_its_day(rule: str, place: str, channel: str, last_day_before: date) -> None:
    assert rule not in at(place, channel=channel, party=TRADER, day=last_day_before, offers=True).rules
    assert rule in at(place, channel=channel, party=TRADER, day=last_day_before + timedelta(days=1), offers=True).rules


def test_a_rule_holds_through_its_last_day() -> None:
    rules = (a_rule("gone", effective_to=TODAY, consents=frozenset({Technology.TEXT})),)
    assert at("US", rules=rules).rules == ("gone",)
    assert at("US", day=TODAY + timedelta(days=1), rules=rules) == Limits()


def test_a_customer_in_two_places_is_called_only_when_both_allow_it() -> None:
    early = a_rule("early", hours=(Hours(EVERY_DAY, time(7), time(15)),))
    late = a_rule("late", places=frozenset({"DE"}), hours=(Hours(EVERY_DAY - {6}, time(10), time(20)),), closed_on_holidays=True)
    both = at("US", "DE", rules=(early, late))
    assert (both.opens, both.closes, both.weekdays, both.on_holidays) == (time(10), time(15), EVERY_DAY - {6}, False)
    assert both.rules == ("early", "late")
    sunday = at("US", "DE", day=TODAY - timedelta(days=1), rules=(early, late))
    assert sunday.opens == sunday.closes


def test_hours_that_never_meet_leave_nothing() -> None:
    morning = a_rule("morning", hours=(Hours(EVERY_DAY, time(7), time(9)),))
    evening = a_rule("evening", hours=(Hours(EVERY_DAY, time(17), time(20)),))
    left = at("US", rules=(morning, evening))
    assert (left.opens == left.closes) and not left.weekdays


def test_the_strictest_cap_wins_and_caps_that_differ_in_kind_all_stay() -> None:
    loose, strict = a_rule("loose", caps=(Cap(7, 7, per=Per.INVOICE),)), a_rule("strict", caps=(Cap(3, 7),))
    calls = a_rule("calls", caps=(Cap(1, 7, frozenset({"call"})),))
    assert at("US", rules=(loose, strict, calls)).caps == (Cap(1, 7, frozenset({"call"})), Cap(3, 7))
    assert at("US", channel="email", rules=(loose, strict, calls)).caps == (Cap(3, 7),)


@pytest.mark.parametrize(
    ("cap", "other", "implied"),
    [
        (Cap(1, 1), Cap(7, 7), True),
        (Cap(1, 1), Cap(6, 7), False),
        (Cap(3, 7), Cap(3, 1), True),
        (Cap(3, 7, per=Per.INVOICE), Cap(3, 7), False),
        (Cap(3, 7), Cap(3, 7, per=Per.INVOICE), True),
        (Cap(3, 7, frozenset({"call"})), Cap(3, 7), False),
        (Cap(3, 7), Cap(3, 7, frozenset({"call"})), True),
        (Cap(2, 7), Cap(10, 30), True),
        (Cap(3, 7), Cap(10, 30), False),
    ],
)
def test_one_cap_implies_another_only_where_keeping_the_one_keeps_the_other(cap: Cap, other: Cap, implied: bool) -> None:
    assert cap.implies(other) is implied


@given(st.frozensets(PLACES, min_size=1), PLACES, CHANNELS, PARTIES, DAYS, st.none() | TECHNOLOGIES, st.booleans())
def test_adding_a_place_never_widens_anything(
    places: frozenset[str], another: str, channel: str, party: Party, day: date, using: frozenset[Technology] | None, offers: bool
) -> None:
    before = limits(places, channel, party, day, using=using, offers=offers)
    after = limits(places | {another}, channel, party, day, using=using, offers=offers)
    assert after.opens == after.closes or (before.opens <= after.opens and after.closes <= before.closes)
    assert after.weekdays <= before.weekdays and (before.on_holidays or not after.on_holidays)
    assert all(any(kept.implies(cap) for kept in after.caps) for cap in before.caps)
    assert after.silence_days >= before.silence_days
    assert after.needs_consent >= before.needs_consent and after.disclosures >= before.disclosures
    assert set(after.rules) >= set(before.rules)


@given(PLACES, CHANNELS, PARTIES, DAYS, TECHNOLOGIES)
def test_knowing_more_about_a_message_or_a_party_never_narrows_what_the_law_leaves(
    place: str, channel: str, party: Party, day: date, using: frozenset[Technology]
) -> None:
    unsure = at(place, channel=channel, party=replace(party, natural_person=True), day=day, offers=True)
    known = at(place, channel=channel, party=party, day=day, using=using)
    assert set(known.rules) <= set(unsure.rules) and known.needs_consent <= unsure.needs_consent & using
    assert unsure.opens == unsure.closes or (known.opens <= unsure.opens and unsure.closes <= known.closes)


def test_a_place_that_is_not_known_is_every_place() -> None:
    everywhere = at("US", "EU", "UK", "AU", party=TRADER, offers=True)
    assert at(party=TRADER, offers=True) == at("Atlantis", party=TRADER, offers=True) == everywhere


def test_a_country_without_its_region_may_be_any_of_its_regions() -> None:
    assert at("US", channel="email", party=TRADER).rules == at("US-CA", channel="email", party=TRADER).rules != ()
    assert at("US-NY", channel="email", party=TRADER).rules == ()


def test_packs_follow_country_and_region() -> None:
    assert packs_for("DE") == packs_for("DE", "BY") == {"EU", "DE"}
    assert packs_for("FR") == {"EU"}
    assert packs_for("GB") == packs_for("UK") == {"UK"}
    assert packs_for("US") == packs_for("US", "CA") == {"US"}
    assert packs_for("AU", "NSW") == {"AU"}
    assert packs_for("BR") == frozenset()
    assert packs_for("") == PACKS == {"US", "EU", "UK", "DE", "AU"}


def test_an_artificial_voice_in_america_needs_consent_and_a_person_s_voice_does_not() -> None:
    assert Technology.AI_VOICE in at("US-NY").needs_consent
    assert Technology.AI_VOICE not in at("US-NY", party=Party(consents=frozenset({Technology.AI_VOICE}))).needs_consent
    spoken = at("US-NY", using=frozenset())
    assert not spoken.needs_consent and not spoken.rules
    assert at("US-NY", channel="sms").needs_consent == {Technology.TEXT}
    assert at("US-NY", channel="email").needs_consent == frozenset()


def test_an_announcing_machine_in_california_starts_at_nine_and_says_what_it_is() -> None:
    machine = at("US-CA", using=frozenset({Technology.AI_VOICE}))
    assert (machine.opens, machine.closes) == (time(9), time(21))
    assert {Disclosure.AI_VOICE, Disclosure.CALLER} <= machine.disclosures
    assert at("US-CA", using=frozenset()) == Limits()


@pytest.mark.parametrize("party", [TRADER, Party(guarantor=True)])
def test_a_sole_proprietor_or_guarantor_in_california_is_protected_like_a_consumer(party: Party) -> None:
    protected = at("US-CA", party=party, using=frozenset())
    assert (protected.opens, protected.closes, protected.silence_days) == (time(8), time(21), 7)
    assert protected.caps == (Cap(7, 7, frozenset({"call"}), Per.INVOICE),)
    assert Disclosure.OPT_OUT in at("US-CA", channel="email", party=party).disclosures
    assert at("US-CA", channel="email").rules == ()


def test_australia_is_called_at_work_hours_three_times_a_week() -> None:
    call = at("AU")
    assert (call.opens, call.closes, call.weekdays, call.on_holidays) == (time(9), time(17), frozenset(range(5)), False)
    assert call.caps == (Cap(3, 7, per=Per.INVOICE), Cap(10, 30, per=Per.INVOICE))
    assert at("AU", channel="email").weekdays == EVERY_DAY


def test_recording_and_open_pixels_need_consent_in_germany() -> None:
    assert at("DE").needs_consent == {Technology.RECORDING}
    assert at("DE", channel="email").needs_consent == {Technology.OPEN_TRACKING}


def test_a_discount_inside_a_reminder_makes_it_a_solicitation() -> None:
    assert at("US-KY", channel="sms", offers=True).opens == time(10)
    assert at("US-KY", channel="sms").opens == time.min
    assert Disclosure.POSTAL_ADDRESS in at("US-KY", channel="email", offers=True).disclosures


@pytest.mark.parametrize("party", [BUSINESS, TRADER, Party(guarantor=True)])
@pytest.mark.parametrize("day", [date(2024, 2, 29), TODAY, date(2031, 1, 1)])
def test_the_shipped_envelope_stays_within_every_pack(party: Party, day: date) -> None:
    assert find_excess(SHIPPED, frozenset(), party, day) == ()


def test_with_offers_the_shipped_envelope_needs_calls_and_texts_from_ten() -> None:
    assert {excess.rule for excess in find_excess(SHIPPED, frozenset(), BUSINESS, TODAY, offers=True)} == {"us-ky-solicitation"}
    from_ten = replace(SHIPPED, hours=(SHIPPED.hours[0], *(replace(opening, opens=time(10)) for opening in SHIPPED.hours[1:])))
    assert find_excess(from_ten, frozenset(), BUSINESS, TODAY, offers=True) == ()


@pytest.mark.parametrize(
    ("chosen", "place", "party", "rule", "what", "remedy"),
    [
        (
            replace(SHIPPED, hours=(Opening("call", time(8), time(17)),)),
            "AU",
            BUSINESS,
            "au-workplace-hours",
            "call hours 08:00 to 17:00",
            "within 09:00 to 17:00",
        ),
        (replace(SHIPPED, hours=(Opening("sms", time(9), time(17), EVERY_DAY),)), "AU", BUSINESS, "au-workplace-hours", "on Sat, Sun", "take Sat, Sun out"),
        (
            replace(SHIPPED, hours=(Opening("call", time(9), time(17), on_holidays=True),)),
            "AU",
            BUSINESS,
            "au-telephone-hours",
            "public holidays",
            "holidays off",
        ),
        (replace(SHIPPED, hours=(Opening("email", time(6), time(22)),)), "US-CA", TRADER, "us-ca-rosenthal", "email hours", "within 08:00 to 21:00"),
        (replace(SHIPPED, caps=(Cap(5, 7),)), "AU", BUSINESS, "au-frequency", "3 in 7 days (all channels, for each invoice)", "3 in 7 days or less"),
        (replace(SHIPPED, caps=(Cap(3, 7),)), "AU", BUSINESS, "au-frequency", "10 in 30 days", "10 in 30 days or less"),
        (replace(SHIPPED, silence_days=2), "US-CA", TRADER, "us-ca-rosenthal-silence", "2 days of silence", "7 days or more"),
        (replace(SHIPPED, caps=()), "US-CA", TRADER, "us-ca-rosenthal", "7 in 7 days (call, for each invoice)", "7 in 7 days or less"),
    ],
)
def test_what_goes_beyond_the_law_is_named_with_its_rule_and_its_remedy(chosen: Chosen, place: str, party: Party, rule: str, what: str, remedy: str) -> None:
    found = [excess for excess in find_excess(chosen, frozenset({place}), party, TODAY) if excess.rule == rule]
    assert any(what in excess.what and remedy in excess.remedy for excess in found), found


def test_a_channel_without_hours_is_not_used_and_cannot_exceed_anything() -> None:
    mail_only = Chosen((Opening("email", time(0), time.max, EVERY_DAY, True),), (), 0)
    assert {excess.rule for excess in find_excess(mail_only, frozenset({"AU"}), BUSINESS, TODAY)} == {"au-frequency"}
    assert find_excess(mail_only, frozenset({"DE"}), BUSINESS, TODAY) == ()


@given(PLACES, PARTIES, DAYS, st.booleans(), CHANNELS, st.integers(0, 22), st.integers(1, 8))
def test_an_opening_without_excess_lies_within_the_limits_of_every_weekday(
    place: str, party: Party, day: date, offers: bool, channel: str, opens: int, hours: int
) -> None:
    opening = Opening(channel, time(opens), time(min(23, opens + hours)), EVERY_DAY, True)
    if find_excess(Chosen((opening,), (Cap(0, 1),), 99), frozenset({place}), party, day, offers=offers):
        return
    for n in range(7):
        left = limits(frozenset({place}), channel, party, day, offers=offers)
        assert left.weekdays == EVERY_DAY and left.on_holidays
        assert left.opens <= opening.opens and opening.closes <= left.closes, n


def test_every_rule_is_whole() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule.source and rule.what and rule.places, rule.id
        assert rule.effective_to is None or rule.effective_from is None or rule.effective_from <= rule.effective_to
        weekdays = [weekday for hours in rule.hours for weekday in hours.weekdays]
        assert len(weekdays) == len(set(weekdays)), f"{rule.id}: two windows on one weekday"
        assert all(hours.opens < hours.closes for hours in rule.hours)
        assert rule.hours or rule.caps or rule.silence_days or rule.consents or rule.disclosures
