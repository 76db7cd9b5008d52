"""A letter on paper: the wording of a letter set as PDF, for a window envelope of the seller's country.

The same facts give the same bytes. A transfer in euro to an IBAN carries its payment code (EPC069-12, the "GiroCode").
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import segno
import segno.helpers
import typst
from markdown_it.token import Token
from schwifty import IBAN
from schwifty.exceptions import SchwiftyException

from playbooks.page import FactSheet, Page
from playbooks.phrases import brand, clean, long_day
from playbooks.reading import Wording
from playbooks.wording import Part, lay_out, shown

_TEMPLATE = Path(__file__).parent / "letter.typ"
_US_PAPER = frozenset({"US", "CA", "MX", "PR"})
_LONGEST_REFERENCE = 140  # characters, EPC069-12
_LONGEST_NAME = 70


def set_letter(wording: Wording, sheet: FactSheet, address: tuple[str, ...]) -> bytes:
    """The letter as PDF. ``address`` are the reader's lines as they stand in the window; name and company come first by themselves.

    Raises UnableToRender as ``render_text`` does.
    """
    page, subject, parts = lay_out(wording, sheet)
    seller = sheet.seller
    letter: dict[str, Any] = {
        "form": "us" if seller.country in _US_PAPER else "eu",
        "language": page.locale.language,
        "color": brand(seller.brand_color)[0],
        "seller": page.seller,
        "back_address": ", ".join(map(clean, (seller.legal_name, *seller.address))),
        "to": [line for line in dict.fromkeys(map(clean, (sheet.customer_name, sheet.contact_name, *address))) if line],
        "place_and_day": long_day(sheet.today, page.locale),
        "subject": subject,
        "imprint": page.imprint(),
        "blocks": [block for part in parts for block in _blocks(page, part)],
    }
    found: bytes = typst.compile(_TEMPLATE.read_bytes(), sys_inputs={"letter": json.dumps(letter)})
    return found


def payment_code(sheet: FactSheet, reference: str) -> str:
    """The payment code as SVG; empty where there is none: another currency, no valid IBAN, nothing to pay."""
    bank, amount = sheet.seller.bank, sheet.total
    if amount.currency != "EUR" or not 0 < amount.amount < 1_000_000_000:
        return ""
    try:
        iban = IBAN(bank.iban)
    except SchwiftyException:
        return ""
    holder = clean(bank.holder or sheet.seller.legal_name)[:_LONGEST_NAME]
    code = segno.helpers.make_epc_qr(
        name=holder, iban=iban.compact, amount=amount.amount, text=reference[:_LONGEST_REFERENCE], bic=bank.bic or None, encoding="utf-8"
    )
    out = io.BytesIO()
    code.save(out, kind="svg", xmldecl=False, border=1)
    return out.getvalue().decode()


def _blocks(page: Page, part: Part) -> list[dict[str, Any]]:
    match part.kind:
        case "prose":
            return _prose(part.tokens)
        case "invoices" | "also_open":
            lines = page.sheet.claimed if part.kind == "invoices" else page.sheet.also_open
            return [_table(page, lines)] if lines else []
        case "payment":
            bank = page.transfer()
            code = payment_code(page.sheet, page.reference)
            return [{"kind": "payment", "lead": page.words.transfer, "bank": bank, "qr": code, "qr_label": page.words.scan}] if bank else []
        case "plan_lines":
            return [{"kind": "rows", "rows": page.installments()}]
        case "interest":
            return [{"kind": "rows", "rows": page.interest()}, {"kind": "prose", "runs": [{"text": page.interest_ground(), "bold": False}]}]
        case "signature":
            return [{"kind": "signature", "lines": page.signature()}]
        case "answers":
            return []  # nobody presses a button on paper


def _table(page: Page, lines: tuple[Any, ...]) -> dict[str, Any]:
    table = page.words.table
    rows = [
        {
            "number": row.number,
            "notes": [*([page.words.order.format(order=row.order)] if row.order else []), *row.booked],
            "due": row.due,
            "lateness": row.late,
            "late": row.is_late,
            "amount": row.amount,
            "whole": page.words.whole.format(amount=row.whole) if row.whole else "",
        }
        for row in page.rows(lines)
    ]
    return {"kind": "invoices", "head": [table.invoice, table.due, table.open], "rows": rows, "head_total": table.total, "total": page.sum_of(lines)}


def _prose(tokens: tuple[Token, ...]) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = []
    in_list = False
    for token in tokens:
        if token.type in ("bullet_list_open", "ordered_list_open"):
            blocks.append({"kind": "list", "items": []})
            in_list = True
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            in_list = False
        elif token.type == "inline" and in_list:
            blocks[-1]["items"].append(_runs(token))
        elif token.type == "inline":
            blocks.append({"kind": "prose", "runs": _runs(token)})
    return blocks


def _runs(inline: Token) -> list[dict[str, Any]]:
    runs, bold = [], False
    for part in inline.children or ():
        if part.type == "strong_open":
            bold = True
        elif part.type == "strong_close":
            bold = False
        elif part.type == "hardbreak":
            runs.append({"text": "", "bold": False, "break": True})
        else:
            runs.append({"text": " " if part.type == "softbreak" else shown(part.content), "bold": bold})
    return runs
