from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from settings import Settings, UnableToConfigure, load_sellers

GOOD: dict[str, Any] = {
    "id": "brightwater",
    "name": "Brightwater",
    "legal_name": "Brightwater Ltd",
    "sender_name": "Ann Lee",
    "sender_email": "ann@brightwater.example",
    "ledger": "csv",
    "country": "GB",
    "time_zone": "Europe/London",
}


def read(folder: Path, **changes: Any) -> Any:
    (folder / "sellers.yaml").write_text(yaml.safe_dump({"sellers": [{**GOOD, **changes}]}))
    return load_sellers(Settings(data_folder=folder))


def test_a_seller_is_read_whole(tmp_path: Path) -> None:
    (found,) = read(tmp_path, address=["1 Wharf Road", "Leeds"], bank={"holder": "B", "iban": "GB1", "bic": "", "bank": ""})
    assert found.seller.address == ("1 Wharf Road", "Leeds")
    assert found.seller.bank.holder == "B"


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"sender_email": "no-reply@brightwater.example"}, "reaches nobody"),
        ({"sender_email": "noreply@brightwater.example"}, "reaches nobody"),
        ({"sender_email": "ann"}, "sender_email"),
        ({"id": "Bright Water"}, ".id"),
        ({"ledger": "sap"}, ".ledger"),
        ({"ledger": "rest"}, ".rest"),
        ({"ledger": "rest", "rest": {"url": "http://x", "token": "env:NOT_SET_ANYWHERE"}}, "env:NOT_SET_ANYWHERE"),
        ({"ledger": "rest", "rest": {"url": "http://x", "token": "t", "typo": 1}}, "typo"),
        ({"colour": "red"}, "colour"),
        ({"country": 7}, "country"),
    ],
)
def test_a_bad_seller_is_refused_and_the_field_named(changes: dict[str, Any], named: str, tmp_path: Path) -> None:
    with pytest.raises(UnableToConfigure, match=named.replace(".", r"\.")):
        read(tmp_path, **changes)


@pytest.mark.parametrize("text", ["", "sellers:", "sellers: []", "- 1", "{", "sellers: [1]"])
def test_a_file_that_is_no_list_of_sellers_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "sellers.yaml").write_text(text)
    with pytest.raises(UnableToConfigure, match=r"sellers\.yaml"):
        load_sellers(Settings(data_folder=tmp_path))


@pytest.mark.parametrize("pairs", ["JPY", "JPY=lots", "=1", "yen=5"])
def test_a_bad_tolerance_is_refused(pairs: str) -> None:
    with pytest.raises(UnableToConfigure, match="DUNWELL_TOLERANCE_BY_CURRENCY"):
        _ = Settings(tolerance_by_currency=pairs).settlement_tolerance
