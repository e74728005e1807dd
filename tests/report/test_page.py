"""The report as a file: what is in it, and what never is."""

import json
import re
import stat
from dataclasses import replace
from html import unescape
from pathlib import Path

import numpy as np
import pytest

from semroute.artifact.loading import load_index
from semroute.evaluate import Evaluation, evaluate
from semroute.evaluate.paired import Interval
from semroute.masks import mask
from semroute.queries import read_queries
from semroute.report.charts import COLOURS, cluster_map, colours
from semroute.report.grids import spread
from semroute.report.page import render
from semroute.report.projection import plane
from semroute.report.top import banner, tiles
from tests.command_line import run
from tests.report.conftest import Written


@pytest.fixture(scope="module")
def found(written: Written) -> Evaluation:
    judged = written.judged
    files = judged.files
    return evaluate(judged.index, files.queries_test, files.evals_test, encoder=judged.encoder)


def data_of(html: str) -> dict[str, dict]:
    embedded = re.search(r'<script type="application/json" id="data">(.*?)</script>', html)
    assert embedded
    return json.loads(embedded[1])


def test_only_its_owner_can_read_it(written: Written) -> None:
    assert stat.S_IMODE(written.path.stat().st_mode) == 0o600


def test_the_headline_and_every_strategy_are_those_of_the_evaluation(
    written: Written, found: Evaluation
) -> None:
    assert f"semroute saves {found.router.saving.value:.0%} of the cost" in written.html
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
    renamed = contents.clusters[0].model_copy(update={"name": evil, "note": evil})
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
    assert banner(found) == ""
    assert found.certificate.sentence in unescape(written.html)
    assert found.against_promise.sentence in written.html


def test_no_promise_a_broken_one_and_the_frontier_alone_each_have_a_banner_of_their_own(
    found: Evaluation,
) -> None:
    broken = replace(found.certificate, holds=False, sentence="NOT <certified>")
    none = banner(replace(found, certificate=broken))
    assert "Nothing is promised of this index" in none
    assert "NOT &lt;certified&gt;" in none
    exceeded = replace(found.against_promise, outcome="above", is_broken=True)
    assert "More was lost than is promised" in banner(replace(found, against_promise=exceeded))
    alone = replace(found.certificate, is_frontier_alone=True)
    calm = banner(replace(found, certificate=alone))
    assert "All requests go to frontier-xl: nothing is lost, and nothing saved" in calm
    assert [("alarm" in one) for one in (none, calm)] == [True, False]


def test_the_tiles_tell_the_saving_in_dollars_and_what_was_promised(found: Evaluation) -> None:
    router = replace(found.router, saved_usd=Interval(0.00136, -0.002, 0.00163))
    shown = tiles(replace(found, strategies=(router, *found.strategies[1:])))
    assert "saved per 1,000 requests</span><b>$1.36</b><span>95%: -$2.00 to $1.63" in shown
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
