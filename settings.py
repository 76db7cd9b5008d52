"""Every environment variable, once; handed down as values."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, time
from decimal import Decimal
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from domain.calendar import ContactHours, zone
from domain.facts import Envelope
from domain.law import Party
from domain.lawful import find_unlawful
from domain.money import Money, Tolerance
from domain.playbook import CHANNELS
from domain.seller import Seller
from playbooks.reading import UnableToLoad, read_yaml

if TYPE_CHECKING:
    from integrations.messaging.imap import Mailbox
    from integrations.speaking import Speaker

_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
_IDENTIFIER = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_NOBODY = re.compile(r"(no|do-?not)[-_.]?reply\b", re.IGNORECASE)
_EMAIL = re.compile(r"[^@\s,;<>\"()]{1,64}@[^@\s,;<>\"().]+(\.[^@\s,;<>\"().]+)*")


# Where people set the limits on contact.
LIMITS = "DUNWELL_OPEN_ALL_HOURS, DUNWELL_CONTACT_HOURS, DUNWELL_SPOKEN_HOURS, DUNWELL_CONTACTS_PER_WEEK and their like"


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
    public_port: int = Field(default=8401, ge=0, le=65535, description="Port the public listener binds.")
    private_host: str = Field(default="127.0.0.1", description="Address the private listener (page, API) binds.")
    private_port: int = Field(default=8400, ge=0, le=65535, description="Port the private listener binds.")

    mailer: Literal["capture", "smtp", "sendgrid"] = Field(default="capture", description="Who carries e-mail. capture keeps it here and sends nothing.")
    sendgrid_api_key: str = Field(default="", description="API key for mailer sendgrid.", repr=False)
    sendgrid_host: str = Field(default="https://api.sendgrid.com", description="Base URL of the SendGrid API (the EU host, or a test peer).")
    sendgrid_event_keys: str = Field(
        default="", description="Public keys of SendGrid's signed event webhook, separated by commas. With them bounces and complaints count at once."
    )
    sendgrid_inbound_keys: str = Field(
        default="", description="Public keys of SendGrid's signed inbound parse webhook, separated by commas. With them replies come in that way."
    )
    twilio_account_sid: str = Field(default="", description="Account SID at Twilio, which carries text messages and calls. Empty: texts are captured.")
    twilio_auth_token: str = Field(default="", description="Auth token of the Twilio account; its webhooks are checked against it.", repr=False)
    twilio_webhook_secrets: str = Field(
        default="", description="Further secrets that Twilio may sign its webhooks with, separated by commas: the next token, shared keys.", repr=False
    )
    twilio_from: str = Field(default="", description="The number that text messages come from, such as +4915112345678; or set the messaging service.")
    twilio_messaging_service_sid: str = Field(default="", description="The Twilio messaging service that text messages come from (MG...).")
    sms_help: Literal["dunwell", "twilio"] = Field(
        default="dunwell", description="Who answers HELP and INFO by text message. twilio: where Twilio's own answers are left switched on for the number."
    )
    call_transfer_to: str = Field(
        default="", description="The number of colleagues who take over a call in office hours, such as +493012345. Empty: customers are called back."
    )
    twilio_api: str = Field(default="https://api.twilio.com", description="Base URL of the Twilio API (or a test peer).")
    whatsapp_from: str = Field(default="", description="A WhatsApp number at Twilio: text messages go by WhatsApp, in an approved template only.")
    whatsapp_template: str = Field(default="", description="The approved template (HX...) whose one variable takes the text.")
    smtp_url: str = Field(default="", description="smtp://user:password@host:587?starttls=1 or smtps://... for mailer smtp.", repr=False)

    letters: Literal["capture", "print"] = Field(
        default="capture", description="Who carries letters. print puts each as PDF into the folder letters, and gives somebody the task to post it."
    )
    imap_url: str = Field(
        default="",
        description="A mailbox in which answers of customers are read: imaps://user:password@host:993/INBOX. More of them, and OAuth: mailbox in sellers.yaml.",
        repr=False,
    )

    team_chat_url: str = Field(default="", description="Incoming webhook of Slack or Teams, where account managers are alerted. A secret.", repr=False)
    seals_file: Path | None = Field(
        default=None, description="A file outside the database to which each nightly seal of the diaries is appended, so that nobody can rewrite them unseen."
    )
    backup_keep: int = Field(default=14, ge=0, description="How many daily backups one machine keeps in the data folder; 0 makes none by itself.")
    clicks: bool = Field(default=False, description="Links to pay in e-mails lead through us, and tell once a message that they were followed.")
    channels: str = Field(default="email", description="Channels that are switched on, such as email,sms,letter. Those without a provider yet are captured.")
    csv_max_age_hours: int = Field(default=24, ge=1, le=8760, description="How old the last import of a csv ledger may be before reminders wait.")
    open_all_hours: bool = Field(default=False, description="Contact hours are open day and night. For demonstrations only.")
    contact_hours: str = Field(default="08:00-18:00", description="When e-mail may reach customers: business days, on their own clocks.")
    spoken_hours: str = Field(default="09:00-17:00", description="When text messages and calls may reach customers: business days, on their own clocks.")
    contacts_per_week: int = Field(default=3, ge=1, le=7, description="How often a customer may hear from you in seven days, whatever the channel.")
    contacts_per_month: int = Field(default=10, ge=1, le=30, description="How often a customer may hear from you in thirty days, whatever the channel.")
    calls_per_week: int = Field(default=2, ge=1, le=7, description="How often a customer may be called in seven days.")
    quiet_after_talk_days: int = Field(default=7, ge=0, le=90, description="For how many days nobody is called after a conversation, its own day counted.")
    least_balance: Decimal = Field(
        default=Decimal(25), ge=0, le=100_000, description="Invoices with less open, in their own currency, get statements and no reminders."
    )
    tolerance: Decimal = Field(default=Decimal("1.00"), ge=0, le=1000, description="What may stay open on an invoice that counts as paid.")
    tolerance_by_currency: str = Field(default="", description="Exceptions to the tolerance, such as JPY=100,KWD=0.500.")
    playbook: str = Field(default="standard", description="The playbook that new invoices follow.")
    playbooks_folder: Path | None = Field(
        default=None, description="Playbooks and wording of your own, which go before the shipped ones. Default: playbooks in the data folder."
    )
    writing_model_url: str = Field(
        default="", description="A language model that may word messages, such as http://127.0.0.1:11434/v1 (OpenAI-compatible). Empty: none does."
    )
    writing_model_name: str = Field(default="", description="The name of that model, as its service calls it.")
    writing_model_key: str = Field(default="", description="The key for that service, where it wants one.", repr=False)
    writing_model_seconds: float = Field(default=20.0, gt=0, le=30, description="How long that model may take for one message.")
    writing_for: str = Field(default="personal-note", description="The texts that it may word, separated by commas, as playbooks name them under say.")
    reading_model_url: str = Field(
        default="", description="A language model that suggests what an unclear answer means, such as http://127.0.0.1:11434/v1. Empty: none does."
    )
    reading_model_name: str = Field(default="", description="The name of that model, as its service calls it.")
    reading_model_key: str = Field(default="", description="The key for that service, where it wants one.", repr=False)
    speaking_model_url: str = Field(
        default="", description="A language model that takes part in calls, by Twilio's ConversationRelay (OpenAI-compatible). Empty: none does."
    )
    speaking_model_name: str = Field(default="", description="The name of that model, as its service calls it.")
    speaking_model_key: str = Field(default="", description="The key for that service, where it wants one.", repr=False)
    speaking_model_seconds: float = Field(default=2.0, gt=0, le=5, description="How long that model may take for one answer, while the customer waits.")
    review_day: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] = Field(
        default="monday", description="The day of the owner's weekly review, at the seller's."
    )
    review_hour: int = Field(default=8, ge=0, le=23, description="The hour of the weekly review and of its daily reminders, in the seller's time zone.")
    owner: str = Field(default="accounts receivable", description="Who answers for silences and tasks that nobody else owns.")

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.data_folder.absolute() / 'dunwell.db'}"

    @property
    def own_playbooks(self) -> Path:
        return self.playbooks_folder or self.data_folder / "playbooks"

    @property
    def switched_on(self) -> frozenset[str]:
        """The channels that are switched on; what people do themselves always is. Raises UnableToConfigure."""
        wanted = [word.strip() for word in self.channels.split(",") if word.strip()]
        if unknown := [word for word in wanted if word not in CHANNELS]:
            raise UnableToConfigure(f"DUNWELL_CHANNELS: {unknown[0]!r} is no channel; choose from {', '.join(CHANNELS[:-1])}")
        return frozenset((*wanted, "task"))

    @property
    def envelope(self) -> Envelope:
        """The limits on contact that hold whatever a playbook says. Raises UnableToConfigure for hours that cannot be read."""
        hours, spoken = _read_hours("CONTACT_HOURS", self.contact_hours), _read_hours("SPOKEN_HOURS", self.spoken_hours)
        return Envelope(
            replace(hours, any_time=self.open_all_hours),
            replace(spoken, any_time=self.open_all_hours),
            per_week=self.contacts_per_week,
            per_month=self.contacts_per_month,
            calls_per_week=self.calls_per_week,
            quiet_after_talk_days=self.quiet_after_talk_days,
            channels=self.switched_on,
            least_balance=self.least_balance,
        )

    @property
    def review_weekday(self) -> int:
        """The day of the weekly review as calendars count it: Sunday is 0."""
        return ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday").index(self.review_day)

    @property
    def settlement_tolerance(self) -> Tolerance:
        """Raises UnableToConfigure when DUNWELL_TOLERANCE_BY_CURRENCY cannot be read."""
        try:
            parts = (part.split("=") for part in self.tolerance_by_currency.split(",") if part.strip())
            pairs = tuple((Money(Decimal(amount), code.strip()).currency, Decimal(amount)) for code, amount in parts)
        except (ValueError, ArithmeticError):
            raise UnableToConfigure("DUNWELL_TOLERANCE_BY_CURRENCY: write pairs such as JPY=100,KWD=0.500") from None
        return Tolerance(self.tolerance, pairs)


def _read_hours(name: str, written: str) -> ContactHours:
    found = re.fullmatch(r"\s*(\d{1,2}:\d{2})\s*-\s*(\d{1,2}:\d{2})\s*", written)
    try:
        opens, closes = (time.fromisoformat(part.zfill(5)) for part in found.groups()) if found else (time.max, time.min)
    except ValueError:
        opens, closes = time.max, time.min
    if opens >= closes:
        raise UnableToConfigure(f"DUNWELL_{name}: {written!r} are no hours; write from and until, such as 08:00-18:00")
    return ContactHours(opens, closes)


def refuse_unlawful(envelope: Envelope, parties: Iterable[tuple[frozenset[str], Party]], day: date) -> None:
    """Raises UnableToConfigure when the chosen limits allow what a rule of law in force on ``day`` forbids for any of ``parties``:
    which rule, what goes too far, and what to do about it."""
    if excess := find_unlawful(envelope, parties, day):
        first, *others = excess
        more = f"; there are {len(others)} more, see: dunwell doctor" if others else ""
        raise UnableToConfigure(
            f"the limits on contact go beyond the law where you or your customers are: {first.what} ({first.rule}). Mend it: {first.remedy} ({LIMITS}){more}"
        )


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
    rest_token: str = field(default="", repr=False)
    webhook_secrets: tuple[str, ...] = field(default=(), repr=False)
    mailbox: Mailbox | None = field(default=None, repr=False)


def load_sellers(settings: Settings) -> tuple[SellerSettings, ...]:
    """The sellers of this installation. Raises UnableToConfigure, naming the file, the field and the remedy."""
    file = settings.sellers_file or settings.data_folder / "sellers.yaml"
    try:
        source = read_yaml(file.read_text(encoding="utf-8"), str(file))
        source.refuse_faults()
    except OSError as error:
        raise UnableToConfigure(f"{file}: {error.strerror or error}; run dunwell up once to get an example, or set DUNWELL_SELLERS_FILE") from None
    except UnicodeDecodeError:
        raise UnableToConfigure(f"{file}: is not UTF-8 text; save the file as UTF-8") from None
    except UnableToLoad as error:
        raise UnableToConfigure(str(error)) from None
    entries = source.values.get("sellers") if isinstance(source.values, dict) else None
    if not isinstance(entries, list) or not entries:
        raise UnableToConfigure(f"{file}: write a list named sellers with at least one entry")
    sellers = tuple(_read_seller(entry, f"{file}: sellers[{number}]") for number, entry in enumerate(entries))
    ids = [one.seller.id for one in sellers]
    if double := next((number for number, one in enumerate(ids) if one in ids[:number]), None):
        raise UnableToConfigure(f"{file}: sellers[{double}].id: {ids[double]!r} is the id of another seller already; every seller needs one of its own")
    return sellers


def _read_seller(entry: Any, where: str) -> SellerSettings:
    if not isinstance(entry, dict):
        raise UnableToConfigure(f"{where}: each seller is a mapping with id, name, legal_name, sender_name, ...")
    entry = dict(entry)
    rest = entry.pop("rest", None)
    mailbox = _read_mailbox(entry.pop("mailbox", None), f"{where}.mailbox")
    unknown = set(entry) - set(Seller.__dataclass_fields__)
    if unknown:
        raise UnableToConfigure(f"{where}: unknown field {sorted(unknown)[0]}; known are {', '.join(Seller.__dataclass_fields__)}, rest, mailbox")
    try:
        seller = TypeAdapter(Seller).validate_python(entry, extra="forbid")
        ledger = _RestLedger.model_validate(rest) if rest is not None else None
    except ValidationError as error:
        first = error.errors()[0]
        inside = ".rest" if error.title == _RestLedger.__name__ else ""
        raise UnableToConfigure(f"{where}{inside}.{'.'.join(str(part) for part in first['loc'])}: {first['msg']}") from None
    for name, problem in _faults(seller):
        raise UnableToConfigure(f"{where}.{name}: {attrgetter(name)(seller)!r} {problem}")
    if (seller.ledger == "rest") != (ledger is not None):
        remedy = (
            "a seller with ledger rest needs rest: {url, token, webhook_secrets}" if ledger is None else "is for ledger rest; write ledger: rest, or remove it"
        )
        raise UnableToConfigure(f"{where}.rest: {remedy}")
    return replace(SellerSettings(seller) if ledger is None else _read_ledger(seller, ledger, f"{where}.rest"), mailbox=mailbox)


def _faults(seller: Seller) -> Iterator[tuple[str, str]]:
    """What is wrong with a seller beyond its form: the field, and what to do about it."""
    from babel import Locale

    if not _IDENTIFIER.fullmatch(seller.id):
        yield "id", "must be 1 to 40 small letters, digits or dashes, such as brightwater"
    for name in ("name", "legal_name", "sender_name"):
        if not getattr(seller, name).strip():
            yield name, "is empty; customers must know who writes"
    for name in ("name", "legal_name", "sender_name", "sender_title", "phone"):
        if not getattr(seller, name).isprintable():
            yield name, "holds a line break or a control character; write it on one line"
    for name in ("sender_email", "reply_to", "remittance_to"):
        address = getattr(seller, name)
        if _NOBODY.match(address):
            yield name, "reaches nobody; reminders come from a person who reads the answers"
        if not _EMAIL.fullmatch(address) and (address or name == "sender_email"):
            yield name, "is not an e-mail address; write name@domain"
    if seller.remittance_to and seller.remittance_to.casefold() in (seller.sender_email.casefold(), seller.reply_to.casefold()):
        yield "remittance_to", "is where answers of customers are read; write the address of whoever posts cash, or leave it out"
    if seller.ledger not in ("csv", "rest"):
        yield "ledger", "is not a ledger; write csv or rest"
    if len(seller.country) != 2 or seller.country not in Locale("en").territories:
        yield "country", "is not a country; write its ISO 3166 code, such as GB or DE"
    try:
        zone(seller.time_zone)
    except (KeyError, ValueError, OSError):
        yield "time_zone", "is not a time zone; write its IANA name, such as Europe/London"
    if not re.fullmatch("[a-z]{2}", seller.language):
        yield "language", "is not a language; write its two-letter code, such as en"
    if not re.fullmatch("#[0-9a-fA-F]{6}", seller.brand_color):
        yield "brand_color", "is not a color; write it in quotes, such as '#1f4b99'"
    if _IBAN.fullmatch(number := re.sub(r"\s", "", seller.bank.iban).upper()) and not _is_checked(number):
        yield "bank.iban", "has a typing error: its check digits do not fit; customers would pay to nobody"
    if seller.logo_url and not re.fullmatch(r"https?://[^\s\"'<>]+", seller.logo_url):
        yield "logo_url", "is not a web address; write it whole, starting with https://"


def _is_checked(iban: str) -> bool:
    """ISO 7064, MOD 97-10, as ISO 13616 has it for account numbers."""
    return int("".join(str(int(letter, 36)) for letter in iban[4:] + iban[:4])) % 97 == 1


def _read_ledger(seller: Seller, ledger: _RestLedger, where: str) -> SellerSettings:
    from integrations.accounting import UnableToReadLedger, rest

    token = _secret(ledger.token, f"{where}.token")
    secrets = tuple(_secret(secret, f"{where}.webhook_secrets[{number}]") for number, secret in enumerate(ledger.webhook_secrets))
    try:
        rest.check_address(ledger.url, token)
    except UnableToReadLedger as error:
        raise UnableToConfigure(f"{where}: {error}") from None
    for number, secret in enumerate(secrets):
        try:
            rest.read_secret(secret)
        except rest.UnableToTrust as error:
            raise UnableToConfigure(f"{where}.webhook_secrets[{number}]: {error}") from None
    return SellerSettings(seller, ledger.url, token, secrets)


def _read_mailbox(written: Any, where: str) -> Mailbox | None:
    from integrations.messaging import imap

    if written is None:
        return None
    try:
        form = imap.MailboxForm.model_validate(written)
        secrets = {name: _secret(getattr(form, name), f"{where}.{name}") for name in ("password", "client_secret", "refresh_token")}
        return imap.connect(form.model_copy(update=secrets))
    except ValidationError as error:
        first = error.errors()[0]
        raise UnableToConfigure(f"{where}.{'.'.join(str(part) for part in first['loc'])}: {first['msg']}") from None
    except imap.UnableToReadMailbox as error:
        raise UnableToConfigure(f"{where}.{error}") from None


def connect_mailboxes(settings: Settings, sellers: Iterable[SellerSettings]) -> tuple[Mailbox, ...]:
    """Every mailbox in which answers are read, each once. Raises UnableToConfigure."""
    from integrations.messaging import imap

    found = [one.mailbox for one in sellers if one.mailbox]
    if settings.imap_url:
        try:
            found.append(imap.connect(imap.read_url(settings.imap_url)))
        except (imap.UnableToReadMailbox, ValidationError) as error:
            raise UnableToConfigure(f"DUNWELL_IMAP_URL: {error}") from None
    return tuple({(one.source, one.folder): one for one in found}.values())


NOBODY_READS = (
    "nobody would read what customers answer: connect the mailbox in which answers arrive (mailbox in sellers.yaml, or DUNWELL_IMAP_URL), "
    "or SendGrid's inbound mail, or name who reads them by dunwell live --replies-are-read-by"
)


def carries_for_real(settings: Settings) -> bool:
    """Whether anything that leaves would reach customers: not all of it is captured."""
    by_phone = bool(settings.twilio_account_sid and settings.switched_on & {"sms", "call"})
    return settings.mailer != "capture" or by_phone or (settings.letters == "print" and "letter" in settings.switched_on)


def reads_replies(settings: Settings, sellers: Iterable[SellerSettings]) -> bool:
    """Whether a program reads what customers answer: a mailbox, or SendGrid's inbound mail. Raises UnableToConfigure."""
    return bool(settings.sendgrid_inbound_keys or connect_mailboxes(settings, sellers))


def connect_speaker(settings: Settings) -> Speaker | None:
    """The language model that takes part in calls; None: none does. Raises UnableToConfigure."""
    from integrations import chat_server
    from integrations.speaking import openai_compatible

    if not settings.speaking_model_url.strip():
        return None
    try:
        return openai_compatible.connect(
            settings.speaking_model_url, settings.speaking_model_name, settings.speaking_model_key, settings.speaking_model_seconds
        )
    except chat_server.UnableToConnect as error:
        raise UnableToConfigure(str(error)) from None


def _secret(value: str, where: str) -> str:
    if not value.startswith("env:"):
        return value
    found = os.environ.get(value.removeprefix("env:"))
    if not found:
        raise UnableToConfigure(f"{where}: {value} names an environment variable that is not set")
    return found
