"""A model that most of the queries it would answer have no score of: it costs others nothing."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from semroute.artifact.loading import load_index
from semroute.artifact.publishing import publish
from semroute.certificate import Certificate
from semroute.certify import CalibrationRows, certify
from semroute.errors import BuildError
from semroute.ood import SimilarityThreshold
from semroute.planning import plan_evals
from semroute.policy import NO_OVERRIDE, RoutingPolicy, Traffic
from semroute.relabel import apply_labels
from semroute.router import SemanticRouter
from tests.build.small import SmallFiles, build_small, rows_of, write_small_files
from tests.command_line import run
from tests.tiny import TinyEncoder

MODELS = ("large", "known", "new")
LARGE, KNOWN, NEW = range(3)


def _rows(share_known: float, *, n: int = 2000, share_of_known: float = 1.0) -> CalibrationRows:
    """Half of the queries are hard for both cheap models; `new` costs least and seems best."""
    random = np.random.default_rng(0)
    hard = np.arange(n) % 2 == 0
    right = np.where(hard, 0.5, 1.0)
    scores = np.stack([np.ones(n), right, right], axis=1)
    scores[random.uniform(size=n) >= share_of_known, KNOWN] = np.nan
    scores[random.uniform(size=n) >= share_known, NEW] = np.nan
    losses = np.stack([np.zeros(n), np.where(hard, 0.5, 0.0), np.where(hard, 0.4, -0.05)], axis=1)
    traffic = Traffic(
        np.zeros(n, dtype=np.int64),
        np.ones(n),
        losses,
        np.tile([0.02, 0.002, 0.001], (n, 1)),
        np.full(n, 10),
    )
    return CalibrationRows(traffic, scores, np.full((n, 3), np.nan), random.permutation(n))


def _policy(**changes: object) -> RoutingPolicy:
    values: dict[str, object] = {
        "frontier": LARGE,
        "tolerance": None,
        "measured": np.ones((1, 3), dtype=bool),
        "overrides": np.array([NO_OVERRIDE]),
        "ood_rule": SimilarityThreshold(0.5),
        "windows": np.full(3, np.inf),
        "usual_cost_usd": 0.02,
    }
    return RoutingPolicy(**{**values, **changes})  # type: ignore[arg-type]  # mixed values


def _certify(rows: CalibrationRows, policy: RoutingPolicy | None = None) -> Certificate:
    return certify(policy or _policy(), MODELS, rows, 0.02, 0.95)


def test_a_model_hardly_scored_is_left_out_and_the_others_save_what_they_saved() -> None:
    rows = _rows(0.06)
    found, without = _certify(rows), _certify(rows, _policy().without([NEW]))
    assert list(found.models_left_out) == ["new"]
    assert found.model_shares["known"] == pytest.approx(0.5, abs=0.02)
    assert found.model_copy(update={"models_left_out": {}}) == without
    assert found.left_out_sentence == (
        "new (6% known) answers nothing without an analyst's label: too few of the held-out "
        "queries it would answer have its score and that of large"
    )


def test_a_model_scored_where_it_answers_takes_part_though_it_lacks_most_scores() -> None:
    """As a plan buys them: everywhere it may answer, nowhere else."""
    rows = _rows(1.0)
    rows.scores[np.arange(2000) % 2 == 0, NEW] = np.nan
    found = _certify(rows)
    assert found.models_left_out == {}
    assert found.model_shares["new"] == pytest.approx(0.5, abs=0.02)


def test_where_every_cheaper_model_is_hardly_scored_none_is_left_out() -> None:
    assert _certify(_rows(0.3, share_of_known=0.3)).models_left_out == {}


@pytest.mark.parametrize("share", [0.4, 0.48, 0.55])
def test_where_scores_are_missing_evenly_no_model_is_left_out(share: float) -> None:
    assert _certify(_rows(share, share_of_known=share + 0.05)).models_left_out == {}


def test_few_scores_drawn_at_random_promise_as_much_as_the_owner_lets_them() -> None:
    """A fifth of all queries, scored with each model by lot: half of traffic loses nothing."""
    rows = _rows(0.2, n=6000, share_of_known=0.2)
    assert _certify(rows).saving == 0
    found = _certify(replace(rows, least_known=0.1))
    assert found.models_left_out == {}
    assert found.model_shares["large"] == pytest.approx(0.5, abs=0.02)
    assert found.n_worst_case == 0
    assert "lack are missing at random" in found.sentence


def test_a_build_from_few_scores_says_what_holds_it_back_and_least_known_lifts_it(
    tmp_path: Path,
) -> None:
    files = write_small_files(tmp_path, n_queries=4000)
    random, lines = np.random.default_rng(0), files.evals.read_text().splitlines()
    kept = [lines[0], *(line for line in lines[1:] if random.uniform() < 0.45)]
    files.evals.write_text("\n".join(kept) + "\n")
    build_small(files, tmp_path / "half")
    files.config.write_text(files.config.read_text().replace("0.05\n", "0.05\nleast_known = 0.1\n"))
    summary = build_small(files, tmp_path / "tenth")
    assert load_index(tmp_path / "half").manifest.certificate.saving == 0
    assert summary.saving == pytest.approx(0.7, abs=0.1)
    assert summary.certificate.n_left_out > summary.certificate.n_queries / 3


def test_a_model_is_not_left_out_for_the_few_answers_another_one_leaves_to_it() -> None:
    """`known` answers four queries beside `new`, one of them scored; without it, half of all."""
    rows = _rows(0.06, share_of_known=0.6)
    unscored = np.flatnonzero(np.isnan(rows.scores[:, KNOWN]) & (np.arange(2000) % 2 == 1))[:3]
    scored = np.flatnonzero(~np.isnan(rows.scores[:, KNOWN]) & (np.arange(2000) % 2 == 1))[:1]
    rows.traffic.losses[np.concatenate([unscored, scored]), NEW] = 0.3
    found = _certify(rows)
    assert list(found.models_left_out) == ["new"]
    assert found.model_shares["known"] == pytest.approx(0.5, abs=0.02)


def test_a_model_whose_answers_lack_the_frontiers_score_is_left_out_too() -> None:
    """`known` answers half of the easy queries, `new` the others, where `large` is not scored."""
    rows = _rows(1.0)
    rows.traffic.losses[np.arange(2000) % 4 == 1, NEW] = 0.3
    rows.scores[np.arange(2000) % 4 == 3, LARGE] = np.nan
    rows.scores[3:240:4, LARGE] = 1.0
    found = _certify(rows)
    assert found.models_left_out == {"new": 0.12}


def test_without_any_score_none_is_left_out() -> None:
    rows = _rows(1.0)
    rows.scores[:] = np.nan
    assert _certify(rows).models_left_out == {}


def test_scores_themselves_do_not_decide_who_is_left_out() -> None:
    rows, random = _rows(0.3), np.random.default_rng(1)
    for _ in range(20):
        other = np.where(np.isnan(rows.scores), np.nan, random.uniform(size=rows.scores.shape))
        assert list(_certify(replace(rows, scores=other)).models_left_out) == ["new"]


def test_an_analyst_may_choose_a_model_that_is_left_out() -> None:
    labelled = _policy(overrides=np.array([NEW])).without([NEW])
    chosen = labelled.choose(_rows(0.06).traffic)
    assert (chosen.columns == NEW).all()


def test_who_is_left_out_does_not_depend_on_labels() -> None:
    rows = _rows(0.06)
    labelled = _certify(rows, _policy(overrides=np.array([LARGE])))
    assert list(labelled.models_left_out) == ["new"]


def _files_with_new_model(tmp_path: Path) -> SmallFiles:
    """Write a log with a third model that seems to be perfect, scored on one query in thirteen."""
    files = write_small_files(tmp_path)
    config = files.config.read_text()
    new = '[[models]]\nname = "new"\nusd_per_request = 0.0005\n[quality]'
    files.config.write_text(config.replace("[quality]", new))
    with files.evals.open("a") as evals:
        evals.writelines(f"{row['query_id']},new,1.0,\n" for row in rows_of(files)[::13])
    return files


def _with_new_model(tmp_path: Path) -> Path:
    build_small(_files_with_new_model(tmp_path), tmp_path / "i")
    return tmp_path / "i"


def test_a_build_leaves_it_out_and_says_so_wherever_one_asks(tmp_path: Path) -> None:
    alone = build_small(write_small_files(tmp_path), tmp_path / "two")
    folder = _with_new_model(tmp_path)
    certificate = load_index(folder).manifest.certificate
    assert certificate is not None
    assert list(certificate.models_left_out) == ["new"]
    assert certificate.saving == pytest.approx(alone.saving, abs=0.01)
    router = SemanticRouter.load(folder, encoder=TinyEncoder())
    text = "topic1a topic1b topic1c topic1d detail1"
    decision = router.route(text)
    assert decision.model == "small"
    limits = {one.model: one.accepted_loss for one in decision.candidates}
    assert limits["new"] is None
    assert limits["small"] is not None
    assert "known) answers nothing" in " ".join(router.explain(text).why)
    assert "known) answers nothing" in run("inspect", "--index", folder).stdout
    build_small(write_small_files(tmp_path), folder)
    compared = run("compare", "--index", folder).stdout.splitlines()
    assert next(one.split() for one in compared if one.startswith("left out"))[2:] == ["new", "-"]
    assert "other input files: the scores" in compared


def test_a_plan_says_how_far_it_brings_a_model_that_is_left_out(tmp_path: Path) -> None:
    """Bought, those scores have it answer again where the plan said that they are enough."""
    files = _files_with_new_model(tmp_path)
    folder = tmp_path / "i"
    build_small(files, folder)
    for budget, is_enough in ((30, False), (2_000, True)):
        plan = plan_evals(folder, files.queries, files.evals, budget, encoder=TinyEncoder())
        assert plan.least_known == 0.5
        assert list(plan.known_after) == ["new"]
        assert (plan.known_after["new"] >= 0.5) == is_enough
        bought = tmp_path / "bought.csv"
        bought.write_text(files.evals.read_text())
        with bought.open("a") as evals:
            evals.writelines(f"{one.query_id},{one.model},1.0,\n" for one in plan.scores)
        build_small(replace(files, evals=bought), tmp_path / f"{budget}")
        certificate = load_index(tmp_path / f"{budget}").manifest.certificate
        assert certificate is not None
        assert (not certificate.models_left_out) == is_enough


def test_labels_certify_again_without_it_and_may_choose_it(tmp_path: Path) -> None:
    folder = _with_new_model(tmp_path)
    cluster = next(c for c in load_index(folder).clusters if c.auto_label == "small")
    sheet = tmp_path / "labels.csv"
    sheet.write_text(f"cluster_key,label\n{cluster.cluster_key},large\n")
    apply_labels(folder, sheet)
    certificate = load_index(folder).manifest.certificate
    assert certificate is not None
    assert list(certificate.models_left_out) == ["new"]
    assert certificate.model_shares["new"] == 0
    sheet.write_text(f"cluster_key,label\n{cluster.cluster_key},new\n")
    told = apply_labels(folder, sheet, allow_no_promise=True).warnings
    assert any("new answers nothing so far for want of scores" in one for one in told)
    certificate = load_index(folder).manifest.certificate
    assert certificate is not None
    assert certificate.model_shares["new"] > 0.2


def test_an_index_that_leaves_out_its_frontier_is_refused(tmp_path: Path) -> None:
    build_small(write_small_files(tmp_path), tmp_path / "i")
    contents = load_index(tmp_path / "i")
    certificate = contents.manifest.certificate
    assert certificate is not None
    wrong = certificate.model_copy(update={"models_left_out": {"large": 0.1}})
    manifest = contents.manifest.model_copy(update={"certificate": wrong})
    with pytest.raises(BuildError, match="leaves out 'large', no cheaper model"):
        publish(tmp_path / "i", replace(contents, manifest=manifest))
