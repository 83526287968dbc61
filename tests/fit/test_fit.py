"""Whether a network fits, and what would make it fit: every figure against the one that another command gives."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import torch

import netweight
from netweight.analysis.devices.table import device, devices
from netweight.cli.main import run
from netweight.errors import UnknownNameError, UsageError


def remedy(answer: Any, name: str) -> Any:
    return next(found for found in answer.remedies if found.name == name)


def test_one_byte_decides() -> None:
    # Two int8 tensors of the first inverted bottleneck that expands: 96 * 112 * 112 + 96 * 56 * 56 bytes.
    needed = 96 * 112 * 112 + 96 * 56 * 56
    enough, short = (netweight.fit("mobilenet_v2", bits=8, limit=limit) for limit in (needed, needed - 1))
    assert (enough.fits, enough.remedies) == (True, ())
    assert (short.fits, short.needs[0].needed_bytes, short.needs[0].where) == (False, needed, "features.2.conv.1.0")
    assert [found.name for found in short.remedies if found.fits] == [
        "inplace", "segment-overlap", "patches 2x1@features.2.conv.1.2", "input 1x3x192x192",
    ]  # fmt: skip


def test_every_remedy_needs_what_the_memory_command_says() -> None:
    answer = netweight.fit("resnet18", device="stm32f746")
    rows = [found for found in answer.remedies if found.kind == "memory" and found.how]
    assert len(rows) == 8
    for found in rows:
        flags = dict(zip(found.how.split()[::2], found.how.split()[1::2], strict=True))
        name = flags.get("--convention", "liveness")
        sizes = tuple(map(int, flags["--input"].split("x"))) if "--input" in flags else None
        memory = netweight.memory(
            "resnet18", sizes, bits=flags.get("--bits"), conventions=name, patches=flags.get("--patches")
        )
        if "--patches" in flags:
            assert memory.patches is not None
            assert memory.patches.chosen.peak_bytes == found.needed_bytes
            continue
        memory = memory.conventions[name]
        assert found.needed_bytes == (memory.peak_bytes if memory.plan is None else memory.plan.arena_bytes), found


def test_the_largest_input_that_fits_is_named() -> None:
    answer = netweight.fit("resnet18", limit=327_680)
    # At 64 x 64: 64 channels of 32 x 32 and of 16 x 16 numbers of four bytes.
    assert 4 * 64 * (32 * 32 + 16 * 16) == 327_680 == remedy(answer, "input 1x3x64x64").needed_bytes
    assert not netweight.fit("resnet18", (1, 3, 96, 96), limit=327_680).fits


def test_an_order_that_is_better_makes_it_fit() -> None:
    answer = netweight.fit("lenet5-1998", limit=36_000)
    found = remedy(answer, "order of operators")
    assert (found.needed_bytes, found.fits, found.how) == (35_728, True, "--reorder")


def test_weights_go_to_flash_and_fewer_bits_are_a_remedy() -> None:
    answer = netweight.fit("mobilenet_v1", device="stm32f746", bits="w8a8")
    flash = answer.needs[1]
    profile = netweight.weigh("mobilenet_v1", bits="w8a8")
    buffers = 4 * profile.totals.buffers
    assert flash.needed_bytes - profile.totals.model_size_bytes <= buffers
    assert (flash.kind, flash.limit_bytes, flash.fits) == ("flash", 1 << 20, False)
    assert [found.name for found in answer.remedies if found.kind == "flash"] == ["weights of 4 bits"]
    wide = netweight.fit("mobilenet_v1", device="stm32f746")
    sizes = [found.needed_bytes for found in wide.remedies if found.kind == "flash"]
    assert [found.name for found in wide.remedies if found.kind == "flash"] == [
        "weights of 8 bits",
        "weights of 4 bits",
    ]
    assert sizes == sorted(sizes, reverse=True)


class Rigid(torch.nn.Module):
    """A network whose head is made for one size of pictures."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.head = torch.nn.Conv2d(3, 8, 3, padding=1), torch.nn.Linear(8 * 64 * 64, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.conv(x).flatten(1))


def test_a_network_that_takes_no_smaller_input_says_so() -> None:
    answer = netweight.fit(Rigid(), (1, 3, 64, 64), limit="64KiB")
    found = remedy(answer, "smaller input")
    assert (found.needed_bytes, found.fits) == (None, False)
    assert found.price.startswith("cannot be made: ")


def test_fewer_samples_at_once() -> None:
    answer = netweight.fit("lenet5", batch=8, limit=30_000)
    assert remedy(answer, "1 sample at once").needed_bytes == netweight.fit("lenet5", limit=1).needs[0].needed_bytes


def test_devices_have_sources_and_kinds_apart() -> None:
    assert "stm32f746" in devices()
    controllers = {name: found for name, found in devices().items() if found.kind == "mcu"}
    for name, found in controllers.items():
        assert re.fullmatch(r"[a-z0-9-]+", name)
        assert {"sram", "flash"} <= set(found.memory) <= {"sram", "flash", "psram"}
        for store in found.memory.values():
            assert store.nbytes > 0
            assert store.nbytes % 1024 == 0
            assert store.source.startswith("https://")
        assert found.memory["sram"].nbytes < found.memory["flash"].nbytes
    assert device("STM32F746") is device("stm32f746")
    assert {name: found.memory["sram"].nbytes // 1024 for name, found in controllers.items()} == {
        "esp32-s3": 512, "nrf52840": 256, "rp2040": 264, "stm32f412": 256, "stm32f746": 320, "stm32h743": 512,
        "stm32l4r5": 640,
    }  # fmt: skip


def test_the_command_exits_1_where_it_does_not_fit(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["fit", "lenet5", "--device", "rp2040"]) == 0
    assert capsys.readouterr().out == (
        "lenet5 (builtin), input x 1x1x32x32 float32: does it fit into rp2040?\n\n"
        "memory: yes, 23,520 bytes (23.5 kB) of 270,336 (270 kB) under liveness, at S2: 246,816 left\n"
        "flash: yes, 246,824 bytes (247 kB) of 2,097,152 (2.10 MB): 1,850,328 left\n"
    )
    assert run(["fit", "lenet5", "--limit", "20k", "--units", "raw"]) == 1
    shown = capsys.readouterr().out
    assert "memory: no, 23,520 bytes of 20,000 under liveness, at S2: 3,520 too many, 1.18 times the limit\n" in shown
    assert re.search(r"^8 bits +5,880  yes   --bits 8 ", shown, re.MULTILINE)
    assert run(["fit", "lenet5", "--limit", "20k", "--format", "json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["schema"], found["fits"]) == ("netweight/fit/1", False)
    assert found["needs"][0] == {
        "kind": "memory", "needed_bytes": 23_520, "limit_bytes": 20_000, "where": "S2", "fits": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({}, UsageError, "expected a limit or a device, got neither"),
        ({"limit": "1MB", "device": "rp2040"}, UsageError, "expected a limit or a device, got both rp2040 and 1MB"),
        ({"limit": "1MB", "optimizer": "sgd", "convention": "tflm"}, UsageError, "expected ideal or torch-eager"),
        ({"limit": "1MB", "optimizer": "sgd", "bits": 8}, UsageError, "whose parameters are all integers"),
        ({"limit": "12parsecs"}, UsageError, "expected a size in bytes"),
        ({"limit": "12 MACs"}, UsageError, "expected a size in bytes"),
        ({"limit": 0}, UsageError, "expected at least 1 byte"),
        ({"limit": "0kB"}, UsageError, "expected at least 1 byte"),
        ({"limit": "-3"}, UsageError, "expected a number"),
        ({"device": "stm32"}, UnknownNameError, "no device is called 'stm32'"),
        ({"limit": 1, "convention": "live"}, UnknownNameError, "no activation convention is called 'live'"),
    ],
)
def test_what_is_no_limit(arguments: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        netweight.fit("lenet5", **arguments)


TFLITE = Path(__file__).parent.parent / "models" / "tflite"


def test_a_tflite_file_needs_what_its_interpreter_takes_and_the_best_plan_is_a_remedy() -> None:
    path = TFLITE / "mlperf_vww_96_int8.tflite"
    # Measured with the interpreter for microcontrollers, by itself and with the best plan: tests/models/tflite.
    answer = netweight.fit(path, limit=60_000)
    assert (answer.convention, answer.needs[0].needed_bytes, answer.fits) == ("tflm", 73_728, False)
    plan = remedy(answer, "best plan")
    assert (plan.needed_bytes, plan.fits, plan.how) == (55_296, True, "--plan planned.tflite")
    assert not any("8 bits" in found.name for found in answer.remedies)
    assert "tables" in answer.notes[0]


def test_a_tflite_file_lies_in_flash_as_it_is() -> None:
    path = TFLITE / "mlperf_kws_ref_model.tflite"
    assert netweight.fit(path, device="nrf52840").needs[1].needed_bytes == path.stat().st_size


def test_smaller_pictures_for_a_module_at_other_widths() -> None:
    model = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3, padding=1), torch.nn.ReLU())
    answer = netweight.fit(model, (1, 3, 96, 96), limit=11 * 32 * 32, bits=8)
    assert remedy(answer, "input 1x3x32x32").needed_bytes == 11 * 32 * 32
