"""The certificate: how far it goes, how often it is right, and what it says without data."""

import math
from dataclasses import replace

import numpy as np
import pytest

from semroute.betting import rules_out
from semroute.certificate import Certificate
from semroute.certify import TOLERANCES, CalibrationRows, certify
from semroute.known_losses import known_losses, policy_losses
from semroute.policy import NO_OVERRIDE, Choices, RoutingPolicy
from tests.tiny import tiny_config
from tests.tiny_index import tiny_certificate
from tests.two_models import MODELS, two_model_policy, two_model_rows


def _log(n: int, seed: int = 0) -> CalibrationRows:
    """Half of the queries lose nothing with `small`, half lose 0.3 on average; estimates know."""
    random = np.random.default_rng(seed)
    hard = random.uniform(size=n) < 0.5
    small = np.where(hard, random.uniform(size=n) > 0.3, 1.0)
    return two_model_rows(np.where(hard, 0.3, 0.0), np.ones(n), small)


def _certify(rows: CalibrationRows, policy: RoutingPolicy | None = None) -> Certificate:
    return certify(policy or two_model_policy(), MODELS, rows, 0.02, 0.95)


class TestLosses:
    @pytest.mark.parametrize(
        ("large", "small", "column", "loss", "is_worst_case"),
        [
            (0.9, 0.4, 1, 0.5, False),
            (0.4, 0.9, 1, -0.5, False),
            (0.9, np.nan, 1, 0.9, True),
            (np.nan, 0.4, 1, 0.6, True),
            (np.nan, np.nan, 1, 1.0, True),
            (np.nan, 0.4, 0, 0.0, False),
        ],
    )
    def test_a_missing_score_counts_as_the_worst_there_could_be(
        self, large: float, small: float, column: int, loss: float, is_worst_case: bool
    ) -> None:
        choices = Choices(np.array([column]), np.array([0]))
        losses, worst = policy_losses(choices.columns, np.array([[large, small]]), 0)
        assert losses[0] == pytest.approx(loss)
        assert worst[0] == is_worst_case


class TestCertificate:
    def test_enough_data_certifies_the_queries_that_lose_nothing(self) -> None:
        found = _certify(_log(4000))
        assert found.holds
        assert found.tolerance is not None
        assert 0 <= found.tolerance < 0.3
        assert found.mean_loss == 0
        assert found.upper_bound <= 0.02
        assert found.frontier_share == pytest.approx(0.5, abs=0.03)
        assert found.cost_usd == pytest.approx(0.0105, abs=0.0006)
        assert found.n_needed is None
        assert "at most 0.02 of mean score" in found.sentence
        assert "traffic like the 4,000 scored calibration queries" in found.sentence

    def test_the_tolerance_is_the_largest_before_the_first_that_fails(self) -> None:
        rows = _log(4000)
        tolerance = _certify(rows).tolerance
        following = TOLERANCES[TOLERANCES.index(tolerance) + 1]
        choices = two_model_policy(tolerance=following).choose(rows.traffic)
        losses, _ = policy_losses(choices.columns, rows.scores, 0)
        assert not rules_out(losses, 0.02, 0.95)

    def test_a_later_tolerance_that_would_pass_is_not_looked_at(self) -> None:
        # A sixth of the queries gains 1 but is expected to lose 0.4; a sixth loses 1, expected 0.2.
        kind = np.arange(4800) % 6
        expected = np.select([kind == 0, kind == 1], [0.4, 0.2], 0.0)
        rows = two_model_rows(
            expected, np.where(kind == 0, 0.0, 1.0), np.where(kind == 1, 0.0, 1.0)
        )
        losses, _ = policy_losses(
            two_model_policy(tolerance=0.5).choose(rows.traffic).columns, rows.scores, 0
        )
        assert rules_out(np.random.default_rng(0).permutation(losses), 0.05, 0.95)
        found = certify(two_model_policy(), MODELS, rows, 0.05, 0.95)
        assert found.tolerance is not None
        assert found.tolerance < 0.2

    def test_too_little_data_certifies_nothing_and_says_how_much_it_takes(self) -> None:
        found = _certify(_log(100))
        assert found.tolerance is None
        assert found.holds
        assert found.frontier_share == 1
        assert found.upper_bound == 0
        assert found.n_needed is not None
        assert _certify(_log(2 * found.n_needed)).tolerance is not None
        assert "100 scored calibration queries held out are too few to tell" in found.sentence
        assert f"think of some {found.n_needed:,} to" in found.sentence

    def test_queries_that_show_cheaper_models_to_lose_too_much_say_so(self) -> None:
        random = np.random.default_rng(0)
        rows = two_model_rows(random.uniform(0.2, 0.9, 2000), np.ones(2000), np.zeros(2000))
        found = _certify(rows)
        assert found.n_needed is None
        assert "no cheaper model comes close to losing at most 0.02" in found.sentence

    def test_missing_scores_are_no_verdict_on_cheaper_models(self) -> None:
        """Whole, these queries certify something; two in five of the small model's are known."""
        rows = _log(2000)
        assert _certify(rows).tolerance is not None
        rows.scores[np.random.default_rng(1).uniform(size=2000) > 0.4, 1] = np.nan
        found = _certify(rows)
        n_paired = int((~np.isnan(rows.scores[:, 1])).sum())
        assert found.tolerance is None
        assert found.n_needed is not None
        assert n_paired < found.n_needed <= 3 * n_paired
        told = "too few of the 2,000 scored calibration queries held out have the scores that tell"
        assert told in found.sentence
        assert found.sentence.endswith("held out, with all scores.")

    def test_few_queries_with_bad_luck_are_no_verdict_on_cheaper_models(self) -> None:
        # 6 of 122 lost: a mean of 0.05, seen in one of three such samples if it were 0.03.
        rows = two_model_rows(np.zeros(122), np.ones(122), np.arange(122) % 20 != 0)
        found = _certify(rows)
        assert found.n_needed is not None
        assert 300 <= found.n_needed <= 3000

    def test_queries_without_any_score_say_nothing(self) -> None:
        rows = _log(4000)
        rows.scores[:2000] = np.nan
        found = _certify(rows)
        assert (found.n_queries, found.n_unscored, found.n_worst_case) == (2000, 2000, 0)
        assert found.tolerance is not None

    def test_scores_missing_at_random_only_cost_queries(self) -> None:
        rows, complete = _log(4000), _certify(_log(4000))
        lost = np.random.default_rng(1).uniform(size=4000) < 0.3
        rows.scores[lost, 1] = np.nan
        found = _certify(rows)
        assert found.tolerance == complete.tolerance
        assert found.n_left_out == pytest.approx(600, abs=80)
        assert found.n_worst_case == 0
        assumed = f"assuming the scores {found.n_left_out} of them lack are missing at random"
        assert assumed in found.sentence

    def test_leaving_out_queries_does_not_make_a_policy_look_better(self) -> None:
        # All of `small`'s queries lose 0.04, half of traffic goes there: the mean is 0.02.
        n = 4000
        expected = np.where(np.arange(n) % 2, 0.0, 0.9)
        rows = two_model_rows(expected, np.ones(n), np.full(n, 0.96))
        rows.scores[np.random.default_rng(1).uniform(size=n) < 0.4, 1] = np.nan
        order = np.arange(n)
        choices = two_model_policy(tolerance=0.5).choose(rows.traffic)
        found = known_losses(
            choices.columns, rows.scores, rows.traffic.losses, rows.traffic.cluster_ids, 0, order
        )
        assert found.mean == pytest.approx(0.02, abs=1e-9)
        assert found.weights.sum() == pytest.approx(n)
        assert len(found.losses) + found.n_left_out == n

    def test_a_model_hardly_scored_where_it_answers_counts_as_failing(self) -> None:
        rows = _log(4000)
        rows.scores[np.random.default_rng(1).uniform(size=4000) < 0.6, 1] = np.nan
        found = _certify(rows)
        assert found.tolerance is None
        assert found.frontier_share == 1

    def test_a_text_counts_once_however_often_it_was_asked(self) -> None:
        rows = _log(100)
        often = np.arange(6000) % 100
        asked = two_model_rows(
            rows.traffic.losses[often, 1], rows.scores[often, 0], rows.scores[often, 1]
        )
        copies, texts = _certify(replace(asked, text_ids=often)), _certify(rows)
        assert _certify(asked).tolerance is not None
        assert (copies.tolerance, copies.n_queries) == (texts.tolerance, 100) == (None, 100)
        assert (copies.n_repeated, texts.n_repeated) == (5900, 0)

    def test_the_sentence_says_that_copies_do_not_count(self) -> None:
        found = _certify(replace(_log(4000), text_ids=np.arange(4000) // 2))
        assert "like the 2,000 scored calibration queries, each text counted once" in found.sentence

    def test_of_the_copies_of_a_text_one_that_is_scored_counts(self) -> None:
        rows, text_ids = _log(4000), np.arange(4000) // 2
        rows.scores[::2] = np.nan
        found = _certify(replace(rows, text_ids=text_ids))
        assert (found.n_queries, found.n_repeated, found.n_unscored) == (2000, 0, 2000)

    def test_no_calibration_query_certifies_nothing(self) -> None:
        found = _certify(_log(0))
        assert (found.tolerance, found.holds, found.n_queries) == (None, True, 0)
        assert found.n_needed is not None

    def test_a_promise_to_lose_nothing_keeps_the_frontier(self) -> None:
        rows = _log(2000)
        found = certify(two_model_policy(), MODELS, rows, 0.0, 0.95)
        assert found.frontier_share == 1
        assert "no number of queries could show that nothing at all is lost" in found.sentence

    def test_a_harmful_label_is_reported_and_leaves_no_promise(self) -> None:
        rows = two_model_rows(np.full(2000, 0.3), np.ones(2000), np.zeros(2000))
        found = _certify(rows, two_model_policy(overrides=np.array([1, NO_OVERRIDE])))
        assert not found.holds
        assert found.tolerance is None
        assert found.mean_loss == 1
        assert found.n_overrides == 1
        assert "NOT certified" in found.sentence

    def test_a_harmless_label_is_part_of_the_promise(self) -> None:
        rows = two_model_rows(np.full(2000, 0.9), np.ones(2000), np.ones(2000))
        found = _certify(rows, two_model_policy(overrides=np.array([1, NO_OVERRIDE])))
        assert found.holds
        assert found.model_shares == {"large": 0.0, "small": 1.0}
        assert "1 analyst's label included" in found.sentence

    def test_a_label_no_calibration_query_shows_is_not_said_to_change_nothing(self) -> None:
        rows = two_model_rows(np.full(2000, 0.3), np.ones(2000), np.zeros(2000))
        found = _certify(rows, two_model_policy(overrides=np.array([NO_OVERRIDE, 1])))
        assert (found.holds, found.tolerance, found.frontier_share) == (True, None, 1)
        assert found.sentence.startswith("With confidence 95%, at most 0.02 of mean score is lost")
        assert found.sentence.endswith("1 analyst's label included.")

    def test_without_any_calibration_query_nothing_is_promised(self) -> None:
        found = _certify(_log(0))
        assert found.sentence.startswith("Nothing cheaper could be certified, so large answers")
        assert "the 0 scored calibration queries held out are too few to tell" in found.sentence

    def test_a_label_for_the_frontier_needs_no_defence_however_few_the_queries(self) -> None:
        found = _certify(_log(30), two_model_policy(overrides=np.array([NO_OVERRIDE, 0])))
        assert found.holds
        assert (found.tolerance, found.upper_bound, found.n_overrides) == (None, 0.0, 1)
        assert found.n_needed is not None
        assert found.sentence.startswith("Nothing cheaper could be certified")

    def test_a_label_for_the_frontier_costs_the_rest_of_the_traffic_nothing(self) -> None:
        rows = _log(4000)
        rows.traffic.cluster_ids[::40] = 1
        plain = _certify(rows)
        labelled = _certify(rows, two_model_policy(overrides=np.array([NO_OVERRIDE, 0])))
        assert labelled.holds
        assert labelled.tolerance == plain.tolerance is not None

    def test_unknown_text_counts_as_answered_by_the_frontier(self) -> None:
        rows = two_model_rows(np.zeros(2000), np.ones(2000), np.zeros(2000))
        rows.traffic.similarities[:1990] = 0.1
        found = _certify(rows)
        assert found.frontier_share >= 0.995

    def test_the_promise_is_kept_as_often_as_it_says(self) -> None:
        # Estimates are noise and every query loses 0.1 on average: any tolerance that sends more
        # than a fifth of traffic to `small` breaks the promise.
        random = np.random.default_rng(5)
        broken = 0
        for _ in range(100):
            expected = random.uniform(-0.2, 0.2, 250)
            rows = two_model_rows(expected, np.ones(250), random.uniform(size=250) > 0.1)
            tolerance = certify(two_model_policy(), MODELS, rows, 0.02, 0.8).tolerance
            broken += tolerance is not None and (tolerance + 0.2) / 0.4 * 0.1 > 0.02
        assert broken / 100 <= 0.2 + 2 * math.sqrt(0.2 * 0.8 / 100)

    def test_what_is_saved_is_a_share_of_the_frontiers_cost_and_nothing_of_nothing(self) -> None:
        certificate = tiny_certificate(tiny_config())
        assert certificate.saving == pytest.approx(1 - 0.008 / 0.02)
        free = certificate.model_copy(update={"cost_usd": 0.0, "frontier_cost_usd": 0.0})
        assert free.saving == 0

    def test_costs_are_those_measured_and_else_those_expected(self) -> None:
        rows = _log(4000)
        rows.costs_usd[:1000] = [0.1, 0.04]
        found = _certify(rows)
        chosen = two_model_policy(tolerance=found.tolerance).choose(rows.traffic).columns
        expected = np.where(np.arange(4000)[:, None] < 1000, [0.1, 0.04], [0.02, 0.001])
        assert found.frontier_cost_usd == pytest.approx(0.04)
        assert found.cost_usd == pytest.approx(expected[np.arange(4000), chosen].mean())

    def test_nothing_is_promised_that_the_queries_themselves_deny(self) -> None:
        """The first 950 in the order lose nothing, which would be proof; the last fifty fail."""
        small = (np.arange(1000) < 950).astype(float)
        rows = replace(
            two_model_rows(np.zeros(1000), np.ones(1000), small), text_ids=np.arange(1000)
        )
        assert rules_out(1 - small, 0.02, 0.95)
        assert _certify(rows).tolerance is None
        assert certify(two_model_policy(), MODELS, rows, 0.051, 0.95).tolerance is not None
        labelled = _certify(rows, two_model_policy(overrides=np.array([1, NO_OVERRIDE])))
        assert (labelled.holds, labelled.upper_bound) == (False, pytest.approx(0.05))
        assert "may reach 0.0500, above the 0.02 asked for" in labelled.sentence

    def test_it_survives_json(self) -> None:
        found = _certify(_log(1000))
        assert Certificate.model_validate_json(found.model_dump_json(), strict=True) == found
