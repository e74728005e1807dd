"""Simulated scores and costs of the made-up models.

A query has one difficulty, a number drawn evenly from 0 to 1. A model masters the query, score 1,
if its success rate for the kind of work lies above the difficulty; if it lies a little below, the
answer is half right, score 0.5; else the score is 0. So models fail on the same queries, as real
ones do. Now and then a model does not follow the common difficulty but draws its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from semroute.demo.kinds import MODELS, Kind
from semroute.demo.phrases import Dice

OWN_DIFFICULTY_SHARE = 0.04
"""Share of the scores that come from a difficulty of the model's own."""

NEARLY = 0.35
"""Of the difficulties above a model's rate, the share that still gives half a score."""

COST_KNOWN_SHARE = 0.9
CHARS_PER_TOKEN = 4
PROMPT_TOKENS = 40
"""Tokens of an application's own instructions, sent with every query."""


@dataclass(frozen=True)
class Outcomes:
    """Shape (n_queries, n_models), columns as in `MODELS`; NaN where nothing was measured."""

    scores: NDArray[np.float64]
    costs_usd: NDArray[np.float64]


def simulate(
    kinds: Sequence[Kind], texts: Sequence[str], coverage: Sequence[float], dice: Dice
) -> Outcomes:
    """Draw the scores and costs of every model on queries of the given kinds.

    `coverage` is the share of the queries each model is scored on.
    """
    shape = (len(texts), len(MODELS))
    rates = np.array([kind.rates for kind in kinds]).reshape(shape)
    shared, own = dice.shares(shape[0], 1), dice.shares(*shape)
    difficulty = np.where(dice.shares(*shape) < OWN_DIFFICULTY_SHARE, own, shared)
    half_right = difficulty < rates + NEARLY * (1 - rates)
    scores = np.where(difficulty < rates, 1.0, np.where(half_right, 0.5, 0.0))
    scored = dice.shares(*shape) < np.array(coverage)
    costs = _costs_usd(kinds, texts, dice)
    costed = scored & (dice.shares(*shape) < COST_KNOWN_SHARE)
    return Outcomes(np.where(scored, scores, np.nan), np.where(costed, costs, np.nan))


def _costs_usd(kinds: Sequence[Kind], texts: Sequence[str], dice: Dice) -> NDArray[np.float64]:
    n_input = PROMPT_TOKENS + np.array([len(text) for text in texts]) / CHARS_PER_TOKEN
    lengths = 0.5 + dice.shares(len(texts), 1) + 0.2 * dice.shares(len(texts), len(MODELS)) - 0.1
    n_output = lengths * np.array([[kind.answer_tokens] for kind in kinds])
    input_prices = np.array([model.usd_per_million_input_tokens for model in MODELS])
    output_prices = np.array([model.usd_per_million_output_tokens for model in MODELS])
    spent = np.round(n_input)[:, None] * input_prices + np.round(n_output) * output_prices
    return np.asarray(spent / 1e6)
