"""Who acts while somebody is away: always somebody, never in a circle, and whoever it falls to is told why."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from domain.calendar import BusinessCalendar
from domain.case import Hold, HoldKind
from domain.decision import Wait, decide
from domain.facts import Facts
from domain.person import Access, Duty, Person, UnableToStandIn, check_deputy, find_bearers, find_deputy, find_owner, route, stand_in
from domain.task import Task, TaskKind
from support.worlds import MONDAY, a_case, facts

TODAY = date(2026, 3, 2)


def person(name: str, *duties: Duty, deputy: str = "", away: bool = False) -> Person:
    made = Person(f"per_{name}", name, Access.AGENT, f"{name.lower()}@ours.example", duties, deputy)
    return replace(made, away_from=TODAY, away_through=date(2026, 3, 6)) if away else made


def test_whoever_is_there_acts_and_whoever_is_away_has_their_deputy_act() -> None:
    people = (person("Vera", deputy="Tom", away=True), person("Tom"))
    assert stand_in("Tom", people, TODAY) == "Tom"
    assert stand_in("Vera", people, TODAY) == "Tom"
    assert stand_in("Vera", people, date(2026, 3, 1)) == stand_in("Vera", people, date(2026, 3, 7)) == "Vera"
    assert stand_in("accounts receivable", people, TODAY) == "accounts receivable"


def test_a_line_of_absences_is_followed_to_the_first_who_is_there() -> None:
    people = (person("Vera", deputy="Tom", away=True), person("Tom", deputy="Uma", away=True), person("Uma"))
    assert stand_in("Vera", people, TODAY) == "Uma"
    assert stand_in("Vera", (*people[:2], person("Uma", away=True)), TODAY) == ""


def test_a_circle_that_slipped_in_ends_with_nobody_and_never_turns_for_ever() -> None:
    people = (person("Vera", deputy="Tom", away=True), person("Tom", deputy="Vera", away=True))
    assert stand_in("Vera", people, TODAY) == ""


def test_a_circle_of_deputies_is_refused_with_its_whole_round() -> None:
    tom, uma = person("Tom", deputy="Uma"), person("Uma", deputy="Vera")
    with pytest.raises(UnableToStandIn, match="Vera -> Tom -> Uma -> Vera"):
        check_deputy(person("Vera", deputy="Tom"), (tom, uma))
    with pytest.raises(UnableToStandIn, match="Vera -> Vera"):
        check_deputy(person("Vera", deputy="Vera"), ())
    with pytest.raises(UnableToStandIn, match="nobody is named 'Max'"):
        check_deputy(person("Vera", deputy="Max"), (tom, uma))
    check_deputy(person("Vera"), (tom, uma))


def test_everyday_work_falls_to_receivables_then_to_the_owner_then_to_the_name_in_the_settings() -> None:
    vera, olga = person("Vera", Duty.AR), person("Olga", Duty.OWNER)
    assert find_owner("accounts receivable", (vera, olga), TODAY) == "Vera"
    assert find_owner("accounts receivable", (person("Vera", Duty.AR, away=True), olga), TODAY) == "Olga"
    assert find_owner("accounts receivable", (), TODAY) == "accounts receivable"
    assert find_owner("Olga", (vera, olga), TODAY) == "Olga"
    assert find_owner("Olga", (vera, person("Olga", Duty.OWNER, deputy="Vera", away=True)), TODAY) == "Vera"


def test_those_who_are_there_come_first_and_one_person_counts_once() -> None:
    people = (person("Ann", Duty.APPROVER, deputy="Bob", away=True), person("Bob", Duty.APPROVER), person("Olga", Duty.OWNER))
    assert find_bearers(Duty.APPROVER, people, TODAY) == ("Bob", "Ann")
    assert find_bearers(Duty.APPROVER, (person("Ann", Duty.APPROVER, away=True), people[2]), TODAY) == ("Olga", "Ann")
    assert find_bearers(Duty.ACCOUNT_MANAGER, people, TODAY) == ()


def test_what_somebody_left_lying_goes_to_their_deputy_or_the_deputys_own() -> None:
    assert find_deputy("Vera", (person("Vera", deputy="Tom"), person("Tom")), TODAY) == "Tom"
    assert find_deputy("Vera", (person("Vera", deputy="Tom"), person("Tom", deputy="Uma", away=True), person("Uma")), TODAY) == "Uma"
    assert find_deputy("accounts receivable", (person("Tom"),), TODAY) == ""


def test_a_task_due_while_its_owner_is_away_goes_to_the_deputy_and_says_so() -> None:
    task = Task("k", TaskKind.CALL, "Call them", "Ask when", "Vera", date(2026, 3, 4))
    people = (person("Vera", deputy="Tom", away=True), person("Tom"))
    routed = route(task, people, "Olga")
    assert (routed.owner, routed.key) == ("Tom", "k") and "Vera is away through Fri 6 Mar 2026" in routed.remedy
    assert route(replace(task, due=date(2026, 3, 9)), people, "Olga").owner == "Vera", "back by then"
    alone = route(task, (person("Vera", away=True),), "Olga")
    assert alone.owner == "Olga" and "nobody stands in" in alone.remedy


def test_a_silence_is_answered_for_by_whoever_is_there() -> None:
    held = Hold(HoldKind.MANUAL, MONDAY + timedelta(days=3), "asked for a copy", "Vera", MONDAY)
    case = replace(a_case(date(2026, 2, 20)), holds=(held,))
    away, there = person("Vera", deputy="Tom", away=True), person("Tom")
    for people, owner in (((away, there), "Tom"), ((person("Vera"), there), "Vera"), ((person("Vera", away=True), person("Olga", Duty.OWNER)), "Olga")):
        decision = decide(case, facts().with_people(people, MONDAY), MONDAY).decision
        assert isinstance(decision, Wait) and decision.owner == owner


def test_the_facts_name_whoever_really_acts_today() -> None:
    people = (
        person("Ann", Duty.APPROVER, deputy="Bob", away=True),
        person("Bob"),
        person("Mia", Duty.ACCOUNT_MANAGER, deputy="Bob", away=True),
        person("Olga", Duty.OWNER),
        person("Vera", Duty.AR, deputy="Bob"),
    )
    world: Facts = facts(calendar=BusinessCalendar())
    world = replace(world, customer=replace(world.customer, account_manager="Mia")).with_people(people, MONDAY)
    assert (world.owner, world.deputy, world.account_manager) == ("Vera", "Bob", "Bob")
    assert (world.approvers, world.owners) == (("Bob", "Ann"), ("Olga",))
