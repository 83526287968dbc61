"""Random small PyTorch programs, as source: the same seed writes the same program.

A program is written line by line, and each line is run for real as it is written: lines that PyTorch refuses are left
out. ``LINES`` in ``eager.lines`` says what a line may be.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import nn

FLOATS = (torch.float32, torch.float32, torch.float32, torch.float64, torch.bfloat16)
SIZES = (1, 2, 3, 4, 6, 8)


def any_tensor(_x: torch.Tensor) -> bool:
    """Whether a tensor fits where all do."""
    return True


@dataclass
class Program:
    """A program that PyTorch runs, forward and backward.

    Attributes:
        seed: What it was drawn from.
        head: First line of its ``forward``.
        lines: The others.
        inputs: Tensors that it is called with.
        parameters: Shape and type of each parameter.
        modules: How each module is made.
        names: What lines may name.
    """

    seed: int
    head: str
    lines: tuple[str, ...]
    inputs: tuple[torch.Tensor, ...]
    parameters: tuple[tuple[tuple[int, ...], torch.dtype], ...]
    modules: tuple[str, ...]
    names: dict[str, Any]

    @property
    def source(self) -> str:
        """Its ``forward``, and what it is called with."""
        given = ", ".join(f"{tuple(x.shape)} {str(x.dtype).removeprefix('torch.')}" for x in self.inputs)
        made = [f"# self.m[{at}] = {made}" for at, made in enumerate(self.modules) if f"self.m[{at}]" in self.body]
        return "\n".join([self.body, f"# called with {given}", *made])

    @property
    def body(self) -> str:
        """Its ``forward``."""
        return "\n    ".join([self.head, *self.lines])

    def make(self) -> nn.Module:
        """The module, new each time."""
        space = dict(self.names)
        exec(self.body, space)  # noqa: S102
        holder = type("Drawn", (Holder,), {"forward": space["forward"]})()
        holder.p.extend(_parameter(made) for made in self.parameters)
        holder.m.extend(eval(made, space) for made in self.modules)  # noqa: S307
        return holder.train()


@dataclass
class Writer:
    """A program under construction.

    Attributes:
        draw: Where choices come from.
        names: What lines may name: functions, the module as ``self``, tensors.
        tensors: Tensors by the name of the variable that holds them.
        parameters: Shape and type of each parameter.
        modules: How each module is made.
        lines: Lines so far, with their indentation.
        indent: That of the next line.
        block: Whether it is inside of a block that must not open another.
    """

    draw: random.Random
    names: dict[str, Any]
    tensors: dict[str, torch.Tensor] = field(default_factory=dict)
    parameters: list[tuple[tuple[int, ...], torch.dtype]] = field(default_factory=list)
    modules: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    indent: str = ""
    block: bool = False
    count: int = 0

    def pick(self, accept: Callable[[torch.Tensor], bool] = any_tensor, *, floating: bool = True) -> str:
        """Name of a variable whose tensor is accepted; late ones are likelier.

        Raises:
            LookupError: If there is none.
        """
        fitting = [name for name, x in self.tensors.items() if x.is_floating_point() == floating and accept(x)]
        if not fitting:
            raise LookupError("no tensor fits")
        weights = [1 + at for at in range(len(fitting))]
        return self.draw.choices(fitting, weights)[0]

    def shape(self, name: str) -> tuple[int, ...]:
        """Sizes of a variable's tensor."""
        return tuple(self.tensors[name].shape)

    def parameter(self, like: str, *shape: int) -> str:
        """A new parameter in the type of a variable."""
        self.parameters.append((shape, self.tensors[like].dtype))
        at = len(self.parameters) - 1
        self.names["self"].p.append(_parameter(self.parameters[at]))
        return f"self.p[{at}]"

    def maybe(self, text: str, otherwise: str = "None") -> str:
        """The text, half of the time."""
        return text if self.draw.random() < 0.5 else otherwise

    def module(self, text: str, like: str) -> str:
        """A new module in the type of a variable."""
        made = f"{text}.to({self.tensors[like].dtype})"
        self.modules.append(made)
        self.names["self"].m.append(eval(made, self.names))  # noqa: S307
        return f"self.m[{len(self.modules) - 1}]"

    def fresh(self) -> str:
        """A new variable, or now and then one that is there."""
        if self.tensors and self.draw.random() < 0.15:
            return self.draw.choice([name for name in self.tensors if name.startswith("v")] or [self._next()])
        return self._next()

    def _next(self) -> str:
        self.count += 1
        return f"v{self.count}"

    def write(self, line: str) -> bool:
        """Run a line, and keep it if PyTorch does."""
        before = dict(self.names)
        try:
            exec(line, self.names)  # noqa: S102
        except (RuntimeError, TypeError, ValueError, IndexError, NotImplementedError):
            self.names.clear()
            self.names.update(before)
            return False
        self.lines.append(self.indent + line)
        self.note()
        return True

    def note(self) -> None:
        """Look which tensors there are now."""
        self.tensors = {
            name: x
            for name, x in self.names.items()
            if isinstance(x, torch.Tensor) and x.numel() <= 4096 and name != "self"
        }


def _parameter(made: tuple[tuple[int, ...], torch.dtype]) -> nn.Parameter:
    shape, dtype = made
    return nn.Parameter(torch.full(shape, 0.5, dtype=dtype))


class Holder(nn.Module):
    """What a program has beside its inputs."""

    def __init__(self) -> None:
        super().__init__()
        self.p, self.m = nn.ParameterList(), nn.ModuleList()


def program(seed: int, lines: Sequence[tuple[float, Callable[[Writer], str]]], names: dict[str, Any]) -> Program | None:
    """The program of a seed; None if PyTorch cannot run what was drawn.

    Args:
        seed: What choices follow from.
        lines: What a line may be, with how likely that is.
        names: What lines may name.
    """
    draw = random.Random(seed)
    torch.manual_seed(seed)
    writer = Writer(draw=draw, names={**names, "self": Holder()})
    inputs = _inputs(writer)
    writes, likely = [write for _, write in lines], [weight for weight, _ in lines]
    for _ in range(draw.randrange(3, 14)):
        write = draw.choices(writes, likely)[0]
        try:
            line = write(writer)
        except LookupError:
            continue
        if line:
            writer.write(line)
    outputs = _outputs(writer, inputs)
    if not outputs:
        return None
    found = Program(
        seed=seed,
        head=f"def forward(self, {', '.join(inputs)}):",
        lines=(*writer.lines, f"return {', '.join(outputs)}"),
        inputs=tuple(inputs.values()),
        parameters=tuple(writer.parameters),
        modules=tuple(writer.modules),
        names=names,
    )
    return found if runs(found) else None


def shrunk(drawn: Program, wrong: Callable[[Program], bool]) -> Program:
    """The program without the results and lines that it does not take to be wrong."""
    results = drawn.lines[-1].removeprefix("return ").split(", ")
    for name in [*results, *re.findall(r"\bv\d+\b", drawn.body)]:
        less = replace(drawn, lines=(*drawn.lines[:-1], f"return {name}"))
        if runs(less) and wrong(less):
            drawn = less
            break
    for at in reversed(range(len(drawn.lines) - 1)):
        less = replace(drawn, lines=drawn.lines[:at] + drawn.lines[at + 1 :])
        if runs(less) and wrong(less):
            drawn = less
    return drawn


def _inputs(writer: Writer) -> dict[str, torch.Tensor]:
    """One or two tensors of floats."""
    draw = writer.draw
    dtype = draw.choice(FLOATS)
    inputs = {}
    for at in range(draw.randrange(1, 3)):
        rank = draw.choice((1, 2, 2, 3, 3, 4, 4))
        inputs[f"x{at}"] = torch.rand([draw.choice(SIZES) for _ in range(rank)]).to(dtype)
    writer.names.update({name: x.clone() for name, x in inputs.items()})
    writer.note()
    first = next(iter(inputs))
    writer.write(f"v0 = {first} * {writer.parameter(first)}")
    return inputs


def _outputs(writer: Writer, inputs: dict[str, torch.Tensor]) -> list[str]:
    """One to three of the last tensors, one at least of which asks for a gradient."""
    made = [name for name in writer.tensors if name not in inputs]
    asking = [name for name in made if writer.tensors[name].requires_grad]
    if not asking:
        return []
    others = writer.draw.sample(made[-3:], min(len(made), 3, writer.draw.randrange(1, 3)))
    return list(dict.fromkeys([asking[-1], *others]))


def runs(drawn: Program) -> bool:
    """Whether forward and backward run."""
    try:
        step(drawn.make(), tuple(x.clone() for x in drawn.inputs))
    except (RuntimeError, NameError, TypeError, ValueError, IndexError, SyntaxError):
        return False
    return True


def step(module: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
    """Forward and backward from every output that asks for it."""
    asking = [x for x in results(module(*inputs)) if x.requires_grad]
    if not asking:
        raise RuntimeError("nothing asks for a gradient")
    torch.autograd.backward(asking, [torch.ones_like(x) for x in asking])


def results(given: Any) -> list[torch.Tensor]:
    """The outputs, as a list."""
    return list(given) if isinstance(given, tuple) else [given]
