"""What `evaluate` prints."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from semroute.cli.output import figure, percent, print_columns
from semroute.counted import counted
from semroute.texts import printable

if TYPE_CHECKING:
    from semroute.cli.evaluation_gates import Gate
    from semroute.evaluate import Evaluation
    from semroute.evaluate.paired import Interval
    from semroute.evaluate.results import Slice, StrategyResult

N_SLICES = 5
"""Slices printed per column; the report and `--json` have all."""

LOST = "lost (-: gained)"


def print_evaluation(found: "Evaluation") -> None:
    """Print promise and verdict, the strategies, the figures of the curve and the worst slices."""
    promised = (found.certificate.sentence, found.against_promise.sentence)
    for sentence in (*promised, "", *found.verdict):
        click.echo(printable(sentence))
    _print_coverage(found)
    _print_strategies(found)
    _print_figures(found)
    _print_slices(found)


def _print_coverage(found: "Evaluation") -> None:
    resamples = f"{found.n_resamples} resamples, seed {found.seed}"
    click.echo(f"\n{counted(found.n_queries, 'query')}; 95% intervals in brackets ({resamples})")
    for note in found.notes:
        click.echo(note)
    missing = [f"{model} {n:,}" for model, n in found.n_missing.items() if n]
    if missing:
        click.echo(f"missing scores, which count for and against nobody: {', '.join(missing)}")


def _print_strategies(found: "Evaluation") -> None:
    from semroute.evaluate.verdict import telling

    shown = telling(found.strategies)
    cost = "per 1,000 requests"
    heading = ("answered by", "mean score", "", LOST, "", cost, "saved", "", "frontier calls")
    rows = [heading, *map(_strategy_row, shown)]
    if any(one.n_unscored for one in shown):
        unscored = ("without scores", *(f"{one.n_unscored:,}" for one in shown))
        rows = [(*row, n) for row, n in zip(rows, unscored, strict=True)]
    click.echo()
    print_columns(rows)
    for name in found.absent_strategies:
        install = "pip install 'semroute[build]'"
        click.echo(f"  Left out, because scikit-learn is not installed: {name} ({install}).")
    if len(shown) < len(found.strategies):
        left_out = f"what answers every query with {found.frontier}, as semroute does"
        click.echo(f"  Left out: {left_out}.")
        return
    learners = "kNN" if found.absent_strategies else "kNN and the classifier"
    click.echo(f"  {learners} learned from the {found.n_learning:,} held-out queries of the index.")
    click.echo(
        "  Rules and learners spend what the router spends, the random mix and labels in hindsight "
        "at most that."
    )


def print_gates(gates: "Sequence[Gate]") -> None:
    """Print one line for each gate, met or not."""
    if gates:
        click.echo()
    for gate in gates:
        click.echo(printable(gate.told))


def _strategy_row(one: "StrategyResult") -> tuple[str, ...]:
    from semroute.evaluate.costs import per_thousand

    score, loss, saving = one.score, one.loss, one.saving
    return (
        one.name,
        figure(score.value if score else None),
        _between(score),
        figure(loss.value if loss else None),
        _between(loss),
        per_thousand(one.cost_usd.value),
        percent(saving.value),
        _between(saving, as_percent=True),
        percent(one.frontier_share),
    )


def _between(one: "Interval | None", *, as_percent: bool = False) -> str:
    if one is None:
        return ""
    low, high = (percent(v) if as_percent else figure(v) for v in (one.low, one.high))
    return f"[{low}, {high}]"


def _print_figures(found: "Evaluation") -> None:
    figures, pair = found.figures, f"{found.cheapest} and {found.frontier}"
    rows = [
        ("APGR", figures.apgr, False, f"between {pair}; 0.5 is chance"),
        ("CPT(50)", figures.cpt_50, True, "frontier calls that recover half of the gap"),
        ("CPT(80)", figures.cpt_80, True, "frontier calls that recover 80% of the gap"),
        ("saved at 95%", figures.saved_at_95, True, "of the frontier's score kept"),
        ("saved at 99%", figures.saved_at_99, True, "of the frontier's score kept"),
        ("AIQ", figures.aiq, False, "mean score over the range of costs"),
        ("AIQ, single models", figures.aiq_single_models, False, "mixed at random"),
    ]
    click.echo()
    shown = [
        (
            name,
            "-" if one is None else percent(one.value) if in_percent else figure(one.value),
            _between(one, as_percent=in_percent),
            note,
        )
        for name, one, in_percent, note in rows
    ]
    print_columns([("curve", "value", "", ""), *shown])


def _print_slices(found: "Evaluation") -> None:
    # A query file may have a column named as the index's clusters are.
    by_column: dict[tuple[str, bool], list[Slice]] = {}
    for part in found.slices if any(part.n_elsewhere for part in found.slices) else ():
        by_column.setdefault((part.column, part.cluster_id is None), []).append(part)
    for (column, _), parts in by_column.items():
        shown = parts[:N_SLICES]
        click.echo(f"\nworst by {printable(column)} ({len(shown)} of {len(parts)})")
        heading = ("value", "queries", "sent elsewhere", LOST, "", "saved", "frontier calls", "")
        print_columns([heading, *map(_slice_row, shown)])
    if by_column:
        click.echo(_few())
    if found.skipped_columns:
        click.echo(f"\nnot sliced, one value or too many: {', '.join(found.skipped_columns)}")


def _few() -> str:
    from semroute.evaluate.frozen import SMALL

    return (
        f"  few: fewer than {SMALL} with scores, of the queries or of those sent elsewhere, so the "
        "interval means little. Where none was sent elsewhere, no loss is shown."
    )


def _slice_row(part: "Slice") -> tuple[object, ...]:
    number = "" if part.cluster_id is None else f"{part.cluster_id}: "
    # What only the frontier answered has nothing to lose: [0.000, 0.000] would look measured.
    loss = part.loss if part.n_elsewhere else None
    return (
        number + printable(part.value, 40),
        f"{part.n:,}",
        f"{part.n_elsewhere:,}",
        figure(loss.value if loss else None),
        _between(loss),
        percent(part.saving.value) if part.saving else "-",
        percent(part.frontier_share),
        "few" if part.is_small else "",
    )
