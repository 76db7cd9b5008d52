"""Which invoices go out in one message: put together when it is claimed, and once more behind the fence."""

from __future__ import annotations

from datetime import datetime
from functools import cache, partial

from sqlalchemy import Connection

from activities.assessor import Assessor
from activities.ledgers import Sight
from activities.surroundings import look_around
from db import cases, inbox
from db.outreach import Claim
from domain.bundle import Bundle, compose, is_for_itself
from domain.case import Case
from domain.facts import Books, Facts


def bundle_up(connection: Connection, assessor: Assessor, case: Case, books: Books, now: datetime) -> tuple[Bundle, Facts] | None:
    """The message this case would go out in now, with the facts of the case that carries it. From here on nobody else claims
    one to the same people."""
    fit = _gather_all(connection, assessor, case, books, now)
    bundle = compose(case.id, fit, {}, now)
    return None if bundle is None else (bundle, _facts_of_carrier(bundle, fit))


def bundle_to_ask(connection: Connection, assessor: Assessor, case: Case, sight: Sight, now: datetime) -> tuple[Bundle, dict[str, Facts]] | None:
    """What this case would now do, or have people agree to, in one message with others; and the facts of each by its id."""
    if not _is_still_theirs(case, sight):
        return None
    facts = assessor.gather(connection, case, sight.books, now)
    by_itself = compose(case.id, [(case, facts)], sight.invoices, now)
    if by_itself is None or is_for_itself(by_itself.step, facts, now):
        return None if by_itself is None else (by_itself, {case.id: facts})
    fit = _gather_all(connection, assessor, case, sight.books, now)
    bundle = compose(case.id, fit, sight.invoices, now)
    return None if bundle is None else (bundle, {one.id: facts for one, facts in fit})


def _gather_all(connection: Connection, assessor: Assessor, case: Case, books: Books, now: datetime) -> list[tuple[Case, Facts]]:
    """Every running case of the same people about which nobody has said anything unheard."""
    around = cache(partial(look_around, connection, now=now, claiming=True))
    running = cases.load_open_cases(connection, around(case.invoice.customer).reached.family)
    restrained = inbox.restrained(connection, [one.id for one in running])
    unheard = [one for one in running if one.id not in restrained]
    return [(one, assessor.gather(connection, one, books, now, around=around(one.invoice.customer))) for one in unheard]


def bundle_again(connection: Connection, assessor: Assessor, wanted: str, claim: Claim, sight: Sight, now: datetime) -> tuple[Bundle, Facts] | None:
    """The message of the case ``wanted`` as it looks behind the fence, with the facts of the case that carries it, among what was
    claimed: each invoice takes the claimed step or drops out."""
    claimed = {part.case: part for part in claim.parts}
    around = cache(partial(look_around, connection, now=now))
    found = [one for one in cases.load_cases(connection, claimed).values() if one.invoice.id not in sight.missing and _is_still_theirs(one, sight)]
    fit = [(one, assessor.gather(connection, one, sight.books, now, claim.id, around(one.invoice.customer))) for one in found]
    while True:
        bundle = compose(wanted, fit, sight.invoices, now)
        if bundle is None or bundle.channel != claim.parts[0].channel:
            return None
        strange = {
            share.case.id for share in bundle.shares if (share.step.name, share.case.round) != (claimed[share.case.id].rung, claimed[share.case.id].round)
        }
        if not strange:
            return bundle, _facts_of_carrier(bundle, fit)
        fit = [(one, facts) for one, facts in fit if one.id not in strange]


def _is_still_theirs(case: Case, sight: Sight) -> bool:
    """Whether the ledger still bills the same customer. Whom it names instead hears of it after a look of its own."""
    seen = sight.invoices.get(case.invoice.id)
    return seen is None or seen.customer == case.invoice.customer


def _facts_of_carrier(bundle: Bundle, fit: list[tuple[Case, Facts]]) -> Facts:
    return next(facts for one, facts in fit if one.id == bundle.carrier.case.id)
