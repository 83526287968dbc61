import pytest

from netweight import weigh, zoo
from netweight.errors import ShapeError, UnknownNameError, UsageError


def test_5_3_2_perceptron_of_the_lecture() -> None:
    totals = weigh("mlp").totals
    assert totals.params_no_bias == totals.macs == 5 * 3 + 3 * 2 == 21
    assert totals.params == 21 + 3 + 2


def test_lenet_300_100() -> None:
    """LeCun et al. 1998, section III: two hidden layers, 28 x 28 pixels; Han et al. 2015 print 267 K."""
    totals = weigh("mlp:widths=784-300-100-10").totals
    assert totals.params_no_bias == 784 * 300 + 300 * 100 + 100 * 10 == 266_200
    assert totals.params == 266_200 + 300 + 100 + 10 == 266_610


def test_widths_decide_the_input_and_every_layer() -> None:
    rows = {row.layer: row for row in weigh("mlp:widths=7-4-4-3,activation=tanh", batch=2).layers}
    assert list(rows) == ["x", "fc1", "tanh1", "fc2", "tanh2", "fc3"]
    assert rows["x"].output_shapes == ((2, 7),)
    assert rows["fc3"].output_shapes == ((2, 3),)


def test_bias_is_an_option() -> None:
    assert weigh("mlp:bias=false").totals.params == 21


def test_an_input_of_another_width_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"mlp: expected x of shape \(N, 5\), got \(1, 6\)"):
        weigh("mlp", (1, 6))


@pytest.mark.parametrize("widths", [(5,), (5, 0)])
def test_impossible_widths_are_refused(widths: tuple[int, ...]) -> None:
    with pytest.raises(UsageError, match="mlp: expected at least two positive widths such as 5-3-2, got"):
        zoo.make("mlp", widths=widths)


def test_unknown_activation() -> None:
    with pytest.raises(UnknownNameError, match="no activation is called 'rolu'"):
        weigh("mlp:activation=rolu")
