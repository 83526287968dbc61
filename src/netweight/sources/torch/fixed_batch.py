"""Forwards that write down the batch: ``x.view(1, -1, 256)`` makes one sample of four."""

from __future__ import annotations

from collections.abc import Sequence

from netweight.sources.size_origins import sizes
from netweight.sources.torch.recording import TensorRecording


def note_fixed_batch(recording: TensorRecording, inputs: Sequence[str], outputs: Sequence[str]) -> None:
    """Say where a view makes another batch of the one that was given, and no output has that any more.

    Args:
        recording: What was recorded.
        inputs: Names of the inputs.
        outputs: Names of the outputs.
    """
    batches = {shape[0] for name in inputs if (shape := recording.specs[name].shape)}
    results = [shape for name in outputs if (shape := recording.specs[name].shape)]
    (batch,) = batches if len(batches) == 1 else (1,)
    if batch < 2 or not results or any(shape[0] % batch == 0 or batch in shape for shape in results):
        return
    for step in recording.nodes:
        if step.op != "reshape" or step.inputs[0] is None:
            continue
        given, made = recording.specs[step.inputs[0]].shape, recording.specs[step.outputs[0]].shape
        if given[:1] == (batch,) and made and made[0] % batch:
            place = f" at {step.site.origin}" if step.site.file else ""
            recording.note(
                f"the batch of {batch} ends in a view{place}: {sizes(given)} becomes {sizes(made)}, and no output has "
                "it; figures may be those of another batch"
            )
            return
