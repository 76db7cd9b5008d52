"""A setting that cannot be meant is refused before anything starts, with the file or variable, the field and the remedy."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.faults import explain
from cli.session import read_settings
from db.engine import Database
from settings import Settings, UnableToConfigure, load_sellers
from worker import connect_mailer, make_policy

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
REST = {"url": "https://books.example/api", "token": "t0ken-of-theirs", "webhook_secrets": ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]}


def write(folder: Path, *entries: dict[str, Any]) -> Settings:
    (folder / "sellers.yaml").write_text(yaml.safe_dump({"sellers": list(entries)}))
    return Settings(data_folder=folder)


def test_a_seller_is_read_whole(tmp_path: Path) -> None:
    (found,) = load_sellers(write(tmp_path, GOOD | {"address": ["1 Wharf Road", "Leeds"], "bank": {"holder": "B", "iban": "GB29 NWBK 6016 1331 9268 19"}}))
    assert found.seller.address == ("1 Wharf Road", "Leeds")
    assert found.seller.bank.holder == "B"


def test_a_seller_with_an_api_is_read_whole_and_its_secrets_may_stand_in_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEDGER_TOKEN", "from-the-environment")
    (found,) = load_sellers(write(tmp_path, GOOD | {"ledger": "rest", "rest": REST | {"token": "env:LEDGER_TOKEN"}}))
    assert (found.rest_url, found.rest_token, found.webhook_secrets) == (REST["url"], "from-the-environment", tuple(REST["webhook_secrets"]))
    assert "from-the-environment" not in repr(found) and "whsec" not in repr(found)


def rest(**changes: Any) -> dict[str, Any]:
    return {"ledger": "rest", "rest": REST | changes}


BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "a sender nobody reads": ({"sender_email": "no-reply@brightwater.example"}, ".sender_email: 'no-reply@brightwater.example' reaches nobody"),
    "a sender nobody reads, in one word": ({"sender_email": "noreply@brightwater.example"}, ".sender_email: 'noreply@brightwater.example' reaches nobody"),
    "answers to nobody": ({"reply_to": "do-not-reply@brightwater.example"}, ".reply_to: 'do-not-reply@brightwater.example' reaches nobody"),
    "a sender without a domain": ({"sender_email": "ann"}, ".sender_email: 'ann' is not an e-mail address; write name@domain"),
    "two senders": ({"sender_email": "a@x.example, b@x.example"}, ".sender_email: 'a@x.example, b@x.example' is not an e-mail address"),
    "a sender that brings headers": ({"sender_email": "a@x.example\nBcc: b@x.example"}, ".sender_email: "),
    "remittance to a name": ({"remittance_to": "Cash Desk"}, ".remittance_to: 'Cash Desk' is not an e-mail address"),
    "remittance to where answers are read": ({"reply_to": "a@x.example", "remittance_to": "A@x.example"}, ".remittance_to: 'A@x.example' is where answers"),
    "answers to a name": ({"reply_to": "Ann Lee"}, ".reply_to: 'Ann Lee' is not an e-mail address"),
    "an id with a space": ({"id": "Bright Water"}, ".id: 'Bright Water' must be 1 to 40 small letters, digits or dashes"),
    "an empty id": ({"id": ""}, ".id: '' must be 1 to 40 small letters"),
    "no name": ({"name": "  "}, ".name: '  ' is empty; customers must know who writes"),
    "no legal name": ({"legal_name": ""}, ".legal_name: '' is empty"),
    "a name of two lines": ({"name": "Bright\nwater"}, ".name: 'Bright\\nwater' holds a line break or a control character"),
    "a title that rings": ({"sender_title": "Clerk\x1f"}, "sender_title"),
    "a day for a title": ({"sender_title": date(2026, 1, 1)}, ".sender_title: Input should be a valid string"),
    "a ledger nobody knows": ({"ledger": "sap"}, ".ledger: 'sap' is not a ledger; write csv or rest"),
    "a rest ledger without an address": ({"ledger": "rest"}, ".rest: a seller with ledger rest needs rest: {url, token, webhook_secrets}"),
    "an address for a csv ledger": ({"rest": REST}, ".rest: is for ledger rest; write ledger: rest, or remove it"),
    "a token that is not there": (rest(token="env:NOT_SET_ANYWHERE"), ".rest.token: env:NOT_SET_ANYWHERE names an environment variable that is not set"),
    "a secret that is not there": (rest(webhook_secrets=["env:NOT_SET"]), ".rest.webhook_secrets[0]: env:NOT_SET names an environment variable"),
    "a secret too weak": (rest(webhook_secrets=["whsec_c2hvcnQ="]), ".rest.webhook_secrets[0]: a webhook secret set here is unusable; it must be whsec_"),
    "a secret of another kind": (rest(webhook_secrets=["sk_live_1"]), ".rest.webhook_secrets[0]: a webhook secret set here is unusable"),
    "no token": (rest(token=""), ".rest: the ledger's token is empty"),
    "a token of two lines": (rest(token="t0ken\nX-Admin: 1"), ".rest: the ledger's token is empty or holds spaces or line breaks"),
    "an address without a scheme": (rest(url="books.example"), ".rest: the ledger's address is not usable; write it like https://"),
    "an address with a password": (rest(url="https://u:p@books.example"), ".rest: the ledger's address is not usable"),
    "a misspelt key of the API": (rest(typo=1), ".rest.typo: Extra inputs are not permitted"),
    "a misspelt key": ({"colour": "red"}, ": unknown field colour; known are id, name"),
    "a misspelt key of the bank": ({"bank": {"ibna": "GB1"}}, ".bank.ibna: "),
    "a country that is a number": ({"country": 7}, ".country: Input should be a valid string"),
    "a country in words": ({"country": "Germany"}, ".country: 'Germany' is not a country; write its ISO 3166 code"),
    "a country in small letters": ({"country": "gb"}, ".country: 'gb' is not a country"),
    "a zone that is none": ({"time_zone": "GMT+1"}, ".time_zone: 'GMT+1' is not a time zone; write its IANA name, such as Europe/London"),
    "a zone that is a path": ({"time_zone": "../../etc/passwd"}, ".time_zone: '../../etc/passwd' is not a time zone"),
    "a language in words": ({"language": "English"}, ".language: 'English' is not a language; write its two-letter code"),
    "a color in words": ({"brand_color": "blue"}, ".brand_color: 'blue' is not a color"),
    "a logo on a disk": ({"logo_url": "logo.png"}, ".logo_url: 'logo.png' is not a web address"),
    "an account number with a digit wrong": ({"bank": {"iban": "GB29 NWBK 6016 1331 9268 18"}}, ".bank.iban: 'GB29 NWBK 6016 1331 9268 18' has a typing error"),
    "an account number with two digits exchanged": ({"bank": {"iban": "de89370400440532031000"}}, ".bank.iban: 'de89370400440532031000' has a typing error"),
    "an address of one line": ({"address": "1 Wharf Road"}, ".address: "),
}


@pytest.mark.parametrize("changes, said", BROKEN.values(), ids=BROKEN)
def test_a_bad_seller_is_refused_and_the_field_named(changes: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(UnableToConfigure) as refused:
        load_sellers(write(tmp_path, GOOD | {"id": "first"}, GOOD | changes))
    text = str(refused.value)
    assert text.startswith(f"{tmp_path / 'sellers.yaml'}:")
    assert said in text
    assert "t0ken-of-theirs" not in text and "whsec_M" not in text


@pytest.mark.parametrize("field", ["id", "name", "legal_name", "sender_name", "sender_email", "ledger", "country", "time_zone"])
def test_a_field_that_is_missing_is_named(field: str, tmp_path: Path) -> None:
    with pytest.raises(UnableToConfigure, match=rf"sellers\[0\]\.{field}: Missing required argument|sellers\[0\]\.{field}: Field required"):
        load_sellers(write(tmp_path, {name: value for name, value in GOOD.items() if name != field}))


def test_two_sellers_of_one_id_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnableToConfigure, match=r"sellers\[1\]\.id: 'brightwater' is the id of another seller already"):
        load_sellers(write(tmp_path, GOOD, GOOD | {"name": "Another"}))


FILES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "write a list named sellers with at least one entry"),
    "no list": (b"sellers: {}\n", "write a list named sellers"),
    "nothing in the list": (b"sellers: []\n", "write a list named sellers"),
    "nothing behind the word": (b"sellers:\n", ":1: sellers has no value; fill it in or remove the line"),
    "a list of numbers": (b"- 1\n", "write a list named sellers"),
    "sellers that are numbers": (b"sellers: [1]\n", "sellers[0]: each seller is a mapping with id, name"),
    "no YAML": (b"{", "is not YAML"),
    "a tab": (b"sellers:\n\t- id: x\n", ":2:1: is not YAML"),
    "a key twice": (b"sellers:\n  - id: a\n    id: b\n", ":3:5: key 'id' stands twice (first on line 2); remove one"),
    "Norway": (b"sellers:\n  - country: NO\n", ":2:5: seller 1: country: YAML reads NO as true or false"),
    "not UTF-8": (b"sellers:\n  - name: M\xfcller\n", "is not UTF-8 text; save the file as UTF-8"),
    "a control character": (b"sellers:\n  - name: M\x00ller\n", ":2:12: holds a control character"),
    "an object of Python": (b"sellers: !!python/object/apply:os.system [id]\n", "remove it"),
    "a secret on a broken line": (b'sellers:\n  - rest: {token: "t0ken-of-theirs\n', "is not YAML"),
}


@pytest.mark.parametrize("content, said", FILES.values(), ids=FILES)
def test_a_file_that_is_no_list_of_sellers_is_refused_and_not_quoted(content: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "sellers.yaml").write_bytes(content)
    with pytest.raises(UnableToConfigure) as refused:
        load_sellers(Settings(data_folder=tmp_path))
    assert str(refused.value).startswith(str(tmp_path / "sellers.yaml"))
    assert said in str(refused.value)
    assert "t0ken-of-theirs" not in str(refused.value)


def test_a_file_that_is_not_there_is_named_with_the_way_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(UnableToConfigure, match=r"sellers\.yaml: No such file or directory; run dunwell up once to get an example"):
        load_sellers(Settings(data_folder=tmp_path))


VARIABLES: dict[str, tuple[str, str, str]] = {
    "a mailer nobody knows": ("MAILER", "pigeon", "Input should be 'capture', 'smtp' or 'sendgrid'; it is now 'pigeon'"),
    "a port in words": ("PUBLIC_PORT", "http", "Input should be a valid integer"),
    "a port that is none": ("PUBLIC_PORT", "99999", "Input should be less than or equal to 65535; it is now '99999'"),
    "a port below zero": ("PRIVATE_PORT", "-1", "Input should be greater than or equal to 0"),
    "a tolerance in words": ("TOLERANCE", "little", "Input should be a valid decimal"),
    "a tolerance that is none": ("TOLERANCE", "NaN", "Input should be a finite number"),
    "a tolerance below zero": ("TOLERANCE", "-1", "Input should be greater than or equal to 0"),
    "a tolerance that covers everything": ("TOLERANCE", "1e9", "Input should be less than or equal to 1000"),
    "a tolerance of a misspelt currency": ("TOLERANCE_BY_CURRENCY", "yen=5", "write pairs such as JPY=100,KWD=0.500"),
    "a tolerance without an amount": ("TOLERANCE_BY_CURRENCY", "JPY", "write pairs such as JPY=100,KWD=0.500"),
    "a tolerance without a currency": ("TOLERANCE_BY_CURRENCY", "=1", "write pairs such as JPY=100,KWD=0.500"),
    "a tolerance that is no amount": ("TOLERANCE_BY_CURRENCY", "JPY=lots", "write pairs such as JPY=100,KWD=0.500"),
    "an import that is never fresh": ("CSV_MAX_AGE_HOURS", "0", "Input should be greater than or equal to 1"),
    "hours that are neither open nor not": ("OPEN_ALL_HOURS", "sometimes", "Input should be a valid boolean"),
    "a playbook that is not there": ("PLAYBOOK", "nope", "does not exist; choose from b2b-three-weeks"),
    "a playbook elsewhere": ("PLAYBOOK", "../../etc/passwd", "does not exist; choose from b2b-three-weeks"),
    "a database of another make": ("DATABASE_URL", "mysql://u:pa55word@h/d", "mysql is not supported; use sqlite:///FILE or postgresql://"),
    "no database at all": ("DATABASE_URL", "my database", "write sqlite:///path/to/dunwell.db or postgresql://"),
    "smtp without an address": ("MAILER", "smtp", "DUNWELL_SMTP_URL: needed with DUNWELL_MAILER=smtp"),
    "sendgrid without a key": ("MAILER", "sendgrid", "DUNWELL_SENDGRID_API_KEY: needed with DUNWELL_MAILER=sendgrid"),
}


@pytest.mark.parametrize("name, value, said", VARIABLES.values(), ids=VARIABLES)
def test_a_bad_variable_is_refused_by_its_name_and_with_a_remedy(name: str, value: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for set_here in [known for known in os.environ if known.startswith("DUNWELL_")]:
        monkeypatch.delenv(set_here)
    monkeypatch.setenv("DUNWELL_DATA_FOLDER", str(tmp_path))
    monkeypatch.setenv(f"DUNWELL_{name}", value)
    with pytest.raises(Exception) as refused:
        start()
    line = explain(refused.value)
    assert said in line
    assert f"DUNWELL_{name}" in line or name in ("PLAYBOOK", "MAILER")
    assert "pa55word" not in line


def start() -> None:
    """What every part of an installation does before anything else."""
    settings = read_settings()
    Database(settings.database).close()
    make_policy(settings)
    connect_mailer(settings)


def test_there_are_enough_kinds_of_each() -> None:
    assert len(BROKEN) >= 15 and len(FILES) >= 14 and len(VARIABLES) >= 15
