"""As many processors are used as the process may have, in a container as well."""

import os
from pathlib import Path

import pytest

from semroute.encoders.cores import available_cores


@pytest.fixture(autouse=True)
def machine_of_64_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)), raising=False)


def test_without_control_groups_the_cores_the_process_is_pinned_to_count(tmp_path: Path) -> None:
    assert available_cores(tmp_path) == 64


def test_where_nothing_can_be_pinned_the_cores_of_the_machine_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert available_cores(tmp_path) == 1


@pytest.mark.parametrize(
    ("limit", "n_cores"),
    [
        ("200000 100000\n", 2),
        ("150000 100000\n", 2),
        ("25000 100000\n", 1),
        ("9900000 100000\n", 64),
        ("max 100000\n", 64),
        ("", 64),
        ("200000\n", 64),
        ("200000 0\n", 64),
        ("nonsense here\n", 64),
    ],
)
def test_the_time_a_container_may_take_counts(tmp_path: Path, limit: str, n_cores: int) -> None:
    (tmp_path / "cpu.max").write_text(limit)
    assert available_cores(tmp_path) == n_cores


@pytest.mark.parametrize(("quota", "n_cores"), [("200000", 2), ("-1", 64)])
def test_control_groups_of_the_first_version_count_too(
    tmp_path: Path, quota: str, n_cores: int
) -> None:
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text(f"{quota}\n")
    (tmp_path / "cpu" / "cpu.cfs_period_us").write_text("100000\n")
    assert available_cores(tmp_path) == n_cores


def test_this_machine_has_a_core_to_use() -> None:
    assert 1 <= available_cores() <= 64
