"""News of the payment plans that cover an invoice: as its watch hears of them, among all other news (``domain.event``)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal


@dataclass(frozen=True, slots=True)
class PlanOffered:
    """A payment plan that would cover this invoice is on offer: quiet until the end of ``answer_by``. ``terms`` says what it is."""

    plan: str
    answer_by: date
    terms: str = ""
    by: str = ""
    why: str = ""
    kind: Literal["plan_offered"] = "plan_offered"


@dataclass(frozen=True, slots=True)
class PlanAgreed:
    """A payment plan covers this invoice: quiet while it stands, to the end of ``quiet_until`` at the latest."""

    plan: str
    quiet_until: date
    by: str = ""
    why: str = ""
    kind: Literal["plan"] = "plan"


@dataclass(frozen=True, slots=True)
class InstallmentMissed:
    """``amount``, in the invoice's currency, did not come by ``day`` as the payment plan says. The plan itself decides what follows."""

    plan: str
    amount: Decimal
    day: date
    by: str = ""
    why: str = ""
    kind: Literal["installment_missed"] = "installment_missed"


@dataclass(frozen=True, slots=True)
class PlanEnded:
    """The plan was kept, or chasing goes on where it stood. ``ended_as`` is how, in the plan's own word (empty: it failed)."""

    plan: str
    kept: bool
    by: str = ""
    why: str = ""
    kind: Literal["plan_ended"] = "plan_ended"
    ended_as: str = ""
