"""What else could route: nearest neighbours and text features, on the vectors the router sees."""

import numpy as np
from bench_data import DataSet, vectors_of

from semroute.encoders.contract import Encoder
from semroute.evaluate.curves import Numbers
from semroute.features import text_features
from semroute.ood import SimilarityThreshold
from semroute.policy import NO_OVERRIDE, RoutingPolicy, Traffic

N_NEIGHBOURS = 100


def knn_gain(source: DataSet, encoder: Encoder, train: np.ndarray, test: np.ndarray) -> Numbers:
    """Return what the frontier gained over the one cheap model on the nearest training rows."""
    losses = _losses(source, train)
    nearest = _nearest(source, encoder, train, test)
    return np.asarray(np.delete(losses, _frontier(source), axis=1)[nearest, 0].mean(axis=1))


def feature_gain(source: DataSet, train: np.ndarray, test: np.ndarray) -> Numbers:
    """Ridge on the text features alone, its penalty chosen on the training rows."""
    from sklearn.linear_model import RidgeCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    gains = np.delete(_losses(source, train), _frontier(source), axis=1)[:, 0]
    model = make_pipeline(StandardScaler(), RidgeCV(10.0 ** np.arange(-1, 5)))
    model.fit(text_features(source.texts(train)), gains)
    return np.asarray(model.predict(text_features(source.texts(test))))


def knn_traffic(
    source: DataSet,
    encoder: Encoder,
    train: np.ndarray,
    test: np.ndarray,
    *,
    costs_of_neighbours: bool,
) -> Traffic:
    """Expect of each model its mean loss on the nearest training rows, and a mean cost."""
    nearest = _nearest(source, encoder, train, test)
    losses = np.nanmean(_losses(source, train)[nearest], axis=1)
    losses[:, _frontier(source)] = 0.0
    spent = source.evals.costs_usd[train]
    costs = np.tile(np.nanmean(spent, axis=0), (len(test), 1))
    nowhere = np.zeros(len(test), dtype=np.int64)
    return Traffic(
        cluster_ids=nowhere,
        similarities=np.ones(len(test)),
        losses=losses,
        costs_usd=np.nanmean(spent[nearest], axis=1) if costs_of_neighbours else costs,
        n_chars=nowhere,
    )


def knn_policy(source: DataSet, train: np.ndarray) -> RoutingPolicy:
    """Return the policy that serves, without clusters or a threshold."""
    n_models, frontier = len(source.config.models), _frontier(source)
    return RoutingPolicy(
        frontier=frontier,
        tolerance=None,
        measured=np.ones((1, n_models), dtype=bool),
        overrides=np.array([NO_OVERRIDE]),
        ood_rule=SimilarityThreshold(-np.inf),
        windows=np.full(n_models, np.inf),
        usual_cost_usd=float(np.nanmean(source.evals.costs_usd[train, frontier])),
    )


def cheapest_within(tolerance: float, traffic: Traffic, frontier: int) -> np.ndarray:
    """Choose the cheapest model expected to lose at most `tolerance`: another rule, to compare."""
    costs = traffic.costs_usd
    cheaper = (traffic.losses <= tolerance) & (costs < costs[:, [frontier]])
    prices = np.where(cheaper, costs, np.inf)
    return np.where(cheaper.any(axis=1), prices.argmin(axis=1), frontier)


def _frontier(source: DataSet) -> int:
    return source.config.frontier_column


def _losses(source: DataSet, rows: np.ndarray) -> Numbers:
    scores = source.evals.scores[rows]
    return np.asarray(scores[:, [_frontier(source)]] - scores)


def _nearest(source: DataSet, encoder: Encoder, train: np.ndarray, test: np.ndarray) -> np.ndarray:
    similarities = vectors_of(source, encoder, test) @ vectors_of(source, encoder, train).T
    return np.argpartition(-similarities, N_NEIGHBOURS, axis=1)[:, :N_NEIGHBOURS]
