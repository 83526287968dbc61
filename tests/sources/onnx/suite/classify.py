"""Runs the official backend suite on netweight and sorts its cases into passes, unsupported and fails.

A case passes if the reference runtime gives what the suite expects, and if reading the model alone, with no numbers but
those in the file, foresees shape and type of every output, or says that they depend on data, and weighs it.

    scripts/onnx-suite             compare with the lists; exit code 1 if they differ, or if a case fails
    scripts/onnx-suite --update    write the lists and docs/onnx-coverage.md
"""

from __future__ import annotations

import sys
import traceback
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import helper
from onnx.backend.test.runner import Runner

import netweight.onnx_backend as backend
from netweight.analysis.cost import weigh_graph
from netweight.ir import TensorSpec
from netweight.ops.table import REGISTRY
from netweight.sources.onnx import Read, read_graph
from netweight.sources.onnx.numbers import DTYPES
from netweight.sources.onnx.tensor import Tensor
from sources.onnx.suite.cases import KINDS, Case, cases, inputs_of
from sources.onnx.suite.excuses import excuse
from sources.onnx.suite.lists import DATA, PASSES, SETTINGS, UNSUPPORTED, listed

SHORT = 64
"""Most elements of a setting."""


@dataclass(frozen=True)
class Verdict:
    """What became of a case.

    Attributes:
        case: The case.
        outcome: ``"passes"``, ``"unsupported"`` or ``"fails"``.
        remark: Why it does not pass; of one that passes, that a shape depends on data.
    """

    case: Case
    outcome: str
    remark: str = ""

    @property
    def line(self) -> str:
        return f"{self.case.title}\t{self.remark}" if self.remark else self.case.title


def verdict(case: Case) -> Verdict:
    """Run a case."""
    model = case.model()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # cases divide by zero, and overflow, on purpose
        try:
            return Verdict(case, "passes", _checked(case, model))
        except Exception as error:  # whatever comes out is the finding
            reason = excuse(case, model)
            if reason:
                return Verdict(case, "unsupported", reason)
            where = traceback.extract_tb(error.__traceback__)[-1]
            text = " ".join(str(error).split())[:300]
            return Verdict(
                case, "fails", f"{type(error).__name__}: {text} ({Path(where.filename).name}:{where.lineno})"
            )


def _checked(case: Case, model: onnx.ModelProto) -> str:
    """Empty, or what shapes depend on.

    Raises:
        AssertionError: If running, or reading alone, gives something else than the suite expects.
    """
    prepared = backend.prepare(model)
    remarks = [""]
    for inputs, expected in case.data(model):
        _check_equal(expected, prepared.run(list(inputs)), case)
        remarks.append(_foreseen(model, inputs, expected))
    return max(remarks, key=["", SETTINGS, DATA].index)


def _check_equal(expected: Sequence[Any], got: Sequence[Any], case: Case) -> None:
    """The judge is that of the suite, which knows no missing optional."""
    assert len(expected) == len(got), f"{len(got)} outputs, expected {len(expected)}"
    for left, right in zip(expected, got, strict=True):
        assert (left is None) == (right is None), f"got {right}, expected {left}"
    pairs = [(left, right) for left, right in zip(expected, got, strict=True) if left is not None]
    Runner.assert_similar_outputs(
        [left for left, _ in pairs], [right for _, right in pairs], rtol=case.rtol, atol=case.atol
    )


def _foreseen(model: onnx.ModelProto, inputs: Sequence[Any], expected: Sequence[Any]) -> str:
    """Empty if reading alone knows every output and the cost, else what is missing to."""
    named = zip([entry.name for entry in inputs_of(model)], inputs, strict=False)
    arrays = {name: np.asarray(x) for name, x in named if isinstance(x, np.ndarray | np.generic)}
    if _is_foreseen(model, arrays, expected):
        return ""
    settings = {
        name: x
        for at, (name, x) in enumerate(arrays.items())
        if x.ndim == 0 or (x.ndim == 1 and at and x.size <= SHORT)
    }
    rest = {name: x for name, x in arrays.items() if name not in settings}
    return SETTINGS if settings and _is_foreseen(_with_stored(model, settings), rest, expected) else DATA


def _with_stored(model: onnx.ModelProto, arrays: Mapping[str, Any]) -> onnx.ModelProto:
    """The model with some of its inputs stored in it."""
    made = onnx.ModelProto()
    made.CopyFrom(model)
    kept = [entry for entry in model.graph.input if entry.name not in arrays]
    del made.graph.input[:]
    made.graph.input.extend(kept)
    made.graph.initializer.extend(onnx.numpy_helper.from_array(array, name) for name, array in arrays.items())
    return made


def _is_foreseen(model: onnx.ModelProto, arrays: Mapping[str, Any], expected: Sequence[Any]) -> bool:
    """Whether reading alone claims to know every output; then it must be right, and the cost known.

    Raises:
        AssertionError: If it is wrong, or does not say what it does not know.
    """
    read = read_graph(model, {name: _spec(array) for name, array in arrays.items()})
    if not read.exact:
        assert read.notes, "not exact, and no note says why"
        return False
    if any(not isinstance(value, Tensor | list | None) for value in read.outputs.values()):
        return False  # follows from an input that is no tensor: reading has nothing to go by
    for (name, value), array in zip(read.outputs.items(), expected, strict=True):
        _check_foreseen(name, value, array)
    _check_weighed(read)
    return True


def _check_foreseen(name: str, value: Any, array: Any) -> None:
    if isinstance(array, list):
        assert isinstance(value, list), f"{name}: foreseen a tensor, got a sequence"
        assert len(value) == len(array), f"{name}: foreseen {len(value)} tensors, got {len(array)}"
        for item, element in zip(value, array, strict=True):
            _check_foreseen(name, item, element)
    elif array is None:
        assert value is None, f"{name}: foreseen a value, got none"
    else:
        assert value.spec == _spec(array), f"{name}: foreseen {value.spec}, got {_spec(array)}"


def _spec(array: Any) -> TensorSpec:
    array = np.asarray(array)
    return TensorSpec(tuple(array.shape), DTYPES[helper.np_dtype_to_tensor_dtype(array.dtype)])


def _check_weighed(read: Read) -> None:
    strangers = sorted({node.op for node in read.graph.nodes} - set(REGISTRY))
    assert not strangers, f"no rule for {', '.join(strangers)}"
    weigh_graph(read.graph)


def classify(kinds: Sequence[str] = KINDS) -> list[Verdict]:
    """Verdicts on all cases of these kinds."""
    return [verdict(case) for kind in kinds for case in cases(kind)]


def differences(verdicts: Sequence[Verdict]) -> list[str]:
    """What is not as the lists say, for the cases of these verdicts; failing cases are in no list."""
    titles = {verdict.case.title for verdict in verdicts}
    told = []
    for outcome, place in (("passes", PASSES), ("unsupported", UNSUPPORTED)):
        found = {verdict.line for verdict in verdicts if verdict.outcome == outcome}
        known = {line for line in listed(place) if line.partition("\t")[0] in titles}
        told += [f"not in {place.name}: {line}" for line in sorted(found - known)]
        told += [f"no longer in {place.name}: {line}" for line in sorted(known - found)]
    return told + [f"fails: {verdict.line}" for verdict in verdicts if verdict.outcome == "fails"]


def update(verdicts: Sequence[Verdict]) -> None:
    """Write the lists and the page."""
    from sources.onnx.suite.page import PAGE, page

    for outcome, place in (("passes", PASSES), ("unsupported", UNSUPPORTED)):
        lines = [verdict.line for verdict in verdicts if verdict.outcome == outcome]
        place.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    PAGE.write_text(page(), encoding="utf-8")


def main(arguments: Sequence[str]) -> int:
    """Exit code 1 if a case fails, or the lists are not as found."""
    wanted = [argument for argument in arguments if argument in KINDS] or KINDS
    parts = [argument for argument in arguments if argument not in KINDS and not argument.startswith("-")]
    verdicts = classify(wanted)
    if parts:
        verdicts = [verdict for verdict in verdicts if any(part in verdict.case.title for part in parts)]
    if "--update" in arguments and wanted is KINDS and not parts:
        update(verdicts)
    told = differences(verdicts)
    counts = {name: sum(v.outcome == name for v in verdicts) for name in ("passes", "unsupported", "fails")}
    summary = ", ".join(f"{name} {count}" for name, count in counts.items())
    sys.stdout.write("".join(f"{line}\n" for line in (*told, f"{len(verdicts)} cases: {summary}")))
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
