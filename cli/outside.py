"""What ``dunwell doctor`` asks those who carry our messages and bring the answers: Twilio, SendGrid, mailboxes. Each has a time-out,
and no secret is in what it says."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cli.findings import Finding, Findings, Health, watch

if TYPE_CHECKING:
    from db.engine import Database
    from integrations.messaging.imap import Mailbox
    from settings import SellerSettings, Settings

_PATIENCE = 10.0
_TWILIO, _SENDGRID, _MAILBOX = "twilio", "sendgrid", "mailbox"


def examine_providers(settings: Settings, sellers: list[SellerSettings]) -> Findings:
    """Those that are set up; what is not set up is not asked."""
    if settings.twilio_account_sid:
        yield from watch(_TWILIO, partial(_twilio, settings))
    elif "call" in settings.switched_on or "sms" in settings.switched_on:
        said = "text messages and calls are kept here and none leaves"
        yield Finding(_TWILIO, Health.LOOK, said, "set DUNWELL_TWILIO_ACCOUNT_SID and _AUTH_TOKEN, or take sms and call out of DUNWELL_CHANNELS")
    if settings.mailer == "sendgrid" or settings.sendgrid_event_keys or settings.sendgrid_inbound_keys:
        yield from watch(_SENDGRID, partial(_keys, settings))
    if settings.sendgrid_api_key and (settings.mailer == "sendgrid" or settings.sendgrid_inbound_keys):
        yield from watch(_SENDGRID, partial(_sendgrid, settings, sellers))


def examine_mailboxes(settings: Settings, sellers: list[SellerSettings], database: Database) -> Findings:
    """Log in to each, as the worker does."""
    from settings import UnableToConfigure, connect_mailboxes
    from worker import keep_tokens

    try:
        connected = connect_mailboxes(settings, sellers)
    except UnableToConfigure:
        return  # told with the replies
    keep_tokens(connected, database)
    for mailbox in connected:
        yield from watch(_MAILBOX, partial(_mailbox, mailbox))


def _mailbox(mailbox: Mailbox) -> Findings:
    from dataclasses import replace

    from integrations.messaging.imap import UnableToReadMailbox

    remedy = "correct mailbox in sellers.yaml, or DUNWELL_IMAP_URL"
    try:
        with replace(mailbox, timeout=_PATIENCE).open() as session:
            session.check(mailbox.folder)
            sent = session.find_sent()
    except UnableToReadMailbox as error:
        yield Finding(_MAILBOX, Health.WRONG, str(error), remedy)
        return
    if sent:
        yield Finding(_MAILBOX, Health.WELL, f"{mailbox.user}: {mailbox.folder} can be read, and {sent}, so that your own mails count")
    else:
        said = f"{mailbox.user}: {mailbox.folder} can be read; no folder of sent mail was found, so your own mails do not count as contacts"
        yield Finding(_MAILBOX, Health.LOOK, said, "write its name as mailbox.sent in sellers.yaml")


# -- Twilio --------------------------------------------------------------------------------------------------------------------


def _twilio(settings: Settings) -> Findings:
    from integrations.messaging import twilio_account

    status = twilio_account.read_status(settings.twilio_account_sid, settings.twilio_auth_token, settings.twilio_api, _PATIENCE)
    if status != "active":
        yield Finding(_TWILIO, Health.WRONG, f"the account is {status}: it sends nothing", "settle it in the Twilio console")
        return
    yield Finding(_TWILIO, Health.WELL, "the account is active")
    yield from watch(_TWILIO, partial(_sender, settings))
    yield from _reachable(settings)


def _sender(settings: Settings) -> Findings:
    from integrations.messaging import twilio_account

    account = (settings.twilio_account_sid, settings.twilio_auth_token, settings.twilio_api)
    service, number, calls = settings.twilio_messaging_service_sid, settings.twilio_from, "call" in settings.switched_on
    if service:
        if twilio_account.has_service(*account, service, _PATIENCE):
            yield Finding(_TWILIO, Health.WELL, f"texts come from the messaging service {service}")
        else:
            said = f"DUNWELL_TWILIO_MESSAGING_SERVICE_SID: the account has no messaging service {service}"
            yield Finding(_TWILIO, Health.WRONG, said, "copy its SID (MG...) from the console, or set DUNWELL_TWILIO_FROM instead")
    if not number and (calls or not (service or settings.whatsapp_from)):
        what = "calls come from a number" if service or settings.whatsapp_from else "no number is set, and no messaging service"
        yield Finding(_TWILIO, Health.WRONG, f"DUNWELL_TWILIO_FROM: {what}", "write a number of the account with its country code, such as +4915112345678")
    if not number:
        return
    found = twilio_account.find_number(*account, number, _PATIENCE)
    if found is None:
        said = f"DUNWELL_TWILIO_FROM: {number} is no number of this account"
        yield Finding(_TWILIO, Health.WRONG, said, "write one of the account's, such as +4915112345678; a sender that is no number takes no STOP")
        return
    if "sms" in settings.switched_on and not service and not found.texts:
        yield Finding(_TWILIO, Health.WRONG, f"DUNWELL_TWILIO_FROM: {number} takes no text messages", "choose a number with SMS, or a messaging service")
    if calls and not found.calls:
        remedy = "choose a number with voice, or take call out of DUNWELL_CHANNELS"
        yield Finding(_TWILIO, Health.WRONG, f"DUNWELL_TWILIO_FROM: {number} makes no calls, and call is switched on", remedy)
    ours = f"{settings.public_url.rstrip('/')}/webhooks/twilio/inbound"
    if "sms" in settings.switched_on and not service and found.inbound_url != ours:
        said = f"what customers text to {number} goes to {_bare(found.inbound_url) or 'nobody'}"
        yield Finding(_TWILIO, Health.LOOK, said, f"in the console, set the number's A message comes in to {ours}")
    else:
        yield Finding(_TWILIO, Health.WELL, f"{number} is the account's{', and can call' if found.calls else ''}")


def _reachable(settings: Settings) -> Findings:
    from playbooks.phrases import is_for_the_world

    if is_for_the_world(settings.twilio_api) and not is_for_the_world(settings.public_url):
        said = f"DUNWELL_PUBLIC_URL: Twilio cannot reach {settings.public_url}: receipts, STOP and answers by text are not heard"
        yield Finding(_TWILIO, Health.WRONG, said, "write how the world reaches the public listener, with https://")
    if "call" not in settings.switched_on:
        return
    if settings.mailer == "capture":
        yield Finding(_TWILIO, Health.LOOK, "calls are switched on, and e-mails are only captured: what is agreed is confirmed to nobody", "set DUNWELL_MAILER")
    said = "calls are switched on; where the law wants consent, the step takes its next channel until it is recorded"
    yield Finding(_TWILIO, Health.WELL, said, "dunwell customers set NUMBER --consent ai_voice --reason HOW")


# -- SendGrid ------------------------------------------------------------------------------------------------------------------


def _keys(settings: Settings) -> Findings:
    from integrations.messaging.seals import UnableToReadKey, read_public_key

    for name, written, missing in (
        ("DUNWELL_SENDGRID_EVENT_KEYS", settings.sendgrid_event_keys, "bounces and complaints are not heard"),
        ("DUNWELL_SENDGRID_INBOUND_KEYS", settings.sendgrid_inbound_keys, ""),
    ):
        keys = [one.strip() for one in written.split(",") if one.strip()]
        faults = []
        for place, one in enumerate(keys, start=1):
            try:
                read_public_key(one)
            except UnableToReadKey as error:
                faults.append(f"{name}: key {place} of {len(keys)} {error}")
        for fault in faults:
            yield Finding(_SENDGRID, Health.WRONG, fault, "requests that it should vouch for are refused")
        if keys and not faults:
            yield Finding(_SENDGRID, Health.WELL, f"{name} can be read")
        elif not keys and missing and settings.mailer == "sendgrid":
            yield Finding(_SENDGRID, Health.LOOK, f"{name}: is not set, so {missing}", "switch the signed event webhook on, and copy its verification key")


def _sendgrid(settings: Settings, sellers: list[SellerSettings]) -> Findings:
    from integrations.messaging import sendgrid_account

    key, host, public = settings.sendgrid_api_key, settings.sendgrid_host, settings.public_url.rstrip("/")
    if settings.mailer == "sendgrid" and not sendgrid_account.may_send(key, host):
        yield Finding(_SENDGRID, Health.WRONG, "DUNWELL_SENDGRID_API_KEY: it may not send mail", "give it the right Mail Send in SendGrid")
    else:
        yield Finding(_SENDGRID, Health.WELL, "the API key is taken")
    if settings.sendgrid_event_keys:
        ours, hooks = f"{public}/webhooks/sendgrid/events", sendgrid_account.find_event_hooks(key, host)
        if hooks is None:
            yield Finding(_SENDGRID, Health.LOOK, "the API key may not look at the event webhook", f"see that SendGrid posts its events to {ours}")
        elif not any(one.url == ours and one.enabled for one in hooks):
            said = "no event webhook of the account that is switched on comes here: bounces and complaints are not heard"
            yield Finding(_SENDGRID, Health.WRONG, said, f"set one to {ours} and switch it on (DUNWELL_PUBLIC_URL must be the address that SendGrid calls)")
        else:
            yield Finding(_SENDGRID, Health.WELL, "events come here")
    if settings.sendgrid_inbound_keys:
        yield from _inbound(key, host, f"{public}/webhooks/sendgrid/inbound", sellers)


def _inbound(key: str, host: str, ours: str, sellers: list[SellerSettings]) -> Findings:
    from integrations.messaging import sendgrid_account

    hooks = sendgrid_account.find_inbound_hooks(key, host)
    if hooks is None:
        yield Finding(_SENDGRID, Health.LOOK, "the API key may not look at inbound parse", f"see that SendGrid posts what comes in to {ours}")
        return
    mine = [one for one in hooks if one.url == ours]
    if not mine:
        said = "inbound parse posts nothing here: answers by mail are not heard"
        yield Finding(_SENDGRID, Health.WRONG, said, f"point it at {ours} (DUNWELL_PUBLIC_URL must be the address that SendGrid calls)")
        return
    if not all(one.raw for one in mine):
        yield Finding(_SENDGRID, Health.LOOK, "inbound parse takes mails apart before it posts them", "tick POST the raw, full MIME message")
    taken = {one.hostname.lower() for one in mine}
    for one in sellers:
        address = one.seller.reply_to or one.seller.sender_email
        if address.rpartition("@")[2].lower() not in taken and not one.mailbox:
            said = f"{one.seller.id}: answers go to {address}, and inbound parse takes those of {', '.join(sorted(taken))}"
            yield Finding(_SENDGRID, Health.LOOK, said, "write an address there as reply_to in sellers.yaml, or connect the mailbox")
    yield Finding(_SENDGRID, Health.WELL, f"mail to {', '.join(sorted(taken))} comes here")


def _bare(url: str) -> str:
    """An address without what may be a secret in it."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}{parts.path}" if parts.hostname else ""
