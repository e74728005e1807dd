"""`semroute.toml`: what is required, what it means, and what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from semroute.clustering.density import UMAPHDBSCAN
from semroute.clustering.spherical import SphericalKMeans
from semroute.config import Config, ModelPrice, read_config
from semroute.encoders.sentence_transformer import SentenceTransformerSettings
from semroute.errors import ConfigError
from tests.broken_files import GOOD_CONFIG
from tests.tiny import tiny_config

SHARED = Path(__file__).parent.parent.parent / "shared" / "data"

SHORTEST = 'frontier = "a"\nmodels = [{ name = "a", usd_per_request = 1 }]\n'


def read(folder: Path, text: str | bytes) -> Config:
    path = folder / "semroute.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_config(path)


def test_frontier_and_models_are_enough(tmp_path: Path) -> None:
    config = read(tmp_path, SHORTEST)
    assert config.model_names == ("a",)
    assert (config.quality.max_loss, config.quality.confidence) == (0.02, 0.95)
    assert config.encoder == SentenceTransformerSettings()
    assert config.clustering == UMAPHDBSCAN()
    assert config.ood.max_false_fallback == 0.02


def test_every_key_of_the_file_is_taken(tmp_path: Path) -> None:
    config = read(
        tmp_path,
        """
        frontier = "large"
        models = [
          { name = "large", usd_per_request = 0.02, context_window = 128000 },
          { name = "small", usd_per_million_input_tokens = 1, usd_per_million_output_tokens = 2.5 },
        ]
        [quality]
        max_loss = 0
        confidence = 0.9
        [encoder]
        model = "some/encoder"
        batch_size = 8
        [clustering]
        kind = "kmeans"
        [ood]
        max_false_fallback = 0.05
        [texts]
        max_chars = 500
        """,
    )
    assert config.price("large").context_window == 128_000
    assert config.price("small").usd_per_million_output_tokens == 2.5
    assert (config.quality.max_loss, config.quality.confidence) == (0, 0.9)
    assert config.encoder == SentenceTransformerSettings(model="some/encoder", batch_size=8)
    assert config.clustering == SphericalKMeans()
    assert (config.ood.max_false_fallback, config.texts.max_chars) == (0.05, 500)


@pytest.mark.parametrize(
    "content",
    [b"\xef\xbb\xbf" + SHORTEST.encode(), SHORTEST.replace("\n", "\r\n").encode()],
    ids=["byte-order-mark", "windows-line-ends"],
)
def test_files_of_windows_editors_are_read(content: bytes, tmp_path: Path) -> None:
    assert read(tmp_path, content).frontier == "a"


def test_a_config_survives_json_and_cannot_be_changed(tmp_path: Path) -> None:
    config = read(tmp_path, GOOD_CONFIG)
    assert Config.model_validate_json(config.model_dump_json()) == config
    assert Config.model_validate(json.loads(config.model_dump_json())) == config
    with pytest.raises(ValidationError, match="frozen"):
        config.frontier = "small"


def test_a_request_costs_its_price_or_its_tokens() -> None:
    assert ModelPrice(name="a", usd_per_request=0.5).cost_usd(1e9) == 0.5
    by_token = ModelPrice(
        name="a",
        usd_per_million_input_tokens=3,
        usd_per_million_output_tokens=15,
        output_tokens_per_request=200,
    )
    # 4,000 characters are 1,000 tokens: $0.003 in, and 200 tokens out are $0.003.
    assert by_token.cost_usd(4_000) == pytest.approx(0.006)


@pytest.mark.parametrize(
    "prices",
    [
        {},
        {"usd_per_million_input_tokens": 1},
        {"usd_per_million_output_tokens": 1},
        {"usd_per_request": 1, "usd_per_million_input_tokens": 1},
        {
            "usd_per_request": 1,
            "usd_per_million_input_tokens": 1,
            "usd_per_million_output_tokens": 1,
        },
    ],
)
def test_a_model_has_exactly_one_kind_of_price(prices: dict[str, float]) -> None:
    with pytest.raises(ValidationError, match="model 'a' needs either usd_per_request, or both"):
        ModelPrice(name="a", **prices)


def test_a_free_model_is_a_model() -> None:
    assert ModelPrice(name="a", usd_per_request=0).cost_usd(100) == 0


def test_an_unknown_frontier_lists_the_models() -> None:
    with pytest.raises(ValidationError, match="they are 'large', 'medium', 'small'"):
        tiny_config(frontier="gpt")


def test_the_first_problem_of_the_file_is_told_and_the_others_counted(tmp_path: Path) -> None:
    text = (
        GOOD_CONFIG.replace("0.0005", '"cheap"')
        .replace("15", "1")
        .replace("= 0.02\n\n[c", "= 2\n\n[c")
    )
    with pytest.raises(ConfigError, match=r"line 9, key models\[1\].+ \(and 2 more\)$") as caught:
        read(tmp_path, text)
    assert (caught.value.line, caught.value.value) == (9, "cheap")
    assert caught.value.column == "models[1].usd_per_request"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (SHORTEST + "quality.max_loss = 2\n", 3),
        (SHORTEST + "quality = { max_loss = 2 }\n", 3),
        (SHORTEST + "  [ quality ]  # ours\n\n  max_loss=2\n", 5),
        (SHORTEST + "[ood]\nmax_false_fallback = 0.1\n[quality]\nmax_loss = 2\n", 6),
        ('frontier = "a"\nmodels = [\n  { name = "a", usd_per_request = -1 },\n]\n', 2),
    ],
    ids=["dotted", "inline", "spaced", "second-table", "inline-list"],
)
def test_the_line_of_a_key_is_found_however_it_is_written(
    text: str, line: int, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=r"should be (less|greater) than or equal to") as caught:
        read(tmp_path, text)
    assert caught.value.line == line


def test_what_an_unknown_key_holds_is_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="key api_key: is not a known key") as caught:
        read(tmp_path, 'api_key = "sk-canary"\n' + SHORTEST)
    assert "canary" not in str(caught.value)


def test_prices_of_texts_are_those_of_requests_of_their_length() -> None:
    by_token = {"name": "tokens", "usd_per_million_input_tokens": 4}
    by_token |= {"usd_per_million_output_tokens": 8, "output_tokens_per_request": 100}
    models = [{"name": "flat", "usd_per_request": 0.01}, by_token]
    config = Config.model_validate({"frontier": "flat", "models": models})
    assert config.prices_usd([400, 0]) == pytest.approx(np.array([[0.01, 0.0012], [0.01, 0.0008]]))
    assert config.prices_usd([]).shape == (0, 2)


@pytest.mark.real_data
@pytest.mark.parametrize(("name", "n_models"), [("routellm", 2), ("routerbench", 11)])
def test_real_configs_are_read(name: str, n_models: int) -> None:
    path = SHARED / name / "semroute.toml"
    if not path.exists():
        pytest.skip("the shared data sets are not there")
    config = read_config(path)
    assert len(config.model_names) == n_models
    assert config.frontier == "gpt-4-1106-preview"


@pytest.mark.parametrize(
    ("table", "key", "value"), [("quality", "least_known", 0.2), ("texts", "truncated", "frontier")]
)
def test_a_key_that_came_later_is_written_only_where_it_changes_something(
    tmp_path: Path, table: str, key: str, value: object
) -> None:
    """So that an older semroute reads the manifest of an index that does not use it."""
    usual = read(tmp_path, SHORTEST)
    changed = read(tmp_path, f"{SHORTEST}[{table}]\n{key} = {json.dumps(value)}\n")
    assert key not in usual.model_dump()[table]
    assert changed.model_dump()[table][key] == value
    assert Config.model_validate_json(changed.model_dump_json()) == changed
