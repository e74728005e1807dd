"""The top of the report: one wording for every figure, and what is said where nothing is saved."""

import re
from dataclasses import replace
from html import unescape

import pytest

from semroute.artifact.loading import load_index
from semroute.evaluate import Evaluation
from semroute.evaluate.paired import Interval
from semroute.evaluate.promise import promise_of
from semroute.evaluate.wording import lost, saved
from semroute.report.page import render
from semroute.report.top import headline, tiles, to_buy
from tests.report.conftest import Written
from tests.report.test_page import data_of


def test_title_tile_sentences_and_table_write_a_figure_alike(
    written: Written, found: Evaluation
) -> None:
    """Whatever is said of the saving and the score lost, it is said in the same figures."""
    told = lost(found.router.loss)
    html = unescape(written.html)
    first, row = found.verdict[0], data_of(written.html)["tables"]["strategies"]["rows"][0]["cells"]
    ends = f"({told.interval})"
    assert f"; {told.value} of mean score {told.word} {ends}<span>" in html
    assert f"<b>{told.value}</b><span>95%: {told.interval}</span>" in html
    assert f"{told.value} of mean score is {told.word} {ends}" in first
    assert f"mean score {told.word} {told}" in found.against_promise.sentence
    assert (row[2]["text"].split()[0], row[2]["note"]) == (told.value, told.interval)
    for place in (headline(found), first):
        assert str(saved(found.router.saving)) in place
    assert (row[4]["text"], row[4]["note"]) == (
        saved(found.router.saving).value,
        saved(found.router.saving).interval,
    )


def test_what_the_build_told_stands_where_the_saving_stands(
    written: Written, found: Evaluation
) -> None:
    certificate = load_index(written.judged.index).manifest.certificate
    assert certificate
    share = f"{certificate.saving:.1%}"
    assert found.certificate.saving == certificate.saving
    assert f"<span>the build told {share}</span>" in tiles(found)
    assert f"The build told {share} saved on its held-out queries" in written.html
    bare = replace(found, certificate=promise_of(None))
    assert "the build told" not in tiles(bare)


@pytest.fixture
def alone(found: Evaluation) -> Evaluation:
    """The frontier answers everything, as nothing else could be certified."""
    nothing, names = Interval(0.0, 0.0, 0.0), ("router", "rule", "learned")
    strategies = tuple(
        replace(one, frontier_share=1.0, saving=nothing, saved_usd=nothing, loss=nothing)
        if one.kind in names
        else one
        for one in found.strategies
    )
    promise = replace(found.certificate, is_frontier_alone=True)
    return replace(found, strategies=strategies, certificate=promise)


def test_where_the_frontier_answers_all_the_page_says_what_there_is_to_save_and_to_buy(
    written: Written, alone: Evaluation
) -> None:
    html = render(load_index(written.judged.index), alone, {})
    shown = re.findall(r'class="name">([^<]+)</span><b>([^<]+)</b>', html)
    assert [name for name, _ in shown] == [
        "frontier-xl per 1,000 requests",
        "mean score",
        "most loss promised",
        "could be saved with hindsight",
        "that is of 1,000 requests",
        "mean score with hindsight",
    ]
    hindsight = next(one for one in alone.strategies if one.name.startswith("best model per query"))
    assert shown[3][1] == saved(hindsight.saving).value
    assert not any(value in ("0.0%", "$0.00", "0.000") for _, value in shown)
    assert "semroute evals plan --index" in html
    tables = data_of(html)["tables"]
    names = [row["cells"][0]["value"] for row in tables["strategies"]["rows"]]
    singles = [one.name for one in alone.strategies if one.kind in ("single", "hindsight")]
    assert names == singles
    marked = [row["cells"][0]["value"] for row in tables["strategies"]["rows"] if row["marked"]]
    assert marked == ["always frontier-xl"]
    assert "slices" not in tables
    assert "Where it does worst" not in html
    assert tables["clusters"]["columns"][-1]["name"] == "judged here"


def test_what_to_buy_is_said_only_where_it_can_help(written: Written, alone: Evaluation) -> None:
    assert to_buy(alone)
    assert to_buy(replace(alone, certificate=promise_of(None))) == ""
    nothing = Interval(0.0, 0.0, 0.0)
    costless = tuple(replace(one, saving=nothing, saved_usd=nothing) for one in alone.strategies)
    assert to_buy(replace(alone, strategies=costless)) == ""
    assert "hindsight" not in tiles(replace(alone, strategies=costless))
    assert "semroute evals plan" not in written.html
