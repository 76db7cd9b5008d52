"""``dunwell inbox classify`` reads messages from a file, and says which line it cannot read and why."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli import dunwell

QUOTED = """Hi,

we will pay on Friday.

Best regards
Jane

On Tue, 17 Nov 2026 at 10:00, Seller <ar@seller.example> wrote:
> We dispute nothing. If you have paid already, talk to our lawyer.
"""


def classify(tmp_path: Path, *lines: str, options: tuple[str, ...] = ("--json",)) -> Result:
    file = tmp_path / "replies.jsonl"
    file.write_text("\n".join(lines), encoding="utf-8")
    return CliRunner().invoke(dunwell, ["inbox", "classify", str(file), *options])


def line(text: str, **more: str) -> str:
    return json.dumps({"id": "1", "lang": "en", "channel": "email", "received_at": "2026-11-18T09:00:00+01:00", "subject": "Re: invoice", "text": text} | more)


def test_each_message_is_answered_on_a_line_of_its_own_in_order(tmp_path: Path) -> None:
    ran = classify(tmp_path, line("We will pay 1,500.00 EUR on Friday.", id="a"), "", line("STOP", id="b", channel="sms"))
    first, second = map(json.loads, ran.stdout.splitlines())
    assert (first["id"], first["intent"], first["promise_date"], first["promise_amount"], first["pauses"]) == ("a", "promise", "2026-11-20", "1500.00", True)
    assert (second["id"], second["intent"], second["promise_date"], second["pauses"]) == ("b", "stop", None, True)


def test_what_a_mail_quotes_is_not_its_senders(tmp_path: Path) -> None:
    assert json.loads(classify(tmp_path, line(QUOTED)).stdout)["intent"] == "promise"


def test_a_list_with_hyphens_is_no_signature(tmp_path: Path) -> None:
    assert json.loads(classify(tmp_path, line("Hello,\n\n- goods damaged\n- price wrong\n\nBob")).stdout)["intent"] == "dispute"


def test_a_day_is_read_against_the_day_of_the_message_on_its_senders_clock(tmp_path: Path) -> None:
    late = classify(tmp_path, line("We pay tomorrow", received_at="2026-11-18T23:30:00-05:00"))
    assert json.loads(late.stdout)["promise_date"] == "2026-11-19"


def test_people_see_a_table(tmp_path: Path) -> None:
    ran = classify(tmp_path, line("We will pay on Friday."), options=())
    assert "by 2026-11-20" in ran.stdout and "1 read." in ran.stdout


@pytest.mark.parametrize(
    "bad,said",
    [
        ("{not json", "not JSON"),
        ("[1]", "not an object"),
        ('{"text": "hi"}', "id is missing"),
        ('{"id": "1"}', "text is missing"),
        ('{"id": "1", "text": 5}', "text is not text"),
        ('{"id": "1", "text": "hi", "channel": "fax"}', "channel 'fax' is unknown"),
        ('{"id": "1", "text": "hi", "received_at": "yesterday"}', "received_at 'yesterday' is no moment"),
    ],
)
def test_a_bad_line_is_named_with_its_file_field_and_remedy(tmp_path: Path, bad: str, said: str) -> None:
    ran = classify(tmp_path, line("hello"), bad)
    assert ran.exit_code == 1
    assert "replies.jsonl, line 2" in ran.output and said in ran.output
