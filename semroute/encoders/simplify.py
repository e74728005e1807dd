"""Rewriting an exported graph: the same vectors, less work, and nothing of where it was made."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from semroute.encoders.compiled import INPUT, open_session

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto

_MASK = 3
"""The place of the mask among the inputs of ONNX's `Attention`; before it: query, key, value."""


def simplify(model: "ModelProto", max_tokens: int) -> "ModelProto":
    """Remove idle masks, transposes and notes; `model` is changed and returned.

    Args:
        model: takes the ids of one text without padding.
        max_tokens: the longest text it will be given.
    """
    _drop_idle_masks(model, max_tokens)
    _let_attention_split_heads(model.graph)
    _drop_unused(model.graph)
    _drop_notes(model)
    return model


def _attentions(graph: "GraphProto") -> list["NodeProto"]:
    return [node for node in graph.node if node.op_type == "Attention"]


def _drop_idle_masks(model: "ModelProto", max_tokens: int) -> None:
    """Remove attention masks that let every token see every other: a twentieth of the time.

    Exporters write a mask even where nothing is padded. It depends on the length alone, so the
    longest text shows whether it ever hides anything, as it does in models with local attention.
    """
    masked = [node for node in _attentions(model.graph) if len(node.input) > _MASK]
    names = sorted({node.input[_MASK] for node in masked} - {""})
    longest = np.ones((1, max_tokens), dtype=np.int64)
    masks = next(inner_values(model, names, [longest])) if names else {}
    for node in masked:
        mask = masks.get(node.input[_MASK])
        if mask is not None and mask.dtype == np.bool_ and mask.all():
            del node.input[_MASK:]


def inner_values(
    model: "ModelProto", names: list[str], texts: Sequence[NDArray[np.int64]]
) -> Iterator[dict[str, NDArray[Any]]]:
    """Run a model on the token ids of each text; yield its inner values called `names`."""
    from onnx import ModelProto, helper

    opened = ModelProto()
    opened.CopyFrom(model)
    del opened.graph.output[:]
    opened.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in names)
    session = open_session(opened.SerializeToString())
    for ids in texts:
        yield dict(zip(names, session.run(names, {INPUT: ids}), strict=True))


def _let_attention_split_heads(graph: "GraphProto") -> None:
    """Give attention whole vectors, which it splits into heads itself: a tenth of the time.

    The exporter reshapes and transposes around each attention, four times a layer. ONNX's operator
    also takes (1, length, heads * size) and is told the number of heads. What does not look like
    that is left alone.
    """
    from onnx import helper

    maker = {name: node for node in graph.node for name in node.output}
    users = defaultdict(list)
    for node in graph.node:
        for name in node.input:
            users[name].append(node)
    n_heads = _middle_dimensions(graph)
    for node in _attentions(graph):
        before = [_reshape_before(maker, name) for name in node.input[:_MASK]]
        after = _reshape_after(users, node.output[0])
        heads = [n_heads.get(name) for name in node.input[:2]]
        if after is None or not all(before) or not all(heads):
            continue
        for place, reshape in enumerate(before):
            if reshape is not None:
                node.input[place] = reshape.input[0]
        node.output[0], after.output[0] = after.output[0], f"{after.output[0]}_unused"
        node.attribute.append(helper.make_attribute("q_num_heads", heads[0]))
        node.attribute.append(helper.make_attribute("kv_num_heads", heads[1]))


def _middle_dimensions(graph: "GraphProto") -> dict[str, int]:
    """Return the second dimension of every inner value of four dimensions, where it is fixed."""
    shapes = {value.name: value.type.tensor_type.shape.dim for value in graph.value_info}
    return {name: dims[1].dim_value for name, dims in shapes.items() if len(dims) == 4}


def _reshape_before(maker: dict[str, "NodeProto"], name: str) -> "NodeProto | None":
    """Return the reshape into heads whose transposed output is `name`."""
    transpose = maker.get(name)
    if transpose is None or not _swaps_heads(transpose):
        return None
    reshape = maker.get(transpose.input[0])
    return reshape if reshape is not None and reshape.op_type == "Reshape" else None


def _reshape_after(users: dict[str, list["NodeProto"]], name: str) -> "NodeProto | None":
    """Return the reshape out of heads after the transpose of `name`, if nothing else follows."""
    transposes = users[name]
    if len(transposes) != 1 or not _swaps_heads(transposes[0]):
        return None
    reshapes = users[transposes[0].output[0]]
    return reshapes[0] if len(reshapes) == 1 and reshapes[0].op_type == "Reshape" else None


def _swaps_heads(node: "NodeProto") -> bool:
    return node.op_type == "Transpose" and [list(a.ints) for a in node.attribute] == [[0, 2, 1, 3]]


def _drop_unused(graph: "GraphProto") -> None:
    """Remove nodes, inner shapes and weights that no output depends on."""
    wanted = {value.name for value in graph.output}
    kept = []
    for node in reversed(graph.node):
        if wanted.intersection(node.output):
            wanted.update(node.input)
            kept.append(node)
    _replace(graph.node, kept[::-1])
    _replace(graph.initializer, [weight for weight in graph.initializer if weight.name in wanted])
    # Shapes were those of the graph as exported.
    del graph.value_info[:]


def _replace(field: Any, content: list[Any]) -> None:
    copies = [type(item).FromString(item.SerializeToString()) for item in content]
    del field[:]
    field.extend(copies)


def _drop_notes(model: "ModelProto") -> None:
    """Remove what the exporter notes of source files and their folders."""
    graph = model.graph
    for part in (model, graph, *graph.node, *graph.input, *graph.output, *graph.initializer):
        part.doc_string = ""
        del part.metadata_props[:]
