"""Our own pages in a real browser: quiet, whole at every width, in the reader's words, usable by mouse and by keyboard."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.product import Product
from tests.browser.screen import Scheme, Screen

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

Picture = Callable[..., None]

OURS = re.compile(r"\b(cases?|rungs?|desk|overrid\w*|suppress\w*)\b", re.IGNORECASE)
# What a reader sees or is read.
SEEN = """() => [document.title, document.body.innerText,
    ...[...document.querySelectorAll('[title],[aria-label],[placeholder],[alt]')]
        .flatMap(one => ['title', 'aria-label', 'placeholder', 'alt'].map(name => one.getAttribute(name) ?? ''))].join('\\n')"""
BRIGHTNESS = "() => { const [r, g, b] = getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number); return (r + g + b) / 765 }"
# How the element with the keyboard's focus is marked; a hidden radio button is marked by its label.
FOCUS = """() => {
    let one = document.activeElement;
    if (one.tagName === 'INPUT' && one.type === 'radio') one = one.labels[0];
    const style = getComputedStyle(one), box = one.getBoundingClientRect();
    return {
        what: one.tagName === 'BODY' ? '' : `${one.tagName} ${one.innerText || one.name || one.title}`.trim(), frame: one.tagName === 'IFRAME',
        marked: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2 && style.outlineColor !== 'rgba(0, 0, 0, 0)',
        seen: box.width > 0 && box.bottom > 0 && box.top < innerHeight,
    };
}"""


@pytest.fixture(scope="module")
def promised(product: Product) -> dict[str, Any]:
    """The story of the invoice whose payment was promised: it has a bit of everything."""
    story: dict[str, Any] = product.ask(f"invoices/{product.invoices(reason='promise')[0]['id']}")
    return story


@pytest.mark.parametrize("width, scheme", [(1300, "light"), (1300, "dark"), (390, "light"), (390, "dark")], ids=["light", "dark", "phone", "phone-dark"])
def test_every_page_is_quiet_whole_and_in_the_readers_words(
    open_screen: Callable[[int, Scheme], Screen],
    product: Product,
    promised: dict[str, Any],
    picture: Picture,
    width: int,
    scheme: Scheme,
    request: pytest.FixtureRequest,
) -> None:
    page = open_screen(width, scheme).page
    look = request.node.callspec.id
    message = promised["messages"][0]["id"]
    paths = {"list": "/", "ended": "/?ended=1", "tasks": "/tasks", "invoice": f"/invoices/{promised['id']}", "message": f"/messages/{message}"}
    for name, path in paths.items():
        page.goto(product.page + path)
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")  # what is folded away loads nothing
        for frame in page.locator("iframe").all():
            frame.scroll_into_view_if_needed()
            expect(frame.content_frame.locator("body")).to_contain_text("Brightwater")
        picture(page, f"{name}-{look}", whole=name != "list")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{path} is wider than the screen"
        assert (page.evaluate(BRIGHTNESS) > 0.8) if scheme == "light" else (page.evaluate(BRIGHTNESS) < 0.2), path
        assert OURS.findall(page.evaluate(SEEN)) == [], path


def test_the_list_is_narrowed_and_sorted_by_clicking(open_screen: Callable[[], Screen], product: Product) -> None:
    page = open_screen().page
    page.goto(product.page)
    rows, show, everything = page.locator(".list tbody tr"), page.get_by_role("button", name="Show"), len(product.invoices())

    def expect_invoices(number: int) -> None:
        expect(page.locator(".told")).to_contain_text(f"{number} invoice")
        expect(rows).to_have_count(number)

    expect_invoices(everything)
    page.locator(".card", has_text="Overdue").click()
    expect_invoices(len(product.invoices(days_past_due_min=1)))
    expect(page.get_by_label("overdue only")).to_be_checked()

    page.get_by_label("Stage").select_option("reminder")
    show.click()
    expect_invoices(len(product.invoices(stage="reminder", days_past_due_min=1)))
    assert set(page.locator(".list .badge").all_inner_texts()) == {"reminded"}
    page.get_by_role("link", name="show all").click()
    expect_invoices(everything)

    customer = product.invoices()[0]["customer"]
    page.get_by_label("Customer or number").fill(customer["name"][:9])
    page.get_by_label("Customer or number").press("Enter")
    expect_invoices(len(product.invoices(customer_id=customer["id"])))
    assert set(page.locator(".list .who").all_inner_texts()) == {customer["name"]}
    page.get_by_role("link", name="show all").click()

    late = [one for one in product.invoices(days_past_due_min=1, days_past_due_max=30) if one["currency"] == "EUR"]
    page.locator(".chart", has_text="EUR by age").get_by_role("link", name="1–30 days late").click()
    expect_invoices(len(late))
    page.get_by_role("link", name="leave this out").click()
    expect_invoices(everything)

    column = page.locator("th", has_text="Invoice")
    column.get_by_role("link").click()
    expect(column).to_have_attribute("aria-sort", "ascending")
    numbers = page.locator(".list .id").all_inner_texts()
    assert numbers == sorted(numbers)
    column.get_by_role("link").click()
    expect(column).to_have_attribute("aria-sort", "descending")
    expect(rows.first).to_contain_text(numbers[-1])

    page.get_by_label("paid or stopped").check()
    show.click()
    expect_invoices(len(product.invoices(ended=True)))


def test_a_captured_email_is_read_as_the_customer_would(open_screen: Callable[[], Screen], product: Product, promised: dict[str, Any]) -> None:
    page = open_screen().page
    page.goto(f"{product.page}/?q={promised['number']}")
    page.get_by_role("link", name=promised["number"]).click()
    message = promised["messages"][0]
    numbers = [one["number"] for one in message["covers"] if not one["dropped"]]

    def expect_letter(page: Page) -> None:
        frame = page.get_by_title(message["subject"])
        frame.scroll_into_view_if_needed()
        body = frame.content_frame.locator("body")
        for words in ("Hello ", "Brightwater Tools", "1,614.02", *numbers):
            expect(body).to_contain_text(words)
        assert (frame.bounding_box() or {"height": 0.0})["height"] > 300
        assert frame.get_attribute("sandbox") == ""

    expect_letter(page)
    page.get_by_text("Plain text").first.click()
    expect(page.locator("pre").first).to_be_visible()
    expect(page.locator("pre").first).to_contain_text(numbers[0])
    page.get_by_role("link", name="Open on its own page").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(message["subject"])
    expect_letter(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_keyboards_focus_is_always_seen(
    open_screen: Callable[..., Screen], product: Product, promised: dict[str, Any], picture: Picture, scheme: Scheme
) -> None:
    page = open_screen(1300, scheme).page
    for path, stops in (("/", 45), (f"/invoices/{promised['id']}", 20), ("/tasks", 6)):
        page.goto(product.page + path)
        reached = set()
        for _ in range(stops):
            page.keyboard.press("Tab")
            focus = page.evaluate(FOCUS)
            if not focus["what"]:
                break
            if not focus["frame"]:
                assert focus["marked"] and focus["seen"], (path, focus)
                reached.add(focus["what"])
            if len(reached) == 20:
                picture(page, f"focus-{scheme}")
        assert len(reached) >= 5, (path, reached)
