"""The model hub, and what its libraries say while a model loads."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_LONGEST_SECONDS = 10.0


def hub_answers(name: str) -> bool:
    """Whether the model hub can be reached; its library would try for minutes."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

    try:
        HfApi().model_info(name, timeout=_LONGEST_SECONDS)
    except (HfHubHTTPError, ValueError):
        return True  # there is no such model, or no such name: loading it says so
    except Exception:  # requests' errors or httpx's, by the hub library's version
        return False
    return True


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Hide the bar and the reports that libraries write to stderr while a model loads."""
    import transformers.utils.logging

    reports: Any = transformers.utils.logging
    verbosity, with_bars = reports.get_verbosity(), reports.is_progress_bar_enabled()
    hub = logging.getLogger("huggingface_hub")
    hub_level = hub.level
    reports.set_verbosity_error()
    reports.disable_progress_bar()
    hub.setLevel(logging.ERROR)
    try:
        yield
    finally:
        hub.setLevel(hub_level)
        reports.set_verbosity(verbosity)
        if with_bars:
            reports.enable_progress_bar()
