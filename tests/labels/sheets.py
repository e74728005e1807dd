"""Sheets for tests, written without the code under test, and the texts that break naive sheets."""

import random

from hypothesis import strategies as st

from semroute.labels import SheetModel, SheetRow

MODELS = ("large", "medium", "small")
KEYS = (
    *("c8f14e45fceea167", "c1679091c5a880fa", "ce4da3b7fbbce234"),
    *("c45c48cce2e2d7fb", "cd3d9446802a4425", "c6512bd43d9caa6e"),
)

TRIGGERS = "=+-@\t\r\n\x00＝＋－＠﹦﹢﹣﹫−ー"
ODD_CHARACTERS = (
    TRIGGERS
    + "'\"`´‘’“”«»,;| \u00a0\u3000\u200b\u200f\u202e\u2066\ufeff\x0b\x1b\x85\u2028"
    + "a1é日אب🙂\U0001f469\u200d\U0001f4bb(){}!:/\\#?"
)


def odd_texts(max_size: int = 12) -> st.SearchStrategy[str]:
    """Mostly characters that matter to a spreadsheet; some of any kind a file can hold."""
    any_kind = st.characters(exclude_categories=["Cs"])
    return st.text(st.one_of(st.sampled_from(ODD_CHARACTERS), any_kind), max_size=max_size)


def sheet_row(cluster_key: str = KEYS[0], **changes: object) -> SheetRow:
    values = {
        "cluster_key": cluster_key,
        "name": "orders",
        "label": "",
        "note": "",
        "cluster_id": 7,
        "auto_label": "small",
        "answered_by": "small 61%, large 39%",
        "auto_reason": "cheapest within max_loss",
        "size": 120,
        "share": 0.25,
        "keywords": ("order", "parcel"),
        "examples": ("Where is my order?",),
        "n_evals": 40,
        "index_version": "20260101T000000Z",
        "models": tuple(
            SheetModel(model, mean_score=0.8, expected_loss=loss, loss_upper_bound=bound, **cost)
            for model, loss, bound, cost in (
                ("large", 0.0, 0.0, {"mean_cost_usd": 0.02}),
                ("medium", -0.01, 0.015, {"mean_cost_usd": 0.004}),
                ("small", None, None, {"mean_cost_usd": 0.0000005}),
            )
        ),
    }
    return SheetRow(**{**values, **changes})


def as_csv(
    rows: list[list[str]],
    delimiter: str = ",",
    newline: str = "\r\n",
    quote_always: bool = True,
    chance: random.Random | None = None,
) -> str:
    """Write CSV by hand: an oracle that shares no line with the reader or Python's writer."""

    def cell(text: str) -> str:
        needs = any(c in text for c in (delimiter, '"', "\r", "\n")) or text != text.strip()
        if needs or quote_always or (chance and chance.random() < 0.3):
            return '"' + text.replace('"', '""') + '"'
        return text

    return "".join(delimiter.join(map(cell, row)) + newline for row in rows)
