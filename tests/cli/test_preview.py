"""The preview prints what would happen, to the day, without any service."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys

import pytest
from click.testing import CliRunner, Result

from cli import dunwell


def preview(*words: str) -> Result:
    return CliRunner().invoke(dunwell, ["preview", "standard", *words])


def test_the_diary_of_an_invoice_that_is_never_paid() -> None:
    lines = preview("--due", "2026-12-01").output.splitlines()
    assert lines[0] == "Standard: 1,000.00 EUR, due Tue 1 Dec 2026, a standard customer in DE, never paid; hours are Europe/Berlin"
    assert lines[2:] == [
        "day  -30  Sun  1 Nov 2026  00:00  watching begins: 1,000.00 EUR open",
        "day   -7  Tue 24 Nov 2026  08:28  upcoming sent by e-mail",
        "day   +0  Tue  1 Dec 2026  08:28  due today sent by e-mail",
        "day   +3  Fri  4 Dec 2026  08:28  first reminder sent by e-mail",
        "day  +14  Tue 15 Dec 2026  08:28  second reminder sent by e-mail",
        "day  +28  Tue 29 Dec 2026  08:28  third reminder sent by e-mail",
        "day  +42  Tue 12 Jan 2027  08:28  final notice sent by e-mail",
        "day  +72  Thu 11 Feb 2027  08:28  statement 1 sent by e-mail",
    ]


def test_a_moment_that_a_rule_moved_is_told_with_the_reason_of_the_diary() -> None:
    said = preview("--due", "2026-12-26", "--country", "GB", "--issued", "2026-12-10").output
    assert "  upcoming: Sat 19 Dec 2026, 08:28 -> Mon 21 Dec 2026, 08:28 (no business day)\n" in said
    seen_late = preview("--due", "2026-12-01", "--from", "2026-12-03").output
    assert "  first reminder: Fri 4 Dec 2026, 08:28 -> Mon 7 Dec 2026, 08:28 (3 days after the last contact)\n" in seen_late
    late = preview("--due", "2026-09-01", "--from", "2026-10-20").output
    assert "  third reminder: Tue 29 Sep 2026, 08:28 -> Tue 20 Oct 2026, 08:28 (already late when first seen)\n" in late
    assert "  final notice: Tue 13 Oct 2026, 08:28 -> Tue 27 Oct 2026, 08:28 (7 days' notice)\n" in late
    for told in (said, seen_late, late):
        diary, _, moved = told.partition("Moved off the moment")
        assert diary.count("planned for day") == len(moved.splitlines()) - 1


def test_what_people_of_ours_do_is_among_the_moves_too() -> None:
    told = CliRunner().invoke(dunwell, ["preview", "issue-to-payment", "--due", "2026-12-01", "--approved", "--amount", "9000"]).output
    assert "  credit hold: Fri 1 Jan 2027, 08:28 -> Mon 4 Jan 2027, 08:28 (no business day)\n" in told


def test_with_every_approval_given_the_last_stages_are_seen() -> None:
    told = CliRunner().invoke(dunwell, ["preview", "issue-to-payment", "--due", "2026-12-01", "--approved"]).output
    assert "formal demand sent by e-mail" in told and "referral to an agency or lawyer: given to a person of ours" in told


def test_a_strategic_customer_is_offered_a_plan_and_never_threatened() -> None:
    told = CliRunner().invoke(dunwell, ["preview", "issue-to-payment", "--due", "2026-12-01", "--tier", "strategic", "--approved"]).output
    assert "a standard strategic customer in DE" in told
    assert "offer of a payment plan sent by e-mail" in told and "formal demand left out: not done to strategic customers" in told


def test_a_high_risk_is_followed_sooner() -> None:
    assert "second reminder sent by e-mail (planned for day +14: sooner, for the risk is high)" in preview("--due", "2026-12-01", "--risk", "high").output


def test_other_channels_may_be_tried() -> None:
    told = CliRunner().invoke(dunwell, ["preview", "multi-channel-week", "--due", "2026-12-01", "--channels", "email,sms,call"]).output
    assert "sent as a text message" in told and "made by phone" in told


def test_a_customer_who_pays_promptly_is_spared_the_due_day() -> None:
    assert "due today sent" not in preview("--due", "2026-12-01", "--behavior", "prompt").output


def test_programs_get_the_same_as_json() -> None:
    told = json.loads(preview("--due", "2026-12-01", "--json").output)
    done = [entry for entry in told["diary"] if entry["kind"] != "passed"]
    assert [entry["day"] for entry in done] == [-30, -7, 0, 3, 14, 28, 42, 72]
    at = {"at": "2026-12-04T08:28:00+01:00", "on": "2026-12-04", "day": 3}
    assert done[3] == {**at, "kind": "contact", "what": "first reminder sent by e-mail"}
    assert (told["zone"], told["moved"]) == ("Europe/Berlin", [])
    (moved,) = json.loads(preview("--due", "2026-12-26", "--country", "GB", "--issued", "2026-12-10", "--json").output)["moved"][:1]
    assert moved == {
        "step": "upcoming",
        "planned": "2026-12-19T08:28:00+00:00",
        "actual": "2026-12-21T08:28:00+00:00",
        "why": "no business day",
    }


def test_a_country_without_holiday_table_is_said_to_have_none() -> None:
    assert "No public holidays of XX are known" in preview("--due", "2026-12-01", "--country", "xx").output


@pytest.mark.parametrize(
    "words, said",
    [
        (("--due", "2026-12-01", "--amount", "much"), "--amount: 'much' is no amount; write it like 1234.50"),
        (("--due", "2026-12-01", "--amount", "1.005"), "--amount: amount 1.005 has more decimal places than EUR allows (2)"),
        (("--due", "2026-12-01", "--channels", "email,fax"), "--channels: 'fax' is none; name some of email, sms, call, letter, with commas between"),
        (("--due", "2026-12-01", "--amount", "0"), "--amount: must be more than zero"),
        (("--due", "2026-12-01", "--issued", "2026-12-02"), "--issued: 2026-12-02 comes after the due date 2026-12-01"),
        (("--due", "2026-12-01", "--from", "2036-12-02"), "--from: 2036-12-02 is more than 1000 days away from the due date 2026-12-01"),
        (("--due", "9999-12-31"), "--due: use a day from 2000 to 2100"),
    ],
)
def test_a_mistake_is_named_with_its_field(words: tuple[str, ...], said: str) -> None:
    result = preview(*words)
    assert (result.exit_code, result.stderr) == (1, f"Error: {said}\n")


def test_it_is_quick_because_it_loads_nothing_heavy() -> None:
    code = (
        "import sys; from cli import dunwell; dunwell(['preview', 'standard', '--due', '2026-12-01'], standalone_mode=False);"
        "print([m for m in ('temporalio', 'sqlalchemy', 'pydantic', 'rich', 'jinja2', 'mrml', 'babel') if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "[]"


def test_it_takes_little_time() -> None:
    """0.4 s on an idle machine, once its modules are compiled. Here it is held against other work, as slow as this machine is just now."""
    preview, counting = [], []
    for _ in range(5):
        preview.append(processor_seconds("-m", "cli", "preview", "standard", "--due", "2026-12-01"))
        counting.append(processor_seconds("-c", "n = 0\nfor i in range(5_000_000): n += i"))
    assert min(preview) < 2.5 * min(counting)


def processor_seconds(*words: str) -> float:
    compiled = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *words], capture_output=True, check=True, env=compiled)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
