"""Evaluation data that must be refused."""

from tests.broken_files.case import CANARY, BrokenFile, parquet


def _evals(kind: str, text: str, match: str, line: int | None = None) -> BrokenFile:
    return BrokenFile(f"evals-{kind}", "evals", "broken.csv", text.encode(), match, line)


def _eval_row(kind: str, row: str, match: str) -> BrokenFile:
    text = f"query_id,model,score,cost_usd\na,large,1,\n{row}\n"
    return _evals(kind, text, match, 3)


def _evals_jsonl(kind: str, text: str, match: str, line: int | None = None) -> BrokenFile:
    return BrokenFile(f"evals-{kind}", "evals", "broken.jsonl", text.encode(), match, line)


EVALS = (
    BrokenFile("evals-missing", "evals", "nowhere.csv", None, "there is no such file; check"),
    _evals("empty", "", "is empty; write one row per record"),
    _evals("header-only", "query_id,model,score\n", "has no rows; write one row per record"),
    _evals(
        "misspelt-score",
        "query_id,model,scroe\na,large,1\n",
        "'score' is missing; the columns are 'query_id', 'model', 'scroe'; rename 'scroe' to score",
        1,
    ),
    _evals_jsonl(
        "score-missing-on-one-line",
        '{"query_id": "a", "model": "large", "score": 1}\n{"query_id": "a", "model": "small"}',
        "the column 'score' is missing; the columns are",
        2,
    ),
    _eval_row("id-empty", ",small,1,", "column query_id: is empty; fill it in on every row"),
    _eval_row("model-empty", "b,,1,", "column model: is empty; fill it in on every row"),
    _eval_row(
        "score-word", "b,small,good,", r"from 0 to 1, true or false, or empty.+ \(found 'good'\)"
    ),
    _eval_row("score-nan", "b,small,NaN,", r"or empty if unknown; .+ \(found 'NaN'\)"),
    _eval_row("score-na", "b,small,NA,", r"or empty if unknown; .+ \(found 'NA'\)"),
    _eval_row("score-infinite", "b,small,inf,", r"or empty if unknown; .+ \(found 'inf'\)"),
    _eval_row("score-negative", "b,small,-0.1,", r"from 0 to 1, .+ \(found '-0.1'\)"),
    _eval_row("score-percent", "b,small,85,", r"bring other scales to that range \(found '85'\)"),
    _eval_row("score-percent-sign", "b,small,85%,", r"other scales to that range \(found '85%'\)"),
    _eval_row("score-two-commas", 'b,small,"0,5,0",', r"number from 0 to 1, .+ \(found '0,5,0'\)"),
    _eval_row("score-grouped", 'b,small,"1,000.0",', r"number from 0 to 1, .+ \(found '1,000.0'\)"),
    _eval_row("score-underscore", "b,small,0_1,", r"from 0 to 1, .+ \(found '0_1'\)"),
    _eval_row("score-short-prose", "b,small,fire Ann now,", "if unknown; .+ that range$"),
    _eval_row("score-prose", f"b,small,{CANARY} in a wrong column,", "from 0 to 1, .+ that range$"),
    _eval_row("cost-negative", "b,small,1,-0.5", r"cost_usd: must be .+ \(found '-0.5'\)"),
    _eval_row(
        "cost-dollar-sign", "b,small,1,$0.5", r"without a sign, or empty.+ \(found '\$0.5'\)"
    ),
    _eval_row("cost-infinite", "b,small,1,inf", r"cost_usd: must be .+ \(found 'inf'\)"),
    _eval_row("cost-true", "b,small,1,true", r"cost_usd: must be .+ \(found 'true'\)"),
    _eval_row(
        "two-scores",
        "a,large,0,",
        "'a' and model 'large' have two values, on lines 2 and 3; keep one of them",
    ),
    _eval_row("score-and-hole", "a,large,,", "have two values, on lines 2 and 3; keep one of them"),
    _eval_row("two-costs", "a,large,1,0.1", "cost_usd: .+ on lines 2 and 3; keep one of them"),
    _evals_jsonl(
        "score-object",
        '{"query_id": "a", "model": "large", "score": {"mean": 1}}',
        "score: must be a number from 0 to 1",
        1,
    ),
    _evals_jsonl(
        "score-huge",
        f'{{"query_id": "a", "model": "large", "score": {"9" * 400}}}',
        "score: must be a number from 0 to 1",
        1,
    ),
    _evals_jsonl(
        "cost-overflow",
        '{"query_id": "a", "model": "large", "score": 1, "cost_usd": 1e999}',
        "cost_usd: must be a number of dollars .+, or empty",
        1,
    ),
    _evals(
        "of-other-queries",
        "query_id,model,score\nx,large,1\ny,small,1\n",
        "the file has 'x', 'y', expected are 'a', 'b'; check that the files belong together",
    ),
    _evals(
        "of-other-models",
        "query_id,model,score\na,Large,1\nb,tiny,1\n",
        r"the file has 'Large', 'tiny', expected are 'large', 'small'; did you mean 'large'\?",
    ),
    _evals(
        "of-no-common-cell",
        "query_id,model,score\na,tiny,1\nx,large,1\n",
        "both a query of the query log and a model of the config; check that",
    ),
    BrokenFile(
        "evals-parquet-nan",
        "evals",
        "broken.parquet",
        parquet({"query_id": ["a", "b"], "model": ["large"] * 2, "score": [1.0, float("nan")]}),
        r"score: must be a number .+ or empty if unknown; .+ \(found nan\)",
        2,
    ),
)
