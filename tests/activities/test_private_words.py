"""What people say about an invoice stays in our own database: a case on its way to Temporal holds no name and no word of theirs."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from pydantic import TypeAdapter

from activities.showing import without_detail, without_private_words
from domain.case import Case
from domain.decision import Decision, assess
from domain.event import (
    AgencyAuthorized,
    ApprovalAsked,
    ApprovalGiven,
    ApprovalRefused,
    ChasingStopped,
    DiscountGranted,
    DisputeRaised,
    Escalated,
    LegalStop,
    News,
    PaidOutside,
    Replied,
    Spoken,
    WaitAsked,
    WrittenOff,
)
from support.worlds import MONDAY, a_case, facts

WHO, WHY = "Ann Canary", "canary words"
SAID: tuple[tuple[News, ...], ...] = (
    (DisputeRaised(WHY, Decimal("100.00"), WHO, date(2026, 3, 10), by=WHO, why=WHY),),
    (DisputeRaised(WHY, None, WHO, date(2026, 3, 10), by=WHO, why=WHY),),
    (LegalStop("lawyer", by=WHO, why=WHY),),
    (WaitAsked(by=WHO, why=WHY),),
    (Replied(by=WHO, why=WHY),),
    (Replied(by=WHO, why=WHY, call_back=True, confirmed_for=("INV-1",), ending="anary"),),
    (Spoken(by=WHO, why=WHY),),
    (DiscountGranted(Decimal(2), date(2026, 3, 10), by=WHO, why=WHY),),
    (AgencyAuthorized(WHO, Decimal(5000), date(2026, 6, 1), by=WHO, why=WHY),),
    (Escalated("third-reminder", by=WHO, why=WHY),),
    (ApprovalAsked("final-notice", "hash", date(2026, 3, 5)), ApprovalGiven("final-notice", "hash", by=WHO, why=WHY)),
    (ApprovalAsked("final-notice", "hash", date(2026, 3, 5)), ApprovalRefused("final-notice", "hash", by=WHO, why=WHY)),
    (PaidOutside(by=WHO, why=WHY),),
    (WrittenOff(by=WHO, why=WHY),),
    (ChasingStopped(by=WHO, why=WHY),),
)


@pytest.mark.parametrize("said", SAID, ids=lambda said: said[-1].kind)
def test_neither_names_nor_words_of_people_go_to_temporal(said: tuple[News, ...]) -> None:
    heard = assess(a_case(date(2026, 2, 10)), None, said, replace(facts(), owner=WHO), MONDAY)
    assert heard.replies[-1].taken
    case = TypeAdapter(Case).dump_json(without_private_words(heard.case)).decode()
    decision = TypeAdapter(Decision).dump_json(without_detail(heard.verdict.decision)).decode()
    assert "anary" in TypeAdapter(Case).dump_json(heard.case).decode() or said[-1].kind == "spoke"
    assert "anary" not in case + decision
