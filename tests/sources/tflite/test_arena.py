"""What the interpreter for microcontrollers places, and a plan for it in the file."""

import json
import struct
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import flatbuffers
import pytest
import tflite
from tests.sources.tflite.writing import Graph, Op, T, _offsets, _table, written

from netweight.errors import FormatError, UsageError
from netweight.placement import Buffer, best
from netweight.placement.tflm import tflm
from netweight.sources.tflite.arena import METADATA, arena_buffers, offsets_in_file, packed, plan_in_file
from netweight.sources.tflite.model import TfliteModel, parse_model
from netweight.sources.tflite.planned import with_plan

MODELS = Path(__file__).parents[2] / "models" / "tflite"
ROWS = {row["file"]: row for row in json.loads((MODELS / "arena.json").read_text())["rows"]}

_INTERPRETED = """
import json, sys
import numpy as np
from tflite_micro.python.tflite_micro import runtime

for path in sys.argv[1:]:
    interpreter = runtime.Interpreter.from_file(path)
    shape = interpreter.get_input_details(0)["shape"]
    draw, found = np.random.default_rng(0), []
    for _ in range(4):
        interpreter.set_input(draw.integers(-128, 128, shape).astype(np.int8), 0)
        interpreter.invoke()
        found.append(interpreter.get_output(0).tolist())
    print(json.dumps(found), flush=True)
    interpreter.print_allocations()
"""


def _read(name: str) -> tuple[bytes, TfliteModel]:
    data = (MODELS / name).read_bytes()
    return data, parse_model(data)


def _planned(name: str) -> bytes:
    data, model = _read(name)
    plan = best(tuple(arena_buffers(model).values()))
    return with_plan(data, offsets_in_file(model, {int(at): offset for at, offset in plan.offsets.items()}))


@pytest.mark.parametrize("name", sorted(ROWS))
def test_the_interpreters_own_plan_and_the_best_one_take_what_was_measured(name: str) -> None:
    buffers = tuple(arena_buffers(_read(name)[1]).values())
    assert tflm(buffers).height == ROWS[name]["tflm_head_bytes"]
    plan = best(buffers)
    assert plan.height == ROWS[name]["optimal_arena_bytes_align16"]
    assert plan.proved


@pytest.mark.skipif(find_spec("tflite_micro") is None, reason="tflite-micro, the interpreter, is not installed")
def test_the_interpreter_obeys_the_plan_and_gives_the_same_outputs(tmp_path: Path) -> None:
    paths = []
    for name in sorted(ROWS):
        (tmp_path / name).write_bytes(_planned(name))
        paths += [str(MODELS / name), str(tmp_path / name)]
    done = subprocess.run([sys.executable, "-c", _INTERPRETED, *paths], capture_output=True, text=True, check=True)
    outputs = [line for line in done.stdout.splitlines() if line.startswith("[[")]
    said = [line for line in (done.stdout + done.stderr).splitlines() if "allocation head" in line]
    heads = [int(line.rpartition("head ")[2].split()[0]) for line in said]
    assert heads[::2] == [ROWS[name]["tflm_head_bytes"] for name in sorted(ROWS)]
    assert heads[1::2] == [ROWS[name]["optimal_arena_bytes_align16"] for name in sorted(ROWS)]
    assert outputs[::2] == outputs[1::2]
    assert len(set(outputs)) == len(ROWS)


def _small() -> Graph:
    """Two inputs, of which one is read by nobody; one output of two that nobody reads; a weight, a variable."""
    return Graph(
        tensors=[
            T((1, 20)), T((1, 3)), T((1, 20)), T((1, 20)), T((1, 5)), T((1, 20)),
            T.of([[1.0] * 20]), T((1, 20), variable=True), T((1, 0)), T((1, 7)),
        ],
        inputs=[0, 1],
        outputs=[3, 8],
        ops=[
            Op("ADD", [0, 6], [2]), Op("MUL", [2, 7], [3, 4]), Op("ADD", [2, 2], [5]), Op("SUB", [-1, 5], [9, 7]),
        ],
    )  # fmt: skip


def test_lives_are_those_of_the_interpreter() -> None:
    """Step 0 is before the first of 4 operators; 20 floats are 80 bytes, 3 are 12 of 16, 5 are 20 of 32."""
    assert list(arena_buffers(parse_model(written(_small()))).values()) == [
        Buffer("0", 0, 2, 80, 16),
        Buffer("1", 0, 1, 16, 16),
        Buffer("2", 1, 4, 80, 16),
        Buffer("3", 2, 5, 80, 16),
        Buffer("4", 2, 3, 32, 16),
        Buffer("5", 3, 5, 80, 16),
        Buffer("9", 4, 5, 32, 16),
    ]


def _metadata(data: bytes) -> dict[str, bytes]:
    """What another reader finds."""
    model: Any = tflite.Model.GetRootAsModel(data, 0)
    found = {}
    for at in range(model.MetadataLength()):
        entry = model.Metadata(at)
        found[entry.Name().decode()] = model.Buffers(entry.Buffer()).DataAsNumpy().tobytes()
    return found


def test_a_plan_is_added_to_what_the_file_has() -> None:
    data = written(_small(), metadata={"first": b"one", "second": b"two"})
    offsets = (0, 16, 80, 160, -1, 240, -1, -1, -1, 320)
    planned = with_plan(data, offsets)
    assert planned.endswith(data[8:])
    plan = struct.pack("<13i", 1, 0, 10, *offsets)
    assert _metadata(planned) == {"first": b"one", "second": b"two", METADATA: plan}
    model, before = parse_model(planned), parse_model(data)
    assert plan_in_file(model) == offsets
    assert plan_in_file(before) is None
    assert model.subgraphs[0].tensors == before.subgraphs[0].tensors
    assert model.description == before.description
    start: Any = tflite.Model.GetRootAsModel(planned, 0)
    assert (start.Version(), start.SubgraphsLength(), start.OperatorCodesLength()) == (3, 1, 3)


def test_a_plan_replaces_another() -> None:
    data = written(_small(), metadata={"first": b"one", METADATA: packed((0,) * 10), "second": b"two"})
    planned = with_plan(with_plan(data, (16,) * 10), (32,) * 10)
    assert list(_metadata(planned)) == ["first", "second", METADATA]
    assert plan_in_file(parse_model(planned)) == (32,) * 10


@pytest.mark.parametrize("name", sorted(ROWS))
def test_weights_stay_where_they_are_aligned(name: str) -> None:
    """The distance to a multiple of 16 is that of the old file, and every tensor has the bytes that it had."""
    data, model = _read(name)
    planned = _planned(name)
    assert (len(planned) - len(data)) % 16 == 0
    assert parse_model(planned).subgraphs[0].tensors == model.subgraphs[0].tensors
    assert len(planned) - len(data) < 12 * len(model.subgraphs[0].tensors) + 400


@pytest.mark.parametrize("others", range(4))
def test_the_plan_itself_begins_at_a_multiple_of_16(others: int) -> None:
    data = written(_small(), metadata={f"other {at}": b"data" for at in range(others)})
    planned = with_plan(data, (7,) * 10)
    assert planned.index(packed((7,) * 10)) % 16 == 0


def _odd(*, behind: bool = False, newer: bool = False) -> bytes:
    """A file of one empty subgraph; with weights behind its tables, or a field of the model that is not known."""
    b = flatbuffers.Builder(256)
    buffers = _offsets(b, [_table(b, "Buffer", **({"offset": 16, "size": 4} if behind else {}))])
    subgraphs = _offsets(b, [_table(b, "SubGraph")])
    b.StartObject(9)
    b.PrependUOffsetTRelativeSlot(2, subgraphs, 0)
    b.PrependUOffsetTRelativeSlot(4, buffers, 0)
    if newer:
        b.PrependUint32Slot(8, 1, 0)
    b.Finish(b.EndObject(), b"TFL3")
    return bytes(b.Output())


def test_a_plan_is_refused_where_it_would_move_or_lose_something() -> None:
    assert plan_in_file(parse_model(with_plan(_odd(), ()))) == ()
    with pytest.raises(FormatError, match="expected a TFLite file with all weights in its tables, got some behind"):
        with_plan(_odd(behind=True), ())
    with pytest.raises(FormatError, match="expected a TFLite file of schema 3, got one with parts that are newer"):
        with_plan(_odd(newer=True), ())


@pytest.mark.parametrize("count", [0, 9, 11])
def test_a_plan_for_another_model_is_refused(count: int) -> None:
    with pytest.raises(UsageError, match=f"expected 10 offsets, one for each tensor of the model, got {count}"):
        with_plan(written(_small()), (0,) * count)


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        (packed((0,) * 9), "expected OfflineMemoryAllocation with 10 offsets, one for each tensor, got 9"),
        (struct.pack("<12i", 1, 0, 10, *(0,) * 9), "with 10 offsets, one for each tensor, got 10"),
        (struct.pack("<13i", 2, 0, 10, *(0,) * 10), "of version 1 for subgraph 0, got version 2 for 0"),
        (struct.pack("<13i", 1, 1, 10, *(0,) * 10), "of version 1 for subgraph 0, got version 1 for 1"),
        (b"12345678", "of at least 12 bytes, 4 for each, got 8"),
        (packed((0,) * 10) + b"1", "4 for each, got 53"),
    ],
)
def test_a_plan_in_the_file_that_cannot_be_its_own_is_refused(plan: bytes, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        plan_in_file(parse_model(written(_small(), metadata={METADATA: plan})))


def test_a_file_of_several_subgraphs_has_no_plan() -> None:
    with pytest.raises(UsageError, match="expected a TFLite model of one subgraph, got 2"):
        arena_buffers(parse_model(written(_small(), _small())))
