"""What a build learns of costs by length, and serves."""

from pathlib import Path

import numpy as np
import pytest

from semroute.artifact.loading import load_index
from semroute.artifact.serving import usual_costs_usd
from semroute.evaluate.frozen import read_frozen_set
from semroute.evaluate.tolerance import estimated
from semroute.router import SemanticRouter
from tests.build.small import build_small, rows_of, write_priced_files, write_rows
from tests.tiny import TinyEncoder


@pytest.fixture(scope="module")
def priced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of requests of many lengths whose models have prices a token."""
    folder = tmp_path_factory.mktemp("priced")
    files, generator = write_priced_files(folder), np.random.default_rng(0)
    rows = rows_of(files)
    for row in rows:
        row["messages"] = chat(row.pop("text"), int(generator.lognormal(5, 1)))
    write_rows(files, rows)
    build_small(files, folder / "i")
    return folder


def chat(text: str, n_more: int) -> list[dict[str, str]]:
    return [{"role": "system", "content": "x" * n_more}, {"role": "user", "content": text}]


def test_prices_a_token_are_learned_as_costs_a_character(priced: Path) -> None:
    estimator = load_index(priced / "i").estimator
    assert estimator.usd_per_char == pytest.approx([10 / 4e6, 1 / 4e6])


@pytest.mark.parametrize("n_more", [0, 500, 5_000])
def test_a_request_is_expected_to_cost_what_the_config_says_of_its_length(
    priced: Path, n_more: int
) -> None:
    router = SemanticRouter.load(priced / "i", encoder=TinyEncoder())
    text = "topic1a topic1b topic1c topic1d topic1e detail1"
    decision = router.route(chat(text, n_more))
    prices = load_index(priced / "i").manifest.config.prices_usd([n_more + len(text)])[0]
    found = {one.model: one.expected_cost_usd for one in decision.candidates}
    assert [found["large"], found["small"]] == pytest.approx(prices.tolist(), rel=1e-6)


def test_held_out_queries_were_expected_to_cost_what_they_do(priced: Path) -> None:
    calibration = load_index(priced / "i").calibration
    assert calibration.expected_costs_usd == pytest.approx(calibration.costs_usd, rel=1e-6)


@pytest.mark.parametrize(("price", "is_told"), [("1", True), ("0.003", False)])
def test_a_model_that_is_cheaper_on_long_requests_alone_may_save_something(
    tmp_path: Path, price: str, is_told: bool
) -> None:
    files, generator = write_priced_files(tmp_path), np.random.default_rng(0)
    rows = rows_of(files)
    for row in rows:
        row["messages"] = chat(row.pop("text"), int(generator.lognormal(5, 1)))
    write_rows(files, rows)
    large, small = files.config.read_text().split('[[models]]\nname = "small"\n')
    small = f"usd_per_request = {price}\n{small[small.index('[quality]') :]}"
    files.config.write_text(f'{large}[[models]]\nname = "small"\n{small}')
    warnings = build_small(files, tmp_path / "i").warnings
    frontier, model = usual_costs_usd(load_index(tmp_path / "i"))
    assert model > 3 * frontier
    assert any("nothing can be saved" in one for one in warnings) == is_told


def test_baselines_know_what_requests_cost_by_their_length_too(
    priced: Path, tmp_path: Path
) -> None:
    fresh = write_priced_files(tmp_path, n_queries=80, seed=1)
    rows = rows_of(fresh)
    for number, row in enumerate(rows):
        row["text"] += f" {number} other words" * (1 + number % 5)
    write_rows(fresh, rows)
    contents = load_index(priced / "i")
    frozen = read_frozen_set(fresh.queries, fresh.evals, contents)
    expected = estimated(np.zeros((80, 2)), frozen)
    prices = contents.manifest.config.prices_usd([len(row["text"]) for row in rows])
    assert expected.traffic.costs_usd == pytest.approx(prices)
    usual = float(prices[:, 0].mean())
    assert expected.policy.usual_cost_usd == pytest.approx(usual)
    assert expected.policy.most_cost_usd == pytest.approx(3 * usual)
