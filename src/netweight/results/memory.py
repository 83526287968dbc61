"""What activation memory was found, convention by convention: plain data, the same in Python and in JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from netweight.results.as_json import fields_of
from netweight.results.patches import PatchReport
from netweight.results.profile import ModelInfo

SCHEMA = "netweight/memory/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tensor:
    """A piece of memory and the steps that need it, counted from 1; 0 where the convention has no steps.

    Attributes:
        name: The value that it is made for, or what it holds.
        shape: Sizes of that value; empty for what is no tensor alone.
        dtype: Its element type.
        nbytes: Bytes.
        first_step: Step that writes it; 1 for an input of the network.
        last_step: Last step that needs it.
        offset_bytes: Where the plan puts it; None where there is no plan.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    nbytes: int
    first_step: int
    last_step: int
    offset_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What runs as one.

    Attributes:
        layer: Layer of its first operator.
        op: That operator.
        alive_bytes: Bytes alive while it runs.
    """

    layer: str
    op: str
    alive_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Where all tensors lie in one arena.

    Attributes:
        arena_bytes: Its size.
        lower_bound_bytes: What no plan can do without.
        proved_optimal: Whether no plan is smaller.
        method: What found it.
        greedy_bytes: The arena of the plan that takes the largest tensor first, each at its lowest place; under
            ``tflm`` that of the interpreter's own planner.
    """

    arena_bytes: int
    lower_bound_bytes: int
    proved_optimal: bool
    method: str
    greedy_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What the best order of the steps holds.

    Attributes:
        footprint_bytes: What the dearest step reads and writes: no order goes below it.
        peak_bytes: Peak of the best order that was found.
        lower_bound_bytes: What no order can go below.
        proved_optimal: Whether no order holds less.
    """

    footprint_bytes: int
    peak_bytes: int
    lower_bound_bytes: int
    proved_optimal: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ConventionMemory:
    """Activation memory under one convention.

    Attributes:
        about: What the convention says.
        kernels: What is one step: ``"written"``, every operator; ``"runtime"`` or ``"tflm"``, a kernel of those.
        peak_bytes: Bytes at the worst moment.
        peak_step: Step that runs then, counted from 1; 0 if there is none.
        peak_layer: Its layer.
        why: What makes it another figure than that of liveness.
        live: What is in memory then.
        shared_bytes: Bytes of ``live`` that lie over others, and are counted once.
        beside_bytes: Bytes beside ``live``: what the program makes of no input.
        total_bytes: All tensors of the network, nothing reused.
        steps: Every step with the bytes that are alive; none where the convention has no order.
        tensors: Every tensor.
        plan: Where they lie in one arena; None where the convention has no arena.
        order: What the best order of the steps holds; None where the convention has the program's, or none.
    """

    about: str
    kernels: str
    peak_bytes: int
    peak_step: int
    peak_layer: str
    why: str
    live: tuple[Tensor, ...]
    shared_bytes: int = 0
    beside_bytes: int = 0
    total_bytes: int = 0
    steps: tuple[Step, ...] = ()
    tensors: tuple[Tensor, ...] = ()
    plan: Plan | None = None
    order: Order | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Activation memory of a network under several conventions.

    Attributes:
        model: What was weighed.
        as_written: Whether every operator is a step of its own under every convention.
        conventions: What each of them says, by name.
        notes: What a reader must know.
        patches: The network with its first layers run patch by patch; None if that was not asked for.
    """

    model: ModelInfo
    as_written: bool
    conventions: Mapping[str, ConventionMemory]
    notes: tuple[str, ...] = ()
    patches: PatchReport | None = None

    def to_dict(self) -> dict[str, Any]:
        """Nested dicts and lists of the JSON schema ``netweight/memory/1``."""
        return {"schema": SCHEMA, **fields_of(self)}

    def to_json(self, *, indent: int | None = 2) -> str:
        """JSON text; integers are exact and have their unit in the key."""
        return json.dumps(self.to_dict(), indent=indent)
