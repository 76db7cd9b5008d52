"""What the mails say: in every situation, exactly, in the reader's form, and with nothing from outside taken as markup."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import playbooks
from domain.money import Money, minor_units
from domain.seller import BankDetails
from playbooks import Wording
from playbooks.page import Circumstances, FactSheet, Line
from playbooks.phrases import brand, locale_for, long_day, money, short_day, web_address
from playbooks.samples import MANY, ONE, SELLER, SHEETS, line
from playbooks.wording import Rendered, UnableToRender, render

STANDARD = playbooks.load("standard")
# Those of its steps; messages that answer are about something else than all that is open.
WORDINGS = {name: wording for name, wording in playbooks.wording_of(playbooks.resolve(STANDARD)).items() if name not in STANDARD.says}
PAY_URL = "https://pay.brightwater.example/i/104?t=a%20b&x=1"
FIRST = WORDINGS["first-reminder.email"]


class _Reader(HTMLParser):
    """What a person sees of a page, every element with the text in it set apart by a space."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.hidden = 0
        self.feed(re.sub(r"<!--\[if mso.*?<!\[endif\]-->", "", page, flags=re.S))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.hidden += tag in {"style", "title"}
        self.links += [value or "" for name, value in attributes if name in {"href", "src"}]
        assert not any(name.startswith("on") for name, _ in attributes)

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in {"style", "title"}

    def handle_data(self, text: str) -> None:
        if not self.hidden:
            self.words.append(text)


def read(page: str) -> _Reader:
    return _Reader(page)


def seen(page: str) -> str:
    return " ".join(" ".join(read(page).words).split())


def figures(text: str) -> set[str]:
    """Every stretch with a digit in it: amounts, dates, numbers, accounts."""
    return {word.strip(".,:;()") for word in text.split() if re.search(r"\d", word)}


def write(name: str, sheet: FactSheet) -> Rendered:
    return render(WORDINGS[name], sheet)


SITUATIONS = {
    "one": ONE,
    "one with a pay link": replace(ONE, pay_url=PAY_URL),
    "a remainder": replace(ONE, claimed=(line("INV-104", "740.00", 18, total="1240.00"),)),
    "many": MANY,
    "many with pay links": replace(MANY, claimed=tuple(replace(each, invoice=replace(each.invoice, pay_url=PAY_URL)) for each in MANY.claimed)),
    "not due yet": replace(ONE, claimed=(line("INV-104", "1240.00", -7),)),
    "due today": replace(ONE, claimed=(line("INV-104", "1240.00", 0), line("INV-105", "1.00", 0))),
    "no contact, no bank": replace(ONE, contact_name="", seller=replace(SELLER, bank=BankDetails(), phone="")),
}


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("name", WORDINGS)
def test_every_message_says_the_same_figures_in_text_and_html_and_every_amount_exactly(name: str, situation: str) -> None:
    sheet = SITUATIONS[situation]
    mail = write(name, sheet)
    shown = seen(mail.html)

    for each in (*sheet.claimed, *sheet.also_open):
        for what in (each.invoice.number, money(each.invoice.balance, locale_for("en_GB", "en")), short_day(each.invoice.due, locale_for("en_GB", "en"))):
            assert what in mail.text and what in shown
    assert money(sheet.total, locale_for("en_GB", "en")) in mail.text

    # The page's hidden preview repeats figures of the body; links stand in the text but behind words on the page.
    links = {link for link in read(mail.html).links if link}
    assert figures(re.sub(r"https?://\S+", "", mail.text)) == figures(shown)
    assert set(re.findall(r"https?://\S+", mail.text)) == links


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("name", WORDINGS)
def test_every_text_is_typed_with_care(name: str, situation: str) -> None:
    mail = write(name, SITUATIONS[situation])
    assert "\n\n\n" not in mail.text and mail.text.endswith("\n") and not mail.text.startswith("\n")
    for text in mail.text.splitlines():
        assert text == text.rstrip() and (len(text) <= 72 or "://" in text), text
    prose = re.sub(r"https?://\S+", "", mail.text)
    assert not re.search(r"\*\*|[{}<>]|\bNone\b|\bnull\b|(?<=\S)  +(?=\S)(?<!:  )", "\n".join(text for text in prose.splitlines() if not text.startswith(" ")))
    assert not re.search(r"\b(case|rung|desk|suppressed|override)\b", mail.text, re.I)
    assert "\ue000" not in mail.text + mail.html + mail.subject and "{{" not in mail.html and "{%" not in mail.html


@pytest.mark.parametrize("name", WORDINGS)
def test_no_message_threatens_what_the_policy_does_not_do(name: str) -> None:
    text = " ".join(write(name, MANY).text.lower().split())
    for threat in (
        "lawyer",
        "attorney",
        "legal action",
        "court",
        "agency",
        "collection",
        "interest",
        "late fee",
        "penalty",
        "credit rating",
        "suspend",
        "stop deliver",
    ):
        assert threat not in text


def test_every_reminder_of_one_invoice_keeps_the_subject_so_that_mail_programs_keep_the_thread() -> None:
    ladder = [f"{step.say}.email" for step in STANDARD.steps]
    assert {write(name, ONE).subject for name in ladder} == {"Invoice INV-104 from Brightwater Tools"}
    assert {write(name, MANY).subject for name in ladder} == {"3 invoices from Brightwater Tools"}
    assert write("statement.email", MANY).subject == "Statement of account from Brightwater Tools"


def test_only_the_final_notice_says_that_there_were_reminders_since_a_late_start_may_skip_the_others() -> None:
    for name in WORDINGS:
        claims = re.search(r"remind(ed|ers)|wrote|earlier|again|second|third", " ".join(write(name, ONE).text.split()))
        assert bool(claims) == (name == "final-notice.email"), (name, claims)


def test_a_first_reminder_of_one_invoice_reads_like_a_letter_from_a_person() -> None:
    assert write("first-reminder.email", replace(ONE, pay_url=PAY_URL)).text == (
        """\
Dear Dana Whitfield,

Our books still show invoice INV-104 as open. It was due on
12 February 2026, and €1,240.00 remains to be paid. A copy is attached,
so you have everything in one place.

  INV-104   12 Feb 2026   18 days overdue   €1,240.00
      your order PO-8812

Pay €1,240.00 online:
https://pay.brightwater.example/i/104?t=a%20b&x=1

It may simply have slipped through, or your payment and this e-mail may
have crossed; if so, thank you, and please disregard it. Otherwise,
could you look into it and tell me when we can expect the payment?

If anything about the invoice is not right, please reply and tell me,
and I will put it right.

Kind regards,

Hanna Weiss
Accounts Receivable, Brightwater Tools
+44 113 496 0182

--
Reply to this e-mail to reach Hanna Weiss.
Not the right person? Please tell us who is.

Brightwater Tools Ltd
12 Mill Lane
Leeds LS1 4AP
United Kingdom
+44 113 496 0182
"""
    )


def test_many_invoices_stand_in_an_aligned_list_with_their_total_and_the_rest_apart() -> None:
    text = write("first-reminder.email", MANY).text
    assert (
        """
  INV-104   12 Feb 2026   18 days overdue     €740.00
      remainder of €1,240.00, your order PO-8812
      pay online: https://pay.brightwater.example/i/104
  INV-117   15 Feb 2026   15 days overdue   €3,860.50
  INV-121   16 Feb 2026   14 days overdue      €95.20
  Total                                     €4,695.70

Please pay by bank transfer:

  Account holder:   Brightwater Tools Ltd
  IBAN:             GB29 NWBK 6016 1331 9268 19
  BIC:              NWBKGB2L
  Bank:             NatWest
  Amount:           €4,695.70
  Reference:        K-2041
"""
        in text
    )
    assert (
        """
For completeness, this is open on your account as well:

  INV-133   28 Feb 2026   2 days overdue     €410.00
  INV-140   14 Mar 2026   due in 12 days   €1,980.00
  Total                                    €2,390.00
"""
        in text
    )


@pytest.mark.parametrize(
    "days_late, said",
    [((0, 0), "are due today."), ((1, 0), "have now fallen due."), ((1, -2), "are due now or in the next few days.")],
)
def test_a_note_on_the_due_day_is_true_of_all_the_invoices_it_bundles(days_late: tuple[int, ...], said: str) -> None:
    sheet = replace(MANY, claimed=tuple(line(f"INV-{number}", "10.00", days) for number, days in enumerate(days_late)), also_open=())
    assert said in " ".join(write("due-today.email", sheet).text.split())


@pytest.mark.parametrize("name", ["first-reminder.email", "second-reminder.email", "third-reminder.email"])
def test_a_reminder_that_takes_a_newly_due_invoice_along_never_calls_it_overdue(name: str) -> None:
    sheet = replace(MANY, claimed=(line("INV-104", "10.00", 20), line("INV-140", "10.00", 0)), also_open=())
    text = " ".join(write(name, sheet).text.split())
    assert not re.search(r"invoices (below )?(are|were) (over)?due|they were due", text, re.I)
    assert "due today" in text and re.search(r"the oldest (was due on 10 February 2026|has (now )?been overdue for 20 days)", text, re.I)


def test_a_single_invoice_with_a_pay_link_gets_a_button_and_no_bank_details() -> None:
    mail = write("second-reminder.email", replace(ONE, pay_url=PAY_URL))
    assert f'href="{html.escape(PAY_URL)}"' in mail.html and "Pay €1,240.00" in seen(mail.html)
    assert "IBAN" not in mail.html + mail.text


def test_several_invoices_never_share_one_pay_link() -> None:
    mail = write("second-reminder.email", replace(MANY, pay_url=PAY_URL))
    assert PAY_URL not in mail.text + html.unescape(mail.html)
    assert "GB29 NWBK 6016 1331 9268 19" in mail.text


def test_without_a_reference_the_transfer_quotes_the_invoice_numbers() -> None:
    assert "Reference:        INV-104, INV-117, INV-121" in write("second-reminder.email", replace(MANY, payment_reference="")).text


def test_with_neither_bank_nor_link_the_reader_is_told_how_to_get_the_details() -> None:
    mail = write("second-reminder.email", SITUATIONS["no contact, no bank"])
    for part in (" ".join(mail.text.split()), seen(mail.html)):
        assert "Reply to this message and Hanna Weiss will send you the bank details." in part
    assert mail.text.startswith("Hello,\n")


def test_an_invoice_that_is_not_attached_is_linked_and_an_attached_one_is_not() -> None:
    linked = replace(ONE, claimed=(replace(ONE.claimed[0], attached=False, invoice=replace(ONE.claimed[0].invoice, pdf_url="https://b.example/104.pdf")),))
    assert "copy: https://b.example/104.pdf" in write("first-reminder.email", linked).text
    assert "attached" not in write("first-reminder.email", linked).text
    attached = replace(linked, claimed=(replace(linked.claimed[0], attached=True),))
    assert "104.pdf" not in write("first-reminder.email", attached).html


HOSTILE = "<script>alert(1)</script> {{ 7*7 }} {% raw %} **bold** [pay](https://evil.example) <!-- \u202e \r\nBcc: x@y.example & \ue0003c\ue001 \"'"
SHOWN = "<script>alert(1)</script> {{ 7*7 }} {% raw %} **bold** [pay](https://evil.example) <!-- Bcc: x@y.example & 3c \"'"


def hostile_sheet(sheet: FactSheet) -> FactSheet:
    lines = tuple(Line(replace(each.invoice, number=HOSTILE, purchase_order=HOSTILE), each.days_late) for each in sheet.claimed)
    bank = BankDetails(holder=HOSTILE, iban=HOSTILE, bic=HOSTILE, bank=HOSTILE)
    seller = replace(
        *(SELLER,),
        name=HOSTILE,
        legal_name=HOSTILE,
        sender_name=HOSTILE,
        sender_title=HOSTILE,
        address=(HOSTILE,),
        phone=HOSTILE,
        bank=bank,
        brand_color=HOSTILE,
        logo_url=HOSTILE,
    )
    return replace(sheet, seller=seller, customer_name=HOSTILE, contact_name=HOSTILE, claimed=lines, step_title=HOSTILE, payment_reference=HOSTILE)


@pytest.mark.parametrize("sheet", [ONE, MANY], ids=["one", "many"])
@pytest.mark.parametrize("name", WORDINGS)
def test_whatever_a_name_or_number_holds_comes_out_as_characters_and_never_as_markup_or_code(name: str, sheet: FactSheet) -> None:
    mail = write(name, hostile_sheet(sheet))
    page = read(mail.html)

    assert "script" not in page.tags and "<script" not in mail.html and "49" not in seen(mail.html)
    assert page.links == [each.invoice.pay_url for each in sheet.claimed if each.invoice.pay_url]
    assert page.tags == read(write(name, replace(sheet, contact_name="x")).html).tags - {"img"}
    assert SHOWN in seen(mail.html) and SHOWN in " ".join(mail.text.split())
    assert "\n" not in mail.subject and "\u202e" not in mail.subject + mail.text + mail.html


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        'https://a.example/"onclick=x',
        "https://a.example/a b",
        "https://a.example/\n",
        "ftp://a.example",
        "//a.example",
        "https://[",
        "",
    ],
)
def test_only_plain_web_addresses_become_links(url: str) -> None:
    assert web_address(url) == ""
    lines = (replace(ONE.claimed[0], attached=False, invoice=replace(ONE.claimed[0].invoice, pay_url=url, pdf_url=url)),)
    mail = write("first-reminder.email", replace(ONE, claimed=lines, pay_url=url, seller=replace(SELLER, logo_url=url)))
    assert read(mail.html).links == [] and "IBAN" in mail.text


def test_nothing_on_the_page_is_fetched_from_anywhere_but_the_logo() -> None:
    with_logo = write("first-reminder.email", replace(MANY, seller=replace(SELLER, logo_url="https://b.example/logo.png"))).html
    assert "https://b.example/logo.png" in read(with_logo).links and 'alt="Brightwater Tools"' in with_logo
    for page in (with_logo, write("first-reminder.email", ONE).html):
        assert not re.search(r"@import|<link|fonts\.|url\(", page)
        assert len(page) < 100_000  # Gmail cuts off what is longer


def test_a_long_bundle_still_fits_into_what_gmail_shows_in_one_piece() -> None:
    sheet = replace(MANY, claimed=tuple(line(f"INV-{number}", "10.00", 20, total="20.00", order=f"PO-{number}", pay_url=PAY_URL) for number in range(60)))
    assert len(write("final-notice.email", sheet).html) < 100_000


@settings(max_examples=300, deadline=None)
@given(
    st.integers(-(10**14), 10**14),
    st.sampled_from(["EUR", "USD", "JPY", "KWD", "ALL", "HUF", "IQD", "CHF", "INR"]),
    st.sampled_from(["en", "en_GB", "de", "fr", "pl", "ja"]),
)
def test_an_amount_is_written_to_its_last_digit_in_every_locale(units: int, currency: str, code: str) -> None:
    amount = Money(Decimal(units).scaleb(-minor_units(currency)), currency)
    written = money(amount, locale_for(code, code[:2]))
    assert re.sub(r"\D", "", written).lstrip("0") == str(abs(units)).lstrip("0")


def test_amounts_and_days_are_written_as_the_locale_has_them() -> None:
    amount, day = Money(Decimal("1240.50"), "EUR"), date(2026, 11, 3)
    written = {code: (money(amount, locale), long_day(day, locale)) for code in ("en", "en-GB", "de", "zz") for locale in [locale_for(code, code[:2])]}
    assert written == {
        "en": ("€1,240.50", "November 3, 2026"),
        "en-GB": ("€1,240.50", "3 November 2026"),
        "de": ("1.240,50\u00a0€", "3. November 2026"),
        "zz": ("€1,240.50", "November 3, 2026"),
    }
    assert money(Money(Decimal("99.00"), "SEK"), locale_for("en", "en")) == "SEK\u00a099.00"


@pytest.mark.parametrize("day, long, short", [(1, "1er mars 2026", "1er mars 2026"), (2, "2 mars 2026", "2 mars 2026"), (11, "11 mars 2026", "11 mars 2026")])
def test_french_counts_the_first_of_a_month_and_no_other_day(day: int, long: str, short: str) -> None:
    locale = locale_for("fr_CA", "fr")
    assert (long_day(date(2026, 3, day), locale), short_day(date(2026, 3, day), locale)) == (long, short)


def test_a_locale_of_another_language_does_not_mix_into_the_wording() -> None:
    assert "12 février" not in write("first-reminder.email", replace(ONE, locale="fr")).text
    assert "February 12, 2026" in write("first-reminder.email", replace(ONE, locale="fr")).text


def test_several_currencies_are_never_summed() -> None:
    pounds = replace(MANY.claimed[0], invoice=replace(MANY.claimed[0].invoice, balance=Money(Decimal(1), "GBP"), total=Money(Decimal(1), "GBP")))
    with pytest.raises(UnableToRender, match="write one message for each"):
        write("first-reminder.email", replace(MANY, claimed=(pounds, *MANY.claimed[1:])))
    riding_along = write("first-reminder.email", replace(MANY, also_open=(pounds, MANY.also_open[0]))).text
    assert "£1.00" in riding_along and riding_along.count("Total") == 1


def test_the_button_can_be_read_on_any_brand_color() -> None:
    assert brand("#0f5c6e") == ("#0f5c6e", "#ffffff")
    assert brand("#ffe14d") == ("#ffe14d", "#111827")
    assert brand("red;background:url(x)") == ("#1f4b99", "#ffffff")


BROKEN = {
    "{{ amuont }} is open": (5, "'amuont' is undefined; use only about, account_manager, agency, also_open"),
    "Dear reader,\n\n{{ seller.bank }}": (7, "has no attribute 'bank'"),
    "one\n\n{% if one %}\nnever closed": (8, "does not parse"),
    "see {{ invoices }} here": (5, "{{ invoices }} stands inside a sentence"),
    "- {{ payment }}": (5, "{{ payment }} stands inside a sentence"),
    "{{ day_in('soon') }}": (5, "use only"),
    "{{ day_in(10**9) }}": (5, "use only"),
    "{{ ''.__class__.__mro__ }}": (5, "unsafe"),
    "{{ cycler }}": (5, "'cycler' is undefined"),
    "{% include 'x' %}": (5, "use only"),
}


@pytest.mark.parametrize("body", BROKEN)
def test_a_wording_that_cannot_be_written_is_refused_with_its_file_line_and_remedy(body: str) -> None:
    number, told = BROKEN[body]
    with pytest.raises(UnableToRender) as refusal:
        render(Wording("en/x.email", "{{ stem }}", body, first_line=5), ONE)
    assert refusal.value.line == number and told in refusal.value.what
    assert str(refusal.value).startswith(f"playbooks/wording/en/x.email.md:{number}: ")


def test_a_wording_without_a_subject_or_invoice_is_refused() -> None:
    with pytest.raises(UnableToRender, match="without a subject"):
        render(Wording("en/x.email", "{{ '' }}", "text"), ONE)
    with pytest.raises(UnableToRender, match="no invoice"):
        render(FIRST, replace(ONE, claimed=()))


def test_markup_of_the_wording_itself_is_kept_simple_and_html_in_it_is_shown_not_obeyed() -> None:
    body = "**Bold** and *light*, <b>not html</b>, [no](link)\\\nnext line\n\n- one\n- two\n  more\n\n1. first\n2. second"
    mail = render(Wording("en/x.email", "{{ stem }}", body), ONE)
    assert mail.text.startswith("Bold and light, <b>not html</b>, [no](link)\nnext line\n\n- one\n- two more\n\n1. first\n2. second\n\n--\n")
    assert "<strong>Bold</strong> and <em>light</em>, &lt;b&gt;not html&lt;/b&gt;" in mail.html
    assert "<li>one</li>" in mail.html and "[no](link)<br" in mail.html


@pytest.mark.parametrize(
    "text, number, told",
    [
        ("no front matter", 1, "start it with a line ---"),
        ("---\nsubject: x\n", 1, "front matter"),
        ("---\nsubjct: x\n---\nhi", 2, "did you mean 'subject'"),
        ("---\nsubject: {{ stem }}\n---\nhi", 2, "subject"),
        ("---\nsubject: x\n---\n\n", 3, "has no text"),
        ("---\nsubject: x\n---\nhi \ue000", 4, "private-use"),
    ],
)
def test_a_wording_file_is_refused_by_line_when_it_is_not_one(text: str, number: int, told: str) -> None:
    with pytest.raises(playbooks.UnableToLoad) as refusal:
        playbooks.parse_wording("en/x.email", text, "wording/en/x.email.md")
    assert any(fault.line == number and told in fault.what for fault in refusal.value.faults), str(refusal.value)


def test_every_sample_situation_has_something_of_its_own() -> None:
    # What stands in the circumstances is put into words by steps made for it, save the tone, in which everybody is greeted.
    told = {write("first-reminder.email", sheet).text for sheet in SHEETS}
    assert len(told) == len({(sheet.around.tone == "formal", sheet.around.promised_day, replace(sheet, around=Circumstances())) for sheet in SHEETS})
    assert all(each.days_late == (sheet.today - each.invoice.due) // timedelta(days=1) for sheet in SHEETS for each in (*sheet.claimed, *sheet.also_open))
