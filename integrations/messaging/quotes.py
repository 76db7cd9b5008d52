"""What the writer of a mail wrote, without what is quoted below it and without the signature; with a colleague's answer passed on in it."""

from __future__ import annotations

import re

from mailparser_reply.parser import EmailMessage

from domain.understanding.signature import cut_frame

# Beyond it nobody types; the patterns below take time that grows with the text.
_LONGEST = 20_000
_LONGEST_LINE = 2_000
_LANGUAGES = ["en", "de", "fr", "es", "it", "nl"]
_SENT_FROM = re.compile(
    r"^(sent from my |sent from outlook|get outlook for |von meinem .{1,30} gesendet|gesendet von |envoyé de(puis)? |enviado desde |holen sie sich outlook)",
    re.IGNORECASE,
)
_SIGNATURE = re.compile(r"^--\s*$")
_FIELD = re.compile(
    r"^[>\s*]{0,6}(?P<name>from|to|cc|bcc|reply-to|date|sent|subject|importance|von|an|kopie|gesendet|datum|betreff|wichtigkeit)\**\s?:", re.IGNORECASE
)
_MARKER = re.compile(r"^[>\s]*(?:[-_]{3,}|begin forwarded message|anfang der weitergeleiteten nachricht)", re.IGNORECASE)
# A mail that was sent on with these words above it holds an answer; without them it may as well be our own reminder.
_PASSES_ON = re.compile(
    r"\b(?:forward(?:ing|ed)?|pass(?:ing|ed)? (?:it |this )?on|relay(?:ing)?|sharing|here(?:'s|’s| is| are)?|see|below|copy(?:ing)?)\b[^.!?\n]{0,60}"
    r"\b(?:answer|reply|replied|response|responded|what (?:\S+ ){1,4}(?:says?|said|wrote|writes|answered)|(?:word|note|message|e-?mail|confirmation) from)\b"
    r"|\b(?:answer|reply|response)\b[^.!?\n]{0,40}\b(?:below|underneath)\b"
    r"|\b(?:hier|anbei|unten|nachstehend|untenstehend|leite|weiter|weitergeleitet|schicke?|sende)\b[^.!?\n]{0,70}"
    r"\b(?:antwort|rückmeldung|auskunft|stellungnahme|was (?:\S+ ){1,5}(?:schreibt|geschrieben|antwortet|sagt|meint)"
    r"|(?:info|nachricht|mail|aussage) (?:von|aus|vom))\b"
    r"|\b(?:antwort|rückmeldung)\b[^.!?\n]{0,40}\b(?:unten|anbei|hier|untenstehend|nachstehend)\b",
    re.IGNORECASE,
)
_PASSES_OURS_ON = re.compile(
    r"\b(?:forward\w*|pass\w* on|sent|leite\w*|weitergeleitet|schick\w*|geschickt|sende\w*) (?:\w+ ){0,2}(?:your|ihre?n?|deine?n?|eure?n?)\b(?! colleague)"
    r"|\b(?:your|ihre?|deine?|eure?) (?:\w+ )?(?:e-?mail|message|reminder|mahnung|zahlungserinnerung|nachricht)\b[^.!?\n]{0,30}\b(?:to|on|an|weiter\w*)\b",
    re.IGNORECASE,
)
_MOST_FIELDS = 12


def own_words(text: str, *, passed_on: bool = True) -> str:
    """The words of ``text`` that are its sender's own, and (unless ``passed_on`` is false) the answer of a colleague that he says he
    passes on, below the line that tells when it was written. Where nothing would be left, the whole text without its quoted lines."""
    short = "\n".join(line[:_LONGEST_LINE].rstrip() for line in text[:_LONGEST].split("\n"))
    if passed_on and (parts := _part_passed_on(short)):
        above, written, below = parts
        answer = cut_frame(own_words(below, passed_on=False))
        return "\n".join((cut_frame(above), "", *written, answer))
    parsed = EmailMessage(text=short, languages=list(_LANGUAGES), keep_hyphen_lists=True).read()
    newest = parsed.replies[0].body if parsed.replies else short
    return _trimmed(newest or "") or _trimmed(short)


def _trimmed(text: str) -> str:
    kept = []
    for line in text.split("\n"):
        if _SIGNATURE.match(line):
            break
        if not line.lstrip().startswith(">") and not _SENT_FROM.match(line.strip()):
            kept.append(line)
    return "\n".join(kept).strip()


def _part_passed_on(text: str) -> tuple[str, list[str], str] | None:
    """What stands above the head of a mail that ``text`` passes on, the line of the head that tells when it was written, if any, and
    what stands below the head."""
    lines = text.split("\n")
    start = next((place for place, line in enumerate(lines) if _field(line) in ("from", "von") and any(map(_field, lines[place + 1 : place + 3]))), None)
    if start is None:
        return None
    above = "\n".join(line for line in lines[:start] if not _MARKER.match(line)).strip()
    if not _PASSES_ON.search(above) or _PASSES_OURS_ON.search(above):
        return None
    end = next(place for place in range(start, len(lines) + 1) if place == len(lines) or place - start > _MOST_FIELDS or not _field(lines[place]))
    head, rest = lines[start:end], lines[end:]
    below = [re.sub(r"^>\s?", "", line) for line in rest] if lines[start].startswith(">") else rest
    written = [line.lstrip("> *") for line in head if _field(line) in ("date", "sent", "gesendet", "datum")][:1]
    return above, written, "\n".join(below).strip()


def _field(line: str) -> str:
    """The name of the field of a mail's head that ``line`` is, in small letters; empty where it is none."""
    found = _FIELD.match(line)
    return found["name"].lower() if found else ""
