"""Bounds by hand: T = max(operations / rate, bytes / bandwidth)."""

from __future__ import annotations

from datetime import date

import pytest

import netweight
from netweight.analysis.latency.bound import bounds, totals
from netweight.analysis.latency.places import places
from netweight.analysis.latency.rates import rate_of
from netweight.analysis.latency.work import kernel_works
from netweight.results.device import Device, Rate, Store

H100_FP32, H100_TF32, H100_DRAM = 66.9e12, 494.7e12, 3.35e12


def chip(compute: dict[str, float], **memory: Store) -> Device:
    rates = {name: Rate(ops_per_second=peak, source="", entered=date(2026, 1, 1)) for name, peak in compute.items()}
    return Device(name="chip", title="A chip", kind="npu", cores="one", compute=rates, memory=memory)


def store(nbytes: int, speed: float | None = None, **more: object) -> Store:
    return Store(nbytes=nbytes, bytes_per_second=speed, source="", entered=date(2026, 1, 1), **more)  # type: ignore[arg-type]


def test_the_first_convolution_of_alexnet_is_bound_by_arithmetic() -> None:
    row = netweight.latency("alexnet", device="h100-sxm").layers["conv1"]
    macs = 96 * 3 * 11 * 11 * 55 * 55
    assert row.macs == macs == 105_415_200
    assert row.ops_total == 2 * macs + 96 * 55 * 55 + 96 * 55 * 55  # its bias, and the ReLU in its kernel
    assert (row.weight_bytes, row.input_bytes, row.output_bytes) == (
        4 * (96 * 3 * 11 * 11 + 96), 4 * 3 * 224 * 224, 4 * 96 * 55 * 55,
    )  # fmt: skip
    assert row.compute_s == pytest.approx(row.ops_total / H100_FP32)
    assert row.memory_s == pytest.approx((139_776 + 602_112 + 1_161_600) / H100_DRAM)
    assert (row.limited_by, row.bound_s) == ("compute", row.compute_s)
    assert row.layers == ("conv1", "relu1")


def test_the_first_fully_connected_layer_of_alexnet_is_bound_by_memory() -> None:
    row = netweight.latency("alexnet", device="h100-sxm").layers["fc6"]
    nbytes = 4 * (4096 * 9216 + 4096 + 9216 + 4096)
    assert row.memory_s == row.bound_s == pytest.approx(nbytes / H100_DRAM)
    assert row.intensity == pytest.approx((2 * 4096 * 9216 + 4096 + 4096) / nbytes)
    assert row.limited_by == "memory"


def test_a_batch_makes_a_fully_connected_layer_bound_by_arithmetic() -> None:
    """fc6 reads 151 MB once for all samples: 2 x 100 / 4 operations meet a byte, the ridge is 20."""
    assert netweight.latency("alexnet", device="h100-sxm", batch=100).layers["fc6"].limited_by == "compute"


def test_the_whole_is_between_its_two_bounds() -> None:
    found = netweight.latency("alexnet", device="h100-sxm")
    whole = found.totals
    assert whole.serial_bound_s == pytest.approx(sum(row.bound_s or 0 for row in found.layers))
    assert whole.overlap_bound_s == max(whole.compute_s or 0, whole.memory_s or 0)
    assert (whole.overlap_bound_s or 0) < (whole.serial_bound_s or 0)
    assert whole.throughput_bound_per_second == pytest.approx(1 / (whole.overlap_bound_s or 0))
    assert sum(row.share or 0 for row in found.layers) == pytest.approx(1)
    assert whole.limited_by == "memory"


def test_another_precision_meets_another_peak() -> None:
    plain = netweight.latency("resnet50", device="h100-sxm", batch=64).totals
    tensor = netweight.latency("resnet50", device="h100-sxm", batch=64, precision="tf32").totals
    assert (plain.compute_s or 0) / (tensor.compute_s or 1) == pytest.approx(H100_TF32 / H100_FP32)
    assert plain.memory_s == tensor.memory_s


def test_weights_that_fit_on_the_chip_are_not_read_from_main_memory() -> None:
    """MobileNetV2 has 14 MB of weights, the second-level cache 50 MiB; ResNet-50 has 102 MB."""
    small = netweight.latency("mobilenet_v2", device="h100-sxm")
    assert (small.device.weights_in, small.device.activations_in) == ("l2", "dram")
    row = small.layers["features.0.0"]
    assert row.memory_s == pytest.approx(4 * (3 * 224 * 224 + 32 * 112 * 112) / H100_DRAM)
    assert netweight.latency("mobilenet_v2", device="h100-sxm", resident="none").device.weights_in == "dram"
    assert netweight.latency("resnet50", device="h100-sxm").device.weights_in == "dram"
    assert netweight.latency("resnet50", device="h100-sxm", resident="all").device.activations_in == "l2"


def test_batch_normalisation_is_folded_and_an_activation_runs_in_the_kernel_before() -> None:
    kernels = netweight.latency("resnet18", device="h100-sxm").layers
    first = kernels["conv1"]
    assert first.layers == ("conv1", "bn1", "relu")
    assert first.ops_total == 2 * 64 * 3 * 49 * 112 * 112 + 64 * 112 * 112  # no operation of the normalisation
    assert first.weight_bytes == 4 * 64 * 3 * 49
    written = netweight.latency("resnet18", device="h100-sxm", as_written=True).layers
    assert written["conv1"].layers == ("conv1",)
    assert (written["bn1"].input_bytes, written["bn1"].weight_bytes) == (4 * 64 * 112 * 112, 4 * 4 * 64)


def test_every_operation_and_mac_of_the_network_is_in_a_kernel() -> None:
    for name in ("alexnet", "mobilenet_v2", "bert_base", "googlenet"):
        found = netweight.latency(name, device="h100-sxm", as_written=True).layers
        profile = netweight.weigh(name)
        assert sum(row.macs or 0 for row in found) == profile.totals.macs
        assert sum(row.ops_total or 0 for row in found) == profile.totals.ops_total


def test_a_lookup_reads_what_it_takes_and_not_the_table() -> None:
    words = netweight.latency("bert_base", device="h100-sxm").layers["embeddings.word_embeddings"]
    assert words.output_bytes == words.weight_bytes
    assert (words.weight_bytes or 0) < 4 * 30522 * 768


def test_a_type_that_a_device_lacks_is_computed_in_a_wider_one() -> None:
    dram = store(1 << 30, 1e9)
    assert rate_of(chip({"fp32": 1.0, "int8": 1.0}, dram=dram), "int4") == "int8"
    assert rate_of(chip({"fp32": 1.0, "fp16": 1.0}, dram=dram), "int8") == "fp16"
    assert rate_of(chip({"tf32": 1.0, "fp32": 1.0}, dram=dram), "float32") == "fp32"
    assert rate_of(chip({"tf32": 1.0, "fp64": 1.0}, dram=dram), "float32") == "fp64"
    assert rate_of(chip({"bf16": 1.0, "fp32": 1.0}, dram=dram), "float16") == "fp32"
    assert rate_of(chip({"fp16": 1.0}, dram=dram), "float32") == ""
    assert rate_of(chip({"int8": 1.0, "fp32": 1.0}, dram=dram), "int64") == "fp32"


def test_a_device_without_the_arithmetic_leaves_no_bound() -> None:
    graph = netweight.capture("lenet5")
    device = chip({"int8": 1e9}, dram=store(1 << 30, 1e9))
    rows = bounds(kernel_works(graph), device, places(device, weight_bytes=0, peak_bytes=0))
    assert rows[0].bound_s is None
    assert totals(rows, 1).overlap_bound_s is None


def test_memory_that_is_apart_moves_its_bytes_at_the_same_time() -> None:
    """Weights from flash at 1 byte a second, activations from SRAM at 2: the slower of the two, not their sum."""
    graph = netweight.capture("lenet5")
    flash = store(1 << 20, 1.0, holds="weights")
    device = chip({"fp32": 1e30}, sram=store(1 << 20, 2.0, on_chip=True), flash=flash)
    at = places(device, weight_bytes=246_824, peak_bytes=23_520, resident="none")
    assert (at.weights, at.activations) == ("flash", "sram")
    c1 = bounds(kernel_works(graph), device, at)[0]
    assert c1.memory_s == max(4 * (6 * 25 + 6) / 1.0, 4 * (32 * 32 + 6 * 28 * 28) / 2.0)


def test_where_things_lie() -> None:
    sram = store(100, 1.0, on_chip=True)
    device = chip({}, sram=sram, psram=store(1000, 1.0), flash=store(500, 1.0, holds="weights"))
    found = places(device, weight_bytes=60, peak_bytes=40)
    assert (found.weights, found.activations, found.notes) == ("sram", "sram", ())
    assert places(device, weight_bytes=61, peak_bytes=40).weights == "flash"  # 61 + 40 > 100
    assert places(device, weight_bytes=60, peak_bytes=40, resident="none").weights == "flash"
    assert places(device, weight_bytes=60, peak_bytes=101).activations == "psram"
    over = places(device, weight_bytes=2000, peak_bytes=1001)
    assert (over.weights, over.activations) == ("psram", "psram")
    assert over.notes == (
        "activations take 1,001 bytes, psram of chip has 1,000",
        "weights take 2,000 bytes, psram of chip has 1,000",
    )
