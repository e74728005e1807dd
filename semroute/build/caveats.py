"""What a build warns of: what it did not use, and what weakens its result."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from semroute.artifact.contents import IndexContents
from semroute.artifact.difference import SAME_TOPIC
from semroute.artifact.serving import calibration_rows, routing_policy, usual_costs_usd
from semroute.build.drift import Drift
from semroute.build.embed import EmbeddedLog
from semroute.build.previous import former_names
from semroute.config import ModelPrice
from semroute.counted import counted
from semroute.evals import EvalTable, told_unknown_models
from semroute.known_losses import policy_losses
from semroute.policy import EQUAL_COSTS
from semroute.relabel import Reattached, Suggestion, contradictions
from semroute.tables import listed

MUCH_REPEATED = 0.1
"""Share of near duplicates from which a promise about distinct texts is worth a word."""

MUCH_LESS_SAVED = 0.05
"""Of the frontier's cost: that the version before saved so much more is worth a word."""

OTHER_UNIT = 30.0
"""Measured costs this many times what prices say, or the reverse, are told of."""

FEWEST_COMPARED = 30
"""A model's answers with scores, and without, whose expected losses are compared."""

PLAINLY_MORE = 3.0
"""Standard errors, of a difference in expected loss that is told of."""

_SERVED_BY_LIBRARY = (
    "the index does not hold it, so a server needs the model and: pip install 'semroute[build]'"
)


def build_warnings(
    evals: EvalTable,
    previous: IndexContents | None,
    contents: IndexContents,
    carried: Reattached,
    log: EmbeddedLog,
    n_shows_more: int,
    drifts: Sequence[Drift],
) -> tuple[str, ...]:
    """Say what the owner of a published build should know.

    Args:
        evals: as read from the file.
        previous: the version that was live before, if any.
        contents: of the version that was published.
        carried: what became of the analysts' labels of `previous`.
        log: what was built from.
        n_shows_more: how many requests of the log hold an image, sound or a file.
        drifts: models whose loss has changed over the time of the log.
    """
    frontier = contents.manifest.config.frontier
    return (
        *_lost_labels(previous, carried, contents),
        *contradictions(contents.clusters, contents.manifest.config),
        *(_of_drift(drift, frontier) for drift in drifts),
        *_saves_less(previous, contents),
        *_of_encoder(contents),
        *_of_log(contents),
        *_beyond_text(n_shows_more, log.n_textless, frontier),
        *_other_split(previous, contents),
        *_of_costs(evals.models, log),
        *_of_prices(previous, contents, evals),
        *_nothing_cheaper(contents),
        *_missing_where_harder(contents),
        *_unused(evals),
        *(_of_scores(evals, frontier) if evals.n_scores else _no_scores(previous, frontier)),
    )


def _lost_labels(
    previous: IndexContents | None, carried: Reattached, contents: IndexContents
) -> tuple[str, ...]:
    lost_labels, models = carried.lost_labels, contents.manifest.config.model_names
    gone = [one.label for one in lost_labels if one.label not in models]
    told = []
    if gone:
        names = listed(sorted({label for label in gone if label}))
        told.append(
            f"{_labels_are(len(gone))} no longer in force, as the config has no model {names}: "
            "give these clusters another label where what answers now does not suit you; the "
            "version before has them, and the next build will not name them"
        )
    if n_lost := len(lost_labels) - len(gone):
        told.append(
            f"{_labels_are(n_lost)} no longer in force, as the clusters or the encoder have "
            "changed: enter them again where the suggestions say; the version before has them, and "
            "the next build will not name them"
        )
    return (*told, *_answered_cheaper(lost_labels, former_names(previous), contents))


def _labels_are(n_labels: int) -> str:
    return "1 analyst's label is" if n_labels == 1 else f"{n_labels} analysts' labels are"


def _answered_cheaper(
    lost: Sequence[Suggestion], names: Mapping[str, str], contents: IndexContents
) -> Iterator[str]:
    """Name the topics for which an analyst had chosen a dearer model than answers them now."""
    models = contents.manifest.config.model_names
    costs_usd = dict(zip(models, usual_costs_usd(contents), strict=True))
    labels = {cluster.cluster_key: cluster.label for cluster in contents.clusters}
    for one in lost:
        now = labels.get(one.nearest_key or "")
        is_same = (one.similarity or 0.0) >= SAME_TOPIC
        if now and is_same and one.label in costs_usd and costs_usd[now] < costs_usd[one.label]:
            yield (
                f"{now} answers most of what is now called {one.nearest_name}, where an analyst "
                f"had chosen {one.label} for {names.get(one.cluster_key, one.cluster_key)}, which "
                "costs more"
            )


def _of_drift(drift: Drift, frontier: str) -> str:
    more = "more" if drift.change > 0 else "less"
    if drift.model == frontier:
        more = "lower" if drift.change > 0 else "higher"
        return (
            f"the scores of {frontier} itself are {abs(drift.change):.3f} {more} on the "
            f"{drift.n_newer:,} scored queries since {drift.since} than on the {drift.n_older:,} "
            f"from before, topic by topic (standard error {drift.standard_error:.3f}); every model "
            "is compared with it: if it, its prompt or what scores it has changed, leave all "
            "scores from before out of --evals"
        )
    advice = "its older scores make it look better than it is now"
    if drift.change < 0:
        advice = "its older scores make it look worse than it is now"
    return (
        f"{drift.model} loses {abs(drift.change):.3f} {more} against {frontier} on the "
        f"{drift.n_newer:,} scored queries since {drift.since} than on the "
        f"{drift.n_older:,} from before, topic by topic (standard error "
        f"{drift.standard_error:.3f}): newer requests are other ones, or {advice}; if the model, "
        "its prompt or what scores it has changed, leave its scores from before out of --evals"
    )


def _saves_less(previous: IndexContents | None, contents: IndexContents) -> tuple[str, ...]:
    """Say that the version before saved more, where the same was promised of the same frontier."""
    former = previous.manifest.certificate if previous else None
    now = contents.manifest.certificate
    if previous is None or former is None or now is None:
        return ()
    asked = [(one.frontier, one.max_loss, one.confidence) for one in (former, now)]
    before, after = former.promised_saving, now.promised_saving
    if asked[0] != asked[1] or before - after < MUCH_LESS_SAVED:
        return ()
    version = previous.manifest.index_version
    told = (
        f"{after:.1%} of cost is saved, and {before:.1%} was by version {version}, which may lose "
        "no more: see `semroute compare` for what has changed (luck moves either); if nothing that "
        f"matters has, `semroute use {version}` goes back"
    )
    return (told,)


def _of_encoder(contents: IndexContents) -> tuple[str, ...]:
    origin = contents.manifest.encoder_origin
    if origin is None or not origin.departure:
        return ()
    served = "" if contents.encoder_files else f"; {_SERVED_BY_LIBRARY}"
    return (f"the encoder is not what the config asks for: {origin.departure}{served}",)


def _of_log(contents: IndexContents) -> tuple[str, ...]:
    counts = contents.manifest.counts
    repeated = (counts.n_queries - counts.n_groups) / counts.n_queries
    told = (
        f"{repeated:.0%} of the queries repeat another one but for case and punctuation (of "
        "messages the last user message and how much else there is tell); the promise counts each "
        "once, so it speaks of distinct requests: of a text that is asked very often, see "
        "what its cluster loses"
    )
    return (told,) if repeated >= MUCH_REPEATED else ()


def _beyond_text(n_shows_more: int, n_textless: int, frontier: str) -> tuple[str, ...]:
    if not n_shows_more:
        return ()
    hold = "1 request holds" if n_shows_more == 1 else f"{n_shows_more:,} requests hold"
    told = f"{hold} an image, sound or a file: such go to {frontier}, whatever their text"
    if n_textless:
        told += f"; {n_textless:,} without any text are left out of shares, costs and savings"
    return (told,)


def _other_split(previous: IndexContents | None, contents: IndexContents) -> tuple[str, ...]:
    if previous is None or not contents.manifest.counts.n_scores:
        return ()
    before, seed = previous.manifest.seed, contents.manifest.seed
    told = (
        f"the seed is {seed} and was {before}, so other queries are held out: scores that a plan "
        "chose for one part, if any did, are now in the other, where they are not like traffic; "
        f"with --seed {before} they stay where they were"
    )
    return (told,) if before != seed else ()


def _unused(evals: EvalTable) -> tuple[str, ...]:
    found = [*evals.warnings]
    if told := told_unknown_models(evals):
        found.append(told)
    if evals.n_unknown_queries:
        n_unknown = evals.n_unknown_queries
        found.append(f"scores of {counted(n_unknown, 'query')} not in the log were not used")
    return tuple(found)


def _of_costs(models: Sequence[str], log: EmbeddedLog) -> tuple[str, ...]:
    """Name models whose measured costs cannot be in the unit of the config's prices."""
    return tuple(
        f"the measured costs of {model} are {_times(ratio)} what the prices of the config say; "
        "give both in US dollars, cost_usd for one request"
        for model, ratio in zip(models, log.price_ratios.tolist(), strict=True)
        if max(ratio, 1 / ratio) >= OTHER_UNIT
    )


def _of_prices(
    previous: IndexContents | None, contents: IndexContents, evals: EvalTable
) -> tuple[str, ...]:
    """Name models whose price has changed, to no effect where their costs were measured."""
    if previous is None:
        return ()
    former = {model.name: model for model in previous.manifest.config.models}
    n_measured = (~np.isnan(evals.costs_usd)).sum(axis=0).tolist()
    return tuple(
        f"the price of {model.name} in the config is not what it was in version "
        f"{previous.manifest.index_version}, but what {counted(n, 'query')} "
        f"{'was' if n == 1 else 'were'} measured to cost counts "
        "before any price: scale these cost_usd to the new price, or leave them empty"
        for model, n in zip(contents.manifest.config.models, n_measured, strict=True)
        if n and model.name in former and _price(model) != _price(former[model.name])
    )


def _nothing_cheaper(contents: IndexContents) -> tuple[str, ...]:
    """Say that no scores will help where every other model costs at least what the frontier does.

    In any cluster and on any held-out query: what is dearer on a usual request may be cheaper
    somewhere, or on long ones.
    """
    config = contents.manifest.config
    frontier = config.frontier_column
    costs_usd = [[one.mean_cost_usd for one in cluster.evidence] for cluster in contents.clusters]
    if len(config.models) < 2 or any(min(row) < row[frontier] for row in costs_usd):
        return ()
    expected_usd = contents.calibration.expected_costs_usd
    if (expected_usd < expected_usd[:, [frontier]] * (1 - EQUAL_COSTS)).any():
        return ()
    told = (
        f"no model of the config costs less than the frontier model {config.frontier!r}, so "
        "nothing can be saved, and more scores change nothing; add a cheaper one, or see to the "
        "prices and costs"
    )
    return (told,) if costs_usd else ()


def _missing_where_harder(contents: IndexContents) -> Iterator[str]:
    """Name cheaper models whose answers lack scores where more loss is expected of them.

    Each by itself: that one model is scored less than another, and loses more, tells nothing.
    """
    rows, policy = calibration_rows(contents), routing_policy(contents)
    columns = policy.choose(rows.traffic).columns
    _, is_missing = policy_losses(columns, rows.scores, policy.frontier)
    expected = rows.traffic.losses[np.arange(len(columns)), columns]
    counts = ~np.isnan(rows.scores).all(axis=1) & ~np.isnan(expected)
    for column, name in enumerate(contents.manifest.config.model_names):
        answered = counts & (columns == column)
        there, missing = expected[answered & ~is_missing], expected[answered & is_missing]
        if _is_plainly_more(missing, there):
            yield (
                f"of the held-out queries that {name!r} answers, {len(missing):,} lack scores, "
                f"and these are expected to lose more ({missing.mean():.3f}) than the "
                f"{len(there):,} that have them ({there.mean():.3f}): the promise lets queries of "
                "like expected loss stand for each other, and is wrong if hard queries were left "
                "out of scoring, or answers that failed were; score them too (semroute evals plan)"
            )


def _is_plainly_more(losses: NDArray[np.float64], others: NDArray[np.float64]) -> bool:
    if min(len(losses), len(others)) < FEWEST_COMPARED:
        return False
    error = float(np.sqrt(losses.var() / len(losses) + others.var() / len(others)))
    # As much as the figures shown can tell apart, where hardly anything scatters.
    return bool(losses.mean() - others.mean() > max(PLAINLY_MORE * error, 0.001))


def _price(model: ModelPrice) -> dict[str, object]:
    return model.model_dump(exclude={"name", "context_window"})


def _times(ratio: float) -> str:
    return f"{ratio:,.0f} times" if ratio > 1 else f"1/{1 / ratio:,.0f} of"


def _no_scores(previous: IndexContents | None, frontier: str) -> tuple[str, ...]:
    told = f"no scores were given, so no cheaper model is defended: {frontier} answers"
    if previous is None or not previous.manifest.counts.n_scores:
        return (told,)
    version, n_scores = previous.manifest.index_version, previous.manifest.counts.n_scores
    return (told, f"the version before, {version}, had {counted(n_scores, 'score')}; it is kept")


def _of_scores(evals: EvalTable, frontier: str) -> tuple[str, ...]:
    scored = ~np.isnan(evals.scores)
    n_paired = (scored & scored[:, [evals.models.index(frontier)]]).sum(axis=0)
    if not n_paired.any():
        told = (
            f"no query has a score of the frontier model {frontier!r}, so no cheaper model is "
            "defended and every request goes to it"
        )
        return (told,)
    idle = [model for model, n in zip(evals.models, n_paired, strict=True) if n == 0]
    told = f"never scored beside the frontier, so never chosen: {', '.join(idle)}"
    return (told,) if idle else ()
