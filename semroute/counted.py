"""Counts in sentences."""


def counted(n: int, thing: str) -> str:
    """Write a count and what is counted; `thing` is in the singular, with a regular plural.

    >>> counted(1, "query"), counted(1912, "query"), counted(0, "score")
    ('1 query', '1,912 queries', '0 scores')
    """
    if n == 1:
        return f"1 {thing}"
    return f"{n:,} {thing.removesuffix('y')}ies" if thing.endswith("y") else f"{n:,} {thing}s"


def are(n: int) -> str:
    """Return "is" of one and "are" of any other number."""
    return "is" if n == 1 else "are"
