"""Energy by hand: operations x price, bytes x price, as a bracket."""

from __future__ import annotations

from pathlib import Path

import pytest

import netweight
from netweight import build
from netweight.analysis.energy.table import prices
from netweight.errors import FormatError, UnknownNameError, UsageError

PJ = 1e-12
GOOD = """
title = "A process"
source = "somewhere"
entered = 2026-01-02
[operations.fp32]
adds = 1.0
muls = 2.0
[memory.sram]
pj = 8
bits = 64
[memory.dram]
pj = 320.0
bits = 16
"""


def test_the_prices_of_horowitz() -> None:
    """ISSCC 2014, 45 nm at 0.9 V, pJ."""
    found = prices()
    table = {
        (kind, dtype): found.of(dtype, kind)
        for dtype in ("int8", "int16", "int32", "float16", "float32")
        for kind in ("adds", "muls")
    }
    expected = {
        ("adds", "int8"): 0.03, ("adds", "int16"): 0.05, ("adds", "int32"): 0.1, ("muls", "int8"): 0.2,
        ("muls", "int32"): 3.1, ("adds", "float16"): 0.4, ("adds", "float32"): 0.9, ("muls", "float16"): 1.1,
        ("muls", "float32"): 3.7,
    }  # fmt: skip
    for key, pj in expected.items():
        entry = table[key]
        assert entry is not None
        assert entry[0] == pytest.approx(pj * PJ)
    assert found.of("int16", "muls") == (pytest.approx(3.1 * PJ), "int32")
    assert found.of("uint8", "muls") == (pytest.approx(0.2 * PJ), "int8")
    assert found.of("int4", "adds") == (pytest.approx(0.03 * PJ), "int8")
    assert found.of("bfloat16", "muls") == (pytest.approx(1.1 * PJ), "fp16")
    assert found.of("float32", "exps") is None
    assert found.of("float64", "adds") is None
    assert 4 * found.memory["dram"].joules_per_byte == pytest.approx(640 * PJ)
    assert 4 * found.memory["sram"].joules_per_byte == pytest.approx(5 * PJ)


def test_alexnet_takes_ten_times_as_much_for_its_weights_as_for_its_arithmetic() -> None:
    whole = netweight.energy("alexnet").totals
    assert whole.macs_j == pytest.approx(724_406_816 * (0.9 + 3.7) * PJ)
    assert 1e3 * (whole.macs_j or 0) == pytest.approx(3.33, abs=0.005)
    assert whole.weights_j == pytest.approx(60_965_224 * 640 * PJ)
    assert 1e3 * (whole.weights_j or 0) == pytest.approx(39.0, abs=0.05)
    assert whole.low_j == pytest.approx(
        (whole.compute_j or 0) + (whole.weights_j or 0) + (whole.activations_low_j or 0)
    )
    assert (whole.low_j or 0) < (whole.high_j or 0)


def test_one_layer_by_hand() -> None:
    """fc6 of a batch of 2 in 8 bits: weights once, 2 x 9216 bytes in and 2 x 4096 out, all on the chip."""
    row = netweight.energy("alexnet", bits=8, batch=2).layers["fc6"]
    macs = 2 * 4096 * 9216
    assert row.macs == macs
    assert row.compute_j == pytest.approx((macs * 0.23 + 2 * 4096 * 0.03 + 2 * 4096 * 0.03) * PJ)  # bias, ReLU
    assert row.weights_j == pytest.approx((4096 * 9216 + 4096) * 160 * PJ)
    assert row.activations_low_j == pytest.approx(2 * (9216 + 4096) * 1.25 * PJ)
    assert row.activations_high_j == pytest.approx(2 * (9216 + 4096) * 160 * PJ)


def test_input_and_output_of_the_network_come_from_dram() -> None:
    graph = build.graph(lambda x: build.linear(build.relu(build.linear(x, 8, bias=False)), 2, bias=False), (1, 4))
    first, last = netweight.energy(graph).layers
    assert first.activations_low_j == pytest.approx(4 * 160 * 4 * PJ + 8 * 1.25 * 4 * PJ)
    assert last.activations_low_j == pytest.approx(8 * 1.25 * 4 * PJ + 2 * 160 * 4 * PJ)


def test_what_does_not_fit_on_the_chip_goes_through_dram() -> None:
    free, tight = netweight.energy("alexnet").layers, netweight.energy("alexnet", on_chip="1MB").layers
    assert tight["conv1"].activations_low_j == tight["conv1"].activations_high_j
    assert tight["pool5"].activations_low_j == free["pool5"].activations_low_j


def test_what_has_no_price_is_said() -> None:
    found = netweight.energy(build.graph(build.softmax, (2, 10)))
    assert found.totals.unpriced["exps"] == 20
    assert any("no price for" in note and "20 exps" in note for note in found.notes)
    assert found.layers[0].unpriced_ops == sum(found.totals.unpriced.values())
    half = netweight.energy("lenet5", bits=16)
    assert not any("priced as" in note for note in half.notes)


def test_products_without_a_price_leave_no_total() -> None:
    """The table has no prices of 64 bits, and arithmetic without its MACs is no figure."""
    found = netweight.energy("lenet5", bits=64)
    assert (found.layers["C1"].compute_j, found.totals.compute_j, found.totals.macs_j, found.totals.low_j) == (
        None,
    ) * 4
    assert found.totals.weights_j is not None
    assert "MACs have no price" in str(found).splitlines()[-1]


def test_an_unknown_operator_leaves_no_total(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    node = onnx.helper.make_node("Strange", ["x"], ["y"], domain="mine")
    info = [onnx.helper.make_tensor_value_info(name, 1, [1, 4]) for name in "xy"]
    model = onnx.helper.make_model(
        onnx.helper.make_graph([node], "g", info[:1], info[1:]),
        opset_imports=[onnx.helper.make_opsetid("", 20), onnx.helper.make_opsetid("mine", 1)],
    )
    found = netweight.energy(model)
    assert (found.totals.low_j, found.totals.compute_j) == (None, None)
    assert "no total" in str(found).splitlines()[-1]


def test_a_network_without_work() -> None:
    found = netweight.energy(build.graph(lambda x: build.permute(x, 1, 0), (2, 3)))
    assert (found.totals.compute_j, found.totals.weights_j) == (0, 0)


def written(tmp_path: Path, text: str) -> str:
    (tmp_path / "my.toml").write_text(text)
    return str(tmp_path / "my.toml")


def test_a_users_table(tmp_path: Path) -> None:
    found = netweight.energy("alexnet", table=written(tmp_path, GOOD))
    assert found.totals.macs_j == pytest.approx(724_406_816 * 3.0 * PJ)
    assert found.totals.weights_j == pytest.approx(60_965_224 * 2 * 320 * PJ)
    assert (found.table.name, found.table.dram_word_bits, found.table.sram_pj_per_word) == (
        "my",
        16,
        pytest.approx(8.0),
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("adds = 1.0", "adds = 0", "[operations.fp32] adds: expected above 0"),
        ("adds = 1.0", "adds = -1", "adds"),
        ("adds = 1.0", "adds = nan", "a number of pJ"),
        ("adds = 1.0", "adds = true", "a number of pJ"),
        ("adds = 1.0", "add = 1.0", "[operations.fp32] add is no entry"),
        ("operations.fp32", "operations.fp31", "[operations] fp31 is no entry"),
        ("pj = 320.0", "pj = 1e30", "[memory.dram] pj"),
        ("bits = 16", "bits = 0", "[memory.dram] bits"),
        ("[memory.dram]\npj = 320.0\nbits = 16", "", "[memory.dram] is missing"),
        ('source = "somewhere"', "", "source: expected a text"),
        ("entered = 2026-01-02", "", "entered: expected a date"),
        ("title", "titel", "titel is no entry"),
        ("[memory.sram]", "[memory", "expected TOML"),
    ],
)
def test_bad_tables(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in GOOD
    with pytest.raises(FormatError) as raised:
        netweight.energy("lenet5", table=written(tmp_path, GOOD.replace(old, new, 1)))
    assert message in str(raised.value)


def test_no_table() -> None:
    with pytest.raises(UnknownNameError) as raised:
        netweight.energy("lenet5", table="horowitz")
    assert "horowitz45" in raised.value.fix
    with pytest.raises(UsageError, match="cannot read"):
        netweight.energy("lenet5", table="./no.toml")
