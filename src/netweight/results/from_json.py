"""A profile read back from JSON."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from netweight.count import Count, parse
from netweight.errors import FormatError
from netweight.results.contradictions import contradiction_in
from netweight.results.fault import Fault, Line, MetTensor
from netweight.results.integer import IntegerKernel, Integers, LeftAlone
from netweight.results.profile import (
    FORMULA_FIELDS,
    SCHEMA,
    Activations,
    Coverage,
    InputInfo,
    LayerRow,
    Layers,
    ModelInfo,
    ModuleRow,
    Modules,
    OwnOp,
    Profile,
    Totals,
    UnknownOp,
)
from netweight.results.training import TRAINING_FORMULA_FIELDS, StepMemory, Training, TrainingRow

_NO_TENSORS: dict[str, Any] = {"peak_tensor_counts": (), "peak_tensor_bytes": (), "peak_step": 0}
_PREFIX = "netweight/profile/"
_LONGEST_NUMBER = 10


def is_profile(data: object) -> bool:
    """Whether what is in a JSON text says that it is a profile, of whatever version."""
    return isinstance(data, dict) and str(data.get("schema", "")).startswith(_PREFIX)


def profile_from_dict(data: dict[str, Any]) -> Profile:
    """What ``Profile.to_dict`` wrote, figures and formulas alike.

    Raises:
        FormatError: If it is of another schema, malformed, or contradicts itself.
    """
    if data.get("schema") != SCHEMA:
        newer = _number(data.get("schema")) > _number(SCHEMA)
        raise FormatError(
            f"json: expected schema {SCHEMA!r}, got {data.get('schema')!r}",
            fix="a newer netweight wrote it: update, or write the report again with this one" if newer else "",
        )
    try:
        if wrong := contradiction_in(data):
            raise FormatError(f"json: expected a report that agrees with itself, got one in which {wrong}")
        return _profile(data)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise FormatError(f"json: expected a profile of schema {SCHEMA!r}, got a malformed one: {error!r}") from error


def _number(schema: object) -> int:
    """The version in the name of a schema; 0 where there is none."""
    number = str(schema).removeprefix(_PREFIX)
    return int(number) if number.isascii() and number.isdigit() and len(number) < _LONGEST_NUMBER else 0


def _profile(data: dict[str, Any]) -> Profile:
    return Profile(
        model=_model(data["model"]),
        totals=_totals(data["totals"]),
        activations={name: _make(Activations, {**_NO_TENSORS, **item}) for name, item in data["activations"].items()},
        coverage=_coverage(data["coverage"]),
        layers=Layers(_layer(item) for item in data["layers"]),
        modules=Modules(_make(ModuleRow, item) for item in data["modules"]),
        notes=tuple(data["notes"]),
        training=_training(data.get("training")),
        fault=_fault(data.get("fault")),
        counting=data.get("counting"),
        integer=_integers(data.get("integer")),
    )


def _integers(data: dict[str, Any] | None) -> Integers | None:
    if data is None:
        return None
    kernels = tuple(_make(IntegerKernel, item) for item in data["kernels"])
    return Integers(kernels=kernels, alone=tuple(_make(LeftAlone, item) for item in data["alone"]))


def _model(data: dict[str, Any]) -> ModelInfo:
    """What was weighed; reports written before a call, guesses or other networks were known have none."""
    inputs = tuple(_make(InputInfo, item) for item in data["inputs"])
    found: ModelInfo = _make(
        ModelInfo, {"call": "", "inputs_guessed": False, "published": "", **data, "inputs": inputs}
    )
    return found


def _coverage(data: dict[str, Any]) -> Coverage:
    """What is known; reports written before users had rules have none."""
    unknown = tuple(_make(UnknownOp, op) for op in data["unknown"])
    own = tuple(_make(OwnOp, op) for op in data.get("own_rules", ()))
    found: Coverage = _make(Coverage, {"guesses": [], **data, "unknown": unknown, "own_rules": own})
    return found


def _totals(data: dict[str, Any]) -> Totals:
    """Sums; reports written before packed weights were counted one by one have as many as parameters."""
    params = data["params"]
    before = {"logical_params": params, "active_params": params, "weight_dtypes": {}}
    before |= {"trainable_params": params, "frozen_params": 0}
    found: Totals = _make(Totals, {**before, **data})
    return found


def _layer(item: dict[str, Any]) -> LayerRow:
    """A row whose counts carry their formulas again."""
    before = {"logical_params": item["params"], "weight_dtype": "", "settings": {}, "weight_shapes": {}}
    return _make(LayerRow, {**before, **item, **_counts(item, FORMULA_FIELDS)})


def _training(data: dict[str, Any] | None) -> Training | None:
    """What training costs; reports written before it was known have none."""
    if data is None:
        return None
    before: dict[str, Any] = {"gradients": (), "no_gradients": ()}
    rows = (_make(TrainingRow, {**before, **item, **_counts(item, TRAINING_FORMULA_FIELDS)}) for item in data["layers"])
    kept = {name: _make(StepMemory, item) for name, item in data.get("conventions", {}).items()}
    return _make(Training, {"convention": "ideal", **data, "conventions": kept, "layers": tuple(rows)})


def _fault(data: dict[str, Any] | None) -> Fault | None:
    """Why a forward raised; most did not."""
    if data is None:
        return None
    parts = {"lines": tuple(_make(Line, item) for item in data["lines"])}
    parts |= {"tensors": tuple(_make(MetTensor, item) for item in data["tensors"])}
    return _make(Fault, {**data, **parts})


def _counts(item: dict[str, Any], names: tuple[str, ...]) -> dict[str, Count]:
    """Counts with their formulas; a formula must give the figure it stands beside."""
    counts = {name: parse(item["formulas"][name]) for name in names if name in item["formulas"]}
    for name, count in counts.items():
        if count != item[name]:
            raise ValueError(f"{item['layer']}: {name} is {item[name]}, its formula gives {int(count)}")
    return counts


def _make(cls: type, item: dict[str, Any]) -> Any:
    """Fields that ``cls`` has; later versions may add others."""
    return cls(**{f.name: _tupled(item[f.name]) for f in fields(cls)})


def _tupled(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _tupled(item) for key, item in value.items()}
    return tuple(_tupled(item) for item in value) if isinstance(value, list) else value
