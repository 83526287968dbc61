"""A PyTorch module to a graph, without running it and without touching it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import KW_ONLY, dataclass, replace
from enum import Enum, auto
from functools import partial
from typing import Any

import torch

from netweight.errors import MissingExtraError, NetweightError
from netweight.gc_pause import paused_collector
from netweight.ir import Graph, TensorSpec
from netweight.ops.arrays.dtypes import held_type
from netweight.results.fault import Fault
from netweight.sources.cut_short import cut_short
from netweight.sources.extras import OLDEST_TORCH
from netweight.sources.torch.devices import device_of
from netweight.sources.torch.differentiated import StandIns, under_autograd
from netweight.sources.torch.dispatch import Dispatch
from netweight.sources.torch.endings import is_of_the_program, note_nothing, note_unrun
from netweight.sources.torch.entry import entry_of
from netweight.sources.torch.faults.explain import fault_of
from netweight.sources.torch.faults.missing import inputs_taken
from netweight.sources.torch.finish import finished_graph
from netweight.sources.torch.fixed_batch import note_fixed_batch
from netweight.sources.torch.followed_backward import followed_backward
from netweight.sources.torch.guessing import Guess, guesses, needed_inputs
from netweight.sources.torch.held import Held
from netweight.sources.torch.inputs import Arguments, may_be_plain, symbolic_arguments
from netweight.sources.torch.interception import Interception
from netweight.sources.torch.known_numbers import FIXED, READ
from netweight.sources.torch.lazy_modules import made_in_capture
from netweight.sources.torch.module_calls import ModuleCalls
from netweight.sources.torch.module_tree import modules_of
from netweight.sources.torch.other_state import attributes_of, frozen_constants
from netweight.sources.torch.pruned import note_pruned
from netweight.sources.torch.recorder import Recorder
from netweight.sources.torch.recording import TensorRecording
from netweight.sources.torch.restoring import restoring
from netweight.sources.torch.solving import Solver
from netweight.sources.torch.sparse.stored import stored_in
from netweight.sources.torch.symbolic import Numbers
from netweight.sources.torch.threads import followed_threads, note_threads
from netweight.sources.torch.told import note_experts, note_uncalled, note_unread, settle_sizes, unread_parameters
from netweight.sources.torch.undone import undone_after_errors
from netweight.sources.torch.wanting_autograd import AutogradWanted, comes_from_autograd, is_of_devices
from netweight.sources.torch.whole_operators import whole_operators
from netweight.sources.torch.wrapped import Unwrapped, holds_wrapped, own_inner

_LARGE = 3000
"""Calls of operators from which on a network that fails is not tried again with other sizes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """What a module does.

    Attributes:
        graph: The network.
        notes: Guesses, and what was left out.
        exact: Whether no guess was made, no work was left out, and the forward came to its end.
        doubts: Notes after which figures may not be exact.
        guesses: Notes on what only real data decide and the capture assumed.
        fixed: Whether numbers of integer inputs decided what is in the graph, or are in it.
        stopped_at: Module in which the forward failed, None if it did not.
        error: What the user's own code raised.
        fault: Gives where and why it did.
        tensors: The tensor behind each parameter, buffer and constant of the graph.
        result: What the program returned, its tensors without numbers.
    """

    graph: Graph
    notes: tuple[str, ...]
    exact: bool
    doubts: tuple[str, ...]
    guesses: tuple[str, ...]
    fixed: bool
    stopped_at: str | None
    error: BaseException | None
    fault: Callable[[], Fault] | None = None
    tensors: Mapping[str, torch.Tensor]
    result: Any = None

    def weights(self) -> dict[str, Any]:
        """Arrays for ``netweight.run``.

        Raises:
            NetweightError: If the module has no numbers because it lies on the meta device, or is quantised.
        """
        if any(node.op in ("quantize", "dequantize") for node in self.graph.nodes):
            raise NetweightError("weights: expected a network that is not quantised, got integers without their scales")
        empty = next((name for name, tensor in self.tensors.items() if tensor.device.type == "meta"), None)
        if empty is not None:
            raise NetweightError(f"weights: expected tensors with numbers, got {empty!r} on the meta device")
        return {name: _numbers(tensor.detach().cpu()) for name, tensor in self.tensors.items()}


def _numbers(tensor: torch.Tensor) -> Any:
    """The array of a tensor, also of a type that NumPy does not have."""
    try:
        return tensor.numpy()
    except TypeError:
        return tensor.float().numpy().astype(held_type(str(tensor.dtype).removeprefix("torch.")))


def capture_module(
    module: torch.nn.Module,
    inputs: Any = None,
    *,
    batch: int = 1,
    training: bool | None = None,
    name: str = "",
    numbers: Numbers | None = None,
    method: str = "forward",
) -> Capture:
    """Graph of what a module does with inputs of these shapes.

    Args:
        module: Any module, on any device; it is left exactly as it was, also when its forward raises.
        inputs: A shape, a spec, a tensor, a tuple or dict of them, or nested; guessed if None.
        batch: Samples at once, where the inputs are guessed.
        training: Capture what the module does in that mode; None for the mode that it is in.
        name: What to call the network; the module's class by default.
        numbers: Gives the array of each input, by its name and what was given; whole numbers are what the module sees.
        method: What is called, if not ``forward``.

    Raises:
        MissingExtraError: If PyTorch is older than 2.6.
        UsageError: If ``inputs`` does not have one of these forms, or cannot be guessed; or there is no such method.
    """
    check_version()
    module = getattr(module, "_orig_mod", module)  # what torch.compile wraps
    asked = Asked(module, inputs, training=training, numbers=numbers, name=name or type(module).__name__, method=method)
    entry_of(module, method)
    return _with_inputs(asked) if inputs is not None else _guessed(asked, batch)


def _guessed(asked: Asked, batch: int) -> Capture:
    """With the first inputs that the module takes; with the likeliest, and a note, if it takes none.

    Raises:
        UsageError: If nothing tells what an input could be.
    """

    def attempt(inputs: Any) -> Capture:
        return _with_inputs(replace(asked, inputs=inputs))

    tried: list[tuple[Guess, Capture]] = []
    for guess in guesses(asked.module, asked.method, batch):
        tried.append((guess, attempt(guess.inputs)))
        if tried[-1][1].error is None:
            return _with_note(tried[-1][1], guess.says)
    solver = Solver(asked.module, needed_inputs(asked.module, asked.method), batch, attempt)
    solved = solver.solve() if not tried or len(tried[0][1].graph.nodes) < _LARGE else None
    if solved is not None:
        return _with_note(attempt(solved.inputs), solved.says)
    if not tried:
        raise solver.nothing_found()
    guess, capture = tried[0]
    return _with_note(capture, f"{guess.says}; none of {len(tried) + solver.tried} inputs that were tried is accepted")


def _taken(asked: Asked) -> Mapping[str, TensorSpec] | None:
    """Inputs that the module takes where it was called with too few or too many."""

    def attempt(inputs: Any) -> Capture:
        return _with_inputs(replace(asked, inputs=inputs))

    return inputs_taken(asked.module, asked.method, asked.inputs, attempt)


def _with_note(capture: Capture, note: str) -> Capture:
    return replace(capture, notes=(note, *capture.notes))


def _with_inputs(asked: Asked) -> Capture:
    capture = _with_autograd_if_wanted(asked)
    if capture.error is not None and may_be_plain(asked.inputs):
        for plain in (True, False):
            other = _with_autograd_if_wanted(replace(asked, plain=plain))
            if other.error is None:
                return other
    return capture


def _with_autograd_if_wanted(asked: Asked) -> Capture:
    captured = _once(asked)
    if captured.error is not None and asked.unwrap and holds_wrapped(asked.module):
        other = _once(replace(asked, unwrap=False))  # a program that asks tensors of a class for more than products
        if other.error is None:
            return other
    return captured


def _once(asked: Asked) -> Capture:
    try:
        return _captured(asked)
    except AutogradWanted:
        captured = _captured(asked, Autograd.ON)
    return _captured(asked, Autograd.ALL) if is_of_devices(captured.error) else captured


class Autograd(Enum):
    """What autograd sees of a capture: nothing, what asks for gradients, or every floating tensor."""

    OFF = auto()
    ON = auto()
    ALL = auto()


@dataclass(frozen=True, slots=True)
class Asked:
    """What ``capture_module`` and ``symbolic_arguments`` are asked for; they say what the fields are."""

    module: torch.nn.Module
    inputs: Any
    _: KW_ONLY
    training: bool | None
    numbers: Numbers | None
    name: str
    method: str
    plain: bool | None = None
    unwrap: bool = True


def _captured(asked: Asked, autograd: Autograd = Autograd.OFF) -> Capture:
    """The graph of one run, below autograd or without it.

    Raises:
        AutogradWanted: If the program asks for gradients, and autograd is not there.
    """
    recording = TensorRecording()
    arguments = symbolic_arguments(
        asked.module, asked.inputs, recording=recording, numbers=asked.numbers, plain=asked.plain, method=asked.method
    )
    entry = entry_of(asked.module, asked.method)
    modules = modules_of(asked.module)
    note_pruned(modules.values(), recording)
    module_calls = ModuleCalls(modules)
    recorder = Recorder(recording, module_calls, device_of(modules.values()))
    recorder.places.set_out(modules.values())
    error: BaseException | None = None
    result: Any = None
    unwrapped = Unwrapped()
    stand_ins = StandIns(of_all=autograd is Autograd.ALL)
    off = autograd is Autograd.OFF
    follow = partial(_alone, recorder) if off else partial(under_autograd, recorder, stand_ins)
    with (
        undone_after_errors(held := Held(modules.values()), modules.values()),
        paused_collector(),
        restoring(modules.values(), held, training=asked.training),
        made_in_capture(modules.values(), meta=not off),
        module_calls,
        followed_threads(follow, module_calls),
    ):
        if asked.unwrap:
            unwrapped.put_into(modules)
        if not off:
            stand_ins.put_into(modules.values())
        _own_state(modules, recording)
        unwrapped.tell(recording) if asked.unwrap else own_inner(asked.module, recording)
        try:
            with follow():
                result = entry(*arguments.args, **arguments.kwargs)
        except BaseException as raised:
            if not is_of_the_program(raised):
                raise
            error = raised
        if recorder.mistake is not None:
            raise recorder.mistake
        if recorder.autograd_wanted or (off and error is not None and comes_from_autograd(error)):
            raise AutogradWanted
    with paused_collector():
        captured = _finish(recorder, arguments, result, error, asked)
    return replace(captured, tensors=stand_ins.originals(captured.tensors))


@contextmanager
def _alone(recorder: Recorder) -> Iterator[None]:
    """A program that asks for no gradients: composite operators arrive whole."""
    with whole_operators(), Dispatch(recorder), Interception(recorder), followed_backward(recorder):
        yield


def check_version() -> None:
    """Refuse a PyTorch that the capture does not know.

    Raises:
        MissingExtraError: If it is older than 2.6.
    """
    version = tuple(int(part) for part in torch.__version__.split("+")[0].split(".")[:2])
    if version < OLDEST_TORCH:
        raise MissingExtraError(
            f"torch: expected version 2.6 or newer, got {torch.__version__}", fix="pip install --upgrade torch"
        )


def _own_state(modules: Mapping[str, torch.nn.Module], recording: TensorRecording) -> None:
    buffers = []
    for path, module in modules.items():
        prefix = f"{path}." if path else ""
        for name, parameter in module._parameters.items():
            if parameter is not None:
                recording.own(parameter, prefix + name, "parameter")
        buffers.extend([(buffer, prefix + name) for name, buffer in module._buffers.items() if buffer is not None])
        if isinstance(module, torch.jit.ScriptModule):
            for name, constant, kind in frozen_constants(module):
                recording.own(constant, prefix + name, kind)
    for buffer, name in buffers:  # a tensor that is both is a parameter
        recording.own(buffer, name, "buffer")
    recording.attributes = partial(attributes_of, modules)


def _finish(
    recorder: Recorder, arguments: Arguments, result: Any, error: BaseException | None, asked: Asked
) -> Capture:
    recording, module_calls = recorder.recording, recorder.module_calls
    outputs = (
        [recording.value_of(held) for leaf in arguments.leaves_of(result) for held in stored_in(leaf, recording)]
        if error is None
        else []
    )
    stopped = None if error is None else (module_calls.place_of(error) or "the model's own forward")
    unread = unread_parameters(recording) if error is None else []
    if error is None:
        note_unrun(recording, result)
        note_nothing(recording, result, entry_of(asked.module, asked.method))
        note_threads(recording, module_calls)
        note_unread(recording, unread)
        note_fixed_batch(recording, arguments.names, outputs)
        note_uncalled(recording, module_calls)
    sizes = settle_sizes(recorder)
    mixtures = tuple(recorder.experts.mixtures())
    said = note_experts(recorder, mixtures)
    graph = finished_graph(
        recording, module_calls, asked.name, arguments.names, outputs, mixtures=mixtures, unread=unread
    )
    failed = recorder.failed
    if failed is not None and failed.error is error and failed.until == len(recording.nodes):  # nothing went on
        graph = cut_short(graph, failed.known)
    return Capture(
        graph=graph,
        notes=recording.told(without=(READ,)),
        exact=not recording.guesses and error is None,
        doubts=tuple(recording.guesses),
        guesses=tuple(dict.fromkeys((*[text for text in recording.guesses if text != FIXED], *sizes, *said))),
        fixed=FIXED in recording.notes or READ in recording.notes,
        stopped_at=stopped,
        error=error,
        fault=None if error is None else partial(fault_of, error, recorder, asked.name, partial(_taken, asked)),
        tensors=recording.tensors,
        result=result,
    )
