"""The report as a file: what is in it, and what never is."""

import json
import re
import stat
from dataclasses import replace
from html import escape, unescape
from pathlib import Path

import numpy as np
import pytest

from semroute.artifact.loading import load_index
from semroute.evaluate import Evaluation
from semroute.evaluate.paired import Interval
from semroute.evaluate.promise import promise_of
from semroute.masks import mask
from semroute.queries import read_queries
from semroute.report.charts import COLOURS, cluster_map, colours
from semroute.report.grids import cluster_grid, slice_grid, spread
from semroute.report.page import render
from semroute.report.projection import plane
from semroute.report.top import banner, costs_are, headline, monthly, reservation, tiles
from tests.command_line import run
from tests.report.conftest import Written


def data_of(html: str) -> dict[str, dict]:
    embedded = re.search(r'<script type="application/json" id="data">(.*?)</script>', html)
    assert embedded
    return json.loads(embedded[1])


def test_only_its_owner_can_read_it(written: Written) -> None:
    assert stat.S_IMODE(written.path.stat().st_mode) == 0o600


def test_the_headline_and_every_strategy_are_those_of_the_evaluation(
    written: Written, found: Evaluation
) -> None:
    assert f"<h1>Saves {found.router.saving.value:.1%} (" in written.html
    rows = data_of(written.html)["tables"]["strategies"]["rows"]
    assert [row["cells"][0]["value"] for row in rows] == [one.name for one in found.strategies]
    assert rows[0]["cells"][1]["value"] == pytest.approx(found.router.score.value)


def test_every_cluster_is_on_the_map_and_in_the_table(written: Written) -> None:
    contents, data = load_index(written.judged.index), data_of(written.html)
    assert sum(len(group["x"]) for group in data["map"]) == len(contents.clusters)
    assert len(data["tables"]["clusters"]["rows"]) == len(contents.clusters)


def test_unknown_queries_are_shown_masked_and_not_at_all_without_samples(
    written: Written, found: Evaluation
) -> None:
    shown = [row["cells"][0]["value"] for row in data_of(written.html)["tables"]["unknown"]["rows"]]
    log = read_queries(written.judged.files.queries_test)
    texts = dict(zip(log.query_ids, log.texts, strict=True))
    assert len(shown) == len(found.unknown) > 0
    assert shown[0].rstrip("…") in " ".join(mask(texts[found.unknown[0].query_id]).split())
    bare = written.path.with_name("bare.html")
    with written.judged.encoding("semroute.evaluate.evaluation"):
        arguments = (*written.judged.arguments, "--report", bare, "--no-samples")
        assert run("evaluate", *arguments).code == 0
    assert "unknown" not in data_of(bare.read_text())["tables"]
    assert "Taken for unknown" in written.html
    assert "up to 2.0% of known traffic is expected to be among\nthem" in written.html
    assert "Taken for unknown" not in bare.read_text()
    assert shown[0] not in bare.read_text()


def test_names_made_of_markup_stay_text(written: Written, found: Evaluation) -> None:
    contents = load_index(written.judged.index)
    evil = '</script><script>document.title="owned"</script><img src=x onerror=alert(1)>'
    renamed = contents.clusters[0].model_copy(update={"name": evil})
    html = render(replace(contents, clusters=(renamed, *contents.clusters[1:])), found, {})
    assert evil not in html
    assert "<img src=x" not in html
    names = [row["cells"][0]["value"] for row in data_of(html)["tables"]["clusters"]["rows"]]
    assert evil in names


def test_a_promise_that_holds_and_is_kept_needs_no_banner(
    written: Written, found: Evaluation
) -> None:
    assert found.certificate.holds
    assert not found.against_promise.is_broken
    assert banner(load_index(written.judged.index), found) == ""
    assert found.certificate.sentence in unescape(written.html)
    assert found.against_promise.sentence in written.html


def test_no_promise_a_broken_one_and_the_frontier_alone_each_have_a_banner_of_their_own(
    written: Written, found: Evaluation
) -> None:
    contents = load_index(written.judged.index)
    broken = replace(found.certificate, holds=False, sentence="NOT <certified>")
    none = banner(contents, replace(found, certificate=broken))
    assert "Do not use as it is: with the analysts&#x27; labels nothing is promised" in none
    assert "NOT &lt;certified&gt;" in none
    without = banner(contents, replace(found, certificate=promise_of(None)))
    assert "<strong>Nothing is promised of this index</strong>" in without
    exceeded = replace(found.against_promise, outcome="above", is_broken=True)
    above = banner(contents, replace(found, against_promise=exceeded))
    assert "Do not use as it is: more was lost than is promised" in above
    alone = replace(found.certificate, is_frontier_alone=True)
    calm = banner(contents, replace(found, certificate=alone))
    assert "<strong>All requests go to frontier-xl</strong>" in calm
    assert [("alarm" in one) for one in (none, calm)] == [True, False]


def test_the_labelled_clusters_that_lose_most_are_named_first(
    written: Written, found: Evaluation
) -> None:
    contents = load_index(written.judged.index)
    judged = [one for one in found.slices if one.cluster_id is not None][:4]
    ids = [one.cluster_id for one in judged]
    losses = dict(zip(ids, (0.1, 0.4, 0.2, -0.3), strict=True))
    slices = [
        replace(one, n=90, n_unscored=0, loss=Interval(losses[one.cluster_id], -0.5, 0.5))
        for one in judged
    ]
    clusters = tuple(
        one.model_copy(update={"override": "a <model>"})
        if one.cluster_id in ids[:2] + ids[3:]
        else one
        for one in contents.clusters
    )
    broken = replace(found.certificate, holds=False)
    told = banner(
        replace(contents, clusters=clusters),
        replace(found, certificate=broken, slices=tuple(slices)),
    )
    second, first = (escape(one.value) for one in judged[:2])
    assert (
        f"{first} (to a &lt;model&gt;): 0.400 (0.500 gained to 0.500 lost) on 90 queries; {second}"
        in told
    )
    assert "0.200" not in told
    assert "-0.300" not in told


@pytest.mark.parametrize(
    ("saving", "loss", "told"),
    [
        (
            Interval(0.111, 0.083, 0.143),
            Interval(0.0078, -0.0001, 0.0171),
            ("Saves 11.1% (8.3% to 14.3%) of the cost; 0.008 of mean score lost (0.000 to 0.017)"),
        ),
        (
            Interval(0.5, 0.4, 0.6),
            Interval(-0.02, -0.05, 0.01),
            (
                "Saves 50.0% (40.0% to 60.0%) of the cost; 0.020 of mean score gained "
                "(0.010 lost to 0.050 gained)"
            ),
        ),
        (
            Interval(-0.2, -0.3, 0.1),
            None,
            (
                "Adds 20.0% (10.0% saved to 30.0% added) to the cost; "
                "what that does to quality is not known"
            ),
        ),
    ],
)
def test_the_headline_tells_estimates_and_intervals_in_plain_words(
    found: Evaluation, saving: Interval, loss: Interval | None, told: str
) -> None:
    router = replace(found.router, saving=saving, loss=loss)
    assert headline(replace(found, strategies=(router, *found.strategies[1:]))) == told


def test_the_headline_names_what_the_router_is_not_shown_to_beat(found: Evaluation) -> None:
    def gaining(**gains: Interval) -> Evaluation:
        worse = Interval(0.5, 0.4, 0.6)
        rest = [
            replace(one, router_gain=gains.get(one.kind, worse)) for one in found.strategies[1:]
        ]
        return replace(found, strategies=(found.router, *rest))

    assert reservation(gaining()) == ""
    told = reservation(gaining(learned=Interval(0.0, -0.1, 0.1), rule=Interval(-0.2, -0.3, -0.1)))
    assert told == (
        "At this cost or less, a random mix of single models and the length and keywords rule "
        "scored more for certain. This test cannot show that it beats simpler choices that cost no "
        "more: nearest neighbours (kNN) and the classifier."
    )


def test_where_nothing_is_routed_elsewhere_the_headline_says_just_that(found: Evaluation) -> None:
    router = replace(found.router, frontier_share=1.0)
    still = replace(found, strategies=(router, *found.strategies[1:]))
    assert headline(still) == "Nothing is routed elsewhere, so nothing is saved and nothing risked"
    assert reservation(still) == ""
    assert monthly(still) == ""
    assert "Requests a month" in monthly(found)


@pytest.mark.parametrize(
    ("measured", "told"),
    [(0.0, "No cost was measured"), (0.9999, "99.9% of the"), (1.0, "as measured")],
)
def test_it_is_said_how_far_costs_were_measured(
    found: Evaluation, measured: float, told: str
) -> None:
    assert told in costs_are(replace(found, measured_costs=measured))


def test_the_tiles_tell_the_saving_in_dollars_and_what_was_promised(found: Evaluation) -> None:
    router = replace(found.router, saved_usd=Interval(0.00136, -0.002, 0.00163))
    shown = tiles(replace(found, strategies=(router, *found.strategies[1:])))
    assert (
        "saved per 1,000 requests</span><b>$1.36</b><span>95%: $2.00 added to $1.63 saved" in shown
    )
    assert f"<b>{found.certificate.max_loss:g}</b><span>measured: within</span>" in shown
    broken = replace(found.certificate, holds=False)
    assert "<b>no promise</b>" in tiles(replace(found, certificate=broken))


def test_what_was_left_out_is_said_under_the_headline(written: Written, found: Evaluation) -> None:
    html = render(load_index(written.judged.index), replace(found, notes=("7 <left> out",)), {})
    assert '<p class="caution">7 &lt;left&gt; out</p>' in html
    assert "caution" not in written.html.partition("</style>")[2].partition("<script")[0]


def test_a_report_that_cannot_be_written_ends_with_one_line(
    written: Written, tmp_path: Path
) -> None:
    too_long = tmp_path / f"{'r' * 300}.html"
    with written.judged.encoding("semroute.evaluate.evaluation"):
        done = run("evaluate", *written.judged.arguments, "--report", too_long)
    assert done.code == 1
    assert "cannot write" in done.stderr


def test_an_analysts_label_has_a_mark_of_its_own(written: Written) -> None:
    contents = load_index(written.judged.index)
    model = contents.manifest.config.frontier
    labelled = contents.clusters[0].model_copy(update={"override": model})
    groups = cluster_map(replace(contents, clusters=(labelled, *contents.clusters[1:])))
    marks = {group["name"]: group["symbol"] for group in groups}
    assert marks[f"{model} (analyst)"] == "diamond"


def test_analysts_notes_stay_inside_and_the_file_says_what_it_holds(
    written: Written, found: Evaluation
) -> None:
    contents = load_index(written.judged.index)
    changed = {"name": "Invoices", "note": "only between us", "override": "frontier-xl"}
    labelled = contents.clusters[0].model_copy(update=changed)
    html = render(
        replace(contents, clusters=(labelled, *contents.clusters[1:])), found, {}
    ).partition("<footer>")
    assert "only between us" not in "".join(html)
    assert "Invoices" in html[0] + html[2]
    assert "contains no queries; names and keywords of clusters" in html[2]
    assert "names that analysts gave" in html[2]
    foot = written.html.partition("<footer>")[2].partition("</footer>")[0]
    assert re.search(r"contains \d+ queries, masked; ", foot)
    assert "names that analysts gave" not in foot


def _row(found: Evaluation, **changes: object) -> list[dict]:
    part = replace(found.slices[0], cluster_id=None, n=90, n_unscored=0, **changes)
    return slice_grid(replace(found, slices=(part,)))["rows"][0]["cells"]


def test_a_part_of_which_nothing_was_sent_elsewhere_shows_no_loss(found: Evaluation) -> None:
    none = _row(found, n_elsewhere=0, is_small=False, loss=Interval(0.0, 0.0, 0.0))
    assert [none[column]["text"] for column in (4, 1)] == ["0", "–"]
    few = _row(found, n_elsewhere=4, is_small=True, loss=Interval(0.0, 0.0, 0.0))
    assert [(few[column]["text"], few[column]["note"]) for column in (3, 4, 1)] == [
        ("90", ""),
        ("4", "few"),
        ("0.000", "0.000 to 0.000"),
    ]


def test_queries_without_scores_are_told_where_there_are_some(found: Evaluation) -> None:
    """More may be sent elsewhere than have scores, so that one number alone would contradict it."""
    part = replace(found.slices[0], cluster_id=0, n=31, n_unscored=3, n_elsewhere=31)
    some = replace(found, slices=(part,))
    cell = slice_grid(some)["rows"][0]["cells"][3]
    assert (cell["value"], cell["text"], cell["note"]) == (31, "31", "28 scored, few")


def test_a_loss_below_nothing_reads_as_gained(found: Evaluation) -> None:
    row = _row(found, n_elsewhere=60, is_small=False, loss=Interval(-0.146, -0.2, 0.01))
    assert (row[1]["text"], row[1]["note"]) == ("0.146 gained", "0.010 lost to 0.200 gained")
    assert row[1]["value"] == -0.146


def test_a_cluster_says_of_how_many_queries_its_model_is_the_answer(
    written: Written, found: Evaluation
) -> None:
    contents = load_index(written.judged.index)
    cluster = max(contents.clusters, key=lambda one: one.size)
    part = next(one for one in found.slices if one.cluster_id == cluster.cluster_id)

    def answered_by(shares: dict[str, float]) -> tuple[str, str]:
        parts = (replace(part, model_shares=shares),)
        cell = cluster_grid(contents, replace(found, slices=parts))["rows"][0]["cells"][2]
        return cell["text"], cell["note"]

    mostly = answered_by({cluster.label: 0.85, "another": 0.15})
    assert mostly == (f"mostly {cluster.label}", "85% of its queries judged here")
    assert answered_by({cluster.label: 1.0})[0] == cluster.label


def test_a_tolerance_no_build_could_choose_is_not_shown(
    written: Written, found: Evaluation
) -> None:
    beyond = replace(found.points[-1], tolerance=3.2414, saving=0.99)
    contents = load_index(written.judged.index)
    html = render(contents, replace(found, points=(*found.points, beyond)), {})
    rows = data_of(html)["tables"]["tolerances"]["rows"]
    assert all((row["cells"][0]["value"] or 0) <= 1 for row in rows)
    assert "3.241" not in json.dumps(data_of(html))


def test_the_frontier_keeps_its_colour_and_no_two_models_share_one() -> None:
    given = colours(["a", "b", "f", "c"], "f")
    assert given["f"] == COLOURS[0]
    assert len(set(given.values())) == 4


def test_tolerances_shown_run_from_nothing_saved_to_the_most(found: Evaluation) -> None:
    shown = spread(found.points)
    assert shown[0].saving == min(point.saving for point in found.points)
    assert shown[-1].saving == max(point.saving for point in found.points)
    assert [point.saving for point in shown] == sorted(point.saving for point in shown)


@pytest.mark.parametrize("n_rows", [0, 1, 2, 5])
def test_few_clusters_are_placed_by_principal_components(n_rows: int) -> None:
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((n_rows, 6)).astype(np.float32)
    placed = plane(rows)
    assert placed.shape == (n_rows, 2)
    assert np.isfinite(placed).all()


def test_three_points_on_a_plane_keep_their_distances() -> None:
    rows = np.eye(3, dtype=np.float32)
    placed = plane(rows)
    gaps = np.linalg.norm(placed[[0, 0, 1]] - placed[[1, 2, 2]], axis=1)
    assert gaps == pytest.approx(np.sqrt(2))
