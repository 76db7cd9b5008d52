"""What a message says: a wording and a sheet of facts become a subject, a plain text and an HTML page.

The facts a wording may use, and nothing else: ``greeting closing stem seller sender phone customer contact today step reference
count one number amount due last_due days_late least_days_late remainder attached also_open``, the facts of
``Circumstances``, the functions ``day_in(days)`` and ``days(number)``, and, each on a line of its own, the blocks
``invoices also_open payment signature plan_lines answers``.

Whatever a fact holds comes out as the characters it is: never as markup, and never as template code.
"""

from __future__ import annotations

import html
import re
import traceback
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import cast

import mrml
from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError
from jinja2.sandbox import SandboxedEnvironment
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from domain.money import UnableToReckon
from playbooks.page import Block, FactSheet, Kind, Page
from playbooks.phrases import clean, locale_for, spell
from playbooks.plain import plain_text
from playbooks.reading import Wording

_LAYOUT = Path(__file__).parent / "wording" / "layout.mjml"
_FACT = re.compile("\ue000([0-9a-f]*)\ue001")
_BLOCK = re.compile("\ue002([a-z_]+)\ue003")
_GLUE = "\ue004"
_LONGEST_KEPT = 24
# What stands between two paragraphs of a text that a screen breaks into lines; in a text message every character is paid for.
_BETWEEN = {"sms": "\n", "portal": "\n\n"}


class UnableToRender(ValueError):
    """A wording that cannot be written with these facts. ``line`` is the line of its file, ``what`` ends with the remedy."""

    def __init__(self, wording: str, line: int, what: str) -> None:
        super().__init__(f"playbooks/wording/{wording}.md:{line}: {what}")
        self.line = line
        self.what = what


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message ready to be put into an e-mail. ``text`` has lines of up to 72 characters, tables and links apart."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a message: prose, as markdown-it's tokens, or the name of a block."""

    kind: Kind
    tokens: tuple[Token, ...] = ()


def render(wording: Wording, sheet: FactSheet) -> Rendered:
    """The message. Raises UnableToRender, naming the line, when the wording asks for what is not there.

    Every amount, number and date in the text stands in the HTML in the same form, and the other way round.
    """
    if not sheet.claimed:
        raise UnableToRender(wording.name, 1, "is asked to write about no invoice; name at least one")
    page = Page(sheet, locale_for(sheet.locale, wording.language))
    try:
        facts = page.facts()
    except UnableToReckon as error:
        raise UnableToRender(wording.name, 1, f"is asked to sum several currencies ({error}); write one message for each") from None
    subject = _plain(_fill(wording, "subject", spell(wording.subject, page.locale), facts))
    preview = _plain(_fill(wording, "preview", spell(wording.preview, page.locale), facts))
    parts = _parts(wording, _fill(wording, "body", spell(wording.body, page.locale), facts), page)
    if not subject:
        raise UnableToRender(wording.name, 1, 'comes out without a subject; write for example subject: "{{ stem }}"')
    text = [_text(part.tokens) if part.kind == "prose" else page.text_of(part.kind) for part in parts]
    prose = [(part.kind, _html(part.tokens)) for part in parts]
    return Rendered(
        subject=subject,
        text="\n\n".join([*filter(None, text), page.footer()]) + "\n",
        html=layout().render(page.looks(subject, preview), parts=prose),
    )


def render_text(wording: Wording, sheet: FactSheet) -> Rendered:
    """What is read out, printed, shown in the portal or sent as a text message: no page around it. In the latter two, whose reader's
    screen breaks the lines, none is broken but those of a table. Raises UnableToRender."""
    page, subject, parts = lay_out(wording, sheet)
    text = [_text(part.tokens) if part.kind == "prose" else page.text_of(part.kind) for part in parts]
    if between := _BETWEEN.get(wording.name.rpartition(".")[2]):
        text = [between.join(_unbroken(part.kind, said)) for part, said in zip(parts, text, strict=True)]
        return Rendered(subject=subject, text=between.join(filter(None, text)), html="")
    return Rendered(subject=subject, text="\n\n".join(filter(None, text)) + "\n", html="")


def lay_out(wording: Wording, sheet: FactSheet) -> tuple[Page, str, list[Part]]:
    """The facts written out in the reader's locale, the subject, and the stretches of the message. Raises UnableToRender."""
    if not sheet.claimed:
        raise UnableToRender(wording.name, 1, "is asked to write about no invoice; name at least one")
    page = Page(sheet, locale_for(sheet.locale, wording.language))
    facts = page.facts()
    subject, body = wording.subject, wording.body
    if not wording.name.endswith(".task"):  # what colleagues read is spelled as on their pages
        subject, body = spell(subject, page.locale), spell(body, page.locale)
    return page, _plain(_fill(wording, "subject", subject, facts)), _parts(wording, _fill(wording, "body", body, facts), page)


def shown(text: str) -> str:
    """What a reader sees of a stretch of prose."""
    return _FACT.sub(_decoded, text)


def _parts(wording: Wording, filled: str, page: Page) -> list[Part]:
    """The stretches of a filled body: a block interrupts the prose around it, and interest follows the invoices that bear it."""
    parts: list[Part] = []
    prose: list[Token] = []
    tokens = _markdown().parse(filled)
    for token in tokens:
        for name in _BLOCK.findall(token.content) if token.type == "inline" else ():
            if token.content != f"\ue002{name}\ue003" or token.level > 1:
                lines = enumerate(wording.body.splitlines(), wording.first_line)
                number = next((number for number, line in lines if re.search(rf"\{{\{{-?\s*{name}\s*-?}}}}", line)), wording.first_line)
                raise UnableToRender(wording.name, number, f"{{{{ {name} }}}} stands inside a sentence; give it a line of its own between empty lines")
            # The paragraph around the block was opened just before, and closes just after.
            parts += [Part("prose", tuple(prose[:-1])), Part(cast(Kind, name))]
            if name == "invoices" and page.sheet.interest:
                parts.append(Part("interest"))
            prose = []
            break
        else:
            if prose or token.type != "paragraph_close":
                prose.append(token)
    return [part for part in [*parts, Part("prose", tuple(prose))] if part.kind != "prose" or part.tokens]


def _fill(wording: Wording, field: str, source: str, facts: dict[str, object]) -> str:
    first = {"subject": 2, "preview": 3}.get(field, wording.first_line)
    try:
        return _compiled(source, wording.name).render(facts)
    except TemplateSyntaxError as error:
        raise UnableToRender(wording.name, first + error.lineno - 1, f"the template does not parse: {error.message}; correct it there") from None
    except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as error:
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == wording.name and frame.lineno]
        raise UnableToRender(wording.name, first + (lines[-1] if lines else 1) - 1, f"{error}; use only {', '.join(sorted(facts))}") from None


@lru_cache(maxsize=256)
def _compiled(source: str, name: str) -> Template:
    code = _environment().compile(source, name, name)
    return Template.from_code(_environment(), code, _environment().make_globals(None))


@cache
def _environment() -> SandboxedEnvironment:
    environment = SandboxedEnvironment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=_encoded)
    environment.globals.clear()
    return environment


@cache
def _markdown() -> MarkdownIt:
    # No links, no HTML, no images: a wording is a letter, and what is not offered cannot be abused.
    return MarkdownIt("zero").enable(["emphasis", "list", "newline", "escape"])


@cache
def layout() -> Template:
    """The page around every mail, as a template that takes what ``Page.looks`` gives."""
    # MJML is compiled once, with the template code still in it, so that no fact ever passes through its parser.
    # Without the empty font table it would have the reader's machine ask a font server, which tells when and where a mail is read.
    page = mrml.to_html(_LAYOUT.read_text("utf-8"), render_options=mrml.RenderOptions(fonts={})).content
    return SandboxedEnvironment(undefined=StrictUndefined, autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(
        re.sub(r"<!--\s*(\{%.*?%\})\s*-->", r"\1", page)
    )


def _encoded(value: object) -> str:
    """What a template puts out, made unreadable to Markdown until the page is finished."""
    if isinstance(value, Block):
        return f"\ue002{value.name}\ue003" if value else ""
    return f"\ue000{str(value).encode().hex()}\ue001"


def _decoded(match: re.Match[str]) -> str:
    return bytes.fromhex(match[1]).decode()


def _text(tokens: tuple[Token, ...]) -> str:
    return plain_text(tokens, lambda content: _FACT.sub(_kept_together, content)).replace(_GLUE, " ")


def _unbroken(kind: Kind, text: str) -> list[str]:
    """The paragraphs of a stretch of prose, each on one line, or a block without the columns that only a monospaced font would keep."""
    lines = [" ".join(line.split()) for line in (text.split("\n\n") if kind == "prose" else text.splitlines()) if line.strip()]
    return lines if kind == "prose" else ["\n".join(lines)]


def _html(tokens: tuple[Token, ...]) -> Markup:
    return Markup(_FACT.sub(lambda fact: html.escape(_decoded(fact)), _markdown().renderer.render(tokens, _markdown().options, {})))


def _kept_together(fact: re.Match[str]) -> str:
    """A fact for a text whose lines are still to be broken: a date or an amount stays on one line."""
    value = _decoded(fact)
    return value.replace(" ", _GLUE) if len(value) <= _LONGEST_KEPT else value


def _plain(text: str) -> str:
    return clean(shown(text))
