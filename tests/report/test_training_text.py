"""What the report says of a step of training."""

import pytest

from netweight import weigh
from netweight.report.training import training_text


@pytest.mark.parametrize(
    ("freeze", "ending"),
    [
        ((), "times the MACs of the forward"),
        (("C1",), f"{61_706 - (6 * 1 * 5 * 5 + 6):,} params trained"),
        (("*",), "; 0 params trained"),
    ],
)
def test_trained_parameters_are_said_where_some_are_not(freeze: tuple[str, ...], ending: str) -> None:
    text = dict(training_text(weigh("lenet5", training=True, freeze=freeze)))["training step"]
    assert text.endswith(ending)
