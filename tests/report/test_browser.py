"""The report in a real browser; skips, saying so, where there is no chromium."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.report.conftest import Written

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]


@dataclass
class Opened:
    """A page, what it complained of, and what it asked for."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def opened(browser: Browser, written: Written, width: int, scheme: str = "light") -> Opened:
    context = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme)
    context.set_offline(True)
    found = Opened(context.new_page())
    found.page.on("pageerror", lambda error: found.complaints.append(str(error)))
    found.page.on("console", lambda said: found.complaints.append(f"{said.type}: {said.text}"))
    found.page.on("request", lambda request: found.requests.append(request.url))
    found.page.goto(written.path.as_uri())
    found.page.wait_for_selector("body[data-ready=yes]", timeout=30_000)
    found.page.wait_for_selector("#curve .main-svg")
    found.page.wait_for_selector("#map .point")
    return found


@pytest.fixture(scope="module")
def desktop(browser: Browser, written: Written) -> Opened:
    return opened(browser, written, 1280)


@pytest.fixture(scope="module")
def phone(browser: Browser, written: Written) -> Opened:
    return opened(browser, written, 390)


def cells(page: Page, table: str, column: int) -> list[str]:
    rows = page.locator(f'[data-table="{table}"] tbody tr:not([hidden])')
    return rows.locator(f"td:nth-child({column + 1})").evaluate_all(
        "all => all.map(one => one.firstChild ? one.firstChild.textContent : '')"
    )


def test_opens_without_complaints_and_asks_for_nothing_but_itself(
    desktop: Opened, phone: Opened, written: Written
) -> None:
    for found in (desktop, phone):
        assert found.complaints == []
        assert found.requests == [written.path.as_uri()]


def test_a_click_sorts_and_another_turns_the_order(desktop: Opened) -> None:
    heading = desktop.page.locator('[data-table="clusters"] th', has_text="share of log")
    heading.locator("button").click()
    shares = [float(text.rstrip("%")) for text in cells(desktop.page, "clusters", 1)]
    assert shares == sorted(shares, reverse=True)
    heading.locator("button").click()
    shares = [float(text.rstrip("%")) for text in cells(desktop.page, "clusters", 1)]
    assert shares == sorted(shares)
    assert heading.get_attribute("aria-sort") == "ascending"


def test_a_search_leaves_the_rows_that_hold_its_words(desktop: Opened) -> None:
    search = desktop.page.locator('[data-table="slices"] input')
    n_rows = len(cells(desktop.page, "slices", 0))
    search.fill("kind travel")
    assert cells(desktop.page, "slices", 0) == ["travel"]
    search.fill("no such words")
    assert cells(desktop.page, "slices", 0) == []
    search.fill("")
    assert len(cells(desktop.page, "slices", 0)) == n_rows


def test_a_hover_names_the_cluster(desktop: Opened) -> None:
    point = desktop.page.locator("#map .point").first
    point.scroll_into_view_if_needed()
    point.hover(force=True)
    label = desktop.page.locator("#map .hoverlayer .hovertext")
    label.wait_for(timeout=5_000)
    assert "of the log" in (label.text_content() or "")


def test_on_a_desktop_every_column_of_every_table_is_in_sight(desktop: Opened) -> None:
    hidden = desktop.page.locator(".scroll").evaluate_all(
        "all => all.filter(one => one.scrollWidth > one.clientWidth).length"
    )
    assert hidden == 0


def test_at_phone_width_nothing_scrolls_sideways_but_tables(phone: Opened) -> None:
    page = phone.page
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    wide = page.evaluate(
        """[...document.querySelectorAll('main *')].filter(one => !one.closest('.scroll, .chart')
        && one.getBoundingClientRect().right > 391).length"""
    )
    assert wide == 0
    assert page.evaluate("getComputedStyle(document.querySelector('p')).fontSize") == "16px"
    scroll = page.locator('[data-table="clusters"] .scroll')
    assert scroll.evaluate("one => one.scrollWidth > one.clientWidth")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_background(
    browser: Browser, written: Written, scheme: str
) -> None:
    """At least 4.5 to 1, what WCAG 2.1 asks of body text."""
    page = opened(browser, written, 1280, scheme).page
    tones = page.evaluate(
        """['--ink', '--soft', '--card', '--page'].map(name =>
        getComputedStyle(document.documentElement).getPropertyValue(name).trim())"""
    )
    ink, soft, *backgrounds = map(_luminance, tones)
    for text in (ink, soft):
        for behind in backgrounds:
            light, dark = max(text, behind), min(text, behind)
            assert (light + 0.05) / (dark + 0.05) >= 4.5


def _luminance(tone: str) -> float:
    parts = [int(tone[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
