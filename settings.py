"""Every environment variable, once; handed down as values."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from domain.money import Money, Tolerance
from domain.seller import Seller

_IDENTIFIER = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_NOBODY = re.compile(r"(no|do-?not)[-_.]?reply\b", re.IGNORECASE)


class UnableToConfigure(Exception):
    """A setting is missing or wrong; the message names it and the remedy."""


class Settings(BaseSettings):
    """Read from the environment, each name with the prefix ``DUNWELL_``."""

    model_config = SettingsConfigDict(env_prefix="DUNWELL_", extra="ignore")

    data_folder: Path = Field(default=Path(".dunwell"), description="Where one machine keeps everything: database, Temporal's file, captured mail, logs.")
    database_url: str = Field(default="", description="sqlite:///FILE or postgresql://user:password@host/name. Default: a SQLite file in the data folder.")
    sellers_file: Path | None = Field(default=None, description="YAML with the legal entities that are owed. Default: sellers.yaml in the data folder.")

    temporal_address: str = Field(default="127.0.0.1:7233", description="Host and port of the Temporal server.")
    temporal_namespace: str = Field(default="dunwell", description="Temporal namespace of this installation.")
    temporal_ui_url: str = Field(default="http://127.0.0.1:8233", description="Where people open the Temporal UI.")

    public_url: str = Field(default="http://127.0.0.1:8401", description="How the world reaches the public listener (webhooks, pay links).")
    public_host: str = Field(default="127.0.0.1", description="Address the public listener binds.")
    public_port: int = Field(default=8401, description="Port the public listener binds.")
    private_host: str = Field(default="127.0.0.1", description="Address the private listener (page, API) binds.")
    private_port: int = Field(default=8400, description="Port the private listener binds.")

    mailer: Literal["capture", "smtp", "sendgrid"] = Field(default="capture", description="Who carries e-mail. capture keeps it here and sends nothing.")
    sendgrid_api_key: str = Field(default="", description="API key for mailer sendgrid.", repr=False)
    sendgrid_host: str = Field(default="https://api.sendgrid.com", description="Base URL of the SendGrid API (the EU host, or a test peer).")
    smtp_url: str = Field(default="", description="smtp://user:password@host:587?starttls=1 or smtps://... for mailer smtp.", repr=False)

    csv_max_age_hours: int = Field(default=24, description="How old the last import of a csv ledger may be before reminders wait.")
    open_all_hours: bool = Field(default=False, description="Contact hours are open day and night. For demonstrations only.")
    tolerance: Decimal = Field(default=Decimal("1.00"), description="What may stay open on an invoice that counts as paid.")
    tolerance_by_currency: str = Field(default="", description="Exceptions to the tolerance, such as JPY=100,KWD=0.500.")
    playbook: str = Field(default="standard", description="The playbook that new invoices follow.")
    owner: str = Field(default="accounts receivable", description="Who answers for silences and tasks that nobody else owns.")

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.data_folder.absolute() / 'dunwell.db'}"

    @property
    def settlement_tolerance(self) -> Tolerance:
        """Raises UnableToConfigure when DUNWELL_TOLERANCE_BY_CURRENCY cannot be read."""
        try:
            parts = (part.split("=") for part in self.tolerance_by_currency.split(",") if part.strip())
            pairs = tuple((Money(Decimal(amount), code.strip()).currency, Decimal(amount)) for code, amount in parts)
        except (ValueError, ArithmeticError):
            raise UnableToConfigure("DUNWELL_TOLERANCE_BY_CURRENCY: write pairs such as JPY=100,KWD=0.500") from None
        return Tolerance(self.tolerance, pairs)


class _RestLedger(BaseModel):
    model_config = ConfigDict(extra="forbid")
    url: str
    token: str
    webhook_secrets: list[str] = []


@dataclass(frozen=True, slots=True)
class SellerSettings:
    """A seller and how its ledger is reached. A secret written as env:NAME is read from that environment variable."""

    seller: Seller
    rest_url: str = ""
    rest_token: str = ""
    webhook_secrets: tuple[str, ...] = ()


def load_sellers(settings: Settings) -> tuple[SellerSettings, ...]:
    """The sellers of this installation. Raises UnableToConfigure, naming the file, the field and the remedy."""
    file = settings.sellers_file or settings.data_folder / "sellers.yaml"
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UnableToConfigure(f"{file}: {error.strerror or error}; run dunwell up once to get an example, or set DUNWELL_SELLERS_FILE") from None
    except yaml.YAMLError as error:
        raise UnableToConfigure(f"{file}: not readable as YAML: {error}") from None
    entries = document.get("sellers") if isinstance(document, dict) else None
    if not isinstance(entries, list) or not entries:
        raise UnableToConfigure(f"{file}: write a list named sellers with at least one entry")
    return tuple(_read_seller(entry, f"{file}: sellers[{number}]") for number, entry in enumerate(entries))


def _read_seller(entry: Any, where: str) -> SellerSettings:
    if not isinstance(entry, dict):
        raise UnableToConfigure(f"{where}: each seller is a mapping with id, name, legal_name, sender_name, ...")
    entry = dict(entry)
    rest = entry.pop("rest", None)
    unknown = set(entry) - set(Seller.__dataclass_fields__)
    if unknown:
        raise UnableToConfigure(f"{where}: unknown field {sorted(unknown)[0]}; known are {', '.join(Seller.__dataclass_fields__)}, rest")
    try:
        seller = TypeAdapter(Seller).validate_python(entry)
        ledger = _RestLedger.model_validate(rest) if rest is not None else None
    except ValidationError as error:
        first = error.errors()[0]
        raise UnableToConfigure(f"{where}.{'.'.join(str(part) for part in first['loc'])}: {first['msg']}") from None
    if not _IDENTIFIER.fullmatch(seller.id):
        raise UnableToConfigure(f"{where}.id: {seller.id!r} must be 1 to 40 small letters, digits or dashes, such as brightwater")
    if _NOBODY.match(seller.sender_email):
        raise UnableToConfigure(f"{where}.sender_email: {seller.sender_email} reaches nobody; reminders come from a person who reads the answers")
    if "@" not in seller.sender_email:
        raise UnableToConfigure(f"{where}.sender_email: {seller.sender_email!r} is not an e-mail address")
    if seller.ledger not in ("csv", "rest"):
        raise UnableToConfigure(f"{where}.ledger: {seller.ledger!r} is not a ledger; write csv or rest")
    if seller.ledger == "rest" and ledger is None:
        raise UnableToConfigure(f"{where}.rest: a seller with ledger rest needs rest: {{url, token, webhook_secrets}}")
    if ledger is None:
        return SellerSettings(seller)
    return SellerSettings(seller, ledger.url, _secret(ledger.token, where), tuple(_secret(secret, where) for secret in ledger.webhook_secrets))


def _secret(value: str, where: str) -> str:
    if not value.startswith("env:"):
        return value
    found = os.environ.get(value.removeprefix("env:"))
    if not found:
        raise UnableToConfigure(f"{where}: {value} names an environment variable that is not set")
    return found
