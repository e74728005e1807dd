"""From a float32 graph to int8: weights per channel, activations as they come."""

import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from semroute.encoders.quiet_runtime import quiet_onnxruntime
from semroute.encoders.simplify import inner_values

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto

SMOOTHING = 0.7
"""How much of an activation's outliers moves into the weights: 0 none, 1 all. From 0.7 to 0.9 the
vectors of all-MiniLM-L6-v2 were equally close to the original; 0.7 harms least where the examples
are few (16 instead of 60)."""

_SMALLEST_RANGE = 1e-5


def quantise(model: "ModelProto", examples: Sequence[NDArray[np.int64]]) -> "ModelProto":
    """Return an int8 copy of a graph that takes the token ids of one text.

    Weights are quantised per output channel. Activations are quantised as they come, one scale for
    all of a text's tokens and channels; so that a few large channels do not drown the others, their
    size is first moved into the weights (SmoothQuant, Xiao et al. 2023). With all-MiniLM-L6-v2 and
    60 examples the mean cosine to the original rose from 0.9938 to 0.9977, at no cost in time.

    Args:
        model: float32.
        examples: token ids of texts like those to come, each int64 of shape (1, length).
    """
    from onnx import ModelProto, load

    quiet_onnxruntime()
    from onnxruntime.quantization import QuantType, quantize_dynamic

    smoothed = ModelProto()
    smoothed.CopyFrom(model)
    _smooth(smoothed, examples)
    # Otherwise the library advises, through the root logger, what the exporter has already done.
    note = smoothed.metadata_props.add()
    note.key, note.value = "onnx.quant.pre_process", "onnxruntime.quant"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "int8.onnx"
        quantize_dynamic(
            smoothed,
            path,
            op_types_to_quantize=["MatMul", "Gemm", "Gather"],
            per_channel=True,
            weight_type=QuantType.QInt8,
            extra_options={"DefaultTensorType": 1},
        )
        quantised = load(path)
    del quantised.metadata_props[:]
    return quantised


def _smooth(model: "ModelProto", examples: Sequence[NDArray[np.int64]]) -> None:
    """Divide each activation by a factor per channel, and multiply the weights by the same."""
    from onnx import helper, numpy_helper

    graph = model.graph
    weights = {weight.name: weight for weight in graph.initializer}
    products = _products(graph)
    sizes = _largest(model, sorted(products), examples)
    for name, users in products.items():
        matrices = [numpy_helper.to_array(weights[node.input[1]]) for node in users]
        weight_sizes = np.max([np.abs(matrix).max(axis=1) for matrix in matrices], axis=0)
        factors = _factors(sizes[name], weight_sizes)
        for node, matrix in zip(users, matrices, strict=True):
            smoothed = (matrix * factors[:, None]).astype(np.float32)
            weights[node.input[1]].CopyFrom(numpy_helper.from_array(smoothed, node.input[1]))
            node.input[0] = f"{name}_smoothed"
        inverse = numpy_helper.from_array((1 / factors).astype(np.float32), f"{name}_inverse")
        graph.initializer.append(inverse)
        divide = helper.make_node("Mul", [name, inverse.name], [f"{name}_smoothed"])
        graph.node.insert(list(graph.node).index(users[0]), divide)


def _products(graph: "GraphProto") -> dict[str, list["NodeProto"]]:
    """Return the matrix products with float weights used once, by the activation they take."""
    uses = Counter(name for node in graph.node for name in node.input)
    matrices = {
        weight.name
        for weight in graph.initializer
        if len(weight.dims) == 2 and weight.data_type == 1 and uses[weight.name] == 1
    }
    products: dict[str, list[NodeProto]] = {}
    for node in graph.node:
        if node.op_type == "MatMul" and node.input[1] in matrices:
            products.setdefault(node.input[0], []).append(node)
    return products


def _largest(
    model: "ModelProto", names: list[str], examples: Sequence[NDArray[np.int64]]
) -> dict[str, NDArray[np.float32]]:
    """Return the largest absolute value per channel of each activation, over all examples."""
    found: dict[str, NDArray[np.float32]] = {}
    for values in inner_values(model, names, examples):
        for name, value in values.items():
            sizes = np.abs(value).reshape(-1, value.shape[-1]).max(axis=0)
            found[name] = np.maximum(found.get(name, 0), sizes)
    return found


def _factors(activation_sizes: NDArray[np.float32], weight_sizes: NDArray[np.float32]) -> Any:
    """Return a positive factor per channel, one on (geometric) average."""
    activations = np.log(np.maximum(activation_sizes, _SMALLEST_RANGE))
    weights = np.log(np.maximum(weight_sizes, _SMALLEST_RANGE))
    logs = SMOOTHING * activations - (1 - SMOOTHING) * weights
    return np.exp(logs - logs.mean())
