"""What a router is loaded with: refused at once where it is of another kind than it should be."""

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


def check_version(version: object) -> None:
    """Refuse what is no name of a version; None stands for the live one.

    Raises:
        TypeError: it is something else.
    """
    if not isinstance(version, str | None):
        raise TypeError(
            f"version is {version!r}; give the name of a version in quotes, as `semroute inspect` "
            "tells them"
        )


def check_encoder_object(encoder: object) -> None:
    """Refuse what is no encoder; None stands for the index's own.

    Raises:
        TypeError: it is something else, such as the name of a model.
    """
    if encoder is not None and not (hasattr(encoder, "encode") and hasattr(encoder, "identity")):
        raise TypeError(
            f"encoder is of type {type(encoder).__name__}; give an object with the members of "
            "semroute.encoders.contract.Encoder, or leave it out: the index opens its own"
        )
