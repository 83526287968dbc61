"""Files of weights: what is in them is listed, and nothing of them is run."""

from __future__ import annotations

import io
import json
import pickle
import random
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest

import netweight
from netweight.errors import FormatError
from netweight.sources.weights.archive import contents_of
from netweight.sources.weights.opcodes import plain_pickle

torch = pytest.importorskip("torch")


class Net(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 8, 3)
        self.register_buffer("seen", torch.zeros((), dtype=torch.int64))

    def forward(self, x: Any) -> Any:
        return self.conv(x)


LISTED = [("conv.weight", (8, 3, 3, 3), "float32"), ("conv.bias", (8,), "float32"), ("seen", (), "int64")]


def listed(path: Path) -> list[tuple[str, tuple[int, ...], str]]:
    return [(tensor.name, tensor.shape, tensor.dtype) for tensor in contents_of(path).tensors]


@pytest.mark.parametrize("archive", [True, False])
def test_a_state_dict(tmp_path: Path, *, archive: bool) -> None:
    path = tmp_path / "net.pt"
    torch.save(Net().state_dict(), path, _use_new_zipfile_serialization=archive)
    assert sorted(listed(path)) == sorted(LISTED)
    with pytest.raises(FormatError, match="which has weights") as raised:
        netweight.weigh(str(path))
    assert "weights alone" in raised.value.why
    assert "conv.weight  8x3x3x3  float32" in raised.value.why
    assert "FILE.py:CLASS" in raised.value.fix


def test_a_checkpoint_has_its_tensors_under_their_paths(tmp_path: Path) -> None:
    path = tmp_path / "last.ckpt"
    module = Net().half()
    torch.save({"epoch": 3, "model": module.state_dict(), "more": [torch.zeros(2, 5)]}, path)
    found = listed(path)
    assert ("model.conv.weight", (8, 3, 3, 3), "float16") in found
    assert ("more.0", (2, 5), "float32") in found


def test_a_whole_module_is_not_loaded(tmp_path: Path) -> None:
    path = tmp_path / "whole.pt"
    torch.save(Net(), path)
    found = contents_of(path)
    assert found.kind == "module"
    assert found.classes == (f"{Net.__module__}.Net",)
    assert sorted(listed(path)) == sorted(LISTED)
    with pytest.raises(FormatError, match="read without running it") as raised:
        netweight.weigh(path)
    assert f"torch.load({str(path)!r}, weights_only=False)" in raised.value.fix


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_script_is_listed_and_loads_as_the_fix_says(tmp_path: Path) -> None:
    path = tmp_path / "net.pt"
    torch.jit.trace(Net(), torch.zeros(1, 3, 8, 8)).save(path)
    assert contents_of(path).kind == "script"
    assert ("conv.weight", (8, 3, 3, 3), "float32") in listed(path)
    with pytest.raises(FormatError) as raised:
        netweight.weigh(path)
    assert f"torch.jit.load({str(path)!r})" in raised.value.fix
    assert netweight.weigh(torch.jit.load(path), inputs=(1, 3, 8, 8)).totals.params == 8 * 3 * 9 + 8


@pytest.mark.parametrize("sizes", [[{"as_int": 8}, {"as_int": 3}], [{"as_int": -8}], "none", [{}]])
def test_a_program_of_torch_export(tmp_path: Path, sizes: Any) -> None:
    """A table that is damaged lists nothing; the archive is a program all the same."""
    path = tmp_path / "net.pt2"
    table = {"config": {"fc.weight": {"tensor_meta": {"sizes": sizes, "dtype": 7}}}}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("net/models/model.json", "{}")
        archive.writestr("net/data/weights/model_weights_config.json", json.dumps(table))
    whole = isinstance(sizes, list) and len(sizes) == 2
    assert listed(path) == ([("fc.weight", (8, 3), "float32")] if whole else [])
    with pytest.raises(FormatError) as raised:
        netweight.weigh(path)
    assert f"torch.export.load({str(path)!r}).module()" in raised.value.fix


def safetensors(header: Any, room: int = 24, length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + b"\0" * room


def entry(shape: Any, end: int, dtype: Any = "BF16") -> dict[str, Any]:
    return {"a": {"dtype": dtype, "shape": shape, "data_offsets": [0, end]}}


def test_the_header_of_safetensors(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(safetensors({"__metadata__": {"format": "pt"}, **entry([4, 3], 24)}))
    assert listed(path) == [("a", (4, 3), "bfloat16")]


def test_a_configuration_beside_weights_is_what_to_weigh(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(safetensors(entry([4, 3], 24)))
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(FormatError) as raised:
        netweight.weigh(path)
    assert raised.value.fix == f"netweight hf:{tmp_path / 'config.json'}"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "it is empty"),
        (b"\1", "a header within the file"),
        (safetensors(entry([4, 3], 24), length=1 << 60), "a header within the file"),
        (safetensors(b"[" * 100_000), "a header in JSON"),
        (safetensors(b"[]"), "a header by name"),
        (safetensors(entry([4, 3], 25)), "a place within the file"),
        (safetensors(entry([4, -3], 24)), "a place within the file"),
        (safetensors(entry([1 << 70], 24)), "a place within the file"),
        (safetensors(entry([4, 4], 24)), "expected 32 bytes for 'a', got 24"),
        (safetensors(entry([4, 3], 24, None)), "a type for 'a'"),
        (safetensors({"a": 1}), "a type for 'a'"),
    ],
)
def test_damaged_safetensors(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "bad.safetensors"
    path.write_bytes(data)
    with pytest.raises(FormatError, match="cannot be read") as raised:
        netweight.weigh(path)
    assert message in raised.value.why


class Touch:
    """Unpickling it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return (Path.touch, (self.path,))


def test_nothing_is_called(tmp_path: Path) -> None:
    path, touched = tmp_path / "evil.pt", tmp_path / "touched"
    path.write_bytes(pickle.dumps(Touch(touched)))
    torch.save({"a": Touch(touched), "b": torch.zeros(3)}, tmp_path / "evil_too.pt")
    with pytest.raises(FormatError) as raised:
        netweight.weigh(path)
    assert "unpickling it would call" in raised.value.why
    assert listed(tmp_path / "evil_too.pt") == [("b", (3,), "float32")]
    assert not touched.exists()


def doubled(times: int) -> bytes:
    """A tuple of two tuples of two tuples ...: few bytes, and 2 to that power in the end."""
    return b"\x80\x02)" + b"2\x86" * times + b"."


@pytest.mark.parametrize(
    "data",
    [
        doubled(200),
        b"\x80\x02}" + b"(" + doubled(60)[2:-1] + b"K\x01d.",
        b"\x80\x02" + doubled(60)[2:-1] + b"2\x93.",
        b"\x80\x02" + b"]" * 100_000 + b"a" * 99_999 + b".",
        b"\x80\x02" + b"}U\x02ab" * 50_000 + b"}" + b"s" * 50_000 + b".",
        b"\x80\x02X\xff\xff\xff\x7f.",
        b"\x80\x02u.",
        b"\x80\x02h\x05.",
        b"\x80\x02R.",
        b"\x80",
    ],
)
def test_hostile_pickles_end(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "hostile.pt"
    path.write_bytes(data)
    with pytest.raises(FormatError):
        netweight.weigh(path)


def test_files_that_are_cut_or_changed_are_refused_or_listed(tmp_path: Path) -> None:
    draws = random.Random(0)
    for archive in (True, False):
        buffer = io.BytesIO()
        torch.save(Net().state_dict(), buffer, _use_new_zipfile_serialization=archive)
        whole = buffer.getvalue()
        for _ in range(100):
            data = bytearray(whole[: draws.randrange(1, len(whole))] if draws.random() < 0.5 else whole)
            for _ in range(draws.randrange(4)):
                data[draws.randrange(len(data))] = draws.randrange(256)
            path = tmp_path / "changed.pt"
            path.write_bytes(data)
            with pytest.raises(FormatError):
                netweight.weigh(path)


def test_an_archive_that_unpacks_to_more_than_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "bomb.pt"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb/data.pkl", b"\0" * (65 << 20))
    with pytest.raises(FormatError, match="cannot be read") as raised:
        netweight.weigh(path)
    assert "expected bomb/data.pkl of at most 67.1 MB" in raised.value.why


@pytest.mark.parametrize(("name", "data"), [("a.h5", b"\x89HDF"), ("b.keras", b"PK"), ("c.gguf", b"GGUF")])
def test_files_of_other_tools(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(FormatError, match="which has none") as raised:
        netweight.weigh(tmp_path / name)
    assert "torch.onnx.export" in raised.value.fix


def test_a_pickle_reads_as_plain_data() -> None:
    value = {"a": [1, 2.5, None, True, (3, "x")], "b": {"c": b"y"}, 7: -1, "long": 1 << 80}
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        found = plain_pickle(pickle.dumps(value, protocol))
        assert {**found, "b": None} == {**value, "b": None}
