"""The top of the page: warnings, headline, tiles and verdict."""

from html import escape

from semroute.artifact.contents import IndexContents
from semroute.evaluate.costs import per_thousand
from semroute.evaluate.frozen import SMALL
from semroute.evaluate.paired import Interval
from semroute.evaluate.results import Evaluation

_MEASURED_ALONE = (
    "What follows was measured on these queries alone: no bound is shown for other traffic."
)
_OUTCOMES = {
    "within": "measured: within",
    "interval above": "measured: the interval goes above",
    "above": "measured: above",
    "unknown": "measured: not known",
}


def banner(found: Evaluation) -> str:
    """Return what nobody may overlook: no promise, a broken one, or that all is the frontier's."""
    if not found.certificate.holds:
        title = "Nothing is promised of this index"
        return _banner("alarm", title, (found.certificate.sentence, _MEASURED_ALONE))
    if found.against_promise.is_broken:
        title = "More was lost than is promised"
        return _banner("alarm", title, (found.against_promise.sentence,))
    if found.certificate.is_frontier_alone:
        title = f"All requests go to {found.frontier}: nothing is lost, and nothing saved"
        return _banner("plain", title, (found.certificate.sentence,))
    return ""


def _banner(kind: str, title: str, sentences: tuple[str, ...]) -> str:
    lines = "".join(f"<p>{escape(one)}</p>" for one in sentences)
    return f'<div class="banner {kind}" role="note"><strong>{escape(title)}</strong>{lines}</div>'


def headline(found: Evaluation) -> str:
    """Return what is saved and what that does to quality."""
    saving, loss = found.router.saving.value, found.router.loss
    if loss is None:
        return f"semroute saves {saving:.0%} of the cost; what that does to quality is not known"
    if found.n_queries < SMALL:
        return f"{found.n_queries} queries are too few to judge semroute by"
    if loss.holds_zero:
        at_most = f"{loss.high:.3f} of mean score at most" if loss.high > loss.low else "all alike"
        quality = f"no loss of quality that {found.n_queries:,} queries can show ({at_most})"
    elif loss.value > 0:
        quality = f"{loss.value:.3f} of mean score lost"
    else:
        quality = f"{-loss.value:.3f} of mean score gained"
    return f"semroute saves {saving:.0%} of the cost, with {quality}"


def subtitle(contents: IndexContents, found: Evaluation) -> str:
    """Return what was compared on which queries, and which index it was."""
    made = contents.manifest.created_at[:10]
    return (
        f"Against always using {found.frontier}, on {found.n_queries:,} queries the build has not "
        f"seen. Index {found.index_version}, made {made}."
    )


def notes(found: Evaluation) -> str:
    """Return what to bear in mind of the set."""
    return "".join(f'<p class="caution">{escape(note)}</p>' for note in found.notes)


def tiles(found: Evaluation) -> str:
    """Return the few figures that matter most, the promise among them."""
    router = found.router
    shown = (
        ("saved", f"{router.saving.value:.1%}", _range(router.saving, ".1%")),
        ("saved per 1,000 requests", per_thousand(router.saved_usd.value), _saved_range(found)),
        (
            "score lost",
            f"{router.loss.value:.3f}" if router.loss else "unknown",
            _range(router.loss, ".3f"),
        ),
        _promise_tile(found),
        (
            "mean score",
            f"{router.score.value:.3f}" if router.score else "unknown",
            _range(router.score, ".3f"),
        ),
        ("frontier calls", f"{router.frontier_share:.0%}", "of all requests"),
    )
    return "".join(
        f'<div class="tile"><span class="name">{name}</span><b>{value}</b><span>{note}</span></div>'
        for name, value, note in shown
    )


def _promise_tile(found: Evaluation) -> tuple[str, str, str]:
    promise, name = found.certificate, "most loss promised"
    if not promise.holds or promise.max_loss is None:
        return name, "no promise", "by this index"
    return name, f"{promise.max_loss:g}", _OUTCOMES[found.against_promise.outcome]


def _range(one: Interval | None, style: str) -> str:
    return "" if one is None else f"95%: {one.low:{style}} to {one.high:{style}}"


def _saved_range(found: Evaluation) -> str:
    saved = found.router.saved_usd
    return f"95%: {per_thousand(saved.low)} to {per_thousand(saved.high)}"


def verdict(found: Evaluation) -> str:
    """Return what the figures come to, the promise, and what was measured beside it."""
    lines = "".join(f"<p>{escape(sentence)}</p>" for sentence in found.verdict)
    promised = f"Certificate of the build: {found.certificate.sentence}"
    measured = f"<p>{escape(found.against_promise.sentence)}</p>"
    return f'{lines}<p class="certificate">{escape(promised)}</p>{measured}'
