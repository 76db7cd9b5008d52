"""The preview prints what would happen, to the day, without any service."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner, Result

from cli import dunwell


def preview(*words: str) -> Result:
    return CliRunner().invoke(dunwell, ["preview", "standard", *words])


def test_the_diary_of_an_invoice_that_is_never_paid() -> None:
    assert preview("--due", "2026-12-01").output == (
        "Standard: 1,000.00 EUR, due Tue 1 Dec 2026, a standard customer in DE, never paid\n\n"
        "day  -30  Sun  1 Nov 2026  watching begins: 1,000.00 EUR open\n"
        "day   -7  Tue 24 Nov 2026  upcoming sent by e-mail\n"
        "day   +0  Tue  1 Dec 2026  due today sent by e-mail\n"
        "day   +3  Fri  4 Dec 2026  first reminder sent by e-mail\n"
        "day  +14  Tue 15 Dec 2026  second reminder sent by e-mail\n"
        "day  +28  Tue 29 Dec 2026  third reminder sent by e-mail\n"
        "day  +42  Tue 12 Jan 2027  final notice sent by e-mail\n"
        "day  +72  Thu 11 Feb 2027  statement 1 sent by e-mail\n"
    )


def test_a_day_that_a_rule_moved_is_told_with_the_rule() -> None:
    said = preview("--due", "2026-12-26", "--country", "GB", "--issued", "2026-12-10").output
    assert "  upcoming: Sat 19 Dec 2026 -> Mon 21 Dec 2026, because that day is no business day\n" in said
    seen_late = preview("--due", "2026-12-01", "--from", "2026-12-03").output
    assert "  first reminder: Fri 4 Dec 2026 -> Mon 7 Dec 2026, because the customer heard from us on Thu 3 Dec 2026, and 3 days must pass\n" in seen_late
    late = preview("--due", "2026-09-01", "--from", "2026-10-20").output
    assert "  third reminder: Tue 29 Sep 2026 -> Tue 20 Oct 2026, because the invoice was first seen late\n" in late
    assert "  final notice: Tue 13 Oct 2026 -> Tue 27 Oct 2026, because the reminder before it must have arrived 7 days earlier\n" in late


def test_a_customer_who_pays_promptly_is_spared_the_due_day() -> None:
    assert "due today sent" not in preview("--due", "2026-12-01", "--behavior", "prompt").output


def test_programs_get_the_same_as_json() -> None:
    told = json.loads(preview("--due", "2026-12-01", "--json").output)
    assert [entry["day"] for entry in told["diary"]] == [-30, -7, 0, 3, 14, 28, 42, 72]
    assert told["diary"][3] == {"on": "2026-12-04", "day": 3, "kind": "contact", "what": "first reminder sent by e-mail"}
    assert told["moved"] == []


def test_a_country_without_holiday_table_is_said_to_have_none() -> None:
    assert "No public holidays of XX are known" in preview("--due", "2026-12-01", "--country", "xx").output


@pytest.mark.parametrize(
    "words, said",
    [
        (("--due", "2026-12-01", "--amount", "much"), "--amount: 'much' is no amount; write it like 1234.50"),
        (("--due", "2026-12-01", "--amount", "1.005"), "--amount: amount 1.005 has more decimal places than EUR allows (2)"),
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
    """0.5 s on an idle machine; here the processor time, which a busy one stretches too, and the best of several."""
    spent = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        begun = time.monotonic()
        subprocess.run([sys.executable, "-m", "cli", "preview", "standard", "--due", "2026-12-01"], capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(min(time.monotonic() - begun, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime))
    assert min(spent) < 0.9
