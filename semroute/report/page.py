"""The page: figures and tables as data, a script that draws them, nothing from elsewhere."""

import json
from dataclasses import asdict
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

from semroute.artifact.contents import IndexContents
from semroute.artifact.loading import load_index
from semroute.artifact.serving import cleaned_text
from semroute.counted import counted
from semroute.durable import replace_file
from semroute.errors import MissingExtraError
from semroute.evaluate.frozen import SMALL
from semroute.evaluate.results import Evaluation, finite
from semroute.evaluate.verdict import sends_nothing_elsewhere
from semroute.masks import mask
from semroute.queries import read_queries
from semroute.report import top
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
<h2>Taken for unknown</h2>
<p>{share} of the queries were too little like the log, or of too many new words, so {frontier}
answered them. Not all are strange: up to {false_fallback} of known traffic is expected to be among
them, which the build gives up for safety (<code>max_false_fallback</code>). The least similar come
first; secrets and personal numbers are masked.</p>
<div data-table="unknown" data-search="Search these queries" data-order="Least similar first"></div>
</section>"""

_WORST = """<section>
<h2>Where it does worst</h2>
<p>Parts of the traffic, those that lose most first; what few queries lose counts for less. Among
{n_parts} parts some look bad by chance: an interval that holds 0 is no finding. “few” marks fewer
than {small} scored queries, or fewer than {small} sent elsewhere than to {frontier}: a narrow
interval means nothing there.</p>
<div data-table="slices" data-search="Search parts of the traffic" data-order="Worst first"></div>
</section>"""

_NOTES = (
    "Mean score: the average of the scores in the evaluation file, from 0 to 1.",
    "Score lost: the mean score of always using the frontier model, less this one's.",
    "Saved: the share of the cost of always using the frontier model that is not spent.",
    "Intervals hold the true value for 95 of 100 such sets of queries (paired bootstrap).",
    "“Semroute scores” compares on the same queries; an interval from less to more tells nothing.",
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
        samples: show masked queries that were taken for unknown.

    Raises:
        MissingExtraError: plotly or umap-learn is not installed.
        PublishError: the operating system refused the write.
    """
    contents = load_index(folder, version=found.index_version, samples=False)
    texts = _masked_texts(queries, found, contents) if samples else {}
    content = render(contents, found, texts).encode()
    replace_file(path, content)


def _masked_texts(queries: Path, found: Evaluation, contents: IndexContents) -> dict[str, str]:
    """Return what the unknown queries ask, by id, without the template that all of them share."""
    wanted = {one.query_id for one in found.unknown}
    log = read_queries(queries)
    pairs = zip(log.query_ids, log.texts, strict=True)
    return {
        query_id: printable(mask(cleaned_text(contents, text).text), MAX_EXAMPLE_CHARS)
        for query_id, text in pairs
        if query_id in wanted
    }


def render(contents: IndexContents, found: Evaluation, texts: dict[str, str]) -> str:
    """Return the page; `texts` holds the masked text of each unknown query, or nothing."""
    tables: dict[str, Any] = {
        "strategies": strategy_grid(found),
        "tolerances": tolerance_grid(contents, found),
        "clusters": cluster_grid(contents, found),
    }
    if not sends_nothing_elsewhere(found.router):
        tables["slices"] = slice_grid(found)
    if texts:
        tables["unknown"] = unknown_grid(found, texts)
    data = {
        "tables": tables,
        "curve": curve_chart(found),
        "map": cluster_map(contents),
        "saved_usd": asdict(found.router.saved_usd),
    }
    return Template(_resource("page.html")).substitute(
        title=escape(f"report on {found.index_version}"),
        css=_resource("page.css"),
        js=_resource("page.js"),
        plotly=_plotly(),
        data=_embedded(data),
        banner=top.banner(contents, found),
        headline=escape(top.headline(found)),
        reservation=escape(top.reservation(found)),
        subtitle=escape(top.subtitle(contents, found)),
        cautions=top.notes(found),
        tiles=top.tiles(found),
        monthly=top.monthly(found),
        verdict=top.verdict(found),
        n_queries=f"{found.n_queries:,}",
        frontier=escape(found.frontier),
        learned=escape(_learned(found)),
        unknown=_unknown(contents, found) if texts else "",
        to_buy=top.to_buy(found),
        judged=_judged(found),
        worst=_worst(found),
        inside=escape(_inside(contents, texts)),
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


def _learned(found: Evaluation) -> str:
    if sends_nothing_elsewhere(found.router):
        return (
            f"semroute answered with {found.frontier} alone. What spends as much by doing the same "
            "is left out."
        )
    return (
        "Rules and learners spend what semroute spends, so that only scores differ; the random mix "
        "and labels in hindsight spend at most that, and where less, more would not help them. "
        f"kNN and the classifier learned from the {found.n_learning:,} queries the build held out."
    )


def _judged(found: Evaluation) -> str:
    """Say what the last columns of the table of clusters hold."""
    few = f"“few” marks fewer than {SMALL} of them with scores, too few to rely on."
    if sends_nothing_elsewhere(found.router):
        n = counted(found.n_queries, "query")
        return f"“Judged here” counts those of the {n} here; {few}"
    n = counted(found.n_queries, "query")
    return (
        f"What was lost and saved comes from the {n} judged here; {few} Only queries sent "
        f"elsewhere than to {escape(found.frontier)} can lose anything."
    )


def _worst(found: Evaluation) -> str:
    """Return the parts of the traffic; nothing where none was sent elsewhere, as none can lose."""
    if sends_nothing_elsewhere(found.router):
        return ""
    n_parts, frontier = f"{len(found.slices):,}", escape(found.frontier)
    return _WORST.format(n_parts=n_parts, small=SMALL, frontier=frontier)


def _inside(contents: IndexContents, texts: dict[str, str]) -> str:
    """Say what the file tells of the log, so that nobody passes it on unawares."""
    queries = f"{counted(len(texts), 'query')}, masked" if texts else "no queries"
    named = any(one.name != one.auto_name for one in contents.clusters)
    names = "names and keywords of clusters, made of words of the log"
    names += ", names that analysts gave" if named else ""
    return (
        f"This file contains {queries}; {names}; values of the query file's columns. Pass it on "
        "only to those who may read the log. Analysts' notes are not in it."
    )


def _unknown(contents: IndexContents, found: Evaluation) -> str:
    return _UNKNOWN.format(
        share=f"{found.reasons.get('ood', 0.0):.1%}",
        frontier=escape(found.frontier),
        false_fallback=f"{contents.manifest.ood.max_false_fallback:.1%}",
    )
