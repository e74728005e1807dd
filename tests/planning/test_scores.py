"""Which scores a plan buys, on logs whose right answer is plain."""

import csv
import stat
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm

from semroute.evidence import estimate_loss, measure
from semroute.planning import (
    PlannedScore,
    ScoredLog,
    plan_scores,
    portions,
)
from semroute.planning.scores import LOSS_VARIANCE, loss_variance, may_answer
from tests.command_line import run
from tests.judged import judged_demo
from tests.tiny import tiny_config
from tests.tiny_index import tiny_certificate

NAN = float("nan")
MODELS = ("large", "small")


def log(scores: np.ndarray, cluster_ids: np.ndarray, fit: np.ndarray) -> ScoredLog:
    costs = np.tile([0.1, 0.01], (len(scores), 1))
    n_clusters = int(cluster_ids.max()) + 1
    unknown = np.full_like(scores, NAN)
    free = np.full(n_clusters, -1)
    return ScoredLog(cluster_ids, n_clusters, fit, scores, costs, unknown, free, MODELS, "large")


def three_clusters(n: int = 300) -> ScoredLog:
    """Cluster 0 plainly fails, 1 is near the tolerance, 2 plainly passes; half is unscored."""
    rng = np.random.default_rng(0)
    ids = np.arange(n) % 3
    loss = np.array([0.9, 0.05, 0.0])[ids]
    scores = np.column_stack([np.ones(n), rng.uniform(size=n) > loss]).astype(float)
    scores[n // 2 :] = NAN
    return log(scores, ids, np.arange(n) % 5 < 3)


def test_no_score_is_bought_twice_or_known_already_and_the_budget_is_kept() -> None:
    whole = three_clusters()
    planned = plan_scores(whole, 120, tolerance=0.04, confidence=0.95)
    cells = [(one.row, one.column) for one in planned]
    assert len(cells) == len(set(cells)) == 120
    assert all(np.isnan(whole.scores[cell]) for cell in cells)


def test_labels_are_tightened_where_they_may_change() -> None:
    whole = three_clusters()
    planned = plan_scores(whole, 80, tolerance=0.04, confidence=0.95)
    bought = np.bincount([whole.cluster_ids[p.row] for p in planned if p.purpose == "label"])
    assert bought[1] > bought[0]


def test_the_worth_of_a_score_is_the_loss_its_pairs_are_expected_to_spare() -> None:
    """One cluster, 100 scored pairs to fit on; against the integral it stands for.

    After five more pairs the estimate has moved by a normal error. Where it then is on the other
    side of the tolerance the label changes, and spares as much as it is beyond.
    """
    n = 200
    scores = np.column_stack([np.ones(n), np.arange(n) % 5 < 4]).astype(float)
    scores[100:] = NAN
    ids = np.zeros(n, dtype=int)
    whole = log(scores, ids, np.ones(n, dtype=bool))
    fitted = measure(scores, whole.costs_usd, ids, 1, MODELS, "large")
    known = estimate_loss(fitted, 0.95)
    mean = known.expected_loss[0, 1]
    error = (known.upper_bound[0, 1] - mean) / norm.ppf(0.95)
    moved = error * np.sqrt(5 / (LOSS_VARIANCE / error**2 + 5))
    first = plan_scores(whole, 10, tolerance=0.195, confidence=0.95)[0]
    beyond = norm(loc=mean, scale=moved).expect(lambda loss: 0.195 - loss, ub=0.195)
    assert mean == pytest.approx(0.2)
    # Nine tenths of the cost are saved on all traffic; five pairs are ten scores.
    assert first.value == pytest.approx(0.9 * beyond / 10, rel=1e-3)


def test_held_out_rows_serve_the_certificate_and_are_completed() -> None:
    whole = three_clusters()
    planned = plan_scores(whole, 100, tolerance=0.04, confidence=0.95)
    for one in planned:
        assert (one.purpose == "certificate") == (not whole.fit[one.row])
    by_row = [one.row for one in planned if one.purpose == "certificate"]
    assert all(by_row.count(row) == 2 for row in by_row[:-1])


def test_everything_missing_can_be_bought_and_then_there_is_nothing_left() -> None:
    whole = three_clusters(60)
    everything = plan_scores(whole, 10_000, tolerance=0.04, confidence=0.95)
    assert len(everything) <= np.isnan(whole.scores).sum()
    full = log(np.ones((30, 2)), np.zeros(30, int), np.arange(30) < 20)
    assert plan_scores(full, 10, tolerance=0.04, confidence=0.95) == ()


def test_a_log_without_any_score_gets_a_plan() -> None:
    empty = log(np.full((50, 2), NAN), np.arange(50) % 2, np.arange(50) % 5 < 3)
    planned = plan_scores(empty, 40, tolerance=0.02, confidence=0.95)
    assert len(planned) == 40
    assert {one.column for one in planned} == {0, 1}


def test_where_only_the_cheaper_model_is_scored_the_frontiers_scores_are_bought() -> None:
    """A pair tells nothing until both are known, whichever of the two is missing."""
    scores = np.column_stack([np.full(100, NAN), np.ones(100)])
    whole = log(scores, np.arange(100) % 2, np.arange(100) % 5 < 3)
    planned = plan_scores(whole, 1000, tolerance=0.02, confidence=0.95)
    assert {(one.row, one.column) for one in planned} == {(row, 0) for row in range(100)}
    # A row that lacks one score is bought before one that lacks two.
    scores[:60] = NAN
    first = plan_scores(whole, 10, tolerance=0.02, confidence=0.95)
    assert all(one.row >= 60 and one.column == 0 for one in first if one.purpose == "label")


def test_where_the_frontier_costs_nothing_no_label_could_save_anything() -> None:
    whole = three_clusters()
    free = replace(whole, costs_usd=np.zeros_like(whole.costs_usd))
    planned = plan_scores(free, 10_000, tolerance=0.04, confidence=0.95)
    assert "label" not in {one.purpose for one in planned}
    assert len({(one.row, one.column) for one in planned}) == len(planned)


def test_a_cluster_an_analyst_labelled_gets_no_scores_that_only_a_label_needs() -> None:
    whole = three_clusters()
    free = plan_scores(whole, 400, tolerance=0.05, confidence=0.95)
    near = {one.row for one in free if one.purpose == "label"} & set(
        np.flatnonzero(whole.cluster_ids == 1)
    )
    assert near, "where nobody chose a label, a few more scores may change it"
    for column in (0, 1):
        labelled = replace(whole, labelled=np.array([-1, column, -1]))
        planned = plan_scores(labelled, 400, tolerance=0.05, confidence=0.95)
        chosen = [one for one in planned if whole.cluster_ids[one.row] == 1]
        assert {one.purpose for one in chosen} == {"certificate"}
        assert {one.column for one in chosen} <= {0, column}
        wanted = may_answer(labelled, tolerance=0.05, confidence=0.95)
        assert wanted[whole.cluster_ids == 1].all(axis=0).tolist() == [True, column == 1]


def test_what_an_index_expects_of_a_text_does_not_matter_where_an_analyst_chose() -> None:
    whole = replace(three_clusters(), labelled=np.array([0, -1, -1]))
    sure = replace(whole, expected_losses=np.zeros_like(whole.scores))
    wanted = may_answer(sure, tolerance=0.05, confidence=0.95)
    assert not wanted[whole.cluster_ids == 0, 1].any()
    assert wanted[whole.cluster_ids != 0, 1].all()


def test_without_any_score_every_cheaper_model_is_scored_on_the_same_held_out_queries() -> None:
    """Whole rows: which of the models would answer is not known, and half a row says nothing."""
    n, models = 60, ("large", "medium", "small")
    whole = ScoredLog(
        cluster_ids=np.arange(n) % 2,
        n_clusters=2,
        fit=np.arange(n) % 5 < 3,
        scores=np.full((n, 3), NAN),
        costs_usd=np.tile([0.1, 0.03, 0.01], (n, 1)),
        expected_losses=np.full((n, 3), NAN),
        labelled=np.full(2, -1),
        models=models,
        frontier="large",
    )
    planned = plan_scores(whole, 40, tolerance=0.02, confidence=0.95)
    held_out = [one.row for one in planned if one.purpose == "certificate"]
    counts = np.bincount(held_out)
    assert set(counts[counts > 0][:-1].tolist()) <= {1, 3}
    assert (counts == 3).sum() >= len(set(held_out)) - 1


def test_a_model_expected_to_do_well_on_a_text_is_scored_there_whatever_its_cluster() -> None:
    """Small plainly fails and mid never does, but for texts of which the index thinks well."""
    n = 300
    fit, half = np.arange(n) % 5 < 3, np.arange(n) < n // 2
    scores = np.tile([1.0, 1.0, 0.0], (n, 1))
    scores[~half] = NAN
    whole = ScoredLog(
        cluster_ids=np.zeros(n, dtype=np.int64),
        n_clusters=1,
        fit=fit,
        scores=scores,
        costs_usd=np.tile([0.1, 0.03, 0.01], (n, 1)),
        expected_losses=np.full((n, 3), NAN),
        labelled=np.full(1, -1),
        models=("large", "mid", "small"),
        frontier="large",
    )
    promising, beyond, accepted = np.flatnonzero(~fit & ~half)[:3].tolist()
    expected = np.full((n, 3), 0.9)
    expected[[promising, beyond, accepted], 2] = 0.04, 0.09, 0.07
    estimated = replace(whole, expected_losses=expected)

    def small_of(log: ScoredLog, accepted_loss: float | np.ndarray) -> set[int]:
        planned = plan_scores(log, 900, tolerance=0.02, confidence=0.95, accepted=accepted_loss)
        return {one.row for one in planned if one.purpose == "certificate" and one.column == 2}

    assert small_of(whole, 0.0) == set()
    assert small_of(estimated, 0.0) == {promising}
    assert small_of(estimated, 0.08) == {promising, accepted}
    of_one = np.zeros((n, 3))
    of_one[beyond, 2] = 0.1
    assert small_of(estimated, of_one) == {promising, beyond}


def test_portions_count_pairs_and_narrow_the_margin() -> None:
    whole = three_clusters()
    planned = plan_scores(whole, 200, tolerance=0.04, confidence=0.95)
    wanted = may_answer(whole, tolerance=0.04, confidence=0.95)
    now, *found = portions(whole, planned, wanted, 0.95)
    assert (now.n_scores, now.label_value) == (0, 0)
    assert [one.n_scores for one in found] == [100, 200]
    scored = np.isfinite(whole.scores).all(axis=1)
    assert now.n_pairs == (scored & ~whole.fit).sum()
    assert now.n_pairs < found[0].n_pairs < found[1].n_pairs
    wide, narrow, narrowest = (one.bound_width for one in (now, *found))
    assert wide is not None
    assert narrow is not None
    assert narrowest is not None
    assert narrowest < narrow < wide


def test_a_model_that_is_fully_scored_does_not_hide_the_holes_of_another() -> None:
    scores = np.array([[1, 1, NAN], [1, 0, 1], [NAN, 1, 1], [1, NAN, NAN], [1, 1, 1]])
    whole = ScoredLog(
        cluster_ids=np.zeros(5, dtype=np.int64),
        n_clusters=1,
        fit=np.arange(5) == 4,
        scores=scores,
        costs_usd=np.tile([0.1, 0.03, 0.01], (5, 1)),
        expected_losses=np.full((5, 3), NAN),
        labelled=np.full(1, -1),
        models=("large", "mid", "small"),
        frontier="large",
    )
    hole = [PlannedScore(0, 2, "certificate", 0.0)]
    both = portions(whole, hole, np.ones((5, 3), dtype=bool), 0.95)
    assert [one.n_pairs for one in both] == [1, 2]  # 1.5 before
    mid_only = portions(whole, hole, np.tile([True, True, False], (5, 1)), 0.95)
    assert [one.n_pairs for one in mid_only] == [2, 2]


def test_the_margin_is_that_of_the_certificate_where_as_many_queries_are_scored() -> None:
    n = 100
    certificate = tiny_certificate(tiny_config(), n_calibration=n)
    scores = np.ones((2 * n, 2))
    scores[0, 1] = NAN
    # All but the first hundred are held out, and scored with both models.
    whole = log(scores, np.zeros(2 * n, dtype=int), np.arange(2 * n) < n)
    bought = [PlannedScore(0, 1, "label", 0.0)]
    wanted = np.ones_like(scores, dtype=bool)
    _, found = portions(whole, bought, wanted, 0.95, loss_variance(certificate))
    assert found.n_pairs == n
    assert found.bound_width == pytest.approx(certificate.upper_bound - certificate.mean_loss)


@pytest.mark.parametrize(
    "shows_nothing",
    [None, {"tolerance": None}, {"n_queries": 0}, {"upper_bound": 0.0, "mean_loss": 0.0}],
)
def test_without_a_margin_to_go_by_the_usual_variance_is_assumed(
    shows_nothing: dict[str, object] | None,
) -> None:
    certificate = tiny_certificate(tiny_config())
    changed = certificate.model_copy(update=shows_nothing) if shows_nothing else None
    assert loss_variance(changed) == LOSS_VARIANCE


def test_the_command_writes_scores_to_buy_without_any_text(
    tmp_path: Path,
) -> None:
    judged, plan = judged_demo(tmp_path), tmp_path / "plan.csv"
    files = judged.files
    with judged.encoding("semroute.planning.files"):
        arguments = ("--index", judged.index, "--queries", files.queries, "--evals", files.evals)
        done = run("evals", "plan", *arguments, "--budget", 150, "-o", plan)
    assert done.code == 0, done.stderr
    assert stat.S_IMODE(plan.stat().st_mode) == 0o600
    with plan.open() as file:
        rows = list(csv.DictReader(file))
    assert 0 < len(rows) <= 150
    assert list(rows[0]) == ["query_id", "model", "score", "purpose", "cluster_key"]
    with files.evals.open() as file:
        known = {(row["query_id"], row["model"]) for row in csv.DictReader(file)}
    assert not known & {(row["query_id"], row["model"]) for row in rows}
    assert "for the certificate" in done.stdout
    assert "need not be spent" not in done.stdout
    assert "buys them again" not in done.stderr
    for column in ("held-out pairs", "margin", "label value"):
        assert done.stdout.count(column) + done.stdout.count(column.capitalize()) == 2


def test_a_budget_above_what_is_missing_is_told_to_be_too_large(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    judged = judged_demo(tmp_path)
    arguments = ("--index", judged.index, "--queries", judged.files.queries)
    with judged.encoding("semroute.planning.files"):
        cold = run("evals", "plan", *arguments, "--budget", 1_000_000)
        done = run("evals", "plan", *arguments, "--evals", judged.files.evals, "--budget", 100_000)
        rows = judged.files.evals.read_text().splitlines(True)
        n_rows, less = len(rows) - 1, tmp_path / "less.csv"
        less.write_text("".join(rows[:-1]))
        one_less = run("evals", "plan", *arguments, "--evals", less, "--budget", 5)
        some = tmp_path / "some.csv"
        some.write_text("".join(judged.files.evals.read_text().splitlines(True)[:8]))
        few = run("evals", "plan", *arguments, "--evals", some, "--budget", 5)
        misspelt = tmp_path / "misspelt.csv"
        misspelt.write_text(judged.files.evals.read_text().replace(",mid-m,", ",Mid-M,"))
        slip = run("evals", "plan", *arguments, "--evals", misspelt, "--budget", 5)
        over = run("evals", "plan", *arguments, "--budget", 5, "-o", judged.files.queries)
        of_test = ("--index", judged.index, "--queries", judged.files.queries_test)
        other = run("evals", "plan", *of_test, "--budget", 5)
    assert (over.code, "is also an input; write to another file" in over.stderr) == (2, True)
    assert slip.code == 0
    assert caplog.messages == [
        "scores of models that are not in the config were not used: 'Mid-M' (did you mean 'mid-m'?)"
    ]
    assert "are not in the log" not in cold.stderr + done.stderr
    assert "of 500 queries are not in the log the index was built from" in other.stderr
    words = done.stdout.replace(",", "").split()
    bought, missing = int(words[0]), int(words[5])
    assert 0 < bought < missing < 900
    assert f"\n{100_000 - bought:,} of the budget of 100,000 need not be spent" in done.stdout
    assert f"the other {missing - bought:,} are not expected to change anything" in done.stdout
    assert "without --evals the plan may buy them again" in cold.stderr
    assert "--evals gives 7, and the plan may buy others again" in few.stderr
    n_left = n_rows - 1
    assert f"--evals gives {n_left:,}, and the plan may buy others again" in one_less.stderr
    assert "again" not in done.stderr
    assert cold.stdout.startswith("4,500 scores to buy of 4,500 missing; 0 are known")
    assert "need not be spent: no more are missing" in cold.stdout
