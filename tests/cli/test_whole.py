"""The commands that run everything, for real: a new installation, and the demonstration."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

# What starts "dunwell up" runs one after another: each takes the first ports that are free, and listens a moment later.
pytestmark = [pytest.mark.server, pytest.mark.xdist_group("siege"), pytest.mark.timeout(300)]

COMMAND = (sys.executable, "-u", "-P", "-m", "cli")


def environment(**more: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("DUNWELL_")} | more


def still_running(mark: str) -> list[str]:
    """The command lines of processes with ``mark`` in them or in their environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if process.name != str(os.getpid()) and mark in command + (process / "environ").read_text(errors="replace"):
                found.append(command)
        except OSError:
            continue
    return found


def read_until(process: subprocess.Popen[str], is_enough: Callable[[str], bool]) -> str:
    assert process.stdout
    said = ""
    for line in process.stdout:
        said += line
        if is_enough(line):
            return said
    pytest.fail(f"ended with {process.wait()} before that was said:\n{said}")


def test_the_demonstration_goes_from_a_ledger_to_a_paid_invoice_and_leaves_nothing_running(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    # A person's own settings must not reach the demonstration.
    more = {"DUNWELL_MAILER": "smtp", "DUNWELL_SMTP_URL": "smtp://127.0.0.1:9", "DUNWELL_DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none"}
    ran = subprocess.run([*COMMAND, "demo", "--once", "--data", str(folder)], env=environment(**more), capture_output=True, text=True, timeout=200)
    assert (ran.returncode, ran.stderr) == (0, ""), ran.stdout + ran.stderr
    said = ran.stdout
    assert "Nothing leaves this machine" in said and "Contact hours are opened for this demonstration." in said
    assert re.search(r"holds 114 invoices, its dates moved by \+?-?\d+ days, so that 2026-03-02 in the file is \d{4}-\d\d-\d\d\.", said)
    assert "114 invoices taken in: 68 open ones are watched, 46 paid ones tell how each customer pays." in said
    assert all(currency in said for currency in ("EUR", "GBP", "USD"))
    paid, promised = said.split("$ dunwell case diary ")[1:]
    assert "reminder sent by e-mail" in paid and paid.rstrip().endswith("paid in full")
    assert "reminder sent by e-mail" in promised and "(told by local owner)" in promised
    mails = (folder / "mail" / "accepted.jsonl").read_text().splitlines()
    assert len({json.loads(line)["key"] for line in mails}) == len(mails) >= 15
    assert still_running(str(folder)) == []


def test_the_demonstration_begins_from_nothing(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("kept")
    ran = subprocess.run([*COMMAND, "demo", "--data", str(tmp_path)], env=environment(), capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stderr) == (1, f"Error: --data: {tmp_path} is not empty; name a new folder, the demonstration begins from nothing\n")


def test_a_new_installation_comes_up_in_shadow_mode_finds_itself_well_and_stops_in_order(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    up = subprocess.Popen(
        [*COMMAND, "up", "--data", str(folder)], env=environment(), cwd=elsewhere, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        said = read_until(up, lambda line: "Shadow mode" in line)
        assert f"Written: {folder / 'sellers.yaml'}. It holds examples only: edit it" in said

        def dunwell(*words: str) -> str:
            ran = subprocess.run(
                [*COMMAND, *words], env=environment(DUNWELL_DATA_FOLDER=str(folder)), cwd=elsewhere, capture_output=True, text=True, timeout=60
            )
            assert ran.returncode in (0, 1) and "Traceback" not in ran.stderr, ran.stderr
            return ran.stdout or ran.stderr

        found = json.loads(dunwell("doctor", "--json"))
        assert {"temporal", "worker", "database", "playbook"} <= {one["what"] for one in found if one["health"] == "ok"}
        assert {one["what"] for one in found if one["health"] == "wrong"} == {"ledger", "books"}
        assert "is an example" in dunwell("live", "--yes")
        again = subprocess.run([*COMMAND, "up", "--data", str(folder)], env=environment(), capture_output=True, text=True, timeout=60)
        assert again.returncode == 1 and f"is using the folder {folder}" in again.stdout
    finally:
        up.send_signal(signal.SIGINT)
    assert up.wait(60) == 0
    assert still_running(str(folder)) == []
