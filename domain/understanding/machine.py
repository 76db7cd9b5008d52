"""Messages that no person wrote: bounces, absence notes, tickets. Told by their headers first, by their words second."""

from __future__ import annotations

import re

from domain.incoming import Incoming

_AUTOMATIC_SUBJECT = re.compile(r"\b(?:automatic reply|auto(?:matic)?[- ]?(?:reply|response)|out of (?:the )?office|abwesenheit\w*|automatische antwort|ooo)\b")
_MARKED = re.compile(
    r"\bthis is an automat\w+|\bautomated (?:message|response|reply|e-?mail|acknowledg\w+)|\bautomatically generated|\bdo not reply to this|\bauto-?generated"
    r"|\bautomatisch (?:generiert|erstellt|versand\w*|erzeugt)\w*|\bautomatische (?:eingangsbestaetigung|antwort|nachricht"
    r"|bestaetigung|e-?mail)|\bnicht auf diese (?:e-?mail|nachricht)"
)
_RECEIVED = re.compile(
    r"\b(?:have |has |been |we )(?:successfully )?(?:received|logged|registered|created|opened)\b"
    r"|\bthank you for (?:contacting|your (?:e-?mail|message|request|inquiry))|\bticket\b"
    r"|\b(?:eingegangen|erhalten|eingangsbestaetigung|ticket\w*)\b|\bdanke fuer ihre (?:e-?mail|nachricht|anfrage)"
    r"|\bdank fuer ihre (?:e-?mail|nachricht|anfrage)"
)
_BOUNCE_SENDER = re.compile(r"^(?:mailer-daemon|postmaster)@", re.IGNORECASE)


def _header(incoming: Incoming, name: str) -> str:
    return next((value.lower() for key, value in incoming.headers if key.lower() == name), "")


def is_automatic(incoming: Incoming, subject: str) -> bool:
    """Whether headers (RFC 3834 and its older kin) or the ``subject`` say that a machine answered."""
    submitted = _header(incoming, "auto-submitted")
    return (
        (submitted not in ("", "no"))
        or bool(_header(incoming, "x-autoreply") or _header(incoming, "x-autorespond") or _header(incoming, "x-auto-response-suppress") == "all")
        or _header(incoming, "precedence") in ("auto_reply", "bulk", "junk")
        or bool(_AUTOMATIC_SUBJECT.search(subject))
    )


def is_bounce(incoming: Incoming) -> bool:
    """Whether this is a delivery status notification (RFC 3464)."""
    return "multipart/report" in _header(incoming, "content-type") or bool(_BOUNCE_SENDER.match(incoming.sender))


def is_acknowledgment(incoming: Incoming, written: str, subject: str) -> bool:
    """Whether a machine says that something arrived. Asked only where nothing else was understood; in doubt no machine did."""
    is_marked = is_automatic(incoming, subject) or bool(_MARKED.search(written))
    return is_marked and (bool(_RECEIVED.search(written)) or not written.strip())
