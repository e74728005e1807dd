"""An index to watch, made once."""

import pytest

from tests.judged import Judged, judged_demo


@pytest.fixture(scope="package")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    return judged_demo(tmp_path_factory.mktemp("watched"))
