"""Dropout: what is kept is scaled, forward and backward, and each is a product per element."""

import numpy as np

from netweight.ir import TensorSpec
from netweight.ops import REGISTRY, Cost
from netweight.ops.random.dropout import DropoutAttrs

DROPOUT = REGISTRY["dropout"]


def test_a_product_per_element_forward_and_backward() -> None:
    x, attrs = TensorSpec((2, 3)), DropoutAttrs(p=0.75)
    assert DROPOUT.cost(attrs, x) == Cost(muls=2 * 3)
    assert DROPOUT.backward_cost(attrs, (True,), x) == Cost(muls=2 * 3)


def test_what_is_kept_is_scaled_so_that_the_mean_stays() -> None:
    x, attrs = np.arange(1.0, 101.0), DropoutAttrs(p=0.75)
    y, mask = DROPOUT.forward(attrs, x, rng=np.random.default_rng(0))
    assert 10 < mask.sum() < 40
    np.testing.assert_array_equal(y, np.where(mask, 4 * x, 0))
    np.testing.assert_array_equal(DROPOUT.backward(attrs, x, x, mask=mask)[0], np.where(mask, 4 * x, 0))


def test_channels_are_dropped_as_a_whole() -> None:
    x, attrs = np.ones((4, 25, 3, 2)), DropoutAttrs(p=0.75, features=True)
    y, mask = DROPOUT.forward(attrs, x, rng=np.random.default_rng(0))
    assert mask.shape == (4, 25, 1, 1)
    assert {tuple(np.unique(channel)) for channel in y.reshape(100, 6)} == {(0,), (4,)}
    np.testing.assert_array_equal(DROPOUT.backward(attrs, x, x, mask=mask)[0], np.broadcast_to(4 * mask, x.shape))
