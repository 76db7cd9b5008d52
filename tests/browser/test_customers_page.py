"""The page that a customer sees, in a real browser, on a screen and on a phone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.product import Product, until
from tests.browser.screen import Scheme, Screen

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

Picture = Callable[..., None]


@pytest.fixture(scope="module")
def owing(product: Product) -> list[dict[str, Any]]:
    """The watched invoices of an English-speaking customer with several that are late, the latest first."""
    late = [one for one in product.invoices(days_past_due_min=1, reason="planned") if one["customer"]["name"].endswith((" Ltd", " Inc.", " LLC"))]
    counted = Counter((one["customer"]["number"], one["customer"]["id"]) for one in late)
    (_, customer), _ = max(counted.items(), key=lambda each: (each[1], each[0]))
    return sorted(product.invoices(customer_id=customer), key=lambda one: str(one["due"]))


@pytest.fixture
def address(product: Product, owing: list[dict[str, Any]]) -> str:
    link: str = product.dunwell("portal", "link", owing[0]["customer"]["number"])["link"]
    return link


@pytest.mark.parametrize("width, scheme", [(1300, "light"), (390, "light"), (390, "dark")], ids=["screen", "phone", "phone-dark"])
def test_it_shows_what_is_open_whole_at_every_width(
    open_screen: Callable[[int, Scheme], Screen],
    owing: list[dict[str, Any]],
    address: str,
    picture: Picture,
    width: int,
    scheme: Scheme,
    request: pytest.FixtureRequest,
) -> None:
    page = open_screen(width, scheme).page
    page.goto(address)
    assert page.locator(".bills li .what strong").all_inner_texts() == [one["number"] for one in owing]
    page.locator(".bills summary").first.click()
    expect(page.locator(".transfer").first).to_contain_text(owing[0]["number"])
    picture(page, f"portal-{request.node.callspec.id}", whole=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert all((one.bounding_box() or {"height": 0})["height"] >= 24 for one in page.locator("button:visible, a.button:visible, summary:visible").all())


def test_a_day_to_pay_that_is_pressed_there_keeps_the_invoice_quiet(
    open_screen: Callable[[], Screen], product: Product, owing: list[dict[str, Any]], address: str
) -> None:
    page = open_screen().page
    page.goto(address)
    form = page.locator("details", has=page.get_by_text("I will pay on a day", exact=True))
    form.locator("summary").click()
    for one in owing[1:]:
        form.get_by_label(one["number"]).uncheck()
    day = form.locator("input[type=date]")
    day.fill(str(date.fromisoformat(str(day.get_attribute("min"))) + timedelta(days=5)))
    form.get_by_role("button").click()
    expect(page.get_by_role("status")).to_be_visible()
    until(lambda: product.ask(f"invoices/{owing[0]['id']}")["reason"] == "promise", 30)


def test_nothing_of_the_inside_is_reached_from_outside(product: Product, open_screen: Callable[[], Screen]) -> None:
    page = open_screen().page
    for path in ("/tasks", "/messages/x", "/api/invoices", "/portal/", "/portal/made-up"):
        answer = page.request.get(product.outside + path, max_redirects=0)
        assert answer.status in (401, 404), (path, answer.status)
