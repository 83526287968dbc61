"""Rules for operators of somebody's own library."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, cast

import pytest
import torch
from tests.own_rules.operators import LIBRARY, Gated, gate_rule
from torch import Tensor, nn

import netweight
from netweight import Cost, Counted, RuleError, TensorSpec
from netweight.ir.serial import graph_to_json
from netweight.results.from_json import profile_from_dict

GATE = f"{LIBRARY}::gate"
RULES = {GATE: gate_rule}


def _weigh(model: nn.Module, *shapes: Any, rules: Any = RULES, **asked: Any) -> netweight.Profile:
    return netweight.weigh(model, shapes if len(shapes) > 1 else shapes[0], rules=rules, **asked)


def _first(x: TensorSpec) -> Counted:
    return Counted(x)


def _raises(*_args: Any) -> Counted:
    return Counted(None, Cost(macs=1 // 0))


class TestForward:
    def test_is_a_row_with_its_formulas(self) -> None:
        (row,) = [row for row in _weigh(Gated(), (3, 2, 6)).layers if row.op == GATE]
        assert (row.kind, row.output_shapes) == ("custom", ((3, 2, 5),))
        assert row.macs == 3 * 2 * 5 * 4
        assert row.formulas["macs"] == "3 * 2 * 5 * 4"
        assert (row.adds, row.exps, row.divs, row.muls) == (60, 30, 30, 30)
        assert row.flops == 2 * 120 + 60 + 30 + 30 + 30
        assert row.params == 5 * 4 + 5
        assert row.params_no_bias == 5 * 4
        assert row.bytes_read == 4 * (3 * 2 * 4 + 5 * 4 + 5)
        assert row.bytes_written == 4 * 3 * 2 * 5
        assert row.settings == {"power": 2}

    def test_is_in_the_totals(self) -> None:
        profile = _weigh(Gated(), (3, 2, 6))
        assert profile.totals.macs == 3 * 2 * 4 * 6 + 3 * 2 * 5 * 4
        assert profile.totals.params == (6 * 4 + 4) + (5 * 4 + 5)
        assert profile.activations["lecture"].total_count == 36 + 24 + 30

    def test_is_said_to_be_counted_by_a_rule(self) -> None:
        profile = _weigh(Gated(), (3, 2, 6))
        assert profile.coverage.complete
        assert profile.coverage.counted == profile.coverage.nodes == 2
        (own,) = profile.coverage.own_rules
        assert (own.op, own.count) == (GATE, 1)
        assert own.rule.startswith("operators.py:")
        assert f"1 call is counted by your rules: {GATE} ({own.rule})" in profile.notes

    def test_without_a_rule_it_is_unknown(self) -> None:
        profile = _weigh(Gated(), (3, 2, 6), rules=None)
        assert not profile.coverage.complete
        assert not profile.coverage.own_rules

    def test_optional_tensors_may_be_left_out(self) -> None:
        (row,) = [row for row in _weigh(Gated(bias=False), (3, 6)).layers if row.op == GATE]
        assert (row.params, row.adds) == (20, 15)

    def test_in_json_and_back(self) -> None:
        profile = _weigh(Gated(), (3, 2, 6), training=True)
        data = json.loads(profile.to_json())
        assert data["coverage"]["own_rules"] == [
            {
                "op": GATE,
                "count": 1,
                "rule": profile.coverage.own_rules[0].rule,
                "says": "One product per output element and feature, then silu and the power.",
            },
        ]
        assert profile_from_dict(data).coverage == profile.coverage

    def test_a_graph_in_a_file_keeps_what_the_rule_said(self, tmp_path: Any) -> None:
        graph = netweight.capture(Gated(), (3, 2, 6), rules=RULES)
        path = tmp_path / "gated.json"
        path.write_text(graph_to_json(graph))
        before, after = netweight.weigh(graph, optimizer="sgd"), netweight.weigh(path, optimizer="sgd")
        assert [row.formulas for row in after.layers] == [row.formulas for row in before.layers]
        assert after.coverage == before.coverage
        assert after.training is not None
        assert before.training is not None
        assert after.training.backward_macs == before.training.backward_macs

    def test_bits_change_what_it_reads(self) -> None:
        (row,) = [row for row in _weigh(Gated(), (3, 6), bits="8").layers if row.op == GATE]
        assert (row.flops, row.ops_total) == (0, 2 * 60 + 30 + 15 + 15 + 15)
        assert row.model_size_bytes == 25

    def test_it_cannot_be_run(self) -> None:
        with pytest.raises(netweight.UnsupportedOpError, match=f"{GATE}, of which a rule says what it costs"):
            netweight.run(netweight.capture(Gated(), (3, 6), rules=RULES))


class TestTraining:
    def test_backward_is_counted_by_argument(self) -> None:
        profile = _weigh(Gated(), (3, 2, 6), training=True)
        assert profile.training is not None
        (row,) = [row for row in profile.training.layers if row.op == GATE]
        assert row.backward_macs == (3 * 2 * 4) * 5 + (5 * 4) * (3 * 2)
        assert row.saved_activation_bytes == 4 * (3 * 2 * 4) + 4 * (3 * 2 * 5)  # x, and a tensor of its own
        assert row.gradient_bytes == 4 * (5 * 4 + 5)

    def test_what_is_frozen_costs_nothing(self) -> None:
        profile = _weigh(Gated(), (3, 2, 6), training=True, freeze=["weight", "bias"])
        assert profile.training is not None
        (row,) = [row for row in profile.training.layers if row.op == GATE]
        assert row.backward_macs == (3 * 2 * 4) * 5

    def test_a_rule_without_backward_says_so(self) -> None:
        def rule(x: TensorSpec, weight: TensorSpec, bias: TensorSpec | None, *, power: int) -> Counted:
            return Counted(TensorSpec((*x.shape[:-1], weight.shape[0])))

        profile = _weigh(Gated(), (3, 2, 6), rules={GATE: rule}, training=True)
        assert f"your rules do not say what the backward of {GATE} costs: it is in no figure of training" in (
            profile.notes
        )
        assert profile.training is not None
        (row,) = [row for row in profile.training.layers if row.op == GATE]
        assert row.backward_macs is None

    def test_one_number_for_all_gradients(self) -> None:
        def rule(x: TensorSpec, weight: TensorSpec, bias: TensorSpec | None, *, power: int) -> Counted:
            return Counted(None, saves=("y",), backward=Cost(macs=7 * x.numel))

        profile = _weigh(Gated(), (3, 2, 6), rules={GATE: rule}, training=True)
        assert profile.training is not None
        (row,) = [row for row in profile.training.layers if row.op == GATE]
        assert row.backward_macs == 7 * 24
        assert row.saved_activation_bytes == 4 * 30


class _Calls(nn.Module):
    def __init__(self, call: Any) -> None:
        super().__init__()
        self.call = call

    def forward(self, *xs: Tensor) -> Any:
        return self.call(*xs)


class TestForms:
    def test_several_results_without_a_meta_kernel(self) -> None:
        def rule(x: TensorSpec) -> Counted:
            half = TensorSpec((*x.shape[:-1], x.shape[-1] // 2), x.dtype)
            return Counted((half, half), Cost(muls=half.numel, adds=half.numel), saves=())

        def call(x: Tensor) -> Any:
            first, second = torch.ops.netweight_tests.halves(x)
            return first.relu() + second

        profile = _weigh(_Calls(call), (4, 10), rules={f"{LIBRARY}::halves": rule})
        (row,) = [row for row in profile.layers if row.kind == "custom"]
        assert row.output_shapes == ((4, 5), (4, 5))
        assert (row.muls, row.adds) == (20, 20)
        assert profile.coverage.complete

    def test_a_write_in_place_is_read_later(self) -> None:
        def rule(total: TensorSpec, x: TensorSpec) -> Counted:
            return Counted((), Cost(adds=x.numel))

        def call(x: Tensor) -> Any:
            total = x * 2
            torch.ops.netweight_tests.add_to(total, x)
            return total.relu()

        graph = netweight.capture(_Calls(call), (4, 10), rules={f"{LIBRARY}::add_to": rule})
        (own,) = [node for node in graph.nodes if "::" in node.op]
        (after,) = [node for node in graph.nodes if node.op == "relu"]
        assert after.inputs == own.outputs
        assert graph.values[own.outputs[0]].storage == own.inputs[0]

    def test_a_list_of_tensors(self) -> None:
        def rule(xs: list[TensorSpec], weights: list[float]) -> Counted:
            return Counted(None, Cost(muls=len(weights) * xs[0].numel), saves=("xs",))

        def call(x: Tensor, z: Tensor) -> Any:
            return torch.ops.netweight_tests.mixed([x.relu(), z.relu()], [0.5, 2.0])

        profile = _weigh(_Calls(call), (4, 10), (4, 10), rules={f"{LIBRARY}::mixed": rule}, training=True)
        (row,) = [row for row in profile.layers if row.kind == "custom"]
        assert row.muls == 2 * 40
        assert row.settings == {"weights": (0.5, 2.0)}

    def test_what_depends_on_no_input_is_computed(self) -> None:
        def call(x: Tensor) -> Any:
            return x * torch.ops.netweight_tests.mixed([torch.ones(10)], [3.0])

        profile = _weigh(_Calls(call), (4, 10), rules={f"{LIBRARY}::mixed": gate_rule})
        assert not profile.coverage.own_rules

    def test_numbers_of_an_input_are_kept(self) -> None:
        def rule(xs: list[TensorSpec], weights: list[float]) -> Counted:
            return Counted(None, Cost(adds=len(weights) * xs[0].numel))

        def call(ids: Tensor) -> Any:
            count = torch.ops.netweight_tests.mixed([ids.float(), ids.float()], [1.0, 1.0])
            return ids * int(count.sum())

        ids = torch.tensor([1, 2, 3])
        profile = netweight.weigh(_Calls(call), ids, rules={f"{LIBRARY}::mixed": rule})
        (row,) = [row for row in profile.layers if row.kind == "custom"]
        assert row.adds == 6
        assert profile.coverage.own_rules[0].count == 1


WRONG: dict[str, tuple[Callable[[Any], Any], str]] = {
    "raises": (lambda _: 1 // 0, "expected a Counted, got ZeroDivisionError"),
    "nothing": (lambda _: None, "expected a Counted, got None"),
    "negative": (lambda _: Counted(None, Cost(macs=-3)), "expected at least 0 macs as cost, got -3"),
    "fraction": (lambda x: Counted(None, Cost(adds=x.numel / 5)), "a whole number of adds as cost, got 4.8"),
    "no cost": (lambda x: Counted(None, x.numel), "expected a Cost as cost, got a"),
    "shape": (Counted, r"outputs float32\[3, 2, 5\], as the .* kernel gives, got .*3, 2, 4"),
    "type": (
        lambda _: Counted(TensorSpec((3, 2, 5), "float16")),
        r"outputs float32\[3, 2, 5\], as the operator's own meta kernel gives, got float16",
    ),
    "no spec": (lambda x: Counted(x.shape), "expected a TensorSpec in outputs, got a"),
    "no type": (lambda _: Counted(TensorSpec((2,), "float33")), "expected an element type in outputs"),
    "saves": (lambda _: Counted(None, saves=("z",)), "saves among x, weight, bias, y, got 'z'"),
    "backward": (lambda _: Counted(None, backward={"z": Cost()}), "the names x, weight, bias, got 'z'"),
    "backward cost": (lambda _: Counted(None, backward=cast("Any", {"x": 3})), "a Cost as backward of x, got an int"),
    "as a tensor": (lambda x: Counted(None, Cost(adds=x.numel())), "x.shape, x.dtype, x.numel and"),
}


class TestMistakes:
    @pytest.mark.parametrize("name", WRONG)
    def test_names_what_and_where(self, name: str) -> None:
        answer, says = WRONG[name]

        def rule(x: Any, weight: Any, bias: Any, *, power: int) -> Any:
            return answer(x)

        with pytest.raises(RuleError, match=says) as found:
            _weigh(Gated(), (3, 2, 6), rules={GATE: rule})
        (note,) = found.value.__notes__
        assert note.startswith("test_operators.py:")

    def test_other_arguments_than_the_operator_has(self) -> None:
        says = r"a function of \(x, weight, bias, power\), as the operator is, got \(x: "
        with pytest.raises(RuleError, match=says):
            _weigh(Gated(), (3, 2, 6), rules={GATE: _first})

    def test_a_program_cannot_swallow_it(self) -> None:
        def call(x: Tensor) -> Any:
            try:
                return torch.ops.netweight_tests.mixed([x], [1.0])
            except Exception:
                return x * 1.0

        with pytest.raises(RuleError, match="ZeroDivisionError"):
            _weigh(_Calls(call), (4, 10), rules={f"{LIBRARY}::mixed": _raises})


class TestMetaKernels:
    """What a meta kernel raises is its business, unless it is that it cannot run here."""

    @staticmethod
    def _operator(name: str, raised: type[Exception]) -> Any:
        @torch.library.custom_op(f"{LIBRARY}::{name}", mutates_args=())
        def operator(x: Tensor) -> Tensor:
            return x * 2

        @operator.register_fake
        def _(x: Tensor) -> Tensor:
            raise raised(f"not for {tuple(x.shape)}")

        return operator

    def test_one_that_needs_a_package_of_the_device(self) -> None:
        operator = self._operator("on_device", ModuleNotFoundError)
        rule = {f"{LIBRARY}::on_device": Counted}
        assert _weigh(_Calls(operator), (2, 3), rules=rule).coverage.complete

    def test_one_of_triton(self) -> None:
        twice = torch.library.triton_op(f"{LIBRARY}::twice", mutates_args={})(_launches)
        profile = _weigh(_Calls(twice), (2, 3), rules={f"{LIBRARY}::twice": lambda x: Counted(x, Cost(muls=x.numel))})
        assert [row.muls for row in profile.layers if row.kind == "custom"] == [6]

    def test_one_that_refuses_the_shapes(self) -> None:
        operator = self._operator("refuses", ValueError)
        with pytest.raises(netweight.CaptureError, match=r"not for \(2, 3\)"):
            _weigh(_Calls(operator), (2, 3), rules={f"{LIBRARY}::refuses": Counted})


def _launches(x: Tensor) -> Tensor:
    """As a kernel of Triton is launched: there is none here."""
    import triton  # type: ignore[import-not-found]

    y = torch.empty_like(x)
    torch.library.wrap_triton(triton.jit(_launches))[(1,)](x, y)
    return y
