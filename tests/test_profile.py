"""A profile in Python: a sentence, a report, a collection of its layers, and errors that say what to do."""

import copy
import pickle
from dataclasses import replace

import pytest

import netweight
from netweight import NetweightError, Profile, UnknownNameError, UsageError
from netweight.report.summary import summary_line
from netweight.report.terminal import to_text
from netweight.results.profile import LayerRow, ModuleRow


@pytest.fixture(scope="module")
def resnet() -> Profile:
    return netweight.weigh("resnet18")


def test_the_repr_is_the_sentence_and_print_the_report(resnet: Profile) -> None:
    assert repr(resnet) == summary_line(resnet)
    assert "\n" not in repr(resnet)
    assert str(resnet) == to_text(resnet)


def test_names_from_files_do_not_act_on_the_terminal(resnet: Profile) -> None:
    evil = replace(resnet, model=replace(resnet.model, name="\x1b[31mred"))
    assert "\x1b" not in repr(evil) + str(evil)


def test_layers_and_modules_are_found_by_path(resnet: Profile) -> None:
    row = resnet["layer1.0.conv1"]
    assert isinstance(row, LayerRow)
    assert row.macs == 64 * 64 * 3 * 3 * 56 * 56
    block = resnet["layer1.0"]
    assert isinstance(block, ModuleRow)
    assert block.macs == 2 * 64 * 64 * 3 * 3 * 56 * 56
    assert resnet[""].params == resnet.totals.params == 11_689_512
    assert resnet.layers["layer1.0.conv1"] is row
    assert resnet.modules["layer1.0"] is block
    assert "layer1.0.conv1" in resnet
    assert "layer1.0" in resnet
    assert "layer9" not in resnet
    assert 3 not in resnet


def test_a_profile_is_a_collection_of_its_layers(resnet: Profile) -> None:
    assert len(resnet) == len(list(resnet)) == len(resnet.layers)
    assert [row.layer for row in resnet] == list(resnet.layers.paths)
    assert max(resnet, key=lambda row: row.params).layer == "layer4.0.conv2"
    assert bool(replace(resnet, layers=()))


def test_rows_stay_tuples(resnet: Profile) -> None:
    layers = resnet.layers
    assert isinstance(layers, tuple)
    assert layers == tuple(layers)
    assert layers[0].layer == "x"
    assert layers[-1].layer == "fc"
    assert layers[-1:]["fc"] is layers["fc"]
    assert layers[0] in layers
    assert "fc" in layers
    assert "fc" not in layers[:-1]
    first, *rest = resnet.modules
    assert (first.module, len(rest)) == ("", len(resnet.modules) - 1)
    assert repr(layers[:2]) == "<2 layers: x, conv1>"
    assert repr(resnet.modules[:1]) == "<1 module: ''>"
    assert repr(layers).count(",") == 10


def test_a_profile_is_copied_stored_and_changed(resnet: Profile) -> None:
    assert pickle.loads(pickle.dumps(resnet)) == copy.deepcopy(resnet) == resnet  # noqa: S301  -- made here
    fewer = replace(resnet, layers=tuple(row for row in resnet if row.op == "conv"))
    assert fewer["conv1"] is resnet["conv1"]
    assert "fc" not in fewer


@pytest.mark.parametrize(
    ("path", "fix"),
    [
        ("conv", "did you mean conv1?"),
        ("layer1.0.conv", "did you mean layer1.0.conv"),
        ("0.conv2", "did you mean layer1.0.conv2 or layer2.0.conv2 or layer3.0.conv2?"),
        ("qqqq", "its first layers: x, conv1, bn1, relu, maxpool"),
        ("layer1.0.", "did you mean layer1.0"),
    ],
)
def test_a_layer_that_is_not_there(resnet: Profile, path: str, fix: str) -> None:
    with pytest.raises(UnknownNameError, match=f"no layer of resnet18 is called {path!r}") as caught:
        resnet[path]
    assert caught.value.fix.startswith(fix)
    with pytest.raises(KeyError):
        resnet[path]


@pytest.mark.parametrize("path", [0, -1, None, slice(3), ("conv1",), ["conv1"], 1.5, b"fc"])
def test_a_path_that_is_no_text(resnet: Profile, path: object) -> None:
    with pytest.raises(UsageError, match="expected the path of a layer or module, got"):
        resnet[path]  # type: ignore[index]


def test_rows_say_what_they_do_not_have(resnet: Profile) -> None:
    with pytest.raises(UnknownNameError, match="no module is called 'layer5'") as caught:
        resnet.modules["layer5"]
    assert caught.value.fix.startswith("did you mean layer")
    with pytest.raises(UnknownNameError) as caught:
        resnet.layers["?"]
    assert caught.value.fix == f"there are {len(resnet)}: x, conv1, bn1, relu, maxpool ..."


def test_what_to_do_is_in_the_text_of_an_error() -> None:
    with pytest.raises(UnknownNameError) as caught:
        netweight.weigh("alexnt")
    error = caught.value
    assert error.message == "no built-in network is called 'alexnt'"
    assert str(error) == f"{error.message}\n  fix: {error.fix}"
    assert "did you mean alexnet" in str(error)
    assert str(NetweightError("a")) == "a"
    assert str(NetweightError("a", why="b", fix="c")) == "a\n  why: b\n  fix: c"
    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301  -- made here


def test_the_command_says_what_to_do_once(capsys: pytest.CaptureFixture[str]) -> None:
    from netweight.cli.main import run

    assert run(["alexnt"]) == 2
    assert capsys.readouterr().err.count("did you mean") == 1


def test_a_profile_explains_its_layers(resnet: Profile) -> None:
    assert resnet.explain("layer1.0.conv1") == netweight.explain("resnet18", "layer1.0.conv1")
    trained = netweight.weigh("resnet18", training=True)
    assert trained.explain("conv1") == netweight.explain("resnet18", "conv1", training=True)
    with pytest.raises(UnknownNameError, match="no layer of resnet18"):
        resnet.explain("nothing")


def test_every_error_is_at_the_top() -> None:
    from netweight import errors

    classes = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, Exception)}
    assert classes <= set(netweight.__all__)
    assert all(getattr(netweight, name) is getattr(errors, name) for name in classes)
