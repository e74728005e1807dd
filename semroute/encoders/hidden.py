"""Hidden states: what the middle of a transformer knows of a text, beside its embedding.

An embedding says what a text is about and forgets much of how it is put; the middle of the network
still knows, and costs nothing, as it is computed on the way. For what layers know see Tenney et
al., "BERT rediscovers the classical NLP pipeline", ACL 2019.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

LAYERS = "all_layer_embeddings"
"""What sentence-transformers calls the hidden states, of every layer and before the first."""


MOST_NUMBERS = 64_000_000
"""Of hidden states held at a time, as all layers are kept until the last is done: 256 MB."""


def keep_hidden_states(model: "SentenceTransformer", *, keep: bool = True) -> None:
    """Let a model hand on its hidden states, if it has a transformer, or no longer."""
    config = _config(model)
    if hasattr(config, "output_hidden_states"):
        config.output_hidden_states = keep


def texts_at_a_time(model: "SentenceTransformer", n_tokens: int) -> int:
    """Return how many texts, padded to `n_tokens`, a model may run with `MOST_NUMBERS`."""
    config = _config(model)
    sizes = (getattr(config, name, None) for name in ("num_hidden_layers", "hidden_size"))
    n_layers, width = (size if isinstance(size, int) else 1 for size in sizes)
    return max(1, MOST_NUMBERS // ((n_layers + 1) * width * max(n_tokens, 1)))


def _config(model: "SentenceTransformer") -> Any:
    return getattr(getattr(model[0], "auto_model", None), "config", None)


def with_middle(embedding: Any, features: Mapping[str, Any]) -> Any:
    """Put the middle layer's mean over a text's tokens behind its embedding, both of length one.

    Args:
        embedding: torch tensor, shape (n, dimension).
        features: what the model returned, and its `attention_mask` if texts are padded.

    Returns:
        shape (n, dimension + hidden_dimension); the embedding alone if there are no hidden states.
    """
    import torch

    unit = torch.nn.functional.normalize(embedding, p=2, dim=1)
    if LAYERS not in features:
        return unit
    layers = features[LAYERS]
    middle = layers[len(layers) // 2]
    mask = features.get("attention_mask")
    # The length of the sum is scaled away, so it does for the mean.
    total = middle.sum(dim=1) if mask is None else (middle * mask[:, :, None]).sum(dim=1)
    return torch.cat([unit, torch.nn.functional.normalize(total, p=2, dim=1)], dim=1)
