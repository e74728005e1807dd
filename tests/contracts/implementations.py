"""Which implementations of a contract there are, by the unions of the config."""

from typing import Annotated, Any, get_args, get_origin


def members(union: Any) -> tuple[type[Any], ...]:
    """List the classes of `A | B`, of `Annotated[A | B, ...]`, or of a lone class."""
    plain = get_args(union)[0] if get_origin(union) is Annotated else union
    return get_args(plain) or (plain,)
