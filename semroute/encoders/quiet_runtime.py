"""ONNX Runtime without what it reports to its makers."""

import os
import sys
import threading
from typing import Any

from semroute.encoders.forking import tell_of_forks

_SWITCH = "ORT_DISABLE_TELEMETRY"


class _Importing:
    """One import at a time."""

    def __init__(self) -> None:
        self.lock = threading.Lock()

    def start_in_child(self) -> None:
        """After `fork`, do not wait for a thread that is gone."""
        self.lock = threading.Lock()


_importing = _Importing()
tell_of_forks(_importing)


def quiet_onnxruntime() -> Any:
    """Import ONNX Runtime so that it contacts nobody; what it reads of the environment stays as is.

    Since version 1.29 importing it starts a thread that sends events to Microsoft, opens a data
    base in the user's cache, and keeps every child made by `fork` from ending (1.32, measured).
    Only a variable that is set during the import prevents all three. If it was imported before, it
    is told to send nothing from here on; that the children do not end cannot be helped then.
    """
    with _importing.lock:
        was_imported = "onnxruntime" in sys.modules
        added = not was_imported and _SWITCH not in os.environ
        if added:
            os.environ[_SWITCH] = "1"
        try:
            import onnxruntime
        finally:
            if added:
                del os.environ[_SWITCH]
        onnxruntime.disable_telemetry_events()
    return onnxruntime
