"""What moved the expected loss of each model on one text."""

import numpy as np

from semroute.artifact.contents import IndexContents
from semroute.estimator import LossParts, loss_parts
from semroute.features import features_of
from semroute.router.rules import Located


def estimate_reasons(
    contents: IndexContents, located: Located, n_chars: int
) -> tuple[LossParts, ...]:
    """Take apart the estimates of the one text in `located`; nothing for the frontier.

    `n_chars` is the length of the whole request.
    """
    config = contents.manifest.config
    features = np.array(features_of(located.texts[0], n_chars))
    shares = np.array([cluster.share for cluster in contents.clusters])
    parts = (
        loss_parts(
            contents.estimator,
            model,
            shares,
            located.cluster_ids[0],
            located.similarities[0],
            located.vectors[0],
            features,
        )
        for model in config.model_names
        if model != config.frontier
    )
    return tuple(part for part in parts if part is not None)
