"""Analysts' corrections: out as a sheet, back as a new version, and over to a rebuilt index."""

from semroute.relabel.answering import shares_told, whole_percent
from semroute.relabel.applying import apply_labels
from semroute.relabel.certifying import beyond, certified, recertified, with_certificate
from semroute.relabel.changes import LabelChange, LabelChanges, contradictions, plan_labels
from semroute.relabel.exporting import SHEET, export_labels, sheet_rows
from semroute.relabel.reattaching import KeptUp, Reattached, Suggestion, reattach

__all__ = [
    "SHEET",
    "KeptUp",
    "LabelChange",
    "LabelChanges",
    "Reattached",
    "Suggestion",
    "apply_labels",
    "beyond",
    "certified",
    "contradictions",
    "export_labels",
    "plan_labels",
    "reattach",
    "recertified",
    "shares_told",
    "sheet_rows",
    "whole_percent",
    "with_certificate",
]
