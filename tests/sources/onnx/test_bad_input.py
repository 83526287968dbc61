"""Files that are no networks, and networks made to cost time or memory: one clear error or a profile, and soon."""

from __future__ import annotations

import io
import os
import pickle
import resource
import sys
import time
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

from onnx import helper, numpy_helper  # noqa: E402

from netweight.analysis.cost import weigh_graph  # noqa: E402
from netweight.cli.main import run  # noqa: E402
from netweight.errors import FormatError, NetweightError, ShapeError  # noqa: E402
from netweight.results.profile import Profile  # noqa: E402
from netweight.sources.onnx import check_model, read_graph, read_model, reader, recording  # noqa: E402

FLOAT, INT64, BOOL = 1, 7, 9
ROOM = 2 << 30
"""Bytes that a test may take beyond what the process has."""
SECONDS = 60.0
"""CPU time that no test may take: the slowest read 300,000 calls and stop, which takes about ten."""

node = helper.make_node


@pytest.fixture(autouse=True)
def bounded() -> Iterator[None]:
    """No test gets more memory than ``ROOM``, or takes longer than ``SECONDS``."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + ROOM, hard))
    start = time.process_time()
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
    assert time.process_time() - start < SECONDS


@pytest.fixture
def few_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit of calls is reached sooner."""
    monkeypatch.setattr(reader, "_MOST", 20_000)


def value(name: str, shape: Sequence[Any] | None, kind: int = FLOAT) -> Any:
    return helper.make_tensor_value_info(name, kind, shape)


def ints(name: str, *numbers: int) -> Any:
    return numpy_helper.from_array(np.array(numbers, np.int64), name)


def scalar(name: str, number: int) -> Any:
    return numpy_helper.from_array(np.array(number, np.int64), name)


def floats(name: str, *numbers: float) -> Any:
    return numpy_helper.from_array(np.array(numbers, np.float32), name)


def network(
    *nodes: Any, x: Sequence[Any] = (1, 4), stored: Sequence[Any] = (), inputs: Sequence[Any] = (), **more: Any
) -> Any:
    """A model whose output is what its last node writes."""
    out = [onnx.ValueInfoProto(name=nodes[-1].output[0])]
    graph = helper.make_graph(list(nodes), "g", [value("x", x), *inputs], out, list(stored))
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("d", 1)]
    return helper.make_model(graph, opset_imports=opsets, **more)


def weighed(model: Any) -> Profile:
    check_model(model, "m.onnx")
    read = read_graph(model)
    return weigh_graph(read.graph, notes=read.notes, exact=read.exact)


def bytes_of_zip() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("data.pkl", b"x" * 100)
    return held.getvalue()


def nested(levels: int) -> bytes:
    """A graph (7) with a node (1) with an attribute (5) that is a graph (6), and so on."""
    inner = b""
    for _ in range(levels):
        for tag in (b"\x32", b"\x2a", b"\x0a"):
            inner = tag + length_of(inner) + inner
    return b"\x3a" + length_of(inner) + inner


def length_of(data: bytes) -> bytes:
    """The length as protobuf writes numbers: seven bits at a time."""
    length, digits = len(data), []
    while length > 127:
        digits.append(length & 127 | 128)
        length >>= 7
    return bytes([*digits, length])


GOOD = network(node("Relu", ["x"], ["y"]))
FILES = {
    "empty": (b"", "empty file"),
    "truncated": (GOOD.SerializeToString()[:-10], "expected an ONNX model, got none"),
    "text": (b"this is no model, it is a sentence\n" * 20, "expected an ONNX model"),
    "pickle": (pickle.dumps({"weights": [1.0, 2.0]}), "got a pickle"),
    "zip": (bytes_of_zip(), "got a zip archive"),
    "tflite": (b"\x1c\x00\x00\x00TFL3" + b"\x00" * 40, "got a TFLite file"),
    "another_protobuf": (ints("w", 1, 2, 3).SerializeToString(), "expected an ONNX model"),
    "only_a_graph": (GOOD.graph.SerializeToString(), "expected an ONNX model"),
    "noise": (np.random.default_rng(0).bytes(4096), "expected an ONNX model"),
    "nested": (nested(1000), "expected an ONNX model, got none"),
}


@pytest.mark.parametrize("name", FILES)
def test_what_is_no_model_is_refused_and_nothing_is_written(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    data, message = FILES[name]
    path = tmp_path / "model.onnx"
    path.write_bytes(data)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FormatError, match=message):
        read_model(path)
    assert run([str(path)]) == 2
    out, err = capsys.readouterr()
    assert message in err
    assert "Traceback" not in out + err
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == data


def test_paths_that_hold_no_file(tmp_path: Path) -> None:
    folder = tmp_path / "model.onnx"
    folder.mkdir()
    with pytest.raises(FormatError, match="got the directory"):
        read_model(folder)
    with pytest.raises(FormatError, match="got none: No such file"):
        read_model(tmp_path / "none.onnx")
    pipe = tmp_path / "pipe.onnx"
    os.mkfifo(pipe)
    with pytest.raises(FormatError, match="something that is not a file"):
        read_model(pipe)


def test_a_file_of_more_than_2_gb_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large.onnx"
    with path.open("wb") as file:
        file.truncate(1 << 31)
    with pytest.raises(FormatError, match="expected at most 2,147,483,647 bytes") as caught:
        read_model(path)
    assert caught.value.fix == "save large weights as external data"


def test_a_pickle_is_not_run(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> Any:
            return Path.touch, (tmp_path / "evil",)

    path = tmp_path / "model.onnx"
    path.write_bytes(pickle.dumps(Evil()))
    with pytest.raises(FormatError, match="got a pickle"):
        read_model(path)
    assert not (tmp_path / "evil").exists()


def test_every_beginning_of_a_model_is_refused_or_weighed(tmp_path: Path) -> None:
    data = network(node("MatMul", ["x", "w"], ["y"]), stored=[floats("w", 1, 2, 3, 4)]).SerializeToString()
    path = tmp_path / "model.onnx"
    outcomes = set()
    for length in range(len(data)):
        path.write_bytes(data[:length])
        try:
            weighed(read_model(path))
            outcomes.add("profile")
        except NetweightError as error:
            outcomes.add(type(error).__name__)
    assert "FormatError" in outcomes


OPENED: list[str] = []


@pytest.fixture(scope="module")
def opened() -> list[str]:
    """Every path that is opened from here on; an audit hook cannot be taken away."""
    sys.addaudithook(lambda event, given: OPENED.append(str(given[0])) if event == "open" else None)
    return OPENED


@pytest.mark.parametrize("location", ["../../../../etc/passwd", "/etc/passwd", "weights.bin", "~/weights", "\0"])
@pytest.mark.parametrize("dims", [(4,), (1 << 61,)], ids=["small", "large"])
def test_external_data_is_never_opened(location: str, dims: tuple[int, ...], opened: list[str]) -> None:
    entry = onnx.StringStringEntryProto(key="location", value=location)
    kinds = {"w": FLOAT, "s": INT64}
    w, s = (
        onnx.TensorProto(name=name, dims=dims, data_type=kind, data_location=1, external_data=[entry])
        for name, kind in kinds.items()
    )
    opened.clear()
    profile = weighed(network(node("Relu", ["w"], ["r"]), node("Reshape", ["x", "s"], ["y"]), stored=[w, s]))
    assert not [path for path in opened if "passwd" in path or "weights" in path]
    assert not profile.coverage.complete
    assert "Reshape 'y': the shape follows from the numbers of 's'" in " ".join(profile.notes)


REPEATED = 1 << 40
ADD_UP = (node("ReduceMax", ["big"], ["m"], keepdims=0), node("Add", ["x", "m"], ["y"]))
ONE = floats("one", 1.0)
BIG = {
    "ConstantOfShape": network(node("ConstantOfShape", ["s"], ["big"]), *ADD_UP, stored=[ints("s", 1 << 20, 1 << 20)]),
    "Expand": network(node("Expand", ["one", "s"], ["big"]), *ADD_UP, stored=[ONE, ints("s", REPEATED, 1)]),
    "Tile": network(node("Tile", ["one", "s"], ["big"]), *ADD_UP, stored=[ONE, ints("s", REPEATED)]),
    "Pad": network(node("Pad", ["one", "s"], ["big"]), *ADD_UP, stored=[ONE, ints("s", REPEATED, REPEATED)]),
    "Range": network(
        node("Range", ["a", "b", "c"], ["r"]), node("Cast", ["r"], ["big"], to=FLOAT), *ADD_UP,
        stored=[scalar("a", 0), scalar("b", 10**12), scalar("c", 1)],
    ),
    "EyeLike": network(
        node("ConstantOfShape", ["s"], ["w"]), node("EyeLike", ["w"], ["big"]), *ADD_UP,
        stored=[ints("s", 1 << 20, 1 << 20)],
    ),
    "OneHot": network(
        node("OneHot", ["i", "depth", "one"], ["big"]), *ADD_UP,
        stored=[ints("i", 1), scalar("depth", REPEATED), floats("one", 0, 1)],
    ),
    "HannWindow": network(node("HannWindow", ["n"], ["big"]), *ADD_UP, stored=[scalar("n", REPEATED)]),
    "Resize": network(
        node("Resize", ["w", "", "s"], ["big"]), *ADD_UP,
        stored=[numpy_helper.from_array(np.ones((1, 1, 2, 2), np.float32), "w"), floats("s", 1, 1, 1e7, 1e7)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BIG)
def test_constants_too_large_to_hold_are_weighed_and_never_made(name: str) -> None:
    """Only their shape is known; that the output is as large as ``x`` shows that all was read."""
    model = BIG[name]
    read = read_graph(model)
    assert read.graph.values["y"].spec.shape == (1, 4)
    assert weigh_graph(read.graph).coverage.complete


@pytest.mark.parametrize("reader", ["Reshape", "Unsqueeze", "Expand"])
def test_a_shape_of_a_trillion_sizes_is_refused(reader: str) -> None:
    filler = ints("v", 1)
    model = network(
        node("ConstantOfShape", ["s"], ["w"], value=filler),
        node(reader, ["x", "w"], ["y"]),
        stored=[ints("s", 1 << 40)],
    )
    with pytest.raises(ShapeError, match="expected at most 1,048,576 numbers to go by") as caught:
        weighed(model)
    assert caught.value.__notes__ == [f"in node 'y' ({reader}, opset 18)"]


def test_what_is_computed_while_reading_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """300 sums of a million numbers: what is beyond a hundred million numbers stays in the graph."""
    monkeypatch.setattr(recording, "_FOLDED", 100 << 20)
    sums = [node("Add", [f"w{at}", "w0"], [f"w{at + 1}"]) for at in range(300)]
    model = network(
        node("Size", ["x"], ["n"]), node("Expand", ["n", "s"], ["w0"]), *sums,
        node("Cast", ["w300"], ["big"], to=FLOAT), *ADD_UP, stored=[ints("s", 1 << 20)],
    )  # fmt: skip
    read = read_graph(model)
    assert 200 < len(read.graph.nodes) < 303
    assert read.graph.values["y"].spec.shape == (1, 4)


TOO_LARGE = {
    "input": (network(node("Relu", ["x"], ["y"]), x=(1 << 62,)), r"less than 2\^62 elements"),
    "product": (network(node("Relu", ["x"], ["y"]), x=(1 << 32, 1 << 32)), r"less than 2\^62 elements"),
    "negative": (
        network(node("Relu", ["x"], ["y"]), stored=[onnx.TensorProto(name="w", dims=[-1], data_type=1)]),
        "from 0 on",
    ),
    "Expand": (
        network(node("Expand", ["x", "s"], ["y"]), stored=[ints("s", 1 << 60, 1, 1)]),
        r"expand: .* less than 2\^62",
    ),
    "Tile": (
        network(node("Tile", ["x", "s"], ["y"]), stored=[ints("s", 1 << 40, 1 << 40)]),
        r"less than 2\^62 elements",
    ),
    "Pad": (
        network(node("Pad", ["x", "s"], ["y"]), stored=[ints("s", 0, 0, 1 << 61, 1 << 61)]),
        r"pad: .* less than 2\^62",
    ),
    "Resize": (
        network(node("Resize", ["x", "", "s"], ["y"]), x=(1, 1, 8, 8), stored=[floats("s", 1, 1, 1e9, 1e9)]),
        r"less than 2\^62 elements",
    ),
    "weight": (
        network(node("Reshape", ["x", "w"], ["y"]), stored=[onnx.TensorProto(name="w", dims=[8], data_type=7)]),
        "expected the numbers of 'w'",
    ),
    "text": (
        network(node("Relu", ["x"], ["y"]), stored=[onnx.TensorProto(name="w", dims=[2], data_type=99)]),
        "element type, got 99",
    ),
}


@pytest.mark.parametrize("name", TOO_LARGE)
def test_sizes_that_no_tensor_has_are_refused(name: str) -> None:
    model, message = TOO_LARGE[name]
    with pytest.raises((FormatError, ShapeError), match=message):
        weighed(model)


def body(*nodes: Any, state: Sequence[int] | None = (1, 4)) -> Any:
    return helper.make_graph(
        [node("Identity", ["going"], ["going2"]), *nodes],
        "body",
        [value("i", (), INT64), value("going", (), BOOL), value("v", state)],
        [value("going2", (), BOOL), value("v2", state)],
    )


def test_a_loop_of_a_billion_iterations_is_counted_once_and_says_so() -> None:
    model = network(
        node("Loop", ["trips", "", "x"], ["y"], body=body(node("Relu", ["v"], ["v2"]))), stored=[scalar("trips", 10**9)]
    )
    read = read_graph(model)
    assert "of 1,000,000,000 iterations one is counted" in " ".join(read.notes)
    assert not read.exact


def test_a_loop_that_doubles_its_state_ends_at_what_no_tensor_has() -> None:
    model = network(
        node("Loop", ["trips", "", "x"], ["y"], body=body(node("Concat", ["v", "v"], ["v2"], axis=0), state=None)),
        stored=[scalar("trips", 200)],
    )
    with pytest.raises(ShapeError, match=r"concat: expected a result of less than 2\^62 elements"):
        weighed(model)


def test_loops_inside_of_each_other_end(few_calls: None) -> None:
    """A hundred iterations on each of eight levels are 10^16 calls."""
    inner = body(node("Relu", ["v"], ["v2"]))
    for level in range(7):
        inner = body(node("Loop", ["trips", "", "v"], ["v2"], body=inner, name=f"level{level}"))
    model = network(node("Loop", ["trips", "", "x"], ["y"], body=inner), stored=[scalar("trips", 100)])
    with pytest.raises(FormatError, match="expected at most 20,000 calls of operators, got more"):
        weighed(model)


def test_a_scan_over_a_billion_rows_is_counted_once() -> None:
    graph = helper.make_graph(
        [node("Add", ["s", "e"], ["s2"]), node("Identity", ["s2"], ["o"])],
        "body",
        [value("s", (4,)), value("e", (4,))],
        [value("s2", (4,)), value("o", (4,))],
    )
    scan = node("Scan", ["z", "x"], ["last", "all"], body=graph, num_scan_inputs=1)
    read = read_graph(network(scan, node("Relu", ["all"], ["y"]), x=(10**9, 4), stored=[floats("z", 0, 0, 0, 0)]))
    assert read.graph.values["y"].spec.shape == (10**9, 4)
    assert not read.exact


def test_a_sequence_of_a_billion_pieces_is_refused() -> None:
    model = network(
        node("SplitToSequence", ["x"], ["q"], axis=0),
        node("ConcatFromSequence", ["q"], ["y"], axis=0),
        x=(10**9, 1),
    )
    with pytest.raises(FormatError, match="expected at most 65,536 pieces, got 1,000,000,000"):
        weighed(model)


def function(name: str, *nodes: Any) -> Any:
    opsets = [helper.make_opsetid("d", 1), helper.make_opsetid("", 18)]
    return helper.make_function("d", name, ["a"], ["b"], list(nodes), opsets)


def test_a_function_that_calls_itself_ends() -> None:
    model = network(node("F", ["x"], ["y"], domain="d"), functions=[function("F", node("F", ["a"], ["b"], domain="d"))])
    with pytest.raises(FormatError, match="expected at most 64 levels of functions and control flow"):
        weighed(model)


def test_functions_that_call_the_next_one_twice_end(few_calls: None) -> None:
    """Forty of them are 2^40 calls."""
    chain = [
        function(f"F{at}", node(f"F{at + 1}", ["a"], ["m"], domain="d"), node(f"F{at + 1}", ["m"], ["b"], domain="d"))
        for at in range(40)
    ]
    model = network(
        node("F0", ["x"], ["y"], domain="d"), functions=[*chain, function("F40", node("Relu", ["a"], ["b"]))]
    )
    with pytest.raises(FormatError, match="expected at most 20,000 calls of operators"):
        weighed(model)


def test_branches_inside_of_each_other_as_deep_as_protobuf_goes() -> None:
    """Protobuf reads a hundred messages inside of each other, which are 26 branches."""
    leaf = helper.make_graph([node("Relu", ["x"], ["z"])], "branch", [], [value("z", (1, 4))])
    inner = leaf
    for level in range(26):
        branch = node("If", ["c"], [f"y{level}"], then_branch=inner, else_branch=leaf)
        inner = helper.make_graph([branch], "branch", [], [value(f"y{level}", (1, 4))])
    read = read_graph(network(*inner.node, inputs=[value("c", (), BOOL)]))
    assert len(read.notes) == 26
    assert not read.exact


CONTRADICTIONS = {
    "cycle": (
        (node("Add", ["x", "b"], ["a"]), node("Relu", ["a"], ["b"])),
        "expected 'b' to be written before it is read",
    ),
    "itself": ((node("Relu", ["y"], ["y"]),), "expected 'y' to be written before it is read"),
    "twice": (
        (node("Relu", ["x"], ["y"]), node("Relu", ["x"], ["y"])),
        "expected every value to be written once, got 'y'",
    ),
    "no_name": (
        (node("Relu", ["x"], ["z"]), node("Relu", ["w"], ["y"])),
        "expected 'w' to be written before it is read",
    ),
    "text_for_a_number": (
        (node("Softmax", ["x"], ["y"], axis="last"),),
        "Softmax: expected 'axis' to be a whole number, got text",
    ),
    "number_for_numbers": (
        (node("Transpose", ["x"], ["y"], perm=1),),
        "Transpose: expected 'perm' to be whole numbers, got a whole number",
    ),
    "number_for_a_graph": (
        (node("If", ["x"], ["y"], then_branch=1),),
        "If: expected 'then_branch' to be a graph, got a whole number",
    ),
    "too_many_inputs": ((node("Relu", ["x", "x"], ["y"]),), "expected .* 1 .* got 2"),
    "too_many_outputs": ((node("Relu", ["x"], ["y", "z"]),), "expected at most 1 outputs, got 2"),
    "unknown_attribute_value": ((node("MaxPool", ["x"], ["y"], kernel_shape=[0, 0]),), "got"),
}


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_what_contradicts_itself_is_refused(name: str) -> None:
    nodes, message = CONTRADICTIONS[name]
    with pytest.raises((FormatError, ShapeError), match=message):
        weighed(network(*nodes))


def test_inputs_of_one_name_are_refused() -> None:
    with pytest.raises(FormatError, match="expected inputs of different names"):
        weighed(network(node("Relu", ["x"], ["y"]), inputs=[value("x", (2,))]))


def test_names_that_are_no_text_are_refused(tmp_path: Path) -> None:
    data = network(node("Relu", ["x"], ["yyyy"], name="nnnn")).SerializeToString()
    path = tmp_path / "model.onnx"
    for name in (b"nnnn", b"Relu", b"yyyy"):
        path.write_bytes(data.replace(name, b"\xff\xfe\xff\xfe"))
        with pytest.raises(FormatError, match="expected names in UTF-8"):
            weighed(read_model(path))


def test_an_unknown_domain_gives_a_partial_profile() -> None:
    model = network(node("Relu", ["x"], ["r"]), node("Warp", ["r"], ["w"], domain="my.own"), node("Relu", ["w"], ["y"]))
    profile = weighed(model)
    assert not profile.coverage.complete
    assert "Warp" in " ".join(profile.notes)


def test_a_chain_of_constants_longer_than_pythons_stack(tmp_path: Path) -> None:
    """Weights behind 5,000 sums each: what makes them is recorded in order, without one call inside another."""
    sums = [node("Add", [f"w{at}", "w0"], [f"w{at + 1}"]) for at in range(5000)]
    weights = numpy_helper.from_array(np.ones((4, 4), np.float32), "w0")
    profile = weighed(network(*sums, node("MatMul", ["x", "w5000"], ["y"]), stored=[weights]))
    assert profile.totals.macs == 16
    assert profile.totals.flops == 2 * 16 + 5000 * 16
