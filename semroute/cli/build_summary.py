"""The build summary a person reads."""

from collections.abc import Sequence

import click

from semroute.artifact.contents import Counts
from semroute.build.dearest import DearestRequests
from semroute.build.summary import BuildSummary
from semroute.cli.output import (
    cluster_counts,
    dollars,
    encoder_facts,
    figure,
    percent,
    print_columns,
    unknown_facts,
)
from semroute.counted import are, counted
from semroute.relabel import KeptUp, Suggestion
from semroute.tables import listed
from semroute.texts import printable, shell_word

N_CLUSTERS = 5
"""Clusters shown of those that another model answers since the version before, or unscored."""

ENOUGH_PAIRED = 0.95
"""Share of the held-out queries with scores to compare; what the others lack changes little."""


def print_summary(summary: BuildSummary) -> None:
    """Print what was built, what it decides, what it is expected to cost and what it took."""
    click.echo(f"Index {summary.index_version} in {summary.folder}")
    for name, text in _facts(summary):
        click.echo(f"  {name:<12}{text}")
    click.echo()
    shares = [
        (m.model, m.n_clusters, percent(m.share)) for m in summary.models if m.n_clusters or m.share
    ]
    print_columns([("model", "clusters", "held-out queries"), *shares])
    parts = {
        "What it saves and promises": _outcome(summary),
        "Why not more": _limits(summary),
        "Since the version before": [*_since_before(summary), *_labels(summary)],
        "The build itself": _notes(summary),
        "Warnings": [("warning", warning) for warning in summary.warnings],
    }
    for heading, lines in parts.items():
        if lines:
            click.echo(f"\n{heading}")
        for name, text in lines:
            click.echo(f"  {name:<12}{text}")
    folder = shell_word(summary.folder)
    click.echo(f'\nNext: semroute route --index {folder} "a request of yours"')


def _facts(summary: BuildSummary) -> list[tuple[str, str]]:
    counts, certificate = summary.counts, summary.certificate
    return [
        (
            "queries",
            (
                f"{counts.n_queries:,} used ({counts.n_duplicate_rows:,} repeated rows dropped, "
                f"{counts.n_unusable_queries:,} unusable), {counted(counts.n_scores, 'score')}"
            ),
        ),
        (
            "split",
            (
                f"{counts.n_fit:,} to fit, {counts.n_calibration:,} held out"
                f"{_not_fitted(counts)}; of these {certificate.n_queries:,} certify, "
                f"{certificate.n_repeated:,} repeat one of them and {certificate.n_unscored:,} "
                f"have no score; {counts.n_groups:,} different queries in all"
            ),
        ),
        (
            "clusters",
            (
                f"{counts.n_clusters:,}; {percent(summary.noise_share)} of the fitted queries were "
                "noise before assignment"
            ),
        ),
        ("encoder", encoder_facts(summary.encoder, summary.encoder_origin)),
        (
            "unknown",
            (
                unknown_facts(
                    summary.ood_threshold, summary.max_new_words, summary.max_false_fallback
                )
                + f"; {percent(summary.coverage)} of held-out queries are known"
            ),
        ),
    ]


def _outcome(summary: BuildSummary) -> list[tuple[str, str]]:
    expected, always = dollars(summary.cost_usd), dollars(summary.frontier_cost_usd)
    cost = (
        f"{expected} a request expected, {always} with {summary.frontier} always: "
        f"{percent(summary.saving)} saved"
    )
    n_failed = summary.certificate.n_worst_case
    counting = f", {n_failed:,} without scores counted as failures" if n_failed else ""
    promised = "promised" if summary.certificate.holds else "the most that may be lost"
    quality = (
        f"{summary.mean_loss:.4f} of mean score lost on the held-out queries{counting}; bound "
        f"{summary.certificate.upper_bound:.4f}, where {summary.max_loss:g} is {promised}"
    )
    found = summary.dearest
    dearest = [("dearest", dearest_line(found, summary.frontier))] if found else []
    promise = ("promise", summary.certificate.sentence)
    return [("cost", cost), ("quality", quality), *dearest, promise]


def dearest_line(found: DearestRequests, frontier: str) -> str:
    """Say what is lost on the requests that cost most."""
    return (
        f"the tenth of the held-out queries that costs most, {percent(found.cost_share)} of all "
        f"cost: {percent(found.elsewhere_share)} of them leave {frontier}, and "
        f"{figure(found.mean_loss)} of mean score is lost on the {found.n_scored:,} of which that "
        "is known"
    )


def _limits(summary: BuildSummary) -> list[tuple[str, str]]:
    text = f"most queries of {counted(summary.n_insufficient_evidence, 'cluster')} stay with "
    stays = [("evidence", f"{text}{summary.frontier}")] if summary.n_insufficient_evidence else []
    return [
        *stays,
        *_unscored(summary),
        *_left_out(summary),
        *_beyond(summary),
        *_holes(summary),
        *_luck(summary),
        *_elsewhere(summary),
    ]


def _unscored(summary: BuildSummary) -> list[tuple[str, str]]:
    """Name the topics nobody has scored, unless all are: then there is more to say than this."""
    names = summary.unmeasured.names
    if not names or len(names) == summary.counts.n_clusters:
        return []
    clusters = (
        f"{counted(len(names), 'cluster')} with {percent(summary.unmeasured.share)} of the log"
    )
    shown = listed(names, N_CLUSTERS, quote=lambda name: f'"{printable(name, 60)}"')
    text = f"{clusters} {'has' if len(names) == 1 else 'have'} hardly any scores of a cheaper model"
    return [("unscored", f"{text}: {shown} (semroute evals plan)")]


def _left_out(summary: BuildSummary) -> list[tuple[str, str]]:
    sentence = summary.certificate.left_out_sentence
    return [("left out", f"{sentence} (semroute evals plan)")] if sentence else []


def _luck(summary: BuildSummary) -> list[tuple[str, str]]:
    """Say how far the saving scatters with the queries that happen to be held out."""
    if summary.saving_range is None or not summary.saving_range[1]:
        return []
    low, high = map(percent, summary.saving_range)
    if low == high:
        return []
    text = (
        f"with other held-out queries of this kind {low} to {high} would be certified to be saved, "
        "four times in five; more scored queries narrow that"
    )
    return [("luck", text)]


def _elsewhere(summary: BuildSummary) -> list[tuple[str, str]]:
    """Say what other promises would save, where there is anything to choose between them."""
    if not any(one.saving for one in summary.other_savings):
        return []
    each = [f"{percent(one.saving)} at {one.max_loss:g}" for one in summary.other_savings]
    text = f"with another max_loss as much would be certified to be saved: {', '.join(each)}"
    return [("elsewhere", text)]


def _beyond(summary: BuildSummary) -> list[tuple[str, str]]:
    step = summary.next_step
    if step is None or not summary.max_loss:
        return []
    why = "which are too few to show that others would lose no more than allowed"
    if step.mean_loss >= summary.max_loss:
        why = "and that is too much"
    if step.n_worst_case:
        why += (
            f", with {step.n_worst_case:,} that lack scores counted as failures: fewer than "
            f"{summary.least_known:.4g} of what a model answers there is known (least_known)"
        )
    text = (
        f"{percent(step.saving)} would be saved at the next step, tolerance {step.tolerance:g}: it "
        f"lost {figure(step.mean_loss, 4)} of the {summary.max_loss:g} allowed on the held-out "
        f"queries, {why}"
    )
    return [("beyond", text)]


def _holes(summary: BuildSummary) -> list[tuple[str, str]]:
    certificate, n_held_out = summary.certificate, summary.counts.n_calibration
    if n_lacking := certificate.n_worst_case + certificate.n_left_out:
        text = (
            f"{n_lacking:,} held-out queries lack the scores of the model they get: "
            f"{certificate.n_left_out:,} left out, {certificate.n_worst_case:,} counted as failed; "
            "score them to promise more (semroute evals plan)"
        )
        return [("holes", text)]
    has_others = len(summary.models) > 1
    too_few = summary.n_paired < n_held_out * ENOUGH_PAIRED
    if has_others and certificate.n_needed and too_few:
        text = (
            f"{summary.n_paired:,} of {n_held_out:,} held-out queries are scored with "
            f"{summary.frontier} and another model; score the others too (semroute evals plan)"
        )
        return [("holes", text)]
    return []


def _since_before(summary: BuildSummary) -> list[tuple[str, str]]:
    before = summary.before
    if before is None:
        return []
    n_moved = len(before.relabelled)
    saved = "" if before.saving is None else f"; {percent(before.saving)} was saved then"
    told = (
        f"version {before.index_version}: {cluster_counts(before)}; of the same {n_moved:,} "
        f"{'has' if n_moved == 1 else 'have'} another model{saved}"
    )
    moved = [
        f"{one.cluster_key} ({one.cluster_name}): {one.label} instead of {one.label_before}, "
        f"{percent(one.share)} of the log"
        for one in before.relabelled[:N_CLUSTERS]
    ]
    if n_moved > N_CLUSTERS:
        moved.append(f"and {n_moved - N_CLUSTERS:,} smaller ones; --json has all")
    return [("before", told), *(("now", text) for text in moved), *_moves(summary)]


def _moves(summary: BuildSummary) -> list[tuple[str, str]]:
    if not summary.moves:
        return []
    n = summary.counts.n_queries
    n_moved = sum(move.n_requests for move in summary.moves)
    largest = ", ".join(
        f"{percent(move.n_requests / n)} from {move.model_before} to {move.model}"
        for move in summary.moves[:N_CLUSTERS]
    )
    text = f"{percent(n_moved / n)} of the log's requests go to another model than by that version"
    return [("moved", f"{text}: {largest}")]


def _notes(summary: BuildSummary) -> list[tuple[str, str]]:
    steps = ", ".join(f"{step.name} {step.seconds:.1f} s" for step in summary.steps)
    peak = max((step.peak_memory_mb for step in summary.steps), default=0.0)
    notes = [("time", f"{steps}; peak memory {peak:,.0f} MB")]
    if summary.n_templated:
        notes.append(("templates", _templates(summary)))
    if summary.n_truncated:
        notes.append(("long texts", _long_texts(summary)))
    if summary.n_reused:
        texts = counted(summary.n_reused, "text")
        notes.append(("reused", f"{texts} had been embedded by earlier builds"))
    return notes


def _labels(summary: BuildSummary) -> list[tuple[str, str]]:
    """Say what became of the analysts' work."""
    if not (summary.n_reattached or summary.n_renamed or summary.kept_up or summary.suggestions):
        return []
    without = summary.saving_without_labels
    told = "" if without is None else f"; without labels {percent(without)} would be saved"
    return [
        ("labels", f"{_carried_over(summary)}{told}"),
        *(("kept up", _kept_up(kept)) for kept in summary.kept_up),
        *(("suggestion", _suggestion(suggestion)) for suggestion in summary.suggestions),
    ]


def _not_fitted(counts: Counts) -> str:
    n_others = counts.n_queries - counts.n_fit - counts.n_calibration
    return f", {n_others:,} left out, as more than their text decides" if n_others else ""


def _templates(summary: BuildSummary) -> str:
    n = summary.n_templated
    hold = f"{counted(n, 'query')} {'holds' if n == 1 else 'hold'} passages that many others share"
    return f"{hold}, as of a prompt template: what else a query says decides"


def _long_texts(summary: BuildSummary) -> str:
    n = summary.n_truncated
    longer = f"{counted(n, 'query')} {are(n)} longer than what is read of the last user message"
    longer += ", templates set aside" if summary.n_templated else ""
    if summary.truncated == "frontier":
        return f"{longer}: such go to {summary.frontier}"
    if summary.cut == "head_tail":
        return f"{longer}: its start and its end count"
    return (
        f'{longer}: only its start counts; in [texts] cut = "head_tail" reads both ends, truncated '
        f'= "frontier" sends such to {summary.frontier}'
    )


def _carried_over(summary: BuildSummary) -> str:
    counted = (
        (summary.n_reattached, "carried over by key"),
        (summary.n_renamed, "got their name or note back by similarity"),
        (len(summary.kept_up), "stay with the frontier model"),
    )
    told = [f"{n} {what}" for n, what in counted if n]
    return "corrected clusters: " + ", ".join([*told, *_lost(summary.suggestions)])


def _lost(suggestions: Sequence[Suggestion]) -> list[str]:
    """Say how much of the analysts' work found no cluster, if any."""
    found = {
        "label": sum(one.label is not None for one in suggestions),
        "name": sum(one.name is not None for one in suggestions),
        "note": sum(bool(one.note) for one in suggestions),
    }
    lost = [f"{n} {what}{'s'[: n != 1]}" for what, n in found.items() if n]
    return [f"not carried over: {', '.join(lost)}"] if lost else []


def _kept_up(kept: KeptUp) -> str:
    return (
        f"{kept.cluster_key} ({kept.cluster_name}) stays with the frontier model by the label of "
        f"{kept.former_key} ({kept.former_name}), to which the version before gave such requests "
        f"(similarity {figure(kept.similarity, 2)}); clear the label if it is another topic"
    )


def _suggestion(suggestion: Suggestion) -> str:
    work = f"label {suggestion.label}" if suggestion.label else "name or note"
    name = f" ({suggestion.name})" if suggestion.name else ""
    lost = f"{work} of the former cluster {suggestion.cluster_key}{name}"
    if suggestion.nearest_key == suggestion.cluster_key:
        there = f"{suggestion.cluster_key} ({suggestion.nearest_name})"
        return f"{work} of {there} was not carried over, as that model is not in the config"
    if suggestion.nearest_key is None:
        if suggestion.similarity is None:
            return f"{lost} was not carried over; no new cluster can be compared with it"
        most = figure(suggestion.similarity, 2)
        return f"{lost} was not carried over; no new cluster is like it (similarity {most} at most)"
    return (
        f"{lost} was not carried over; most similar now: {suggestion.nearest_key} "
        f"({suggestion.nearest_name}), {figure(suggestion.similarity, 2)}"
    )
