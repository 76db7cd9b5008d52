"""The words of an HTML mail, as a person sees them: what is hidden is left out, and what is quoted is marked by ">"."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_BLOCKS = frozenset(
    (
        *("address", "article", "blockquote", "br", "div", "dl", "dt", "dd", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6"),
        *("header", "hr", "li", "ol", "p", "pre", "section", "table", "tbody", "tr", "ul"),
    )
)
_SILENT = frozenset(("script", "style", "head", "title", "template", "noscript", "svg", "select", "textarea"))
_VOID = frozenset(("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"))
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d])|opacity\s*:\s*0(?![.\d])|mso-hide\s*:\s*all", re.IGNORECASE)
_DEEPEST = 400


def read_html(html: str) -> str:
    """The text of ``html``; never raises, whatever it is given."""
    reader = _Reader()
    try:
        reader.feed(html)
        reader.close()
    except (AssertionError, ValueError, RecursionError):
        pass  # what was read until then is what there is
    lines = (" ".join(line.split()) for line in "".join(reader.written).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.written: list[str] = []
        self._open: list[tuple[str, bool, bool]] = []  # the tag, whether it hides what is in it, whether it quotes

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BLOCKS:
            self._new_line()
        if tag in _VOID or len(self._open) >= _DEEPEST:
            return
        given = {name: value or "" for name, value in attrs}
        hides = tag in _SILENT or "hidden" in given or bool(_HIDDEN.search(given.get("style", "")))
        self._open.append((tag, hides, tag == "blockquote"))

    def handle_endtag(self, tag: str) -> None:
        for place in range(len(self._open) - 1, -1, -1):
            if self._open[place][0] == tag:
                del self._open[place:]
                break
        if tag in _BLOCKS:
            self._new_line()

    def handle_data(self, data: str) -> None:
        if any(hides for _, hides, _ in self._open):
            return
        if not data.strip():
            self.written.append(" ")
            return
        if not self.written or self.written[-1].endswith("\n"):
            self._mark()
        self.written.append(re.sub(r"\s+", " ", data))

    def _new_line(self) -> None:
        if self.written and not self.written[-1].endswith("\n"):
            self.written.append("\n")

    def _mark(self) -> None:
        depth = sum(quotes for _, _, quotes in self._open)
        if depth:
            self.written.append(f"{'>' * min(depth, 9)} ")
