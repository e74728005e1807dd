"""The top of the page: warnings, headline, tiles and verdict."""

from collections.abc import Sequence
from html import escape

from semroute.artifact.contents import IndexContents
from semroute.counted import are, counted
from semroute.evaluate.costs import per_thousand
from semroute.evaluate.frozen import SMALL
from semroute.evaluate.paired import Interval
from semroute.evaluate.results import Evaluation, Slice
from semroute.evaluate.slices import worst_first
from semroute.evaluate.verdict import best_per_query, rivals, sends_nothing_elsewhere
from semroute.evaluate.wording import Told, lost, saved, saved_per_thousand

N_NAMED_CLUSTERS = 3

_MEASURED_ALONE = (
    "What follows was measured on these queries alone: no bound is shown for other traffic."
)
_OUTCOMES = {
    "within": "measured: within",
    "interval above": "measured: the interval goes above",
    "above": "measured: above",
    "not tried": "not tested: nothing sent elsewhere",
    "unknown": "measured: not known",
}


def banner(contents: IndexContents, found: Evaluation) -> str:
    """Return what nobody may overlook: no promise, a broken one, or that all is the frontier's."""
    promise = found.certificate
    if not promise.holds and promise.max_loss is not None:
        title = "Do not use as it is: with the analysts' labels nothing is promised of this index"
        lines = (_worst_labels(contents, found), promise.sentence, _MEASURED_ALONE)
        return _banner("alarm", title, lines)
    if not promise.holds:
        title = "Nothing is promised of this index"
        return _banner("alarm", title, (promise.sentence, _MEASURED_ALONE))
    if found.against_promise.is_broken:
        title = "Do not use as it is: more was lost than is promised"
        return _banner("alarm", title, (found.against_promise.sentence,))
    if promise.is_frontier_alone:
        return _banner("plain", f"All requests go to {found.frontier}", (promise.sentence,))
    return ""


def _worst_labels(contents: IndexContents, found: Evaluation) -> str:
    """Name the clusters of analysts' labels that lose most on these queries."""
    labels = {one.cluster_id: one.override for one in contents.clusters if one.override}
    judged = [one for one in found.slices if one.cluster_id in labels]
    lossy = [one for one in worst_first(judged) if one.loss and one.loss.value > 0]
    if not lossy:
        return "None of the clusters that analysts labelled loses on these queries."
    named = "; ".join(
        f"{one.value} (to {labels[one.cluster_id or 0]}): {_lost_by(one)}"
        for one in lossy[:N_NAMED_CLUSTERS]
    )
    return f"Of the clusters that analysts labelled, these lose most of the mean score: {named}."


def _lost_by(one: Slice) -> str:
    return f"{lost(one.loss or Interval(0.0, 0.0, 0.0))} on {counted(one.n, 'query')}"


def _banner(kind: str, title: str, sentences: Sequence[str]) -> str:
    lines = "".join(f"<p>{escape(one)}</p>" for one in sentences)
    return f'<div class="banner {kind}" role="note"><strong>{escape(title)}</strong>{lines}</div>'


def headline(found: Evaluation) -> str:
    """Return what is saved and what that does to quality, as estimates with their intervals."""
    loss = found.router.loss
    if sends_nothing_elsewhere(found.router):
        return "Nothing is routed elsewhere, so nothing is saved and nothing risked"
    if loss is not None and found.n_queries < SMALL:
        n = found.n_queries
        return f"{counted(n, 'query')} {are(n)} too few to judge semroute by"
    saving = saved(found.router.saving)
    told = f"Saves {saving} of the cost" if saving.word == "saved" else f"Adds {saving} to the cost"
    if loss is None:
        return f"{told}; what that does to quality is not known"
    change = lost(loss)
    return f"{told}; {change.value} of mean score {change.word} ({change.interval})"


def reservation(found: Evaluation) -> str:
    """Return what the headline must not hide: simpler choices that may do as well, or do better."""
    if sends_nothing_elsewhere(found.router) or found.n_queries < SMALL:
        return ""
    known = rivals(found.strategies)
    told = []
    if known.better:
        told.append(f"At this cost or less, {_listed(known.better)} scored more for certain.")
    if known.equal:
        told.append(
            "This test cannot show that it beats simpler choices that cost no more: "
            f"{_listed(known.equal)}."
        )
    return " ".join(told)


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def subtitle(contents: IndexContents, found: Evaluation) -> str:
    """Return what was compared on which queries, and which index it was."""
    made = contents.manifest.created_at[:10]
    return (
        f"semroute against always using {found.frontier}, on {counted(found.n_queries, 'query')} "
        f"the build has not seen; 95% intervals in brackets. Index {found.index_version}, made "
        f"{made}."
    )


def notes(found: Evaluation) -> str:
    """Return what to bear in mind of the set."""
    return "".join(f'<p class="caution">{escape(note)}</p>' for note in found.notes)


def tiles(found: Evaluation) -> str:
    """Return the few figures that matter most, the promise among them."""
    if sends_nothing_elsewhere(found.router):
        return "".join(_tile(*shown) for shown in _frontier_tiles(found))
    router, promise = found.router, found.certificate
    saving, dollars = saved(router.saving), saved_per_thousand(router.saved_usd)
    told = [] if promise.saving is None else [f"the build told {promise.saving:.1%}"]
    score = router.score
    return "".join(
        _tile(*shown)
        for shown in (
            (saving.word, saving.value, _interval(saving), *told),
            (f"{dollars.word} per 1,000 requests", dollars.value, _interval(dollars)),
            _loss_tile(router.loss),
            _promise_tile(found),
            _score_tile(score),
            ("frontier calls", f"{router.frontier_share:.1%}", "of these queries"),
        )
    )


def _frontier_tiles(found: Evaluation) -> list[tuple[str, ...]]:
    """Show what the frontier costs and scores, and what there is to save: nothing was, so far."""
    cost, hindsight = found.router.cost_usd, best_per_query(found.strategies)
    shown: list[tuple[str, ...]] = [
        (
            f"{found.frontier} per 1,000 requests",
            per_thousand(cost.value),
            f"95%: {per_thousand(cost.low)} to {per_thousand(cost.high)}",
        ),
        _score_tile(found.router.score),
        _promise_tile(found),
    ]
    if hindsight is not None and hindsight.saving.value > 0:
        saving, usd = saved(hindsight.saving), saved_per_thousand(hindsight.saved_usd)
        note = "the cheapest of each query's best models; no router reaches it"
        shown += [
            ("could be saved with hindsight", saving.value, _interval(saving), note),
            ("that is of 1,000 requests", usd.value, _interval(usd)),
        ]
        if hindsight.score is not None:
            shown.append(("mean score with hindsight", *_score_tile(hindsight.score)[1:]))
    return shown


def _tile(name: str, value: str, *notes: str) -> str:
    lines = "".join(f"<span>{escape(note)}</span>" for note in notes)
    return f'<div class="tile"><span class="name">{escape(name)}</span><b>{value}</b>{lines}</div>'


def _interval(told: Told) -> str:
    return f"95%: {told.interval}"


def _loss_tile(loss: Interval | None) -> tuple[str, ...]:
    if loss is None:
        return "score lost", "unknown"
    change = lost(loss)
    return f"score {change.word}", change.value, _interval(change)


def _score_tile(score: Interval | None) -> tuple[str, ...]:
    if score is None:
        return "mean score", "unknown"
    return "mean score", f"{score.value:.3f}", f"95%: {score.low:.3f} to {score.high:.3f}"


def _promise_tile(found: Evaluation) -> tuple[str, ...]:
    promise, name = found.certificate, "most loss promised"
    if not promise.holds or promise.max_loss is None:
        return name, "no promise", "by this index"
    return name, f"{promise.max_loss:g}", _OUTCOMES[found.against_promise.outcome]


_MONTHLY = """<section class="monthly">
<label for="requests">Requests a month</label>
<input id="requests" inputmode="numeric" autocomplete="off" value="1,000,000">
<output id="monthly" for="requests"></output>
<p>The interval is that of the saving on these queries. {costs}</p>
</section>"""


def monthly(found: Evaluation) -> str:
    """Return the field for the requests of a month; nothing where nothing is saved or risked."""
    if sends_nothing_elsewhere(found.router):
        return ""
    return _MONTHLY.format(costs=escape(costs_are(found)))


def costs_are(found: Evaluation) -> str:
    """Say how far the costs were measured, and what stands in where they were not."""
    prices = "the prices of the config for requests of this length"
    if found.measured_costs == 0:
        return f"No cost was measured: these are {prices}."
    if found.measured_costs == 1:
        return "The costs are as measured."
    # What is nearly all is not all.
    share = min(found.measured_costs, 0.999)
    return f"{share:.1%} of the costs were measured, the others are {prices}."


_TO_BUY = """<section class="buy">
<h2>What would have to be bought</h2>
<p>Scores of cheaper models, beside those of {frontier}, on queries of the log. This lists those
worth most for a budget, here of 500 scores, and says what each hundred should bring:</p>
<pre>semroute evals plan --index clusters/ \\
    --queries queries.jsonl \\
    --evals evals.csv \\
    --budget 500 -o plan.csv</pre>
<p>Fill the plan in, then build again with both files:</p>
<pre>semroute build-index --out clusters/ \\
    --queries queries.jsonl \\
    --evals evals.csv \\
    --evals plan.csv \\
    --config semroute.toml</pre>
</section>"""


def to_buy(found: Evaluation) -> str:
    """Return what to do where nothing was certified and cheaper models could help; else nothing."""
    hindsight = best_per_query(found.strategies)
    can_save = hindsight is not None and hindsight.saving.value > 0
    if not (found.certificate.is_frontier_alone and sends_nothing_elsewhere(found.router)):
        return ""
    return _TO_BUY.format(frontier=escape(found.frontier)) if can_save else ""


def verdict(found: Evaluation) -> str:
    """Return what the figures come to, the promise, and what was measured beside it."""
    lines = "".join(f"<p>{escape(sentence)}</p>" for sentence in found.verdict)
    promised = f"Certificate of the build: {found.certificate.sentence}"
    measured = f"<p>{escape(found.against_promise.sentence)}</p>"
    return f'{lines}<p class="certificate">{escape(promised)}</p>{measured}'
