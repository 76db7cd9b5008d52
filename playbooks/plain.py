"""Markdown as a person would type it into a plain-text e-mail."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable

from markdown_it.token import Token

WIDTH = 72


def plain_text(tokens: Iterable[Token], shown: Callable[[str], str]) -> str:
    """Paragraphs and lists, wrapped at ``WIDTH`` columns, without any markup.

    ``tokens`` are markdown-it's; ``shown`` turns what stands in them into what the reader sees, before lines are broken.
    """
    blocks: list[str] = []
    bullets: list[str] = []
    is_tight = False
    lead = ""
    for token in tokens:
        if token.type in {"bullet_list_open", "ordered_list_open"}:
            bullets.append("-" if token.type == "bullet_list_open" else "0.")
        elif token.type in {"bullet_list_close", "ordered_list_close"}:
            bullets.pop()
            is_tight = False
        elif token.type == "list_item_open":
            if bullets[-1] != "-":
                bullets[-1] = f"{int(bullets[-1][:-1]) + 1}."
            lead = f"{'  ' * (len(bullets) - 1)}{bullets[-1]} "
        elif token.type == "inline":
            paragraph = _wrapped(token, shown, lead or "  " * len(bullets))
            if is_tight:
                blocks[-1] += f"\n{paragraph}"
            else:
                blocks.append(paragraph)
            is_tight, lead = bool(bullets), ""
    return "\n\n".join(blocks)


def columns(rows: Iterable[tuple[str, ...]], *, right: int | None = None, indent: str = "  ") -> list[str]:
    """Rows of cells as aligned lines; the column with index ``right`` is set flush right."""
    table = list(rows)
    widths = [max(len(row[number]) for row in table) for number in range(len(table[0]))]
    lines = []
    for row in table:
        cells = [cell.rjust(width) if number == right else cell.ljust(width) for number, (cell, width) in enumerate(zip(row, widths, strict=True))]
        lines.append(f"{indent}{'   '.join(cells)}".rstrip())
    return lines


def _wrapped(inline: Token, shown: Callable[[str], str], lead: str) -> str:
    lines, text = [], ""
    for part in inline.children or ():
        if part.type == "hardbreak":
            lines.append(text)
            text = ""
        else:
            text += " " if part.type == "softbreak" else shown(part.content)
    rest = " " * len(lead)
    return "\n".join(
        textwrap.fill(line, WIDTH, initial_indent=lead if number == 0 else rest, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False)
        for number, line in enumerate([*lines, text])
    )
