"""From a sentence-transformers model to one ONNX graph: token ids in, a row of numbers out."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from semroute.encoders.compiled import INPUT, OUTPUT
from semroute.encoders.hidden import LAYERS, with_middle
from semroute.encoders.simplify import simplify

if TYPE_CHECKING:
    from onnx import ModelProto
    from sentence_transformers import SentenceTransformer

OPSET = 23
"""The first with an operator for attention; ONNX Runtime 1.23 and later run it."""


def to_onnx(model: "SentenceTransformer", max_tokens: int, hidden_dimension: int) -> "ModelProto":
    """Export transformer, pooling and normalisation as one graph.

    The graph takes the ids of one text, int64 (1, length), and needs no attention mask, as nothing
    is padded; it gives float32 (1, dimension + hidden_dimension). The same weights and libraries
    give the same bytes.

    Raises:
        Exception: torch cannot express the model as a graph; of many types.
    """
    import torch

    graph = _graph(model, hidden_dimension)
    example = model.tokenizer("One text of a few words.", return_tensors="pt")["input_ids"]
    length = torch.export.Dim("length", min=2, max=max_tokens)
    with _quiet(), torch.no_grad():
        program = torch.onnx.export(
            graph,
            (example,),
            input_names=[INPUT],
            output_names=[OUTPUT],
            dynamic_shapes=({1: length},),
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
    if program is None:
        raise RuntimeError("torch.onnx.export gave no program")
    exported: ModelProto = program.model_proto
    return simplify(exported, max_tokens)


def _graph(model: "SentenceTransformer", hidden_dimension: int) -> Any:
    import torch

    names = model.tokenizer.model_input_names
    dimension = model.truncate_dim

    class Graph(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.steps = torch.nn.ModuleList(list(model))

        def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
            features = {"input_ids": input_ids}
            if "token_type_ids" in names:
                features["token_type_ids"] = torch.zeros_like(input_ids)
            for step in self.steps:
                features = step(features)
            if not hidden_dimension:
                features.pop(LAYERS, None)
            embedding = features["sentence_embedding"][:, :dimension]
            row: torch.Tensor = with_middle(embedding, features)
            return row

    return Graph().eval()


@contextmanager
def _quiet() -> Iterator[None]:
    """Hide what the exporter says of operators and shapes that this model does not have."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
