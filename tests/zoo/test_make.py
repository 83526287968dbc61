import pytest

from netweight import weigh, zoo
from netweight.errors import ShapeError, UnknownNameError, UsageError


@pytest.mark.parametrize("name", zoo.names())
def test_every_network_is_described_and_weighed_completely(name: str) -> None:
    profile = weigh(name)
    assert profile.coverage.complete
    assert profile.totals.params > 0
    assert profile.model.name == name


@pytest.mark.parametrize("name", zoo.names())
def test_two_samples_cost_twice_as_much(name: str) -> None:
    one, two = weigh(name).totals, weigh(name, batch=2).totals
    assert two.macs == 2 * one.macs
    assert two.params == one.params


def test_resolution_replaces_height_and_width() -> None:
    assert weigh("lenet5:resolution=48-64").layers[0].output_shapes == ((1, 1, 48, 64),)
    assert weigh("vgg11:resolution=64", batch=3).layers[0].output_shapes == ((3, 3, 64, 64),)


@pytest.mark.parametrize("value", ["x", "1-2-3", "2.5"])
def test_other_resolutions_are_refused(value: str) -> None:
    with pytest.raises(UsageError, match="resolution: expected one size or a height and a width, got"):
        weigh(f"vgg11:resolution={value}")


def test_shape_and_resolution_contradict_each_other() -> None:
    with pytest.raises(UsageError, match="input: expected a shape or a resolution, got both"):
        weigh("vgg11:resolution=64", (1, 3, 64, 64))


def test_only_networks_for_images_have_a_resolution() -> None:
    with pytest.raises(UnknownNameError, match="no option of mlp is called 'resolution'"):
        weigh("mlp:resolution=7")


def test_unknown_network_and_batch() -> None:
    with pytest.raises(UnknownNameError, match="no built-in network is called 'alexnot'"):
        zoo.make("alexnot")
    with pytest.raises(UsageError, match="batch: expected at least 1 sample, got 0"):
        zoo.make("mlp", batch=0)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("vgg11:num_classes=abc", "vgg11: expected num_classes of type int, got 'abc'"),
        ("vgg11:configuration=3", "vgg11: expected configuration of type str, got 3"),
        ("alexnet:groups=2.0", "alexnet: expected groups of type int, got 2.0"),
        ("googlenet:aux_logits=2", "googlenet: expected aux_logits of type bool, got 2"),
        ("nin:num_classes=true", "nin: expected num_classes of type int, got True"),
        ("mlp:widths=5", r"mlp: expected widths of type tuple\[int, \.\.\.\], got 5"),
        ("mlp:widths=5-a", r"mlp: expected widths of type tuple\[int, \.\.\.\], got \(5, 'a'\)"),
        ("mobilenet_v1:width=wide", "mobilenet_v1: expected width of type float, got 'wide'"),
    ],
)
def test_options_of_another_type_are_refused(model: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        weigh(model)


@pytest.mark.parametrize("classes", [0, -3])
def test_layers_without_outputs_are_refused(classes: int) -> None:
    with pytest.raises(ShapeError, match=rf"parameter: expected sizes of at least 1, got \({classes}, 4096\) for 'fc8"):
        zoo.make("alexnet", num_classes=classes)


@pytest.mark.parametrize(
    ("given", "fits"), [((448,), "1x3x448x448"), ((200, 300), "1x3x200x300"), ((3, 80, 80), "1x3x80x80")]
)
def test_sizes_that_are_too_few_are_those_of_a_picture(given: tuple[int, ...], fits: str) -> None:
    with pytest.raises(ShapeError, match="expected 4 sizes for vgg16") as caught:
        zoo.make("vgg16", inputs=given)
    assert caught.value.fix.startswith(f"--input {fits}")
    zoo.make("vgg16", inputs=tuple(map(int, fits.split("x"))))
