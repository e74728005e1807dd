"""The report in a real browser; skips, saying so, where there is no chromium."""

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import combinations
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from semroute.artifact.loading import load_index
from semroute.artifact.lock import locked
from semroute.artifact.publishing import publish
from tests.command_line import run
from tests.report.conftest import Written
from tests.report.test_page import data_of

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]


@dataclass
class Opened:
    """A page, what it complained of, and what it asked for."""

    page: Page
    written: Written
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
    found = Opened(context.new_page(), written)
    found.page.on("pageerror", lambda error: found.complaints.append(str(error)))
    found.page.on("console", lambda said: found.complaints.append(f"{said.type}: {said.text}"))
    found.page.on("request", lambda request: found.requests.append(request.url))
    found.page.goto(written.path.as_uri())
    found.page.wait_for_selector("body[data-ready=yes]", timeout=30_000)
    found.page.wait_for_selector("#curve .annotation-text")
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


def test_a_search_that_finds_nothing_says_so_instead_of_a_bare_heading(desktop: Opened) -> None:
    table = desktop.page.locator('[data-table="clusters"]')
    table.locator("input").fill("no such words")
    assert table.locator(".count").text_content() == "nothing found"
    assert not table.locator("th").first.is_visible()
    table.locator("input").fill("")
    assert table.locator("th").first.is_visible()


def test_the_worst_come_first_again_after_another_order(desktop: Opened) -> None:
    page, table = desktop.page, desktop.page.locator('[data-table="slices"]')
    worst, restore = cells(page, "slices", 0), table.locator("button", has_text="Worst first")
    assert not restore.is_visible()
    table.locator("th button", has_text="part of the traffic").click()
    assert cells(page, "slices", 0) != worst
    restore.focus()
    page.keyboard.press("Enter")
    assert cells(page, "slices", 0) == worst
    assert table.locator("th[aria-sort=none]").count() == table.locator("th").count()


def test_clusters_sort_by_their_number_within_their_kind(desktop: Opened) -> None:
    heading = desktop.page.locator('[data-table="slices"] th', has_text="kind")
    heading.locator("button").click()
    numbers = desktop.page.locator('[data-table="slices"] tbody td:nth-child(3) small')
    shown = [int(text) for text in numbers.all_text_contents()]
    assert len(shown) > 10
    assert shown == sorted(shown)


def test_the_saving_of_a_month_follows_what_is_typed(desktop: Opened) -> None:
    saved = data_of(desktop.written.html)["saved_usd"]
    field, told = desktop.page.locator("#requests"), desktop.page.locator("#monthly")
    for typed, n_requests in (("1,000,000", 1_000_000), ("20 000 000", 20_000_000)):
        field.focus()
        desktop.page.keyboard.press("Control+A")
        desktop.page.keyboard.type(typed)
        value, low, high = (f"${saved[one] * n_requests:,.0f}" for one in ("value", "low", "high"))
        assert told.text_content() == f"{value} saved a month ({low} to {high})"
    field.fill("a lot")
    assert told.text_content() == "Type a whole number of requests."
    field.fill("1,000,000")


_LABELS = """() => [...document.querySelectorAll('#curve .annotation-text')].map(one => {
    const {left, top, right, bottom} = one.getBoundingClientRect();
    return [left, top, right, bottom];
})"""
_DOTS = """() => [...document.querySelectorAll('#curve .scatterlayer .point')].map(one => {
    const {left, top, right, bottom} = one.getBoundingClientRect();
    return [left, top, right, bottom];
})"""


@pytest.mark.parametrize("width", [1280, 900, 720, 390])
def test_no_name_in_the_chart_covers_another_or_a_mark(
    browser: Browser, written: Written, tmp_path: Path, width: int
) -> None:
    """Eleven models, nine of them at about the same cost, and the router beside the frontier."""
    page = written.html
    shown = data_of(page)
    single, router = (
        next(one for one in shown["curve"]["groups"] if one["name"].startswith(start))
        for start in ("one model", "semroute as it is")
    )
    single |= {
        "names": [f"maker/a-model-of-some-name-{number}" for number in range(11)],
        "cost": [5.1, 3.8, 3.6, 0.43, 0.38, 0.37, 0.33, 0.32, 0.25, 0.13, 0.08],
        "score": [0.886, 0.56, 0.74, 0.73, 0.61, 0.69, 0.77, 0.64, 0.75, 0.56, 0.59],
        "up": [0.03] * 11,
        "down": [0.03] * 11,
        "hover": ["told"] * 11,
    }
    router |= {"cost": [4.6], "score": [0.88]}
    start = page.index('id="data">') + len('id="data">')
    end = page.index("</script>", start)
    crowded = Written(written.judged, tmp_path / "crowded.html", page)
    crowded.path.write_text(page[:start] + json.dumps(shown) + page[end:])
    found = opened(browser, crowded, width).page
    labels, dots = found.evaluate(_LABELS), found.evaluate(_DOTS)
    assert len(labels) == 11
    pairs = [(one, other) for one, other in combinations(labels, 2) if _meet(one, other)]
    assert pairs == []
    assert [(label, dot) for label in labels for dot in dots if _meet(label, dot)] == []
    left, right = found.evaluate(
        """() => { const {left, right} = document.querySelector('#curve .nsewdrag')
        .getBoundingClientRect(); return [left, right]; }"""
    )
    assert all(label[0] >= left - 5 and label[2] <= right for label in labels)


def _meet(one: list[float], other: list[float]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


_BROKEN_WORDS = """() => {
    const walk = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
    const broken = [], range = document.createRange();
    while (walk.nextNode()) for (const word of walk.currentNode.data.matchAll(/[A-Za-z]{2,20}/g)) {
        range.setStart(walk.currentNode, word.index);
        range.setEnd(walk.currentNode, word.index + word[0].length);
        const tops = [...range.getClientRects()].map(one => Math.round(one.top));
        if (new Set(tops).size > 1) broken.push(word[0]);
    }
    return broken;
}"""


def test_on_a_phone_no_word_is_broken(phone: Opened) -> None:
    assert phone.page.evaluate(_BROKEN_WORDS) == []


def test_paper_gets_whole_tables_open_explanations_and_light_colours(
    browser: Browser, written: Written
) -> None:
    page = opened(browser, written, 1280, "dark").page
    page.locator('[data-table="clusters"] input').fill("no such words")
    dark = page.evaluate(_LOOK)
    page.emulate_media(media="print", color_scheme="dark")
    page.set_viewport_size({"width": 690, "height": 844})
    page.wait_for_selector("html.paper")
    page.wait_for_timeout(500)
    assert page.locator("details:not([open])").count() == 0
    assert page.locator("input[type=search]:visible").count() == 0
    n_rows = len(load_index(written.judged.index).clusters)
    assert page.locator('[data-table="clusters"] tbody tr:visible').count() == n_rows
    cut = page.locator(".scroll, .chart").evaluate_all(
        """all => all.filter(one => one.scrollHeight > one.clientHeight + 1
        || one.scrollWidth > one.clientWidth + 1).length"""
    )
    assert cut == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 690
    paper = page.evaluate(_LOOK)
    assert (dark["ink"], paper["ink"]) == ("#e6ebf1", "#16202c")
    assert dark["axis"] != paper["axis"]
    page.emulate_media(media="screen")
    page.wait_for_selector("html:not(.paper)")
    assert page.locator("details[open]").count() == 0


_LOOK = """() => ({
    ink: getComputedStyle(document.documentElement).getPropertyValue('--ink').trim(),
    axis: document.querySelector('#curve .xtick text').style.fill,
})"""


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


def test_on_a_phone_every_model_of_the_chart_has_a_number_and_a_name(phone: Opened) -> None:
    marks = phone.page.locator("#curve .annotation-text").all_text_contents()
    named = (phone.page.locator("#numbered").text_content() or "").replace("\u00a0", " ")
    models = load_index(phone.written.judged.index).manifest.config.model_names
    assert sorted(marks) == [str(number + 1) for number in range(len(models))]
    for model in models:
        assert re.search(rf"\d {re.escape(model)}\b", named)


def test_on_a_desktop_names_without_room_are_told_below_the_chart(desktop: Opened) -> None:
    marks = desktop.page.locator("#curve .annotation-text").all_text_contents()
    named = (desktop.page.locator("#numbered").text_content() or "").replace("\u00a0", " ")
    for model in load_index(desktop.written.judged.index).manifest.config.model_names:
        assert (model in marks) != bool(re.search(rf"\d {re.escape(model)}\b", named))


@pytest.fixture(scope="module")
def unpromised(written: Written, tmp_path_factory: pytest.TempPathFactory) -> Written:
    """The report of an index under a certificate that does not hold."""
    judged = written.judged
    contents, folder = load_index(judged.index), tmp_path_factory.mktemp("unpromised")
    assert contents.manifest.certificate
    certificate = contents.manifest.certificate.model_copy(update={"holds": False})
    manifest = contents.manifest.model_copy(update={"certificate": certificate})
    with locked(folder):
        publish(folder, replace(contents, manifest=manifest))
    path = folder / "report.html"
    with judged.encoding("semroute.evaluate.evaluation"):
        arguments = (*judged.arguments[2:], "--index", folder, "--report", path)
        assert run("evaluate", *arguments, "--require-promise").code == 5
    return Written(judged, path, path.read_text())


@pytest.mark.parametrize("width", [1280, 390])
def test_without_a_promise_a_banner_stands_above_everything(
    browser: Browser, unpromised: Written, width: int
) -> None:
    page = opened(browser, unpromised, width).page
    banner = page.locator(".banner.alarm")
    assert "Do not use as it is" in (banner.text_content() or "")
    assert "NOT certified" in (banner.text_content() or "")
    box, headline = banner.bounding_box(), page.locator("h1").bounding_box()
    assert box
    assert headline
    assert min(box["x"], box["y"]) >= 0
    assert box["x"] + box["width"] <= width
    assert box["y"] + box["height"] <= min(headline["y"], 844)


def test_with_a_promise_that_is_kept_there_is_no_banner(desktop: Opened) -> None:
    assert desktop.page.locator(".banner").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_background(
    browser: Browser, written: Written, scheme: str
) -> None:
    """At least 4.5 to 1, what WCAG 2.1 asks of body text."""
    page = opened(browser, written, 1280, scheme).page
    tones = page.evaluate(
        """['--ink', '--soft', '--bad', '--card', '--page', '--alarm'].map(name =>
        getComputedStyle(document.documentElement).getPropertyValue(name).trim())"""
    )
    ink, soft, bad, card, behind, alarm = map(_luminance, tones)
    pairs = [(text, tone) for text in (ink, soft) for tone in (card, behind)]
    for text, tone in [*pairs, (ink, alarm), (bad, alarm)]:
        light, dark = max(text, tone), min(text, tone)
        assert (light + 0.05) / (dark + 0.05) >= 4.5


def _luminance(tone: str) -> float:
    parts = [int(tone[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
