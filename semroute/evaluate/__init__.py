"""Judging a router on queries it has not seen."""
