"""Tables that are asked for rows which they do not have."""

from __future__ import annotations

from netweight.sources.torch.faults.meeting import Meeting, Rule


def _embedding(meeting: Meeting) -> None:
    weight = meeting.call.tensor("weight")
    meeting.tell_shapes()
    if weight is not None:
        meeting.suggest(f"numbers below {weight.shape[0]}, the rows of {weight.owner or 'the table'}")


RULES: dict[str, Rule] = {"embedding": _embedding}
