"""Distilling a sentence-transformers model to static embeddings, at build time."""

import contextlib
import copy
import io
from typing import Any

import numpy as np

from semroute.encoders.files import EMBEDDINGS, SETTINGS, TOKENIZER, tokenizer_json
from semroute.encoders.sentence_transformer import SentenceTransformerEncoder
from semroute.encoders.static import StaticFileSettings
from semroute.errors import EncoderError, MissingExtraError

_DEFAULT_MAX_TOKENS = 512


def distil(encoder: SentenceTransformerEncoder, dimension: int) -> dict[str, bytes]:
    """Return the files of a `StaticEncoder` of at most `dimension` numbers a vector.

    The same weights and libraries give the same bytes. All-MiniLM-L6-v2 takes 13 s on two cores.

    Raises:
        EncoderError: the model's tokenizer or network is not of a kind that can be distilled.
        MissingExtraError: model2vec is not installed.
    """
    try:
        from model2vec.distill import distill_from_model
    except ImportError as error:
        raise MissingExtraError("the static encoder", "static", "model2vec") from error
    transformer: Any = encoder.model[0]
    try:
        # The library resizes the network it is given, and looks its name up on the model hub
        # unless it is a folder.
        network = copy.deepcopy(transformer.auto_model)
        network.config.output_hidden_states = False
        network.name_or_path = "."
        with contextlib.redirect_stderr(io.StringIO()):
            distilled = distill_from_model(
                network,
                encoder.model.tokenizer,
                device="cpu",
                pca_dims=min(dimension, network.config.hidden_size),
                quantize_to="float16",
            )
    except (AttributeError, KeyError, RuntimeError, TypeError, ValueError) as error:
        raise EncoderError(
            f"the encoder model {encoder.identity.model!r} cannot be distilled to static "
            f"embeddings ({type(error).__name__}); choose another model, or kind = "
            '"sentence-transformers"'
        ) from error
    embeddings = io.BytesIO()
    np.save(embeddings, distilled.embedding, allow_pickle=False)
    settings = StaticFileSettings(
        model=encoder.identity.model,
        max_tokens=distilled.max_length or _DEFAULT_MAX_TOKENS,
        unknown_id=distilled.unk_token_id,
        cut=encoder.cut,
    )
    return {
        EMBEDDINGS: embeddings.getvalue(),
        TOKENIZER: tokenizer_json(distilled.tokenizer),
        SETTINGS: settings.model_dump_json(indent=2).encode(),
    }
