"""How good scores are: the loss, how often the right class is among the first k, which class is taken for which.

Among equal scores the class of the lower number comes first, so that a network that says the same of all classes is
right where the first class is.
"""

from __future__ import annotations

from netweight.lazy import Array, np


def ranks(scores: Array, labels: Array) -> Array:
    """How many classes come before the right one, (N,): 0 where it is the first.

    A score that is no number comes behind all that are; where that of the right class is none, all come before.
    """
    right = np.take_along_axis(scores, labels[:, None], axis=1)
    numbers = np.arange(scores.shape[1])
    before = (scores > right) | ((scores == right) & (numbers < labels[:, None]))
    lost = np.isnan(right[:, 0])
    return np.where(lost, scores.shape[1], before.sum(axis=1))


def top(scores: Array, labels: Array, k: int) -> float:
    """Share of the pictures whose class is among the ``k`` of the highest scores, or among all if there are fewer."""
    return float((ranks(scores, labels) < min(k, scores.shape[1])).mean())


def confusion(scores: Array, labels: Array) -> Array:
    """Pictures by their class (rows) and the class of the highest score (columns), (C, C), whole numbers.

    A picture of which no score is a number is in no column.
    """
    classes = scores.shape[1]
    lost = np.isnan(scores)
    first = np.lexsort((-scores, lost), axis=1)[:, 0]
    at = (labels * classes + first)[~lost.all(axis=1)]
    return np.bincount(at, minlength=classes * classes).reshape(classes, classes)


def cross_entropy(scores: Array, labels: Array) -> float:
    """Mean of minus the logarithm of the probability that softmax gives to the right class."""
    shifted = scores.astype(np.float64) - scores.max(axis=1, keepdims=True)
    picked = np.take_along_axis(shifted, labels[:, None], axis=1)[:, 0]
    return float((np.log(np.exp(shifted).sum(axis=1)) - picked).mean())
