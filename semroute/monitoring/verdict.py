"""What a comparison of traffic means, in a sentence or two for whoever runs the service."""

from collections.abc import Iterator, Sequence

from semroute.monitoring.results import Figure, TrafficDrift

MOST_NAMED = 4
"""Differences named in the sentence; the table has all."""

MANY_POINTS = 0.1
"""If the share of a cluster has to change by more to be seen, there are too few decisions."""

NOT_READ = {
    "empty": "nothing is lost by it, but look at what sends requests without a text",
    "encoder_error": "this is no change of traffic; look at the log of the server",
}
"""Requests that no build learns from, and what to do about them."""


def verdict(found: TrafficDrift) -> str:
    """Say whether traffic is like the held-out queries, and what to do if it is not."""
    named = [*_differences(found)]
    if named:
        text = f"Traffic is not like the held-out queries: {_listed(named)}. {_promise(found)}"
    else:
        text = f"{_alike(found)}.{_by_copies(found)}{_visible(found)}"
    return f"{text}{_not_read(found)}"


def _listed(named: Sequence[str]) -> str:
    more = len(named) - MOST_NAMED
    return "; ".join([*named[:MOST_NAMED], *([f"{more} more"] if more > 0 else [])])


def _alike(found: TrafficDrift) -> str:
    n = found.n_decisions
    decisions = "1 decision" if n == 1 else f"{n:,} decisions"
    return f"Traffic is like the held-out queries as far as {decisions} can tell"


def _by_copies(found: TrafficDrift) -> str:
    named = [
        *(_told(one, "answers") for one in found.models if one.differs_by_copies),
        *(_told(one) for one in found.reasons if one.differs_by_copies),
        *(_told(one) for one in found.clusters.shares if one.differs_by_copies),
    ]
    if not named:
        return ""
    told = "a few texts that come again and again make a difference, which may be chance"
    return f" But {told}: {_listed(named)}."


def _visible(found: TrafficDrift) -> str:
    change = found.clusters.visible_change
    if change is None:
        return ""
    few = ": log more decisions" if change > MANY_POINTS else ""
    told = f"would have to grow by about {_points(change)} to be seen{few}"
    return f" A cluster with 10% of it {told}."


def _differences(found: TrafficDrift) -> Iterator[str]:
    yield from (_told(one, "answers") for one in found.models if one.differs)
    yield from (_told(one) for one in found.reasons if one.differs and one.name not in NOT_READ)
    clusters = found.clusters
    if clusters.differs and clusters.moved_share is not None:
        usual = clusters.usual_by_chance or 0.0
        told = f"{clusters.moved_share:.1%} of known traffic has moved to other clusters"
        yield f"{told} (by chance about {usual:.1%})"
    yield from (_told(one) for one in (*found.means, *clusters.shares) if one.differs)


def _told(one: Figure, verb: str = "is") -> str:
    name = one.name if one.cluster_id is None else f"cluster {one.cluster_id}"
    return f"{name} {verb} {_instead(one)}"


def _instead(figure: Figure) -> str:
    then, now = figure.held_out or 0.0, figure.now or 0.0
    if figure.unit == "share":
        return f"{now:.1%} instead of {then:.1%}"
    unit = "$" if figure.unit == "usd" else ""
    return f"{unit}{now:.4g} instead of {unit}{then:.4g}"


def _points(share: float) -> str:
    return f"{100 * share:.1f} points"


def _promise(found: TrafficDrift) -> str:
    score = "have a sample of these requests scored and run `semroute evaluate`, then build again"
    if not found.is_promised:
        return f"Nothing is promised of this index anyway; {score}."
    promise = f"The promise, at most {found.max_loss:g} of mean score lost, does not speak of it"
    return f"{promise}: {score}."


def _not_read(found: TrafficDrift) -> str:
    differ = [one for one in found.reasons if one.differs and one.name in NOT_READ]
    return "".join(f" {_told(one)}; {NOT_READ[one.name]}." for one in differ)
