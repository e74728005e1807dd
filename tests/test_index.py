import subprocess
import sys
import threading

import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from semroute.errors import EncoderError
from semroute.index import NO_CLUSTER, CentroidIndex
from semroute.vectors import Vectors, unit_rows


def some_rows(n: int, dimension: int = 24, seed: int = 0) -> Vectors:
    return unit_rows(np.random.default_rng(seed).standard_normal((n, dimension)))


def test_the_nearest_centroids_are_those_of_all_products_compared() -> None:
    centroids, vectors = some_rows(200, seed=1), some_rows(500, seed=2)
    found = CentroidIndex(centroids).search(vectors, 7)
    products = vectors.astype(np.float64) @ centroids.astype(np.float64).T
    expected = np.argsort(-products, axis=1)[:, :7]
    np.testing.assert_array_equal(found.cluster_ids, expected)
    np.testing.assert_allclose(
        found.similarities, np.take_along_axis(products, expected, axis=1), atol=1e-6
    )
    assert found.similarities.dtype == np.float32
    assert found.cluster_ids.dtype == np.int64


@settings(deadline=None)
@given(
    n_centroids=st.integers(1, 30),
    n_rows=st.integers(0, 40),
    dimension=st.sampled_from([1, 2, 5, 31, 384]),
    k=st.integers(1, 40),
    seed=st.integers(0, 2**32 - 1),
)
def test_a_row_is_answered_alike_alone_and_in_any_batch_to_the_last_bit(
    n_centroids: int, n_rows: int, dimension: int, k: int, seed: int
) -> None:
    index = CentroidIndex(some_rows(n_centroids, dimension, seed))
    vectors = some_rows(n_rows, dimension, seed + 1)
    together = index.search(vectors, k)
    assert together.cluster_ids.shape == (n_rows, min(k, n_centroids))
    for row in range(n_rows):
        alone = index.search(vectors[row : row + 1], k)
        np.testing.assert_array_equal(alone.cluster_ids[0], together.cluster_ids[row])
        np.testing.assert_array_equal(alone.similarities[0], together.similarities[row])


@pytest.mark.parametrize(("n_rows", "dimension"), [(500, 384), (100, 4096)])
def test_a_row_is_answered_alike_in_batches_that_faiss_would_sum_in_another_order(
    n_rows: int, dimension: int
) -> None:
    index, vectors = CentroidIndex(some_rows(30, dimension)), some_rows(n_rows, dimension, 1)
    alone = [index.search(row[None], 3).similarities[0] for row in vectors]
    np.testing.assert_array_equal(index.search(vectors, 3).similarities, alone)


@settings(deadline=None)
@given(
    rows=st_numpy.arrays(
        np.float32,
        st.tuples(st.integers(1, 20), st.just(4)),
        elements=st.floats(-1, 1, width=32) | st.sampled_from([np.nan, np.inf, -np.inf]),
    )
)
def test_rows_that_are_not_finite_find_nothing_and_touch_no_other(rows: Vectors) -> None:
    index = CentroidIndex(some_rows(6, 4))
    found = index.search(rows, 3)
    finite = np.isfinite(rows).all(axis=1)
    assert (found.cluster_ids[~finite] == NO_CLUSTER).all()
    assert np.isnan(found.similarities[~finite]).all()
    np.testing.assert_array_equal(
        found.cluster_ids[finite], index.search(rows[finite], 3).cluster_ids
    )
    assert (found.cluster_ids[finite] >= 0).all()


def test_equal_similarities_come_in_the_order_of_the_clusters() -> None:
    centroids = np.repeat(np.eye(4, dtype=np.float32)[:2], 5, axis=0)
    found = CentroidIndex(centroids).search(np.eye(4, dtype=np.float32)[:2], 5)
    assert found.cluster_ids.tolist() == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]]


def test_more_neighbours_than_centroids_gives_all_centroids() -> None:
    found = CentroidIndex(some_rows(3)).search(some_rows(2, seed=9), 50)
    assert found.cluster_ids.shape == (2, 3)
    assert (np.sort(found.cluster_ids, axis=1) == [0, 1, 2]).all()


def test_an_index_without_centroids_finds_nothing() -> None:
    found = CentroidIndex(np.empty((0, 24), dtype=np.float32)).search(some_rows(2), 3)
    assert found.cluster_ids.shape == (2, 0)


@pytest.mark.parametrize("shape", [(2, 23), (2, 25), (24,), (0, 3)])
def test_rows_of_another_dimension_are_refused_with_both_numbers(shape: tuple[int, ...]) -> None:
    with pytest.raises(EncoderError, match=r"vectors of 24 numbers .* shape \(") as error:
        CentroidIndex(some_rows(3)).search(np.zeros(shape, dtype=np.float32), 1)
    assert str(shape) in str(error.value)


def test_rows_of_another_type_or_memory_order_are_answered_alike() -> None:
    index, vectors = CentroidIndex(some_rows(9)), some_rows(40, seed=3)
    expected = index.search(vectors, 2).cluster_ids
    for same in (vectors.astype(np.float64), np.asfortranarray(vectors)):
        np.testing.assert_array_equal(index.search(same, 2).cluster_ids, expected)
    np.testing.assert_array_equal(index.search(vectors[::2], 2).cluster_ids, expected[::2])


def test_the_thread_limits_of_faiss_are_as_before_a_search_here_and_in_other_threads() -> None:
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(3)
    try:
        seen: list[int] = []
        watcher = threading.Thread(target=lambda: seen.append(faiss.omp_get_max_threads()))
        CentroidIndex(some_rows(50)).search(some_rows(50), 3)
        watcher.start()
        watcher.join()
        assert faiss.omp_get_max_threads() == 3
        assert seen != [1] or before == 1
    finally:
        faiss.omp_set_num_threads(before)


def test_threads_that_share_an_index_get_the_answers_of_one_thread() -> None:
    index, vectors = CentroidIndex(some_rows(300)), some_rows(400, seed=4)
    expected = index.search(vectors, 5)
    wrong: list[int] = []

    def search(start: int) -> None:
        for row in range(start, 400, 8):
            found = index.search(vectors[row : row + 1], 5)
            if not np.array_equal(found.similarities[0], expected.similarities[row]):
                wrong.append(row)

    threads = [threading.Thread(target=search, args=(start,)) for start in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


FORK = """
import os, sys
import numpy as np
from semroute.index import CentroidIndex

rows = np.random.default_rng(0).standard_normal((2000, 384)).astype(np.float32)
index = CentroidIndex(rows)
expected = index.search(rows, 3).cluster_ids
child = os.fork()
same = np.array_equal(index.search(rows, 3).cluster_ids, expected)
if child == 0:
    os._exit(0 if same else 1)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_child_made_by_fork_after_a_search_can_search() -> None:
    # In a process of its own: this one may run other threads, and a hang must not hang it.
    result = subprocess.run([sys.executable, "-c", FORK], timeout=30, capture_output=True)
    assert result.returncode == 0, result.stderr
