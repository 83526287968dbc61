"""Cases of the official backend suite, as its own runner makes them: models, inputs, expected outputs.

Source: onnx.backend.test of the installed onnx; ``light`` are the nine models that it calls "real".
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import onnx
from onnx import numpy_helper
from onnx.backend.test.loader import DATA_DIR, load_model_tests
from onnx.backend.test.runner import Runner

from sources.onnx.suite.pooling import pooled_at_once

KINDS = ("node", "simple", "pytorch-converted", "pytorch-operator", "light")
SAMPLE = "1.23"
"""Version whose cases the lists are about: others have other cases."""


@dataclass(frozen=True)
class Case:
    """One case.

    Attributes:
        kind: Part of the suite.
        name: What the suite calls it.
        operator: Operator that it is about, domain first; empty for a network.
        rtol: Relative tolerance that the suite allows.
        atol: Absolute tolerance.
        source: Test case of onnx, or the file of a light model.
    """

    kind: str
    name: str
    operator: str
    rtol: float
    atol: float
    source: Any

    @property
    def title(self) -> str:
        return f"{self.kind}/{self.name}"

    def model(self) -> onnx.ModelProto:
        if self.kind == "node":
            return self.source.model
        place = self.source if self.kind == "light" else Path(self.source.model_dir) / "model.onnx"
        return onnx.load(place, load_external_data=False)

    def data(self, model: onnx.ModelProto) -> list[tuple[list[Any], list[Any]]]:
        """Inputs and expected outputs."""
        if self.kind == "node":
            return [(list(map(_array, xs)), list(map(_array, ys))) for xs, ys in self.source.data_sets]
        wanted = inputs_of(model)
        if self.kind == "light":
            xs = [Runner.generate_dummy_data(x, seed=0, name=self.name, random=False) for x in wanted]
            places = [
                self.source.with_name(f"{self.source.stem}_output_{at}.pb") for at in range(len(model.graph.output))
            ]
            return [(xs, [_stored(place, y.type) for place, y in zip(places, model.graph.output, strict=True)])]
        folders = sorted(Path(self.source.model_dir).glob("test_data_set_*"))
        return [(_all(folder, "input", wanted), _all(folder, "output", model.graph.output)) for folder in folders]


def inputs_of(model: onnx.ModelProto) -> list[Any]:
    """What the caller supplies: old files list their weights as inputs, too."""
    stored = {entry.name for entry in model.graph.initializer}
    return [entry for entry in model.graph.input if entry.name not in stored]


@cache
def cases(kind: str) -> tuple[Case, ...]:
    """All cases of one kind, by name."""
    return tuple(sorted(_light() if kind == "light" else _official(kind), key=lambda case: case.name))


def _official(kind: str) -> Iterator[Case]:
    with warnings.catch_warnings(), pooled_at_once():
        warnings.simplefilter("ignore")  # some expected outputs overflow on purpose while onnx computes them
        found = load_model_tests(kind=kind)
    about = {case.name: _operator(case.model) for case in found} if kind == "node" else {}
    for case in found:
        base = re.sub(r"_expanded(_ver\d+)?$", "", case.name)
        yield Case(kind, case.name, about.get(base) or about.get(case.name, ""), case.rtol, case.atol, case)


def _light() -> Iterator[Case]:
    for case in load_model_tests(kind="real"):
        settings = json.loads((Path(DATA_DIR) / "real" / case.name / "data.json").read_text(encoding="utf-8"))
        place = Path(DATA_DIR) / "light" / Path(settings["url"]).name
        yield Case("light", case.name, "", case.rtol, case.atol, place)


def _operator(model: onnx.ModelProto) -> str:
    node = model.graph.node[-1]
    return f"{node.domain}.{node.op_type}" if node.domain else node.op_type


def _array(value: Any) -> Any:
    if isinstance(value, onnx.TensorProto):
        return numpy_helper.to_array(value)
    return [_array(item) for item in value] if isinstance(value, list) else value


def _all(folder: Path, what: str, entries: Any) -> list[Any]:
    count = len(list(folder.glob(f"{what}_*.pb")))
    return [_stored(folder / f"{what}_{at}.pb", entries[at].type) for at in range(count)]


def _stored(place: Path, kind: Any) -> Any:
    data = place.read_bytes()
    if kind.HasField("sequence_type"):
        return numpy_helper.to_list(onnx.SequenceProto.FromString(data))
    if kind.HasField("optional_type"):
        return numpy_helper.to_optional(onnx.OptionalProto.FromString(data))
    return numpy_helper.to_array(onnx.TensorProto.FromString(data))
