"""How other routers choose, written from their papers and released code, on the router's vectors.

All learn from every training row. A weight from 0 (cost alone) to 1 (score alone) takes the place
of a tolerance. Holes in the scores are left out of means.
"""

from collections.abc import Callable

import numpy as np
from bench_data import DataSet, vectors_of

from semroute.encoders.contract import Encoder
from semroute.evaluate.curves import Numbers

WEIGHTS = np.arange(0, 1.0001, 0.005)

Chooser = Callable[[float], np.ndarray]
"""From a weight to the column of the model for each test row."""


def avengers_pro(
    source: DataSet, encoder: Encoder, train: np.ndarray, test: np.ndarray
) -> dict[str, Chooser]:
    """Avengers-Pro (Zhang et al., arXiv:2508.12631), as in the paper and as released.

    Scores and costs of 60 k-means clusters, brought to 0 to 1 in each, are weighed against each
    other, and the 4 nearest clusters have a say. The paper adds up their balances; the code adds up
    one over the rank of a model, weighted by softmax(9 * product with the centroid). With two
    models the better one of a cluster scores 1 and the other 0: hardly anything is left to weigh.
    """
    profiles = _Profiles(source, encoder, train, test, n_clusters=60)
    near = _highest(-profiles.squared, 4)
    nearest = _highest(profiles.products, 4)
    logits = 9 * np.take_along_axis(profiles.products, nearest, axis=1)
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)

    def as_in_paper(weight: float) -> np.ndarray:
        return profiles.balance(weight)[near].sum(axis=1).argmax(axis=1)

    def as_released(weight: float) -> np.ndarray:
        ranks = np.argsort(np.argsort(-profiles.balance(weight), axis=1, kind="stable"), axis=1)
        return np.einsum("nk,nkm->nm", shares, 1 / (1 + ranks[nearest])).argmax(axis=1)

    return {"Avengers-Pro, paper": as_in_paper, "Avengers-Pro, released": as_released}


def vllm_kmeans(
    source: DataSet, encoder: Encoder, train: np.ndarray, test: np.ndarray
) -> dict[str, Chooser]:
    """Choose as the k-means selector of vLLM's semantic-router does, 8 clusters, its default.

    weight * score + (1 - weight) / (1 + cost / dearest model's cost) of the nearest cluster; the
    cost stands in for its latency.
    """
    profiles = _Profiles(source, encoder, train, test, n_clusters=8)
    cluster_ids = _highest(-profiles.squared, 1)[:, 0]
    dearest = profiles.costs_usd.max(axis=1, keepdims=True)
    thrift = 1 / (1 + profiles.costs_usd / dearest)

    def choose(weight: float) -> np.ndarray:
        scores = weight * profiles.scores + (1 - weight) * thrift
        return scores.argmax(axis=1)[cluster_ids]

    return {"vLLM k-means": choose}


def switching_gain(choose: Chooser, frontier: int, n_rows: int) -> Numbers:
    """Rank rows by the weight from which on they go to the frontier: the lower, the more gained."""
    since, until_now = np.full(n_rows, np.inf), np.ones(n_rows, dtype=bool)
    for weight in WEIGHTS[::-1]:
        until_now &= choose(weight) == frontier
        since = np.where(until_now, weight, since)
    return -since


def similarity_weighted_gain(
    source: DataSet, encoder: Encoder, train: np.ndarray, test: np.ndarray
) -> Numbers:
    """RouteLLM's similarity-weighted ranking (Ong et al., arXiv:2406.18665), two models.

    A Bradley-Terry model in which a training row weighs 10 ** (similarity / largest similarity) and
    a tie is half a win: with two models its win rate rises with the weighted mean of wins.
    """
    similarities = vectors_of(source, encoder, test) @ vectors_of(source, encoder, train).T
    weights = 10 ** (similarities / similarities.max(axis=1, keepdims=True))
    return np.asarray(weights @ np.sign(_gains(source, train)) / weights.sum(axis=1))


def matrix_factorization_gain(
    source: DataSet, encoder: Encoder, train: np.ndarray, test: np.ndarray
) -> Numbers:
    """RouteLLM's matrix factorization, two models.

    With two models it comes down to a logistic regression without intercept of who wins, ties left
    out. Its penalty is chosen on folds here; theirs is noise on the embeddings.
    """
    from sklearn.linear_model import LogisticRegressionCV

    wins = np.sign(_gains(source, train))
    decided = train[wins != 0]
    model = LogisticRegressionCV(
        Cs=10,
        l1_ratios=(0,),
        fit_intercept=False,
        scoring="neg_log_loss",
        use_legacy_attributes=False,
    )
    model.fit(vectors_of(source, encoder, decided), wins[wins != 0])
    return np.asarray(model.decision_function(vectors_of(source, encoder, test)))


def utterances_gain(
    source: DataSet, encoder: Encoder, train: np.ndarray, test: np.ndarray
) -> Numbers:
    """Aurelio's semantic-router 1.1, which LiteLLM's auto router asks too, two models.

    The models are its routes, with those training rows as utterances that the cheap model answers
    no worse, and the others. Returns by how much the frontier's route scores more.
    """
    needs_frontier = (_gains(source, train) > 0).astype(np.int64)
    scores = route_scores(
        vectors_of(source, encoder, test), vectors_of(source, encoder, train), needs_frontier
    )
    return scores[:, 1] - scores[:, 0]


def route_scores(vectors: np.ndarray, utterances: np.ndarray, routes: np.ndarray) -> Numbers:
    """Score routes as semantic-router does: the mean similarity of their utterances in the top 5.

    Args:
        vectors: of the queries, unit rows, shape (n, dim).
        utterances: unit rows, shape (n_utterances, dim).
        routes: of each utterance, numbers from 0, shape (n_utterances,).

    Returns:
        shape (n, n_routes); 0 where a route has no utterance in the top 5.
    """
    similarities = vectors @ utterances.T
    top = np.argpartition(-similarities, 5, axis=1)[:, :5]
    rows = np.repeat(np.arange(len(vectors)), 5)
    sums, hits = np.zeros((2, len(vectors), int(routes.max()) + 1))
    np.add.at(sums, (rows, routes[top].ravel()), np.take_along_axis(similarities, top, 1).ravel())
    np.add.at(hits, (rows, routes[top].ravel()), 1)
    return np.asarray(sums / np.maximum(hits, 1))


def _gains(source: DataSet, rows: np.ndarray) -> Numbers:
    scores = source.evals.scores[rows]
    frontier = source.config.frontier_column
    return np.asarray(scores[:, frontier] - np.delete(scores, frontier, axis=1)[:, 0])


def _highest(closeness: Numbers, n_near: int) -> np.ndarray:
    """Return the columns of the highest numbers of each row, highest first."""
    return np.argsort(-closeness, axis=1, kind="stable")[:, :n_near]


class _Profiles:
    """Mean score and cost of each model in k-means clusters of the training rows.

    `squared` (n_test, n_clusters) are squared Euclidean lengths from the centroids, by which
    k-means assigns; `products` are inner products with them, which are not of length one.
    """

    def __init__(
        self,
        source: DataSet,
        encoder: Encoder,
        train: np.ndarray,
        test: np.ndarray,
        n_clusters: int,
    ) -> None:
        from sklearn.cluster import KMeans

        found = KMeans(n_clusters, n_init=10, random_state=42)
        labels = found.fit_predict(vectors_of(source, encoder, train))
        prices = np.array([source.config.price(m).cost_usd(0) for m in source.config.model_names])
        measured = source.evals.costs_usd[train]
        spent = np.where(np.isnan(measured), prices, measured)
        clusters = range(n_clusters)
        scores = source.evals.scores[train]
        self.scores = np.stack([np.nanmean(scores[labels == c], axis=0) for c in clusters])
        self.costs_usd = np.stack([spent[labels == c].mean(axis=0) for c in clusters])
        self.squared = found.transform(vectors_of(source, encoder, test)) ** 2
        self.products = vectors_of(source, encoder, test) @ found.cluster_centers_.T

    def balance(self, weight: float) -> Numbers:
        """Weigh scores against costs within each cluster, both brought to 0 to 1."""
        least, most = (f(self.scores, axis=1, keepdims=True) for f in (np.min, np.max))
        spread = np.where(most > least, most - least, 1.0)
        score = np.where(most > least, (self.scores - least) / spread, 1.0)
        thrift = 1 - self.costs_usd / self.costs_usd.max(axis=1, keepdims=True)
        return np.asarray(weight * score + (1 - weight) * thrift)
