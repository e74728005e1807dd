import numpy as np
import pytest
import scipy.linalg
from threadpoolctl import threadpool_info, threadpool_limits

from semroute.clustering.spherical import SphericalKMeans
from semroute.clustering.threads import one_thread
from tests.contracts.test_clusterers import planted


def n_threads() -> list[int]:
    return [library["num_threads"] for library in threadpool_info()]


def test_every_library_of_linear_algebra_has_one_thread_inside_and_its_own_number_after() -> None:
    with threadpool_limits(1):
        libraries = {library["filepath"] for library in threadpool_info()}
    before = n_threads()
    with one_thread():
        inside = threadpool_info()
        scipy.linalg.eigh(np.eye(50))
    assert {library["num_threads"] for library in inside} == {1}
    assert libraries <= {library["filepath"] for library in inside}
    assert n_threads()[: len(before)] == before


@pytest.mark.parametrize("limit", [1, 2])
def test_labels_do_not_depend_on_the_threads_there_are(limit: int) -> None:
    vectors, _ = planted(30, 1_500, dimension=64)
    expected = SphericalKMeans(n_clusters=40).cluster(vectors, seed=0)
    with threadpool_limits(limit):
        found = SphericalKMeans(n_clusters=40).cluster(vectors, seed=0)
    np.testing.assert_array_equal(found, expected)
