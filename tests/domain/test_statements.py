"""After the ladder: a statement now and then, never a stream of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import playbooks
from domain.case import Fate, Rung
from domain.decision import Wait, decide, record_contact
from support.worlds import MONDAY, a_case, a_customer, facts

POLICY = playbooks.load("standard")


def test_a_statement_given_to_a_person_of_ours_is_followed_by_the_next_one_only_after_the_usual_time() -> None:
    nobody = replace(a_customer(), contacts=())
    policy = replace(POLICY, afterwards=replace(POLICY.afterwards, by=("email", "task")))
    world = facts(playbook=policy, customer=nobody)
    case = replace(a_case(date(2026, 1, 5)), playbook=policy.hash, entered=True, opened_at=MONDAY - timedelta(days=60))
    done = tuple(Rung(step.name, Fate.DONE, MONDAY - timedelta(days=40), "task") for step in policy.steps)
    case, _ = record_contact(replace(case, rungs=done), "statement-1", "task", Fate.DONE, "", world, MONDAY)
    decision = decide(case, world, MONDAY).decision
    assert isinstance(decision, Wait)
    assert decision.why.startswith("statement 2 planned for Wed 1 Apr 2026")
