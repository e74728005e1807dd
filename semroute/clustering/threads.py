"""One thread for what must come out the same on every machine."""

from contextlib import AbstractContextManager
from importlib import import_module

from semroute.errors import MissingExtraError


def one_thread() -> AbstractContextManager[object]:
    """Hold the linear algebra to one thread inside the context.

    Sums are split differently on more threads, and one rounded bit in UMAP's start moves points
    between clusters: the same log would give another index on another machine.

    Raises:
        MissingExtraError: scikit-learn, which brings threadpoolctl, is not installed.
    """
    try:
        from threadpoolctl import threadpool_limits

        # Only libraries that are loaded can be limited, and each brings a copy of its own.
        for library in ("faiss", "scipy.linalg", "sklearn.cluster"):
            import_module(library)
    except ImportError as error:
        raise MissingExtraError("clustering", "build", "scikit-learn") from error
    limits: AbstractContextManager[object] = threadpool_limits(1)
    return limits
