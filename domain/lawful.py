"""Whether the limits an installation has chosen stay within the law, wherever its sellers and customers are."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, time

from domain.facts import Envelope
from domain.law import USES, Chosen, Excess, Opening, Party, find_excess
from domain.statute import EVERY_DAY, Cap, Technology


def find_unlawful(envelope: Envelope, parties: Iterable[tuple[frozenset[str], Party]], day: date) -> tuple[Excess, ...]:
    """What in ``envelope`` goes beyond a rule in force on ``day`` that may hold for any of ``parties``, each with its places."""
    chosen, using = _choose(envelope), frozenset[Technology]().union(*(USES.get(channel, frozenset()) for channel in envelope.channels))
    found = (excess for places, party in parties for excess in find_excess(chosen, places, party, day, using=using))
    return tuple(dict.fromkeys(found))


def _choose(envelope: Envelope) -> Chosen:
    """What people do themselves goes by no machine's hours, so the channel ``task`` is none here."""
    hours = []
    for channel in sorted(envelope.channels - {"task"}):
        own = envelope.hours_for(channel)
        hours.append(Opening(channel, time.min, time.max, EVERY_DAY, on_holidays=True) if own.any_time else Opening(channel, own.opens, own.closes))
    caps = (Cap(envelope.per_day, 1), Cap(envelope.per_week, 7), Cap(envelope.per_month, 30), Cap(envelope.calls_per_week, 7, frozenset({"call"})))
    return Chosen(tuple(hours), caps, envelope.quiet_after_talk_days)
