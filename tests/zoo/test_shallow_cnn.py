import pytest

from netweight import weigh


@pytest.mark.parametrize(("inputs", "plane"), [(None, 7), ((1, 3, 32, 32), 8)])
def test_two_convolutions_and_a_classifier(inputs: tuple[int, ...] | None, plane: int) -> None:
    profile = weigh("shallow_cnn", inputs)
    channels = 1 if inputs is None else inputs[1]
    shapes = {row.layer: row.output_shapes[0] for row in profile.layers}
    assert shapes["pool2"] == (1, 32, plane, plane)
    assert shapes["fc"] == (1, 10)
    conv1, conv2, fc = 16 * channels * 9 + 16, 32 * 16 * 9 + 32, 10 * 32 * plane * plane + 10
    assert profile.totals.params == conv1 + conv2 + fc


def test_widths_add_stages() -> None:
    shapes = {row.layer: row.output_shapes[0] for row in weigh("shallow_cnn:widths=8-16-32,resolution=32").layers}
    assert shapes["pool3"] == (1, 32, 4, 4)
