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
from datetime import date, timedelta
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal, cast

import mrml
from babel import Locale
from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError
from jinja2.sandbox import SandboxedEnvironment
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from domain.invoice import Invoice
from domain.money import Money, UnableToReckon, total
from domain.seller import Seller
from playbooks.language import phrases
from playbooks.phrases import account, brand, clean, locale_for, long_day, money, short_day, web_address
from playbooks.plain import columns, plain_text
from playbooks.reading import Wording

_Kind = Literal["prose", "invoices", "also_open", "payment", "signature", "plan_lines", "answers"]
_LAYOUT = Path(__file__).parent / "wording" / "layout.mjml"
_FACT = re.compile("\ue000([0-9a-f]*)\ue001")
_BLOCK = re.compile("\ue002([a-z_]+)\ue003")
_GLUE = "\ue004"
_LONGEST_KEPT = 24


class UnableToRender(ValueError):
    """A wording that cannot be written with these facts. ``line`` is the line of its file, ``what`` ends with the remedy."""

    def __init__(self, wording: str, line: int, what: str) -> None:
        super().__init__(f"playbooks/wording/{wording}.md:{line}: {what}")
        self.line = line
        self.what = what


@dataclass(frozen=True, slots=True)
class Line:
    """One invoice in a message. ``days_late`` is negative before the due date; ``attached``: its document goes along."""

    invoice: Invoice
    days_late: int
    attached: bool = False


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a wording may take into account beyond the invoices themselves; each is empty or false where it does not apply.

    ``usual_days`` is how many days after the due date this customer usually pays. ``plan_lines`` are installments as
    (day, amount), ``about`` the numbers of the invoices of their plan, ``answers`` one-tap answers as (scheduled, again or wrong;
    address).
    """

    tone: str = "firm"
    strategic: bool = False
    usual_days: int = 0
    promised_amount: Money | None = None
    promised_day: date | None = None
    discount_percent: str = ""
    discount_until: date | None = None
    discount_amount: Money | None = None
    plan_lines: tuple[tuple[date, Money], ...] = ()
    first_invoice: bool = False
    answers: tuple[tuple[str, str], ...] = ()
    account_manager: str = ""
    agency: str = ""
    hold: bool = False
    reissued_as: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True)
class FactSheet:
    """Everything one message may say. ``claimed`` (one or more, of one currency) is what it is about; ``also_open`` rides along.

    ``locale`` is a code such as ``en`` or ``en_GB``. ``pay_url`` is for the one claimed invoice and is left out when there
    are several. ``payment_reference`` is what a bank transfer should quote; without one, the invoice numbers are. ``asked`` is what
    is to be paid now where it is not all that is claimed: a part that was promised, an installment. ``drafted`` are paragraphs that a
    writing model worded.
    """

    seller: Seller
    customer_name: str
    contact_name: str
    locale: str
    today: date
    step_title: str
    claimed: tuple[Line, ...]
    also_open: tuple[Line, ...] = ()
    pay_url: str = ""
    payment_reference: str = ""
    around: Circumstances = Circumstances()
    asked: Money | None = None
    drafted: tuple[str, ...] = ()

    @property
    def total(self) -> Money:
        """What the claimed invoices come to. Raises UnableToReckon when they are in several currencies."""
        return total(tuple(line.invoice.balance for line in self.claimed))


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message ready to be put into an e-mail. ``text`` has lines of up to 72 characters, tables and links apart."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class _Row:
    """One invoice as a table shows it; all parts are plain text, empty where there is nothing to say."""

    number: str
    order: str
    due: str
    late: str
    is_late: bool
    amount: str
    whole: str
    view_url: str
    pay_url: str


@dataclass(frozen=True, slots=True)
class _Block:
    """A part of a message that is not prose, placed by its name."""

    name: str
    is_there: bool = True

    def __bool__(self) -> bool:
        return self.is_there


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a message: prose, as markdown-it's tokens, or the name of a block."""

    kind: _Kind
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
    subject = _plain(_fill(wording, "subject", wording.subject, facts))
    preview = _plain(_fill(wording, "preview", wording.preview, facts))
    parts = _parts(wording, _fill(wording, "body", wording.body, facts))
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
    """What is read out, printed or sent as a text message: no page around it. Raises UnableToRender."""
    page, subject, parts = lay_out(wording, sheet)
    text = [_text(part.tokens) if part.kind == "prose" else page.text_of(part.kind) for part in parts]
    return Rendered(subject=subject, text="\n\n".join(filter(None, text)) + "\n", html="")


def lay_out(wording: Wording, sheet: FactSheet) -> tuple[Page, str, list[Part]]:
    """The facts written out in the reader's locale, the subject, and the stretches of the message. Raises UnableToRender."""
    if not sheet.claimed:
        raise UnableToRender(wording.name, 1, "is asked to write about no invoice; name at least one")
    page = Page(sheet, locale_for(sheet.locale, wording.language))
    facts = page.facts()
    return page, _plain(_fill(wording, "subject", wording.subject, facts)), _parts(wording, _fill(wording, "body", wording.body, facts))


def locale_of(sheet: FactSheet, wording: Wording) -> Locale:
    """In which a message of ``wording`` writes its amounts and days."""
    return locale_for(sheet.locale, wording.language)


def prose_of(wording: Wording, sheet: FactSheet) -> tuple[str, ...]:
    """The stretches of a message that are neither table nor payment, each paragraph and item of a list by itself. Raises UnableToRender."""
    _, _, parts = lay_out(wording, sheet)
    return tuple(shown("".join(child.content or " " for child in token.children or ())) for part in parts for token in part.tokens if token.type == "inline")


def shown(text: str) -> str:
    """What a reader sees of a stretch of prose."""
    return _FACT.sub(_decoded, text)


class Page:
    """The facts of one sheet, written out in one locale."""

    def __init__(self, sheet: FactSheet, locale: Locale) -> None:
        self.sheet = sheet
        self.locale = locale
        self.words = phrases(locale.language)
        self.seller = clean(sheet.seller.name)
        # Only a single invoice gets the button: a link takes the amount of its own invoice, not the sum, and not a part.
        whole = len(sheet.claimed) == 1 and sheet.asked in (None, sheet.claimed[0].invoice.balance)
        self.button = web_address(sheet.pay_url) if whole else ""

    def facts(self) -> dict[str, object]:
        sheet, dues = self.sheet, [line.invoice.due for line in self.sheet.claimed]
        lates = [line.days_late for line in sheet.claimed]
        first, one = sheet.claimed[0].invoice, len(sheet.claimed) == 1
        number, contact = clean(first.number), clean(sheet.contact_name)
        return {
            "greeting": self.words.greet(contact, sheet.around.tone),
            "closing": self.words.close(sheet.around.tone),
            "stem": self.words.stem.of(len(sheet.claimed), number=number, seller=self.seller),
            "seller": self.seller,
            "sender": clean(sheet.seller.sender_name),
            "phone": clean(sheet.seller.phone),
            "customer": clean(sheet.customer_name),
            "contact": contact,
            "today": long_day(sheet.today, self.locale),
            "step": sheet.step_title,
            "reference": self.reference,
            "count": len(sheet.claimed),
            "one": one,
            "number": number,
            "amount": money(sheet.total, self.locale),
            "due": long_day(min(dues), self.locale),
            "last_due": long_day(max(dues), self.locale),
            "days_late": max(lates),
            "least_days_late": min(lates),
            "remainder": one and first.balance < first.total,
            "attached": all(line.attached for line in sheet.claimed),
            "day_in": lambda ahead: long_day(sheet.today + timedelta(days=ahead), self.locale),
            "days": lambda number: self.words.days.of(abs(number)),
            "invoices": _Block("invoices"),
            "also_open": _Block("also_open", is_there=bool(sheet.also_open)),
            "payment": _Block("payment"),
            "signature": _Block("signature"),
            "drafted": list(self.sheet.drafted),
            **self.circumstances(),
        }

    def circumstances(self) -> dict[str, object]:
        around = self.sheet.around

        def day(value: date | None) -> str:
            return long_day(value, self.locale) if value else ""

        def amount(value: Money | None) -> str:
            return money(value, self.locale) if value else ""

        return {
            "tone": around.tone,
            "strategic": around.strategic,
            "usual_days": around.usual_days,
            "promise_broken": around.promised_day is not None,
            "promised_day": day(around.promised_day),
            "promised_amount": amount(around.promised_amount),
            "discount_percent": around.discount_percent,
            "discount_until": day(around.discount_until),
            "discount_amount": amount(around.discount_amount),
            "plan": bool(around.plan_lines),
            "plan_lines": _Block("plan_lines", is_there=bool(around.plan_lines)),
            "first_invoice": around.first_invoice,
            "answers": _Block("answers", is_there=bool(around.answers)),
            "account_manager": clean(around.account_manager),
            "agency": clean(around.agency),
            "hold": around.hold,
            "reissued_as": clean(around.reissued_as),
            "about": clean(around.about),
        }

    def installments(self) -> list[tuple[str, str]]:
        return [(short_day(day, self.locale), money(amount, self.locale)) for day, amount in self.sheet.around.plan_lines]

    def answers(self) -> list[tuple[str, str]]:
        return [(getattr(self.words.answers, answer), web_address(address)) for answer, address in self.sheet.around.answers]

    @property
    def reference(self) -> str:
        return clean(self.sheet.payment_reference) or ", ".join(clean(line.invoice.number) for line in self.sheet.claimed)

    def rows(self, lines: tuple[Line, ...]) -> list[_Row]:
        return [
            _Row(
                number=clean(line.invoice.number),
                order=clean(line.invoice.purchase_order),
                due=short_day(line.invoice.due, self.locale),
                late=self.words.lateness(line.days_late),
                is_late=line.days_late > 0,
                amount=money(line.invoice.balance, self.locale),
                whole=money(line.invoice.total, self.locale) if line.invoice.balance < line.invoice.total else "",
                view_url="" if line.attached else web_address(line.invoice.pdf_url),
                pay_url="" if self.button and lines is self.sheet.claimed else web_address(line.invoice.pay_url),
            )
            for line in lines
        ]

    def sum_of(self, lines: tuple[Line, ...]) -> str:
        """The total under a table: empty where it would only repeat the one amount, or mix currencies."""
        if len(lines) < 2 or len({line.invoice.balance.currency for line in lines}) > 1:
            return ""
        return money(total(tuple(line.invoice.balance for line in lines)), self.locale)

    def bank(self) -> list[tuple[str, str]]:
        """Where to pay by transfer, in place of a pay button."""
        return [] if self.button else self.transfer()

    def transfer(self) -> list[tuple[str, str]]:
        """Where to pay by transfer, as label and value; empty without a bank account."""
        bank = self.sheet.seller.bank
        if not bank.iban:
            return []
        words, (is_iban, number) = self.words.bank, account(clean(bank.iban))
        details = [
            (words.holder, clean(bank.holder)),
            (words.iban if is_iban else words.account, number),
            (words.bic, clean(bank.bic)),
            (words.bank, clean(bank.bank)),
        ]
        return [
            *((label, value) for label, value in details if value),
            (words.amount, money(self.sheet.asked or self.sheet.total, self.locale)),
            (words.reference, self.reference),
        ]

    def signature(self) -> list[str]:
        seller = self.sheet.seller
        role = ", ".join(filter(None, (clean(seller.sender_title), self.seller)))
        return [line for line in (clean(seller.sender_name), role, clean(seller.phone)) if line]

    def text_of(self, block: str) -> str:
        if block == "signature":
            return "\n".join(self.signature())
        if block == "payment":
            return self._text_of_payment()
        if block == "plan_lines":
            return "\n".join(columns(self.installments(), right=1))
        if block == "answers":
            return "\n".join(f"{label}: {address}" for label, address in self.answers())
        lines = self.sheet.claimed if block == "invoices" else self.sheet.also_open
        rows, whole = self.rows(lines), self.sum_of(lines)
        table = [(row.number, row.due, row.late, row.amount) for row in rows]
        written = columns([*table, (self.words.table.total, "", "", whole)] if whole else table, right=3)
        listed = []
        for row, line in zip(rows, written, strict=False):
            notes = [self.words.remainder.format(amount=row.whole) if row.whole else "", self.words.order.format(order=row.order) if row.order else ""]
            links = [f"{self.words.copy}: {row.view_url}" if row.view_url else "", f"{self.words.pay_link}: {row.pay_url}" if row.pay_url else ""]
            listed += [line, *(f"      {note}" for note in (", ".join(filter(None, notes)), *links) if note)]
        return "\n".join([*listed, *written[len(rows) :]])

    def _text_of_payment(self) -> str:
        if self.button:
            return f"{self.words.pay_here.format(amount=money(self.sheet.total, self.locale))}\n{self.button}"
        if bank := self.bank():
            return "\n".join([self.words.transfer, "", *columns((f"{label}:", value) for label, value in bank)])
        if self.offers_links:
            return ""
        sender = clean(self.sheet.seller.sender_name)
        return self.words.ask_bank.format(sender=sender) if sender else self.words.ask_bank_unnamed

    @property
    def offers_links(self) -> bool:
        return all(row.pay_url for row in self.rows(self.sheet.claimed))

    def imprint(self) -> list[str]:
        seller = self.sheet.seller
        return [line for line in (clean(seller.legal_name), *map(clean, seller.address), clean(seller.phone)) if line]

    def reach(self) -> list[str]:
        return [self.words.reach.format(sender=clean(self.sheet.seller.sender_name) or self.seller), self.words.wrong_person]

    def footer(self) -> str:
        return "\n".join(["--", *self.reach(), "", *self.imprint()])

    def looks(self, subject: str, preview: str) -> dict[str, object]:
        color, on_color = brand(self.sheet.seller.brand_color)
        return {
            "subject": subject,
            "preview": preview,
            "language": self.locale.language,
            "seller": self.seller,
            "logo_url": web_address(self.sheet.seller.logo_url),
            "color": color,
            "on_color": on_color,
            "tables": {"invoices": self.rows(self.sheet.claimed), "also_open": self.rows(self.sheet.also_open)},
            "totals": {"invoices": self.sum_of(self.sheet.claimed), "also_open": self.sum_of(self.sheet.also_open)},
            "button": self.button,
            "amount": money(self.sheet.total, self.locale),
            "words": self.words.labels(),
            "bank": self.bank(),
            "payment": self._text_of_payment(),
            "signature": self.signature(),
            "plan_lines": self.installments(),
            "answers": self.answers(),
            "reach": self.reach(),
            "imprint": self.imprint(),
        }


def _parts(wording: Wording, filled: str) -> list[Part]:
    """The stretches of a filled body: a block interrupts the prose around it."""
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
            parts += [Part("prose", tuple(prose[:-1])), Part(cast(_Kind, name))]
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
    if isinstance(value, _Block):
        return f"\ue002{value.name}\ue003" if value else ""
    return f"\ue000{str(value).encode().hex()}\ue001"


def _decoded(match: re.Match[str]) -> str:
    return bytes.fromhex(match[1]).decode()


def _text(tokens: tuple[Token, ...]) -> str:
    return plain_text(tokens, lambda content: _FACT.sub(_kept_together, content)).replace(_GLUE, " ")


def _html(tokens: tuple[Token, ...]) -> Markup:
    return Markup(_FACT.sub(lambda fact: html.escape(_decoded(fact)), _markdown().renderer.render(tokens, _markdown().options, {})))


def _kept_together(fact: re.Match[str]) -> str:
    """A fact for a text whose lines are still to be broken: a date or an amount stays on one line."""
    value = _decoded(fact)
    return value.replace(" ", _GLUE) if len(value) <= _LONGEST_KEPT else value


def _plain(text: str) -> str:
    return clean(shown(text))
