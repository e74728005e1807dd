"""The page: figures and tables as data, a script that draws them, nothing from elsewhere."""

import json
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

from semroute.artifact.contents import IndexContents
from semroute.artifact.loading import load_index
from semroute.durable import replace_file
from semroute.errors import MissingExtraError
from semroute.evaluate.frozen import SMALL
from semroute.evaluate.paired import Interval
from semroute.evaluate.results import Evaluation, finite
from semroute.masks import mask
from semroute.queries import read_queries
from semroute.report.charts import cluster_map, curve_chart
from semroute.report.grids import (
    cluster_grid,
    slice_grid,
    strategy_grid,
    tolerance_grid,
    unknown_grid,
)
from semroute.texts import printable

MAX_EXAMPLE_CHARS = 240

_UNKNOWN = """<section>
<h2>Like nothing in the log</h2>
<p>{share} of the queries were unlike everything the build has seen, so {frontier} answered
them. The least similar come first; secrets and personal numbers are masked.</p>
<div data-table="unknown" data-search="Search these queries"></div>
</section>"""

_NOTES = (
    "Mean score: the average of the scores in the evaluation file, from 0 to 1.",
    "Score lost: the mean score of always using the frontier model, less this one's.",
    "Saved: the share of the cost of always using the frontier model that is not spent.",
    "Intervals hold the true value for 95 of 100 such sets of queries (paired bootstrap).",
    "“Semroute scores more by” compares on the same queries; an interval around 0 tells nothing.",
    "“Without scores” counts queries that lack the score of the frontier or of who answers.",
    "It differs by row, as each asks other models; such queries count for and against nobody.",
    "Hindsight has seen the answers. It shows how much could be gained at most, and cannot be had.",
)


def write_report(
    path: Path, folder: Path, queries: Path, found: Evaluation, *, samples: bool = True
) -> None:
    """Write the report as one HTML file that needs nothing else, not even a network.

    Args:
        path: of the file; replaced if it is there. Only its owner can read it.
        folder: the index that was judged.
        queries: the query file it was judged on.
        found: what `evaluate` found.
        samples: show masked queries that were like nothing in the log.

    Raises:
        MissingExtraError: plotly or umap-learn is not installed.
        PublishError: the operating system refused the write.
    """
    contents = load_index(folder, version=found.index_version, samples=False)
    texts = _masked_texts(queries, found) if samples else {}
    content = render(contents, found, texts).encode()
    replace_file(path, content)


def _masked_texts(queries: Path, found: Evaluation) -> dict[str, str]:
    wanted = {one.query_id for one in found.unknown}
    log = read_queries(queries)
    pairs = zip(log.query_ids, log.texts, strict=True)
    return {
        query_id: printable(mask(text), MAX_EXAMPLE_CHARS)
        for query_id, text in pairs
        if query_id in wanted
    }


def render(contents: IndexContents, found: Evaluation, texts: dict[str, str]) -> str:
    """Return the page; `texts` holds the masked text of each unknown query, or nothing."""
    tables: dict[str, Any] = {
        "strategies": strategy_grid(found),
        "tolerances": tolerance_grid(contents, found),
        "clusters": cluster_grid(contents, found),
        "slices": slice_grid(found),
    }
    if texts:
        tables["unknown"] = unknown_grid(found, texts)
    data = {"tables": tables, "curve": curve_chart(found), "map": cluster_map(contents)}
    return Template(_resource("page.html")).substitute(
        title=escape(f"report on {found.index_version}"),
        css=_resource("page.css"),
        js=_resource("page.js"),
        plotly=_plotly(),
        data=_embedded(data),
        headline=escape(_headline(found)),
        subtitle=escape(_subtitle(contents, found)),
        tiles=_tiles(found),
        verdict=_verdict(contents, found),
        n_queries=f"{found.n_queries:,}",
        small=SMALL,
        learned=_learned(found),
        unknown=_unknown(found) if texts else "",
        notes="".join(f"<li>{escape(note)}</li>" for note in _NOTES),
    )


def _resource(name: str) -> str:
    return (files("semroute.report") / name).read_text("utf-8")


def _plotly() -> str:
    try:
        from plotly.offline import get_plotlyjs
    except ImportError as error:
        raise MissingExtraError("the report", "report", "plotly") from error
    return str(get_plotlyjs())


def _embedded(data: dict[str, Any]) -> str:
    """Write JSON that no text in it can break out of."""
    text = json.dumps(finite(data), ensure_ascii=False, allow_nan=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _headline(found: Evaluation) -> str:
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


def _subtitle(contents: IndexContents, found: Evaluation) -> str:
    made = contents.manifest.created_at[:10]
    left_out = f", {len(found.left_out)} left out" if found.left_out else ""
    return (
        f"Against always using {found.frontier}, on {found.n_queries:,} queries the build has not "
        f"seen{left_out}. Index {found.index_version}, made {made}."
    )


def _tiles(found: Evaluation) -> str:
    router = found.router
    tiles = (
        ("saved", f"{router.saving.value:.1%}", _range(router.saving, ".1%")),
        (
            "score lost",
            f"{router.loss.value:.3f}" if router.loss else "unknown",
            _range(router.loss, ".3f"),
        ),
        (
            "mean score",
            f"{router.score.value:.3f}" if router.score else "unknown",
            _range(router.score, ".3f"),
        ),
        ("frontier calls", f"{router.frontier_share:.0%}", "of all requests"),
    )
    return "".join(
        f'<div class="tile"><span class="name">{name}</span><b>{value}</b><span>{note}</span></div>'
        for name, value, note in tiles
    )


def _range(one: Interval | None, style: str) -> str:
    return "" if one is None else f"95%: {one.low:{style}} to {one.high:{style}}"


def _verdict(contents: IndexContents, found: Evaluation) -> str:
    lines = "".join(f"<p>{escape(sentence)}</p>" for sentence in found.verdict)
    return f'{lines}<p class="certificate">{escape(_certificate(contents))}</p>'


def _certificate(contents: IndexContents) -> str:
    certificate: Any = contents.manifest.certificate
    if certificate is None:
        return "This index carries no certificate: what it loses on other traffic is not promised."
    said = getattr(certificate, "sentence", None)
    return f"Certificate of the build: {said or certificate}"


def _learned(found: Evaluation) -> str:
    return (
        "Rules, learners and labels in hindsight spend what semroute spends, so that only scores "
        f"differ. kNN and the classifier learned from the {found.n_learning:,} queries the build "
        "held out."
    )


def _unknown(found: Evaluation) -> str:
    share = f"{found.reasons.get('ood', 0.0):.1%}"
    return _UNKNOWN.format(share=share, frontier=escape(found.frontier))
