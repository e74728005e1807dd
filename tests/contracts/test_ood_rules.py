"""What every OOD rule promises, over every rule of `semroute.ood`."""

import numpy as np
import pytest

from semroute.ood import OODRule, OODRules
from tests.contracts.implementations import members


@pytest.mark.parametrize("rule", members(OODRules), ids=lambda rule: rule.__name__)
class TestEveryRule:
    def test_known_traffic_is_called_unknown_about_as_often_as_allowed(
        self, rule: type[OODRule]
    ) -> None:
        generator = np.random.default_rng(0)
        calibrated = rule.calibrate(generator.beta(8, 2, size=20_000), 0.02)
        share = calibrated.is_unknown(generator.beta(8, 2, size=20_000)).mean()
        assert 0.01 < share < 0.03

    def test_dissimilar_text_is_unknown(self, rule: type[OODRule]) -> None:
        calibrated = rule.calibrate(np.linspace(0.5, 0.9, 500), 0.02)
        assert calibrated.is_unknown(np.array([-1.0, 0.0, 0.3])).all()

    def test_text_as_similar_as_any_is_known(self, rule: type[OODRule]) -> None:
        calibrated = rule.calibrate(np.linspace(0.5, 0.9, 500), 0.02)
        assert not calibrated.is_unknown(np.array([0.9, 0.95, 1.0])).any()

    def test_text_without_a_similarity_is_unknown(self, rule: type[OODRule]) -> None:
        calibrated = rule.calibrate(np.linspace(0.5, 0.9, 500), 0.02)
        assert calibrated.is_unknown(np.array([np.nan, 0.8])).tolist() == [True, False]

    def test_with_few_rows_no_dissimilar_text_becomes_known(self, rule: type[OODRule]) -> None:
        for n in range(4):
            calibrated = rule.calibrate(np.full(n, 0.8), 0.02)
            assert calibrated.is_unknown(np.array([0.1])).all()

    def test_one_text_is_judged_as_a_row_among_others(self, rule: type[OODRule]) -> None:
        calibrated = rule.calibrate(np.linspace(0.5, 0.9, 500, dtype=np.float32), 0.02)
        for kind in (np.float32, np.float64):
            rows = np.append(np.linspace(0.45, 0.6, 999), [np.nan, -1, 1]).astype(kind)
            one_by_one = [calibrated.is_unknown_one(row) for row in rows.tolist()]
            assert calibrated.is_unknown(rows).tolist() == one_by_one

    def test_answers_keep_the_shape_of_the_question(self, rule: type[OODRule]) -> None:
        calibrated = rule.calibrate(np.linspace(0.5, 0.9, 500), 0.02)
        for shape in ((0,), (3,), (2, 3)):
            answer = calibrated.is_unknown(np.zeros(shape, dtype=np.float32))
            assert answer.shape == shape
            assert answer.dtype == np.bool_
