"""What the writer of a mail wrote, without what is quoted below it and without the signature."""

from __future__ import annotations

import re

from mailparser_reply.parser import EmailMessage

# Beyond it nobody types; the patterns below take time that grows with the text.
_LONGEST = 20_000
_LONGEST_LINE = 2_000
_LANGUAGES = ["en", "de", "fr", "es", "it", "nl"]
_SENT_FROM = re.compile(
    r"^(sent from my |sent from outlook|get outlook for |von meinem .{1,30} gesendet|gesendet von |envoyé de(puis)? |enviado desde |holen sie sich outlook)",
    re.IGNORECASE,
)
_SIGNATURE = re.compile(r"^--\s*$")


def own_words(text: str) -> str:
    """The words of ``text`` that are its sender's own. Where nothing would be left, the whole text without its quoted lines."""
    short = "\n".join(line[:_LONGEST_LINE].rstrip() for line in text[:_LONGEST].split("\n"))
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
