"""The Temporal UI in a real browser: what a person finds there, and what they can do from there."""

from __future__ import annotations

import base64
import binascii
import csv
import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser.product import NAMESPACE, Product, until

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

Picture = Callable[..., None]

LEDGER = Path(__file__).parents[2] / "examples" / "ledger.csv"
# Columns are the browser's own: this is what "Configure Columns" writes there.
COLUMNS = ("Stage", "Waiting", "Balance", "Currency", "DueOn", "NextContact", "Customer", "Workflow ID")
KEEP_COLUMNS = f"localStorage.setItem('namespace-workflow-table-columns', {json.dumps(json.dumps({NAMESPACE: [{'label': name} for name in COLUMNS]}))})"
PATIENCE_MS = 30_000


@pytest.fixture(scope="module")
def window(browser: Browser) -> Iterator[BrowserContext]:
    """One window for all, so that the UI's own programs are loaded once."""
    opened = browser.new_context(viewport={"width": 1500, "height": 950}, timezone_id="UTC", locale="en-GB")
    opened.set_default_timeout(PATIENCE_MS)
    opened.add_init_script(KEEP_COLUMNS)
    yield opened
    opened.close()


@pytest.fixture
def page(window: BrowserContext) -> Iterator[Page]:
    opened = window.new_page()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def reminded(product: Product) -> dict[str, Any]:
    """An invoice that was reminded of by a message of its own, and waits for the next."""
    stories = (product.ask(f"invoices/{one['id']}") for one in product.invoices(stage="reminder", reason="planned"))
    return next(story for story in stories if [len(message["covers"]) for message in story["messages"]] == [1])


@dataclass(frozen=True, slots=True)
class Listed:
    """A list in the UI: its filter, and its rows by column."""

    query: str
    rows: list[dict[str, str]]

    def column(self, name: str) -> set[str]:
        return {row[name] for row in self.rows}

    def invoices(self) -> set[str]:
        return {row["Workflow ID"].removeprefix("invoice/") for row in self.rows}


def show_list(page: Page, product: Product, address: str) -> Listed:
    """Open a list by its address; it must show as many workflows as Temporal's own command counts."""
    rows = page.get_by_test_id("workflows-summary-configurable-table-row")
    for attempt in range(3):
        page.goto(address)
        query = parse_qs(urlsplit(page.url).query)["query"][0]
        expected = product.count_workflows(query)
        try:
            expect(page.get_by_test_id("workflow-count")).to_have_text(str(expected), timeout=PATIENCE_MS / 3)
            expect(rows).to_have_count(expected, timeout=PATIENCE_MS / 3)
            break
        except AssertionError:
            # An invoice may just have moved on between the two countings.
            if attempt == 2:
                raise
    texts = rows.evaluate_all("rows => rows.map(row => [...row.querySelectorAll('td')].map(cell => cell.innerText.trim()))")
    return Listed(query, [dict(zip(COLUMNS, row[-len(COLUMNS) :], strict=True)) for row in texts])


def follow(page: Page, product: Product, view: str) -> Listed:
    """Follow one of our saved links into the UI."""
    return show_list(page, product, f"{product.page}/temporal/{view}")


def test_the_list_is_filtered_by_stage(page: Page, product: Product, picture: Picture) -> None:
    found = follow(page, product, "stage/reminder")
    picture(page, "temporal-list-stage")
    assert len(found.rows) >= 15 and found.column("Stage") == {"reminder"}


def test_the_list_is_filtered_by_customer(page: Page, product: Product) -> None:
    everyone = [one["customer"]["id"] for one in product.invoices()]
    customer = max(everyone, key=everyone.count)
    found = follow(page, product, f"customer/{customer}")
    assert len(found.rows) >= 3 and found.column("Customer") == {customer}
    assert found.invoices() == {one["id"] for one in product.invoices(customer_id=customer)}


def test_the_list_is_filtered_by_days_past_due(page: Page, product: Product, picture: Picture) -> None:
    found = follow(page, product, "overdue-30")
    picture(page, "temporal-list-overdue-30")
    assert len(found.rows) >= 10
    assert found.invoices() == {one["id"] for one in product.invoices(days_past_due_min=30)}


def test_the_list_is_filtered_by_next_contact(page: Page, product: Product, picture: Picture) -> None:
    today = follow(page, product, "going-out-today")
    picture(page, "temporal-list-going-out-today")
    assert today.column("Waiting") <= {"planned", "hours", "gap", "caps", "courtesy", "due", "covered"}
    # Whatever the hour, something is planned for the days after.
    midnight = re.search(r'NextContact < "([^"]+)"', today.query)
    assert midnight
    later = datetime.fromisoformat(midnight[1]) + timedelta(days=14)
    wider = today.query.replace(midnight[1], f"{later:%Y-%m-%dT%H:%M:%SZ}")
    assert len(show_list(page, product, f"{page.url.split('?')[0]}?query={quote(wider)}").rows) > max(10, len(today.rows))


def test_the_lists_in_temporal_are_those_of_our_own_pages(product: Product) -> None:
    differing: list[str] = []

    def agree() -> bool:
        known = {one["id"]: one for one in product.invoices()}
        differing.clear()
        for workflow in product.list_workflows('ExecutionStatus = "Running"'):
            if not workflow["execution"]["workflowId"].startswith("invoice/"):
                continue  # a round of upkeep that is under way
            shown = {name: json.loads(base64.b64decode(value["data"])) for name, value in workflow["searchAttributes"]["indexedFields"].items()}
            ours = known[workflow["execution"]["workflowId"].removeprefix("invoice/")]
            theirs = (shown["Stage"], shown["Waiting"], shown["Balance"], shown["DueOn"][:10])
            if theirs != (ours["stage"], ours["reason"], float(ours["balance"]), ours["due"]):
                differing.append(f"{ours['number']}: {theirs} in Temporal, {ours['stage']} {ours['reason']} {ours['balance']} {ours['due']} here")
        return not differing

    until(agree, 60, lambda: differing)


def open_workflow(page: Page, product: Product, invoice: str) -> None:
    """From our own page of the invoice on to its workflow."""
    page.goto(f"{product.page}/invoices/{invoice}")
    page.get_by_role("link", name="This invoice's workflow").click()
    page.get_by_role("button", name="More Actions").wait_for()


def expect_words(place: Locator, *words: str) -> None:
    for word in words:
        expect(place).to_contain_text(" ".join(word.split()), use_inner_text=True, timeout=PATIENCE_MS)


def metadata(page: Page, which: int) -> Locator:
    """The User Metadata tab shows what we wrote in frames of its own: the summary, then the current details."""
    return page.frame_locator("iframe").nth(which).locator("body")


def test_a_workflow_page_tells_the_whole_story_without_opening_a_payload(page: Page, product: Product, reminded: dict[str, Any], picture: Picture) -> None:
    open_workflow(page, product, reminded["id"])
    sent = next(step for step in reminded["steps"] if step["message"])["step"].replace("-", " ")
    expect_words(page.locator("main"), "assess • ask the ledger, hear the news, decide", f"deliver • {sent} by", reminded["waiting_because"])
    picture(page, "temporal-timeline")

    page.get_by_test_id("user-metadata-tab").click()
    expect_words(metadata(page, 0), f"invoice {reminded['number']}")
    told = [f"Invoice {reminded['number']}", f"{Decimal(reminded['balance']):,} {reminded['currency']} open"]
    expect_words(metadata(page, 1), *told, f"Waiting because {reminded['waiting_because']}", f": {sent} ")
    picture(page, "temporal-user-metadata")

    page.get_by_test_id("search-attributes-tab").click()
    attributes = {"Stage": "reminder", "Waiting": "planned", "Customer": reminded["customer"]["id"], "Currency": reminded["currency"]}
    expect_words(page.locator("main"), *(f'"{name}": "{value}"' for name, value in attributes.items()), f'"DueOn": "{reminded["due"]}T', '"NextContact": "')
    picture(page, "temporal-search-attributes")


def send_signal(page: Page, name: str, words: dict[str, str] | None, picture: Picture) -> None:
    """More Actions, Send a Signal, its name, its input, Submit: as a person clicks it."""
    page.get_by_role("button", name="More Actions").click()
    page.get_by_role("menuitem", name="Send a Signal").click()
    dialog = page.get_by_test_id("signal-confirmation-modal").filter(visible=True)
    dialog.get_by_test_id("signal-select-button").click()
    choice = dialog.get_by_role("option", name=re.compile(rf"^{name}\b"))
    expect(choice).to_be_visible()
    picture(page, f"temporal-signal-{name}-choice")
    choice.click()
    if words:
        dialog.get_by_role("textbox").last.click()
        page.keyboard.insert_text(json.dumps(words))
    picture(page, f"temporal-signal-{name}")
    dialog.get_by_role("button", name="Submit").click()
    expect(page.get_by_text("Workflow signaled.").first).to_be_visible()


def test_a_signal_sent_from_the_ui_holds_and_releases_an_invoice(page: Page, product: Product, reminded: dict[str, Any], picture: Picture) -> None:
    def now() -> dict[str, Any]:
        found: dict[str, Any] = product.ask(f"invoices/{reminded['id']}")
        return found

    until_day = datetime.fromisoformat(reminded["updated_at"]).date() + timedelta(days=20)
    open_workflow(page, product, reminded["id"])
    send_signal(page, "hold", {"until": until_day.isoformat(), "why": "asked for a copy of the invoice"}, picture)
    until(lambda: now()["reason"] == "hold", 20, now)
    held = now()
    assert [(hold["until"][:10], hold["why"]) for hold in held["holds"]] == [(until_day.isoformat(), "asked for a copy of the invoice")]
    assert held["next_contact"] is None
    expect_words(page.locator("main"), "on hold until")
    picture(page, "temporal-timeline-held")
    page.get_by_test_id("user-metadata-tab").click()
    expect_words(metadata(page, 1), "Waiting because on hold until")
    picture(page, "temporal-user-metadata-held")

    send_signal(page, "release", None, picture)
    until(lambda: now()["reason"] == "planned", 20, now)
    assert now()["waiting_because"] == reminded["waiting_because"]
    assert [entry["kind"] for entry in now()["diary"]][-2:] == ["person", "person"]


def decode(value: Any) -> Iterator[str]:
    """Every text in what Temporal answered, payloads opened."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from decode(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from decode(inner)
    elif isinstance(value, str):
        yield value
        with suppress(binascii.Error, UnicodeDecodeError):
            yield base64.b64decode(value, validate=True).decode()


def test_nothing_personal_of_the_ledger_stands_anywhere_in_temporal(product: Product) -> None:
    with LEDGER.open(newline="", encoding="utf-8") as file:
        told = {row[column].casefold() for row in csv.DictReader(file) for column in ("customer name", "contact name", "email", "phone") if row[column]}
    secrets = told | {"".join(letter for letter in one if letter.isdigit()) for one in told if one.startswith("+")}
    watched = product.list_workflows("")
    assert len(watched) >= 60
    # The last to change are those that were talked about: paid, promised, held.
    ids = [one["execution"]["workflowId"] for one in watched]
    closed = [one["execution"]["workflowId"] for one in watched if one["status"] != "WORKFLOW_EXECUTION_STATUS_RUNNING"]
    talked = [f"invoice/{one['id']}" for one in product.invoices() if one["reason"] != "planned"]
    chosen = list(dict.fromkeys([*closed, *talked, *ids]))[:24]
    texts = [*decode(watched)]
    for one in chosen:
        texts += [*decode(product.temporal("show", "--workflow-id", one)), *decode(product.temporal("metadata", "--workflow-id", one))]
    everything = "\n".join(texts).casefold()
    numbers = {one["number"].casefold() for one in product.invoices()}
    assert sum(number in everything for number in numbers) >= 15, "payloads have been opened"
    assert len(secrets) >= 60 and sorted(one for one in secrets if one in everything) == []
