"""Arguments of Python: every form that has one meaning works, every other is refused in one line of ours."""

import inspect
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import netweight
from netweight import Graph, NetweightError, TensorSpec, UsageError, build
from netweight.app.arguments import index_of, shown

GRAPH = build.graph(lambda x: build.linear(build.relu(build.linear(x, 4)), 2), (3, 5), name="two")
ODD = (
    0, -1, 1.5, "4", "x", "", True, None, (), [], (1,), {}, {"a": 1}, object(), b"8", np.int64(2), np.float32(2),
    np.array([1, 2]), np.array(None), np.True_, float("nan"), 10**30, 10**5000, [None], ("conv*",), ["lecture"],
    {"lecture"}, [1], len, int, range(3), iter("ab"), {"n": "4"}, {"n": np.int64(4)}, {1: 1},
)  # fmt: skip
OWN = {"model", "before", "after", "layer", "inputs"}


def verbs(folder: Path) -> Iterator[tuple[str, Callable[..., Any]]]:
    """The functions of a model, all but their keywords given."""
    yield "weigh", lambda **options: netweight.weigh("mlp", **options)
    yield "capture", lambda **options: netweight.capture("mlp", **options)
    yield "explain", lambda **options: netweight.explain("mlp", "fc1", **options)
    yield "energy", lambda **options: netweight.energy("mlp", **options)
    yield "latency", lambda **options: netweight.latency("mlp", **{"device": "h100-sxm", **options})
    yield "compare", lambda **options: netweight.compare("mlp", "mlp", **options)
    yield "fit", lambda **options: netweight.fit("mlp", **{"limit": "1MB", **options})
    yield "memory", lambda **options: netweight.memory("mlp", **options)
    yield "run", lambda **options: netweight.run("mlp", **options)
    yield "gradcheck", lambda **options: netweight.gradcheck("mlp:widths=2-1", **options)
    yield "gradients", lambda **options: netweight.gradients("mlp", **options)
    yield "export", lambda **options: netweight.export("mlp", folder / "mlp.json", **options)
    yield "models", netweight.models


def refused_or_done(call: Callable[[], Any]) -> None:
    """Nothing is raised but an error of ours, which is one line and what to do."""
    try:
        call()
    except NetweightError as error:
        found = error
    else:
        return
    assert found.code != "E100"
    assert found.message.isprintable(), found.message
    assert len(found.message) < 300


@pytest.mark.parametrize(
    "verb",
    [
        "weigh",
        "capture",
        "compare",
        "energy",
        "explain",
        "fit",
        "latency",
        "gradcheck",
        "gradients",
        "memory",
        "run",
        "export",
        "models",
    ],
)
def test_odd_keywords(verb: str, tmp_path: Path) -> None:
    call = dict(verbs(tmp_path))[verb]
    names = set(inspect.signature(getattr(netweight, verb)).parameters) - OWN - {"path"}
    for name, value in itertools.product(sorted(names), ODD):
        if name != "costs" or not isinstance(value, bool | np.bool_):  # that weighs all networks
            refused_or_done(lambda name=name, value=value: call(**{name: value}))


@pytest.mark.parametrize("value", ODD, ids=shown)
def test_odd_inputs_models_and_places(value: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for verb in (netweight.weigh, netweight.capture, netweight.run):
        for model in ("mlp", "bert_base:layers=1", GRAPH):
            refused_or_done(lambda verb=verb, model=model: verb(model, value))
        refused_or_done(lambda verb=verb: verb(value))
    refused_or_done(lambda: netweight.explain("mlp", value))
    refused_or_done(lambda: netweight.export("mlp", value))
    refused_or_done(lambda: netweight.run(GRAPH, {"x": np.ones((3, 5), np.float32)}, value))
    for option in ("spec", "type"):
        spec = TensorSpec(value) if option == "spec" else TensorSpec((1, 5), value)
        refused_or_done(lambda spec=spec: netweight.weigh("mlp", spec))


@pytest.mark.parametrize(
    ("given", "same"),
    [
        ({"bits": 8}, {"bits": "8"}),
        ({"bits": np.int64(8)}, {"bits": "8"}),
        ({"conventions": "lecture"}, {"conventions": ("lecture",)}),
        ({"conventions": ["inplace", "lecture"]}, {"conventions": ("inplace", "lecture")}),
        ({"conventions": dict.fromkeys(["lecture", "inplace"]).keys()}, {"conventions": ("inplace", "lecture")}),
        ({"conventions": {"lecture"}}, {"conventions": ("lecture",)}),
        ({"conventions": None}, {}),
        ({"batch": np.int32(4)}, {"batch": 4}),
        ({"training": np.True_}, {"training": True}),
        ({"training": True, "freeze": "C*"}, {"training": True, "freeze": ("C*",)}),
        ({"training": True, "freeze": None}, {"training": True}),
        ({"inputs": [2, 1, 32, 32]}, {"batch": 2}),
        ({"inputs": np.zeros((2, 1, 32, 32))}, {"batch": 2}),
        ({"inputs": np.zeros((2, 1, 32, 32), np.float32)}, {"batch": 2}),
        ({"inputs": [(2, 1, 32, 32)]}, {"batch": 2}),
        ({"inputs": {"x": [2, 1, 32, 32]}}, {"batch": 2}),
        ({"inputs": {"x": np.zeros((2, 1, 32, 32))}}, {"batch": 2}),
        ({"inputs": (np.int64(2), 1, 32, 32)}, {"batch": 2}),
        ({"inputs": TensorSpec([2, 1, 32, 32])}, {"batch": 2}),  # type: ignore[arg-type]
        ({"inputs": TensorSpec((2, 1, 32, 32), np.dtype("float32"))}, {"batch": 2}),  # type: ignore[arg-type]
        ({"inputs": TensorSpec((2, 1, 32, 32), np.float32)}, {"batch": 2}),  # type: ignore[arg-type]
    ],
    ids=lambda options: " ".join(f"{name}={shown(value)}" for name, value in options.items()),
)
def test_forms_that_mean_the_same(given: dict[str, Any], same: dict[str, Any]) -> None:
    assert netweight.weigh("lenet5", **given) == netweight.weigh("lenet5", **same)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch": "4"}, "batch: expected a whole number, got '4'"),
        ({"batch": 1.5}, "batch: expected a whole number, got 1.5"),
        ({"batch": True}, "batch: expected a whole number, got True"),
        ({"batch": 10**30}, "batch: expected a number of at most 9,223,372,036,854,775,807, got one of more than 63"),
        ({"bits": 8.0}, r"bits: expected 8, 'w8a8' or 'conv\*=8,fc\*=w4', got 8.0"),
        ({"bits": {"C*": 8}}, "bits: expected .*, got {'C"),
        ({"training": "False"}, "training: expected True or False, got 'False'"),
        ({"training": 1}, "training: expected True or False, got 1"),
        ({"conventions": [1]}, r"conventions: expected a text or several, got \[1\]"),
        ({"conventions": "lectur"}, "no activation convention is called 'lectur'"),
        ({"freeze": 3, "training": True}, "freeze: expected a text or several, got 3"),
        ({"optimizer": len}, "optimizer: expected a text, got a builtin_function_or_method"),
        ({"method": None}, "method: expected a text, got None"),
        ({"dims": "batch=8"}, "dims: expected names with sizes, got 'batch=8'"),
        ({"dims": {"batch": "8"}}, "dim: expected a whole number from 0 on for 'batch', got '8'"),
        ({"inputs": 224}, "inputs: expected a shape, a tensor, or a tuple or dict of them, got 224"),
        ({"inputs": (224,)}, "input: expected 4 sizes for lenet5"),
        ({"inputs": (1, 1, 32.0, 32)}, r"inputs: expected whole numbers as sizes, got 32.0 in \(1, 1, 32.0, 32\)"),
        ({"inputs": (None, 1, 32, 32)}, "inputs: expected whole numbers as sizes, got None in"),
        ({"inputs": (-1, 1, 32, 32)}, r"inputs: expected sizes of at least 0, got \(-1, 1, 32, 32\)"),
        ({"inputs": {0: (1, 1, 32, 32)}}, "inputs: expected the names of inputs, got 0"),
        ({"inputs": {"x": {"y": "big"}}}, "got 'big' for 'x.y'"),
        ({"inputs": {"y": (1, 1, 32, 32)}}, "input: expected the name x, got 'y'"),
        ({"inputs": np.array(["a"])}, "dtype: expected a type such as float32"),
        ({"inputs": TensorSpec(4)}, "inputs: expected a spec with a shape, got 4"),  # type: ignore[arg-type]
        ({"inputs": TensorSpec((1, 1, 32, 32), "f16")}, "dtype: expected a type such as float32, .*, got 'f16'"),
    ],
    ids=lambda part: (
        "" if isinstance(part, str) else " ".join(f"{name}={shown(value)}" for name, value in part.items())
    ),
)
def test_what_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(NetweightError, match=message):
        netweight.weigh("lenet5", **options)


def test_a_shape_as_text_is_shown_as_a_tuple() -> None:
    with pytest.raises(UsageError) as caught:
        netweight.weigh("lenet5", "1x1x32x32")  # type: ignore[arg-type]
    assert caught.value.fix == "inputs=(1, 1, 32, 32)"
    assert netweight.weigh("lenet5", (1, 1, 32, 32)).coverage.complete


def test_a_graph_refuses_an_input_of_any_kind() -> None:
    for given in ((3, 5), np.ones((3, 5)), TensorSpec((3, 5)), {"x": (3, 5)}):
        with pytest.raises(UsageError, match="inputs: expected a model that is still to be described, got a graph"):
            netweight.weigh(GRAPH, given)


def test_arrays_are_inputs_of_modules() -> None:
    torch = pytest.importorskip("torch")
    module = torch.nn.Conv2d(3, 4, 3)
    expected = netweight.weigh(module, (1, 3, 8, 8))
    for given in (
        np.ones((1, 3, 8, 8), np.float32), [np.ones((1, 3, 8, 8), np.float32)], (np.int64(1), 3, 8, 8),
        {"input": np.ones((1, 3, 8, 8), np.float32)}, TensorSpec((1, 3, 8, 8), torch.float32), torch.Size((1, 3, 8, 8)),
    ):  # fmt: skip
        assert netweight.weigh(module, given).totals == expected.totals
    assert isinstance(netweight.capture(module, np.ones((1, 3, 8, 8), np.float32)), Graph)
    with pytest.raises(UsageError, match="inputs: expected a number of at most"):
        netweight.weigh(module, (10**20, 3, 8, 8))


def test_programs_get_what_is_no_tensor_as_it_is() -> None:
    torch = pytest.importorskip("torch")
    seen: list[Any] = []

    class Program(torch.nn.Module):  # type: ignore[misc,name-defined]
        def forward(self, x: Any, scale: float, name: str, sizes: Any) -> Any:
            seen.append((scale, name, sizes))
            return x * scale

    netweight.weigh(Program(), {"x": (2, 3), "scale": 2.5, "name": "one", "sizes": [None, -1]})
    assert seen[-1] == (2.5, "one", [None, -1])


def test_a_keyword_that_is_not_there_names_the_function() -> None:
    with pytest.raises(TypeError, match=r"^weigh\(\) got an unexpected keyword argument 'bit'"):
        netweight.weigh("mlp", bit=8)  # type: ignore[call-arg]


def test_whole_numbers() -> None:
    torch = pytest.importorskip("torch")
    assert [index_of(value) for value in (3, np.uint8(3), torch.tensor(3))] == [3, 3, 3]
    assert [index_of(value) for value in (True, np.True_, 3.0, "3", None, np.array([3, 4]), int, torch.ones(2))] == [
        None
    ] * 8
