"""What a message says without its greeting and its signature: firms have lawyers, debts and complaints in their names and footers."""

from __future__ import annotations

import re

_CLOSING = re.compile(
    r"^(?:(?:with |many |kind|kindest|best|warm|warmest|viele|liebe|beste|schoene|schöne|freundliche|herzliche|mit|mfg|m\.f\.g|lg|vg|bg|gruss|gruß|gruesse"
    r"|grüße|"
    r"hochachtungsvoll|herzlichst|regards|rgds|sincerely|yours|respectfully|cheers|servus|besten dank und)\b[^.!?0-9]{0,60}"
    r"|(?:thanks|thank you|thx|danke|besten dank|vielen dank|merci)(?: again| in advance| im voraus)?)[,.!]?$",
    re.IGNORECASE,
)
_FOOTER = re.compile(
    r"^\W{0,3}(?:(?:this|the) (?:e-?mail|message|communication|transmission|information)\b.{0,80}\b(?:confidential|privileged|intended|contain)"
    r"|diese (?:e-?mail|nachricht)\b.{0,80}\b(?:vertraulich|bestimmt|enth)|confidentiality notice|disclaimer|haftungsausschluss"
    r"|we (?:do not |can ?not |don't )accept (?:any )?liability|(?:sitz|registered office|amtsgericht|handelsregister|registergericht|hrb|ust-?id|vat no"
    r"|company no|geschäftsführer)\b)",
    re.IGNORECASE,
)
_GREETING = re.compile(
    r"^\W*(?:hi|hello|hey|hiya|howdy|dear|good (?:morning|afternoon|evening|day)|morning|afternoon|hallo|liebe[rs]?|sehr geehrte[rs]?|guten (?:tag|morgen"
    r"|abend)"
    r"|moin|servus|grüezi|grüß gott|grüss gott|salut|hoi)\b[^.!?,\n0-9]{0,50}[,!]?\s*\n+(?=.)",
    re.IGNORECASE,
)
_POSTSCRIPT = re.compile(r"^\W*p\.? ?s\b", re.IGNORECASE)
_LONGEST_SIGNATURE = 10
_LONGEST_LINE = 70


def cut_frame(text: str) -> str:
    """``text`` without the greeting before it, the closing words, the name and the footer at its end. Never empty where ``text`` is not."""
    lines = _GREETING.sub("", text.strip()).split("\n")
    for place, line in enumerate(lines):
        if place and _FOOTER.match(line.strip()):
            lines = lines[:place]
            break
    for place in range(1, len(lines)):
        rest = lines[place:]
        if (
            _CLOSING.match(lines[place].strip())
            and len(rest) <= _LONGEST_SIGNATURE
            and all(len(line) <= _LONGEST_LINE for line in rest)
            and not any(_POSTSCRIPT.match(line) for line in rest)
        ):
            lines = lines[:place]
            break
    while len(lines) > 1 and (not lines[-1].strip() or _is_name(lines[-1].strip())):
        lines.pop()
    return "\n".join(lines).strip() or text


def _is_name(line: str) -> bool:
    """Whether ``line`` looks like a name, a title or a firm: short, in capitals, no sentence and no figures."""
    words = re.findall(r"[^\W\d_]+", line)
    capitals = sum(word[0].isupper() for word in words if len(word) > 2)
    return 1 < len(words) <= 9 and not re.search(r"[.!?:€$£]$|[0-9]", line) and capitals >= 0.75 * sum(len(word) > 2 for word in words)
