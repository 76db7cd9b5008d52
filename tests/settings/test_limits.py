"""The limits on contact as an installation sets them: what is shipped, what can be read, and what the law refuses."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal

import pytest

from domain.facts import Envelope
from domain.law import Party
from settings import Settings, UnableToConfigure, refuse_unlawful

TODAY = date(2026, 11, 23)
AUSTRALIA = ((frozenset({"AU"}), Party()),)


def test_what_is_shipped_are_the_limits_of_the_domain() -> None:
    assert Settings(channels="email").envelope == Envelope()


def test_every_limit_can_be_set() -> None:
    chosen = Settings(
        contact_hours="9:30 - 16:00", spoken_hours="10:00-12:00", contacts_per_week=2, contacts_per_month=5, calls_per_week=1, quiet_after_talk_days=9,
        least_balance=Decimal("100"), open_all_hours=True, channels="email,sms",
    ).envelope  # fmt: skip
    assert (chosen.hours.opens, chosen.hours.closes, chosen.spoken_hours.closes) == (time(9, 30), time(16), time(12))
    assert (chosen.per_week, chosen.per_month, chosen.calls_per_week, chosen.quiet_after_talk_days) == (2, 5, 1, 9)
    assert chosen.least_balance == 100 and chosen.hours.any_time and chosen.spoken_hours.any_time
    assert chosen.channels == {"email", "sms", "task"}


@pytest.mark.parametrize("written", ["", "8-18", "morning", "25:00-26:00", "18:00-08:00", "08:00-08:00", "08:00-18:00, 19:00-20:00"])
def test_hours_that_are_none_are_refused_by_name(written: str) -> None:
    with pytest.raises(UnableToConfigure, match=r"DUNWELL_SPOKEN_HOURS: .* are no hours; write from and until, such as 08:00-18:00"):
        _ = Settings(spoken_hours=written).envelope


@pytest.mark.parametrize(
    ("chosen", "rule", "remedy"),
    [
        (Settings(spoken_hours="08:00-17:00", channels="email,sms"), "au-workplace-hours", "within 09:00 to 17:00"),
        (Settings(open_all_hours=True, channels="email,call"), "au-telephone-hours", "within 07:30 to 21:00"),
        (Settings(contacts_per_week=4), "au-frequency", "cap them at 3 in 7 days or less"),
        (Settings(contacts_per_month=12), "au-frequency", "cap them at 10 in 30 days or less"),
    ],
)
def test_limits_beyond_the_law_are_refused_with_the_rule_and_the_remedy(chosen: Settings, rule: str, remedy: str) -> None:
    with pytest.raises(UnableToConfigure) as refused:
        refuse_unlawful(chosen.envelope, AUSTRALIA, TODAY)
    assert rule in str(refused.value) and remedy in str(refused.value) and "DUNWELL_SPOKEN_HOURS" in str(refused.value)
    refuse_unlawful(chosen.envelope, ((frozenset({"DE"}), Party()),), TODAY)


def test_what_no_channel_uses_is_not_refused() -> None:
    refuse_unlawful(Settings(spoken_hours="06:00-22:00", channels="email").envelope, AUSTRALIA, TODAY)
