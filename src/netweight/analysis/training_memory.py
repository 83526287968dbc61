"""Memory of a training step, moment by moment, as PyTorch holds and frees it.

The step is forward, backward, update. There from the start: parameters, buffers, what the optimiser keeps, the input.
An operator's results are freed after their last reader, unless backward reads them; what a call of backward reads is
freed after that call. Gradients of parameters are made by backward and stay; a gradient of an activation lives until
the backward of the operator that wrote the activation is done. Where several readers pass a gradient back, the second
is added onto the first in place, unless somebody else still holds that one. Kernels need nothing besides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, pairwise

from netweight.analysis.checkpointing import Segment, Segments
from netweight.analysis.held import Moments
from netweight.analysis.optimizers import Optimizer
from netweight.analysis.step_memory import Peak, TrainingMemory
from netweight.autograd.gradients import Backpropagation, Call
from netweight.autograd.written import written_memory
from netweight.ir.lifetimes import last_uses, released
from netweight.ops.parts import COMPLEX


def training_memory(plan: Backpropagation, segments: Segments, rule: Optimizer) -> TrainingMemory:
    """Memory of one step of training, from the second on: the optimiser has its state."""
    walk = _Walk(plan=plan, segments=segments)
    walk.start(rule)
    walk.forward()
    saved = walk.saved_bytes()
    walk.backward()
    walk.update(rule)
    return TrainingMemory(peaks=walk.peaks, saved=saved, sums=dict(walk.sums))


@dataclass(slots=True)
class _Walk:
    """State of the memory while the step goes on.

    Attributes:
        plan: The backward pass.
        segments: Checkpointed parts around each step.
        size: Bytes of the pieces alive, and what they are.
        holders: How many hold each piece alive.
        alive: Bytes alive by what they are; ``total`` is their sum.
        peaks: The worst moment of each phase so far.
        gradient_of: Piece with the gradient of each value that is waiting for its writer.
        kept: Pieces that the backward of each step releases.
        sums: Elements added to a gradient, by step.
        place: Memory that each value lives in.
        again: Parts that have run again, by their first step and how many are around them.
        count: Gradients made so far, for their names.
    """

    plan: Backpropagation
    segments: Segments
    size: dict[str, tuple[str, int]] = field(default_factory=dict)
    holders: Counter[str] = field(default_factory=Counter)
    alive: Counter[str] = field(default_factory=Counter)
    total: int = 0
    peaks: dict[str, Peak] = field(default_factory=dict)
    gradient_of: dict[str, str] = field(default_factory=dict)
    kept: dict[int, list[str]] = field(default_factory=dict)
    sums: Counter[int] = field(default_factory=Counter)
    place: Mapping[str, str] = field(init=False)
    again: set[tuple[int, int]] = field(default_factory=set)
    count: int = 0

    def __post_init__(self) -> None:
        """Nothing is alive yet."""
        self.place = self.plan.pieces()

    def start(self, rule: Optimizer) -> None:
        """What is there before the step."""
        values = self.plan.graph.values
        for name, value in values.items():
            if name in self.plan.made:
                continue
            if value.kind == "parameter":
                self.take(name, "parameters", value.stored_bytes)
            elif value.kind in ("buffer", "constant"):
                self.take(name, "buffers", value.stored_bytes)
            elif value.kind == "input":
                self.take(name, "inputs", value.spec.nbytes)
        for value in self.plan.graph.unread:
            self.take(value.name, "parameters", value.stored_bytes)
        self.hold("optimizer_state", state_bytes(self.plan, rule))

    def forward(self) -> None:
        """All operators in order; what backward reads stays."""
        self.kept = {call.step: self.keeps(call) for call in self.plan.calls}
        last_uses = self.last_uses(self.plan.calls, self.plan.lifetimes)
        saved = Counter(piece for pieces in self.kept.values() for piece in pieces)
        held = Counter(self.place[name] for name in dict.fromkeys(self.plan.graph.outputs))
        self.holders.update({piece: saved[piece] + held[piece] for piece in {*saved, *held} if piece in self.size})
        program = Moments.of(self.plan.temporaries)
        for call in self.plan.calls:
            if call.step in program.made:
                for piece in program.made[call.step]:
                    self.take(piece, "saved" if piece in saved else "activations", self.plan.nbytes(piece))
                    self.holders[piece] += saved[piece]
                self.note("forward", call)
                self.release_all(program.brief.get(call.step, ()))
            for piece, nbytes in self.written(call).items():
                if piece not in self.size:
                    self.take(piece, "saved" if piece in saved else "activations", nbytes)
                    self.holders[piece] += saved.get(piece, 0) + held.get(piece, 0)
            self.note("forward", call)
            self.release_all((*last_uses.get(call.step, ()), *program.freed.get(call.step, ())))
        self.release_all(piece for piece in program.left(len(self.plan.calls)) if piece in self.size)

    def keeps(self, call: Call, depth: int = 0) -> list[str]:
        """Pieces that stay until the backward of a call is done; ``depth`` parts around it have run again."""
        parts = self.segments[call.step][depth:] if call.step in self.segments else ()
        if not parts:
            return list(call.saved)
        mine = next(other for other in parts[0].calls if other.runs_backward) is call
        stored = parts[0].stored.intersection(self.places(call.node.outputs)) if depth == 0 else ()
        return [*(parts[0].reads if mine else ()), *stored]

    def backward(self) -> None:
        """All operators in reverse that compute gradients."""
        for name in self.plan.graph.outputs:
            if name in self.plan.reached and name not in self.gradient_of:
                self.gradient_of[name] = self.gradient(name, "gradients")
        # The caller of ``loss.backward()`` holds the 1 that it starts from until it returns.
        ones = [self.gradient_of[name] for name in self.gradient_of if self.plan.graph.spec(name).numel == 1]
        self.holders.update(ones)
        for call in reversed(self.plan.calls):
            if call.runs_backward:
                self.run_again(call)
                self.run_backward(call)
        self.release_all(ones)

    def run_again(self, call: Call) -> None:
        """The forward of checkpointed parts, when the first call of their backward reads what was not kept."""
        for depth, segment in enumerate(self.segments.get(call.step, ())):
            place = segment.first, depth
            if place not in self.again and (segment.whole or call.read or call.saved):
                self.again.add(place)
                self.repeat(segment, depth)

    def repeat(self, segment: Segment, depth: int) -> None:
        """A part runs again, the parts inside it as in a forward."""
        mark = "again " * (depth + 1)
        calls = [call for call in segment.calls if segment.repeats(self.plan, call)]
        made = {piece for one in calls for piece in self.written(one)}.difference(segment.reads, segment.stored)
        waiting = [one for one in segment.calls if one.step in self.kept]
        for one in waiting:
            self.kept[one.step] += [f"{mark}{piece}" for piece in self.keeps(one, depth + 1) if piece in made]
        saved = Counter(piece for one in waiting for piece in self.kept[one.step])
        last_uses = self.last_uses(calls)
        for one in calls:
            for piece, nbytes in self.written(one).items():
                name = f"{mark}{piece}"
                if piece in made and name not in self.size:
                    self.take(name, "recomputed", nbytes)
                    self.holders[name] += saved[name]
            self.note("backward", one)
            self.release_all(f"{mark}{piece}" for piece in last_uses.get(one.step, ()) if piece in made)

    def run_backward(self, call: Call) -> None:
        """Gradients of one call, and what can be freed after it."""
        values = self.plan.graph.values
        arriving = [self.gradient_of.pop(name) for name in call.link.takes if name in self.gradient_of]
        made = []
        if call.link.function is not None:
            self.note("backward", call, more=written_memory(call.link.function))
        for name, asked, passed in zip(call.link.gives, call.wanted, call.passed, strict=True):
            if name is None or not asked:
                continue
            if values[name].kind == "parameter":
                made.append((name, self.gradient(name, "parameter_gradients")))
            elif passed:
                self.holders[arriving[0]] += 1
                made.append((name, arriving[0]))
            else:
                made.append((name, self.gradient(name, "gradients")))
        self.note("backward", call, more=call.scratch)
        self.release_all(arriving)
        self.release_all(self.kept.pop(call.step))
        for name, piece in made:
            self.add_gradient(call, name, piece)

    def add_gradient(self, call: Call, name: str, piece: str) -> None:
        """Keep a gradient, or add it to what other readers of the value passed back."""
        before = self.gradient_of.get(name)
        if before is None:
            self.gradient_of[name] = piece
            return
        spec = self.plan.graph.spec(name)
        self.sums[call.step] += spec.numel * (2 if spec.dtype in COMPLEX else 1)
        if self.holders[before] == 1:
            self.release(piece)
            return
        self.gradient_of[name] = self.gradient(name, self.size[piece][0])
        self.note("backward", call)
        self.release_all((before, piece))

    def update(self, rule: Optimizer) -> None:
        """The optimiser's turn; the temporary tensor of one parameter lives until that of the next one is computed."""
        sizes = [self.plan.graph.spec(name).nbytes for name in self.plan.trained]
        if rule.scratch:
            temporaries = (before + rule.scratch * size for before, size in pairwise((0, *sizes)))
            self.hold("scratch", max(temporaries, default=0))
        self.note("update", None)

    def saved_bytes(self) -> dict[int, int]:
        """Bytes kept for backward after the forward, by the step of the first call that keeps them."""
        charged: set[str] = set()
        found: dict[int, int] = {}
        for call in self.plan.calls:
            pieces = [piece for piece in self.kept[call.step] if piece not in charged]
            found[call.step] = sum([self.bytes_of(call, piece) for piece in pieces]) if pieces else 0
            charged.update(pieces)
        return found

    def bytes_of(self, call: Call, piece: str) -> int:
        """Size of a piece that a call writes, or keeps."""
        return call.extras[piece] if piece in call.extras else self.plan.nbytes(piece)

    def written(self, call: Call) -> dict[str, int]:
        """Pieces that a call writes, with their bytes."""
        made = [piece for piece in self.places(call.node.outputs) if not self.plan.lasts(piece)]
        return {piece: self.bytes_of(call, piece) for piece in (*made, *call.extras)}

    def last_uses(self, calls: Sequence[Call], lifetimes: Mapping[str, int] | None = None) -> dict[int, list[str]]:
        """Pieces that no later call of ``calls`` reads or writes, by step; not what is there before the step.

        Args:
            calls: Calls in order.
            lifetimes: Steps to which a program holds values.
        """
        last = last_uses(
            (call.step, (*self.places(call.node.inputs, call.node.outputs), *call.extras)) for call in calls
        )
        for piece, at in (lifetimes or {}).items():
            last[piece] = max(at, last.get(piece, at))
        values, lasting = self.plan.graph.values, self.plan.temporaries
        freed = {piece: at for piece, at in last.items() if piece not in lasting}
        return released(
            {piece: at for piece, at in freed.items() if piece not in values or values[piece].kind == "activation"}
        )

    def places(self, *names: Iterable[str | None]) -> list[str]:
        """Pieces that values live in."""
        return [self.place[name] for name in chain(*names) if name is not None]

    def gradient(self, name: str, kind: str) -> str:
        """A new piece for the gradient of a value."""
        self.count += 1
        piece = f"gradient {self.count}"
        self.take(piece, kind, self.plan.graph.values[name].spec.nbytes)
        return piece

    def take(self, piece: str, kind: str, nbytes: int) -> None:
        """Allocate, with one holder."""
        self.size[piece] = (kind, nbytes)
        self.alive[kind] += nbytes
        self.total += nbytes
        self.holders[piece] = 1

    def hold(self, kind: str, nbytes: int) -> None:
        """Bytes that stay to the end of the step."""
        self.alive[kind] += nbytes
        self.total += nbytes

    def release_all(self, pieces: Iterable[str]) -> None:
        """One holder less of each."""
        for piece in pieces:
            self.release(piece)

    def release(self, piece: str) -> None:
        """One holder less, and free what nobody holds."""
        self.holders[piece] -= 1
        if not self.holders[piece]:
            kind, nbytes = self.size.pop(piece)
            self.alive[kind] -= nbytes
            self.total -= nbytes

    def note(self, phase: str, call: Call | None, *, more: int = 0) -> None:
        """Remember the moment if it is the worst of its phase so far; ``more`` are gradients that come and go."""
        nbytes = self.total + more
        if phase not in self.peaks or nbytes > self.peaks[phase].nbytes:
            layer = "" if call is None else call.node.layer
            alive = self.alive + Counter(gradients=more) if more else self.alive
            parts = {kind: amount for kind, amount in alive.items() if amount}
            self.peaks[phase] = Peak(nbytes=nbytes, phase=phase, layer=layer, parts=parts)


def state_bytes(plan: Backpropagation, rule: Optimizer) -> int:
    """Bytes that the optimiser keeps from step to step."""
    return sum(rule.states * plan.graph.spec(name).nbytes + rule.step_bytes for name in plan.trained)
