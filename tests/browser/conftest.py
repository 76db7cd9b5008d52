"""A headless Chromium before the running demonstration. Without Chromium these tests are skipped."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.product import Product, running_demonstration
from tests.browser.screen import CATCH_REFUSED, Scheme, Screen

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
)


@pytest.fixture(scope="session")
def chromium() -> str:
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        pytest.skip("Chromium is not installed (on Debian and Ubuntu: apt-get install chromium)")
    # Without a single font it dies of the first form.
    drawn = subprocess.run([found, "--headless", *_FLAGS, "--dump-dom", "data:text/html,<input value=Letters>"], capture_output=True, text=True, timeout=60)
    if "Letters" not in drawn.stdout:
        pytest.skip("Chromium cannot show a page here; it may want fonts (on Debian and Ubuntu: apt-get install fonts-liberation fonts-dejavu-core)")
    return found


@pytest.fixture(scope="session")
def product(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The demonstration, up and running."""
    with running_demonstration(tmp_path_factory.mktemp("product") / "demo") as running:
        yield running


# Ends with its module: as long as it runs, no other test of this process could use asyncio.
@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=_FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., None]:
    """Keeps a screenshot under a name, in the folder DUNWELL_SCREENSHOTS where that is set."""
    wanted = os.environ.get("DUNWELL_SCREENSHOTS")
    folder = Path(wanted) if wanted else tmp_path_factory.mktemp("screenshots")

    def keep(page: Page, name: str, *, whole: bool = False) -> None:
        page.screenshot(path=folder / f"{name}.png", full_page=whole, animations="disabled")

    return keep


@pytest.fixture
def open_screen(browser: Browser, product: Product) -> Iterator[Callable[[int, Scheme], Screen]]:
    """Opens pages of a width in a color scheme; at the end nothing may have gone wrong on any of them."""
    windows: list[BrowserContext] = []
    screens: list[Screen] = []

    def open_one(width: int = 1300, scheme: Scheme = "light") -> Screen:
        window = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        window.add_init_script(CATCH_REFUSED)
        windows.append(window)
        screens.append(Screen(window.new_page()))
        screens[-1].watch(product.page, product.outside)
        return screens[-1]

    yield open_one
    for window in windows:
        window.close()
    assert [trouble for screen in screens for trouble in screen.troubles] == []
