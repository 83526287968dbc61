"""What a reader is told of a capture at its end: weights that were not read, modules that were not called, experts."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from netweight.ir import is_floating
from netweight.sources.recording import Step
from netweight.sources.torch.experts import Mixture
from netweight.sources.torch.module_calls import ModuleCalls
from netweight.sources.torch.recorder import Recorder
from netweight.sources.torch.recording import TensorRecording
from netweight.sources.torch.site import Site
from netweight.sources.torch.wrapped import is_wrapped
from netweight.units import amount


def unread_parameters(recording: TensorRecording) -> list[tuple[str, Tensor]]:
    """Parameters that no operator has read, with their names.

    What is inside of a tensor subclass may be read in its place.
    """
    return [
        (name, tensor)
        for name, tensor in recording.parameters()
        if name not in recording.tensors and not is_wrapped(tensor)
    ]


def note_unread(recording: TensorRecording, unread: Sequence[tuple[str, Tensor]]) -> None:
    """Say which parameters no operator has read: no work is done with them."""
    if not unread:
        return
    places: dict[str, None] = {}
    for name, _ in unread:
        parts = name.split(".")
        prefixes = (".".join(parts[:depth]) for depth in range(1, len(parts) + 1))
        alone = (prefix for prefix in prefixes if not any(f"{r}.".startswith(f"{prefix}.") for r in recording.tensors))
        places[next(alone, name)] = None
    more = f" and {len(places) - 4} more" if len(places) > 4 else ""
    count = sum(tensor.numel() for _, tensor in unread)
    said = "is not read, and does no work" if count == 1 else "are not read, and do no work"
    recording.note(f"{amount(count, 'parameter')} {said}: {', '.join(list(places)[:4])}{more}")


def note_experts(recorder: Recorder, mixtures: Sequence[Mixture]) -> tuple[str, ...]:
    """Say how many experts a token meets; what comes back keeps a graph, whose sizes follow from that, from running."""
    asked = recorder.experts.asked
    grouped = any(node.op == "grouped_matmul" for node in recorder.recording.nodes) if mixtures else False
    said = [mixture.says(counted=asked or grouped) for mixture in mixtures]
    for text in said:
        recorder.recording.note(text)
    return tuple(dict.fromkeys(said)) if asked else ()


def settle_sizes(recorder: Recorder) -> tuple[str, ...]:
    """Note what was supposed of sizes, as a guess where floating work reads what has them; all of it comes back."""
    if not recorder.sized:
        return ()
    recording = recorder.recording
    waiting = dict(recorder.sized)
    behind: dict[str, frozenset[str]] = {}
    guesses: set[str] = set()
    for at, node in enumerate(recording.nodes):
        texts = frozenset(text for name in node.inputs if name in behind for text in behind[name])
        if texts and any(is_floating(recording.specs[name].dtype) for name in node.outputs):
            guesses |= texts
        sized = _sized_outputs(node) if at in waiting else ()
        if any(is_floating(recording.specs[name].dtype) for name in sized):
            guesses.add(waiting[at])
        if texts:
            behind.update(dict.fromkeys(node.outputs, texts))
        for name in sized:
            behind[name] = texts | {waiting[at]}
    for _, text in recorder.sized:
        recording.note(text, guess=text in guesses)
    return tuple(dict.fromkeys(text for _, text in recorder.sized))


def _sized_outputs(node: Step[Site]) -> tuple[str, ...]:
    """Results whose size was supposed: of ``unique`` not the places among its results, one for each element."""
    also = getattr(node.attrs, "also", ())
    kept = 1 + also.index("inverse") if "inverse" in also else None
    return tuple([name for at, name in enumerate(node.outputs) if at != kept])


def note_uncalled(recording: TensorRecording, module_calls: ModuleCalls) -> None:
    """Say which modules without parameters were not called; those with some are said to be unread.

    Modules of PyTorch's quantisation that are not called hold packed weights, or watch ranges.
    """
    idle = [
        path
        for path in module_calls.never_called()
        if next(module_calls.modules[path].parameters(), None) is None
        and not type(module_calls.modules[path]).__module__.startswith("torch.ao.")
    ]
    if idle:
        more = f" and {len(idle) - 4} more" if len(idle) > 4 else ""
        verb = "is" if len(idle) == 1 else "are"
        modules = amount(len(idle), "module")
        recording.note(f"{modules} without parameters {verb} not called: {', '.join(idle[:4])}{more}")
