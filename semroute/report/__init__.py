"""One HTML page on how a router does, for the person who pays."""

from semroute.report.page import write_report

__all__ = ["write_report"]
