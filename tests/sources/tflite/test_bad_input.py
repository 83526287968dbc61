"""Files that are cut, broken, or no TFLite files: one clear error each."""

import struct
from pathlib import Path

import pytest

import netweight
from netweight.errors import FormatError, NetweightError, UsageError
from netweight.sources.tflite.flat import Flat
from netweight.sources.tflite.model import parse_model
from netweight.sources.tflite.network import read_network

SPEECH = Path(__file__).parents[2] / "models" / "tflite" / "tflm_micro_speech_quantized.tflite"
WHOLE = SPEECH.read_bytes()


def answer(data: bytes) -> str:
    """What is made of a file."""
    try:
        read_network(parse_model(data))
    except NetweightError as error:
        return error.message
    return ""


@pytest.mark.parametrize("size", [*range(64), *range(64, len(WHOLE) - 1, 211)])
def test_a_file_that_is_cut_is_refused(size: int) -> None:
    assert answer(WHOLE[:size])


@pytest.mark.parametrize("number", [0, 7, 0xFFFFFFFF])
def test_an_offset_that_leads_nowhere_is_answered(number: int) -> None:
    """Every twelfth byte of the tables at the end of the file, one after the other."""
    for at in range(len(WHOLE) - 1200, len(WHOLE) - 3, 12):
        broken = bytearray(WHOLE)
        struct.pack_into("<I", broken, at, number)
        answer(bytes(broken))


def test_the_root_beyond_the_end() -> None:
    broken = struct.pack("<I", len(WHOLE)) + WHOLE[4:]
    assert answer(broken) == f"tflite: expected 4 bytes at {len(WHOLE):,}, got a file of {len(WHOLE):,}"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "got the empty file"),
        (b"\x80\x02}q\x00.", "expected a TFLite model"),
        (WHOLE[:4] + b"TFL2" + WHOLE[8:], "expected a TFLite model"),
    ],
)
def test_a_file_that_is_no_model(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(data)
    with pytest.raises(FormatError, match=message):
        netweight.weigh(path)


def test_a_model_is_known_by_what_is_in_it(tmp_path: Path) -> None:
    for name in ("model.bin", "model.dat", "model.json"):
        (tmp_path / name).write_bytes(WHOLE)
        assert netweight.weigh(tmp_path / name).totals.macs == 336_000


def test_tables_that_overlap_are_not_read_again_and_again() -> None:
    """A thousand vectors of names that begin one byte after the other, each as long as the file."""
    count = 4000
    names = b"".join(struct.pack("<I", 60_000) for _ in range(count)) + b"x" * 60_000
    at = 16 + 4 * count
    offsets = b"".join(struct.pack("<I", at + 4 * row - (16 + 4 * row)) for row in range(count))
    flat = Flat(b"\0" * 12 + struct.pack("<I", count) + offsets + names)
    with pytest.raises(FormatError, match="without overlaps"):
        flat._vector("s", 12)


def test_a_batch_is_put_in_and_another_rank_is_refused() -> None:
    """Twice the samples are twice the MACs, with the parameters of one."""
    kws = SPEECH.with_name("mlperf_kws_ref_model.tflite")
    one, two = netweight.weigh(kws), netweight.weigh(kws, batch=2)
    assert two.totals.macs == 2 * one.totals.macs
    assert two.totals.params == one.totals.params
    with pytest.raises(UsageError, match="expected 'input_1' with 4 dimensions"):
        netweight.weigh(kws, (1, 49, 10))
    with pytest.raises(UsageError, match="training: expected a model with a training mode"):
        netweight.weigh(kws, training=True)


@pytest.mark.parametrize(
    ("vtable", "table", "message"),
    [
        ((4, 4), 40, "expected 2 bytes at -24"),
        ((8, 8, 4, 200), 8, "expected Buffer.offset within its 8 bytes, got 200"),
    ],
)
def test_a_vtable_before_the_file_and_a_field_beyond_its_table(
    vtable: tuple[int, ...], table: int, message: str
) -> None:
    """A vtable of 16-bit numbers at 8, and a table at 16 that says how far back its vtable is."""
    entries = struct.pack(f"<{len(vtable)}H", *vtable).ljust(8, b"\0")
    flat = Flat(struct.pack("<I", 16) + b"TFL3" + entries + struct.pack("<iI", table, 0))
    with pytest.raises(FormatError, match=message):
        flat.root("Buffer", b"TFL3")


def test_the_batch_is_the_size_that_the_signature_leaves_open(tmp_path: Path) -> None:
    pytest.importorskip("tflite", reason="files are written with the package tflite")
    from tests.sources.tflite.writing import Graph, Op, T, written

    tensors = [T((1, 7)), T((2, 7), signature=(-1, 7)), T((2, 7))]
    path = tmp_path / "open.tflite"
    path.write_bytes(written(Graph(tensors, [0, 1], [2], [Op("ADD", [0, 1], [2], "AddOptions")])))
    shapes = [info.shape for info in netweight.weigh(path, batch=5).model.inputs]
    assert shapes == [(1, 7), (5, 7)]
