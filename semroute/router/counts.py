"""How many threads, workers and kept decisions a router is given."""

from operator import index


def check_count(name: str, value: object, least: int) -> None:
    """Refuse what is no whole number of at least `least`.

    Raises:
        TypeError: it is no whole number.
        ValueError: it is too small.
    """
    problem = f"{name} is {value!r}; give a whole number of at least {least}"
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(problem)
    if index(value) < least:
        raise ValueError(problem)
