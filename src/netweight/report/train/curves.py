"""Loss, accuracy and learning rate over the epochs, as a picture."""

from __future__ import annotations

from collections.abc import Sequence

from netweight.report.panels import Line, Panel, picture
from netweight.results.training_run import Epoch


def to_svg(title: str, rows: Sequence[Epoch]) -> str:
    """The curves, the same for the same numbers.

    Args:
        title: What was trained, and on what.
        rows: One per epoch.
    """
    loss = [Line("train", [(row.epoch, row.loss) for row in rows])]
    right = [Line("train", [(row.epoch, 100 * row.accuracy) for row in rows])]
    if any(row.validation_loss is not None for row in rows):
        loss.append(Line("validation", [(row.epoch, row.validation_loss) for row in rows]))
        shares = [(row.epoch, row.validation_accuracy) for row in rows]
        right.append(Line("validation", [(epoch, None if one is None else 100 * one) for epoch, one in shares]))
    rate = [Line("learning rate", [(row.epoch, row.lr) for row in rows])]
    panels = (
        Panel("loss", "epoch", loss, logarithmic=True),
        Panel("accuracy, %", "epoch", right),
        Panel("learning rate, last update of the epoch", "epoch", rate),
    )
    return picture(title, panels)
