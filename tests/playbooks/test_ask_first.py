"""The owner says in a playbook whose messages to read first, and a slip of the pen there is found with its line."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

import playbooks
from domain.customer import Tier
from domain.playbook import AskFirst
from playbooks import UnableToLoad

STANDARD = (Path(playbooks.__file__).parent / "standard.yaml").read_text(encoding="utf-8")


def test_tiers_and_an_amount_are_read_and_survive_being_stored() -> None:
    asked = AskFirst((Tier.VIP, Tier.STRATEGIC), Decimal(10000))
    playbook = playbooks.parse(f"{STANDARD}\nask_first: {{tiers: [vip, strategic], above: 10000}}\n", "playbooks/standard.yaml")
    assert playbook.ask_first == asked
    assert playbooks.from_resolved(playbooks.resolve(playbook)).ask_first == asked


@pytest.mark.parametrize(
    "written, said",
    [
        ("{}", "ask_first says for whom by nothing"),
        ("{tiers: [vpi]}", "did you mean 'vip'"),
        ("{above: -1}", "write an amount from 0"),
        ("{above: much}", "must be an amount"),
        ("{over: 5}", "'over' is unknown"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_line(written: str, said: str) -> None:
    line = STANDARD.count("\n") + 2
    with pytest.raises(UnableToLoad) as caught:
        playbooks.parse(f"{STANDARD}\nask_first: {written}\n", "playbooks/standard.yaml")
    assert f"playbooks/standard.yaml:{line}:" in str(caught.value) and said in str(caught.value)
