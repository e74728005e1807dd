"""The two files people read first: `semroute.toml` and `README.txt` of the demo."""

from semroute.demo.kinds import FRONTIER, KINDS, MODELS, DemoModel

MAX_LOSS = 0.015
ANSWER_TOKENS = round(
    sum(kind.weight * kind.answer_tokens for kind in KINDS) / sum(kind.weight for kind in KINDS)
)
"""Mean length of an answer over the demo's traffic, for queries whose cost was not recorded."""

_CONFIG = """\
# semroute.toml of the demo. The models do not exist, their prices have realistic ratios, and the
# scores in evals.csv are SIMULATED from stated success rates: nothing here was measured.

# Answers whatever is unknown or unproven, and is what the others are compared with.
frontier = "{frontier}"

{models}
[quality]
# Mean score we may lose, over all traffic, against always using the frontier model ...
max_loss = {max_loss}
# ... and how sure we want to be of it.
confidence = 0.95

[encoder]
model = "sentence-transformers/all-MiniLM-L6-v2"

[clustering]
kind = "hdbscan"
# The log is small. Rare kinds of work need a cluster of their own, and common ones one that is not
# split further, so that there is evidence enough in each.
min_cluster_size = 12
cluster_selection_method = "eom"

[ood]
# Share of known traffic that may be sent to the frontier model as unknown.
max_false_fallback = 0.02
"""

_MODEL = """\
[[models]]
name = "{name}"
usd_per_million_input_tokens = {input_price:g}
usd_per_million_output_tokens = {output_price:g}
output_tokens_per_request = {answer_tokens}
context_window = {context_window}
"""

_README = """\
The semroute demo data set
==========================

EVERYTHING HERE IS SIMULATED. The queries were put together from phrase grammars, the five models
do not exist, and their scores were drawn from success rates stated in the source of semroute
(semroute/demo/kinds.py), with seed {seed}. The files show how semroute works. They say nothing
about any real model, and nothing about what you would save.

queries.jsonl       The log: {n_queries} queries of {n_kinds} kinds of work. `kind` says of which.
                    A build ignores it, `semroute evaluate` shows slices by it. `timestamp`
                    is made up too.
evals.csv           Simulated scores from 0 to 1 and costs in US dollars, one row per query and
                    model. Some rows are missing, as in real life, most of all those of mid-m, and
                    so are some costs.
semroute.toml       The models, their prices, and how much quality may be lost.
queries_test.jsonl  {n_test} queries that are not in the log, for judging the result.
evals_test.csv      Their simulated scores and costs.

How a score was simulated: a query has one difficulty, shared by all models but for a little noise.
A model whose success rate for the kind of work is above it scores 1, a model just below it scores
0.5, the others score 0.

What to run next, in this folder:

    semroute build-index --queries queries.jsonl --evals evals.csv \\
        --config semroute.toml --out clusters/
    semroute inspect --index clusters/
    semroute route --index clusters/ "where is my order?"
    semroute explain --index clusters/ "Review this indemnity clause for the buyer."
    semroute labels export --index clusters/ -o labels.csv
    semroute evaluate --index clusters/ --queries queries_test.jsonl --evals evals_test.csv

Then put your own log and your own scores in place of these files.
"""


def config_text() -> str:
    """Return the text of `semroute.toml`."""
    models = "\n".join(_model_table(model) for model in MODELS)
    return _CONFIG.format(frontier=FRONTIER, models=models, max_loss=MAX_LOSS)


def _model_table(model: DemoModel) -> str:
    return _MODEL.format(
        name=model.name,
        input_price=model.usd_per_million_input_tokens,
        output_price=model.usd_per_million_output_tokens,
        answer_tokens=ANSWER_TOKENS,
        context_window=model.context_window,
    )


def readme_text(n_queries: int, n_test: int, n_kinds: int, seed: int) -> str:
    """Return the text of `README.txt`."""
    return _README.format(n_queries=n_queries, n_test=n_test, n_kinds=n_kinds, seed=seed)
