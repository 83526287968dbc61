"""Handwritten digits: 1,797 pictures of 8 x 8 in 17 greys, which come with scikit-learn.

Source: Alpaydin & Kaynak 1998, "Optical Recognition of Handwritten Digits", test part; 43 people wrote them.
"""

from __future__ import annotations

from netweight.data.dataset import Dataset
from netweight.errors import MissingExtraError
from netweight.lazy import np

_WHITEST = 16


def digits() -> Dataset:
    """The digits, with their ink from 0 to 1.

    Raises:
        MissingExtraError: If scikit-learn is not installed.
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise MissingExtraError(
            "data: expected scikit-learn, which has the digits, and it is not installed",
            fix="pip install 'netweight[train]'",
        ) from error
    found = load_digits()
    images = (found.images / _WHITEST).astype(np.float32)[:, None]
    return Dataset("digits", images, found.target.astype(np.int64), tuple(map(str, range(10))))
