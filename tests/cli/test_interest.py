"""``dunwell doctor`` and ``dunwell playbook check`` on the reference rates of statutory interest."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import playbooks
from tests.cli.installation import Installation

HEAD = "law,from,percent\n"
# More than any letter of this century's first half could need.
EVERY = HEAD + "".join(f"{law},{year}-{month}-01,2.00\n" for law in ("eu", "de", "uk") for year in range(2019, 2050) for month in ("01", "07"))


@pytest.fixture
def folder(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a business keeps its playbooks; one names interest by the law of Germany, and new invoices follow it."""
    found = installation.folder / "playbooks"
    found.mkdir(exist_ok=True)
    shipped = (playbooks.SHIPPED / "b2b-three-weeks.yaml").read_text()
    (found / "house.yaml").write_text(shipped.replace("name: b2b-three-weeks", "name: house").replace("gap_days: 3\n", "interest: de\ngap_days: 3\n", 1))
    monkeypatch.setenv("DUNWELL_PLAYBOOK", "house")
    return found


def found_by_doctor(installation: Installation) -> list[tuple[str, str, str]]:
    # Its status is 1: in this folder neither Temporal nor a worker runs.
    found = json.loads(installation.run("doctor", "--json", status=1).stdout)
    return [(one["health"], one["said"], one["remedy"]) for one in found if one["what"] == "interest"]


def test_the_doctor_is_silent_where_no_playbook_names_interest(installation: Installation) -> None:
    assert found_by_doctor(installation) == []


def test_the_doctor_names_the_half_years_whose_rate_is_missing(installation: Installation, folder: Path) -> None:
    installation.run("import", str(installation.write_csv(("A-1", "oak", 4000), ("A-2", "oak", 20))))
    installation.look_at_all()
    gaps = found_by_doctor(installation)
    assert gaps and all(health == "look" for health, _, _ in gaps), "nobody ships rates from before 2019"
    assert re.fullmatch(r"de has no reference rate for the half-year from .* 20\d\d: letters whose interest needs it name none", gaps[0][1])
    assert gaps[0][2].startswith("add the base rate (Basiszinssatz)") and gaps[0][2].endswith(str(folder / "interest-rates.csv"))
    (folder / "interest-rates.csv").write_text(
        EVERY.replace("2019", "2018") + "".join(f"de,{year}-{month}-01,2\n" for year in range(2008, 2018) for month in ("01", "07"))
    )
    left = found_by_doctor(installation)
    assert [health for health, _, _ in left] == ["ok"], left
    assert "formal letters name statutory interest (de)" in left[0][1]


def test_a_line_that_is_wrong_is_named_by_doctor_and_check(installation: Installation, folder: Path) -> None:
    (folder / "interest-rates.csv").write_text(f"{HEAD}de,2026-07-02,1.27\n")
    fault = f"{folder / 'interest-rates.csv'}:2: from '2026-07-02' begins no half-year"
    ((health, said, _),) = found_by_doctor(installation)
    assert health == "wrong" and fault in said
    assert fault in installation.run("playbook", "check", "house", status=1).stderr


def test_a_playbook_says_that_it_names_interest_and_refuses_to_where_no_step_could(installation: Installation, folder: Path) -> None:
    shown = " ".join(installation.run("playbook", "show", "house").stdout.split())
    assert "Interest formal letters and e-mails to businesses name it" in shown and "288(2)" in shown
    wrong = folder / "house.yaml"
    wrong.write_text(wrong.read_text().replace("interest: de", "interest: fr"))
    assert "interest cannot be 'fr'" in installation.run("playbook", "check", "house", status=1).stderr
    soft = (playbooks.SHIPPED / "standard.yaml").read_text().replace("name: standard", "name: house")
    soft = re.sub(r"\n *(severe: true|notice_days: \d+)(?=[^\n]*\n)[^\n]*", "", soft).replace("\ngap_days", "\ninterest: eu\ngap_days", 1)
    wrong.write_text(soft)
    assert "interest is named by severe steps alone" in installation.run("playbook", "check", "house", status=1).stderr
