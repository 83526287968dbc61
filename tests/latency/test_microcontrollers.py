"""Published latencies of microcontrollers come out within the error that is stated beside them."""

from __future__ import annotations

from math import exp, log
from pathlib import Path

import pytest

import netweight
from netweight.analysis.latency.microcontrollers import Published, estimates, published

# TinyEngine's README at 022fc116, "Measured Results", STM32H743, ms; MACs in millions from MCUNet's README at 0dedab54.
MACS = {
    "mcunet-vww0": 6.0, "mcunet-vww1": 11.6, "mcunet-vww2": 55.8, "mcunet-in0": 6.4, "mcunet-in1": 12.8,
    "mcunet-in2": 67.3, "mcunet-in3": 81.8, "mcunet-in4": 125.9, "mbv2-w0.35": 23.5, "proxyless-w0.3": 38.3,
}  # fmt: skip
TINYENGINE_MS = (27, 51, 234, 25, 56, 280, 336, 463, 124, 176)


def test_the_constant_is_the_geometric_mean() -> None:
    ours = published("stm32h743")[0]
    ratios = [ms * 1e-3 / (macs * 1e6) for ms, macs in zip(TINYENGINE_MS, MACS.values(), strict=True)]
    assert ours.engine == "TinyEngine 0363956"
    assert ours.seconds_per_mac == pytest.approx(exp(sum(map(log, ratios)) / len(ratios)))
    assert 1e9 * ours.seconds_per_mac == pytest.approx(4.30, abs=0.005)


def test_each_network_is_predicted_from_the_others() -> None:
    ours = published("stm32h743")[0]
    ratios = [ms * 1e-3 / (macs * 1e6) for ms, macs in zip(TINYENGINE_MS, MACS.values(), strict=True)]
    others = ratios[:8] + ratios[9:]
    constant = exp(sum(map(log, others)) / len(others))
    assert ours.errors()["mbv2-w0.35"] == pytest.approx(23.5e6 * constant / 0.124 - 1)
    assert ours.mean_error() == pytest.approx(0.079, abs=0.0005)


@pytest.mark.parametrize("one", published("stm32h743"), ids=lambda one: one.engine.split()[0])
def test_eight_of_ten_published_latencies_are_in_the_interval(one: Published) -> None:
    inside = [abs(log(1 + error)) <= log(one.spread()) for error in one.errors().values()]
    assert sum(inside) >= 0.8 * len(inside)
    assert not all(inside)


def test_a_network_of_eight_bits_is_predicted_and_others_are_not() -> None:
    found = netweight.latency("mobilenet_v2", device="stm32h743", bits=8)
    assert [e.engine.split()[0] for e in found.estimates] == ["TinyEngine", "X-CUBE-AI", "CMSIS-NN", "TensorFlow"]
    tiny = found.estimates[0]
    assert tiny.kind == "predicted"
    assert tiny.latency_s == pytest.approx((found.totals.macs or 0) * published("stm32h743")[0].seconds_per_mac)
    assert tiny.low_s < tiny.latency_s < tiny.high_s
    assert tiny.latency_s > (found.totals.serial_bound_s or 0)
    assert "301 M MACs lie beyond theirs, 6.00 M to 126 M" in tiny.source
    assert "each from the others: 8 % off" in tiny.source
    floats = netweight.latency("mobilenet_v2", device="stm32h743")
    assert floats.estimates == ()
    assert any("are of int8 networks and this computes in float32" in note for note in floats.notes)


@pytest.mark.parametrize("board", ["stm32f746", "stm32f412", "esp32-s3"])
def test_a_board_without_published_latencies_says_so(board: str) -> None:
    found = netweight.latency("lenet5", device=board, bits=8)
    assert found.estimates == ()
    said = f"no engine is predicted, as nobody's latencies on {board} are known; those on stm32h743, stm32l4r5 are"
    assert said in found.notes
    assert not any("nobody's latencies" in n for n in netweight.latency("lenet5", device="stm32h743", bits=8).notes)
    assert not any("nobody's latencies" in n for n in netweight.latency("lenet5", device="h100-sxm").notes)


@pytest.mark.parametrize(
    ("macs", "beyond"), [(5_999_999, True), (6_000_000, False), (125_900_000, False), (10**9, True)]
)
def test_what_is_smaller_or_larger_than_all_is_marked(macs: int, beyond: bool) -> None:
    assert ("beyond" in estimates("stm32h743", macs, frozenset({"int8"}))[0].source) is beyond


# closed/STMicroelectronics of tiny_results_v1.0 and closed/reference of tiny_results_v0.5, NUCLEO_L4R5ZI: seconds of a
# window over the inferences in it.
TINY = {
    "mlperf_vww_96_int8": (10.372 / 45, 60.054 / 100),
    "mlperf_pretrainedResnet_quant": (11.345 / 50, 70.426 / 100),
    "mlperf_kws_ref_model": (11.258 / 150, 18.192 / 100),
    "mlperf_ad01_int8": (11.368 / 1500, 10.052 / 1000),
}
MODELS = Path(__file__).parents[1] / "models" / "tflite"


@pytest.mark.parametrize("name", TINY)
def test_latencies_of_mlperf_tiny_are_in_the_interval(name: str) -> None:
    found = netweight.latency(str(MODELS / f"{name}.tflite"), device="stm32l4r5")
    assert [e.engine.split(",")[0] for e in found.estimates] == ["X-CUBE-AI", "TensorFlow Lite Micro"]
    for estimate, measured in zip(found.estimates, TINY[name], strict=True):
        assert estimate.low_s <= measured <= estimate.high_s
        assert measured > (found.totals.serial_bound_s or 0)
        assert "beyond" not in estimate.source
    for one, measured in zip(published("stm32l4r5"), TINY[name], strict=True):
        (entered,) = (seconds for _, macs, seconds in one.networks if macs == found.totals.macs)
        assert entered == pytest.approx(measured, rel=1e-5)
