"""Tables that are asked for rows which they do not have."""

from __future__ import annotations

from torch import nn

from netweight.sources.torch.faults.meeting import Meeting, Rule


def _embedding(meeting: Meeting) -> None:
    weight, indices = meeting.call.tensor("weight"), meeting.call.tensor("indices")
    meeting.tell_shapes()
    if weight is None:
        return
    rows, table = weight.shape[0], weight.owner or "the table"
    span = None if indices is None else indices.span
    if span is not None:
        meeting.why.append(f"the numbers are from {span[0]} to {span[1]}, and {table} has rows 0 to {rows - 1}")
    if span is not None and span[0] >= 0:
        own = meeting.with_setting(nn.Embedding, num_embeddings=span[1] + 1)
        meeting.suggest(f"{own or f'a table of {span[1] + 1} rows'} fits")
    below = f"numbers below {rows}" if span is None or span[0] >= 0 else f"numbers from 0 to {rows - 1}"
    meeting.suggest(f"{below}, the rows of {table}")


RULES: dict[str, Rule] = {"embedding": _embedding}
