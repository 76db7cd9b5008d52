"""What a call by the voice agent comes to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from domain.conversation import Act, Agreed, State


@dataclass(frozen=True, slots=True)
class End:
    """How a call ended: as ``domain.event.CallEnded`` has it, and in the reader's words."""

    result: Literal["talked", "nobody", "wrong_number"]
    why: str


def conclude(state: State) -> End:
    """What a call comes to that ends in ``state``, also when somebody hung up in the middle."""
    if Agreed.WRONG_NUMBER in state.agreed:
        return End("wrong_number", "")
    if not state.reached:
        return End("nobody", "somebody answered, and was not whom the call was for")
    cut = ", and hung up" if state.act is Act.ASK else ""
    told = [_TOLD[one] for one in state.agreed]
    return End("talked", f"{', '.join(dict.fromkeys(told)) or 'no day was named'}{cut}")


_TOLD = {
    Agreed.PROMISE: "a day was named",
    Agreed.COPY: "our messages had not arrived",
    Agreed.LINK: "the payment link was asked for",
    Agreed.PAID: "it was said to be paid",
    Agreed.PLAN: "paying in parts was asked for",
    Agreed.DISPUTE: "something was said to be wrong",
    Agreed.CALL_BACK: "a call by a person was asked for",
    Agreed.COLLEAGUE: "a colleague took over",
    Agreed.STOP: "no more such calls are wanted",
    Agreed.LEGAL: "insolvency, a lawyer or a death was mentioned",
    Agreed.WRONG_NUMBER: "it was the wrong number",
}
