"""How often the weights of a checkpoint are right."""

from __future__ import annotations

import html
from dataclasses import fields
from pathlib import Path
from typing import Any

from netweight import progress
from netweight.app.arguments import flag, path_of, takes, text, unless_none, whole_number
from netweight.app.evaluated import evaluated
from netweight.app.identify import Model
from netweight.app.pictures_for import pictures_for
from netweight.app.trained_networks import networks, sample_of
from netweight.app.training_session import AT_ONCE
from netweight.data.load import load as load_data
from netweight.data.prepared import Normalisation
from netweight.data.split import PARTS
from netweight.errors import UsageError, unknown_name
from netweight.results import evaluation as results
from netweight.training.checkpoint import Checkpoint, fitted, load
from netweight.training.record import check_record

_PARTS = (*PARTS, "all")
_READ = ("model", "source", "sample", "classes", "fractions", "centre", "recipe")


class Evaluation(results.Evaluation):
    """What ``netweight.evaluate`` returns: ``print`` shows it; ``top1``, ``top5`` and ``confusion`` are in it."""

    __slots__ = ()

    @classmethod
    def of(cls, found: results.Evaluation) -> Evaluation:
        """The same figures."""
        return cls(**{f.name: getattr(found, f.name) for f in fields(found)})

    def to_text(self, *, width: int | None = None, markdown: bool = False) -> str:
        """The figures as text.

        Args:
            width: Characters of a line; None for the natural width.
            markdown: Tables as Markdown has them.
        """
        from netweight.report.train.evaluation import to_markdown, to_text

        return to_markdown(self) if markdown else to_text(self, width=width)

    def to_csv(self) -> str:
        """One line per class."""
        from netweight.report.train.evaluation import to_csv

        return to_csv(self)

    def to_svg(self) -> str:
        """The confusion matrix as a picture."""
        from netweight.report.train.confusion import to_svg

        return to_svg(self)

    def __str__(self) -> str:
        return self.to_text().removesuffix("\n")

    def __repr__(self) -> str:
        return f"<{self.model!r} on {self.part} of {self.data}: {self.right} of {self.images} right>"

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"


@takes(checkpoint=path_of, part=text, seed=unless_none(whole_number), skip_bad=flag)
def evaluate(
    model: Model | None = None,
    *,
    checkpoint: str | Path,
    data: Any = None,
    part: str = "test",
    seed: int | None = None,
    skip_bad: bool = False,
) -> Evaluation:
    """How often a trained network is right: top-1, top-5, by class, and which class it takes for which.

    >>> import netweight, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     done = netweight.train("mlp:widths=64-16-10", epochs=2, output=folder)
    ...     again = netweight.evaluate(checkpoint=f"{folder}/best.safetensors")
    >>> again.images, again.right == done.test.right
    (359, True)

    Args:
        model: The network; by default the one that the checkpoint names.
        checkpoint: What ``netweight.train`` wrote.
        data: Pictures, as ``netweight.train`` takes them; by default those that it was trained on.
        part: ``"train"``, ``"validation"``, ``"test"`` or ``"all"``: parted as they were for the training, by its seed
            and shares.
        seed: Another seed of the parts, for other pictures.
        skip_bad: Leave out pictures of a folder that cannot be read or have another size than most.

    Raises:
        NetweightError: If the checkpoint is none or of another network, or the pictures do not fit.
    """
    if part not in _PARTS:
        raise unknown_name("part", part, _PARTS)
    kept = load(Path(checkpoint))
    record = kept.record
    if not record:
        raise UsageError("evaluate: expected a checkpoint of netweight train, got weights alone", fix="netweight train")
    check_record(record, checkpoint, _READ)
    with progress.stage("reading the pictures"):
        read = load_data(record["source"] if data is None else data, skip=skip_bad)
    _check_classes(kept, read.classes)
    sample = None if record["sample"] is None else tuple(record["sample"])
    found = networks(record["model"] if model is None else model, classes=len(read.classes), sample=sample)
    usual = found.usual
    pictures = pictures_for(
        read, sample_of(usual), seed=record["recipe"]["seed"] if seed is None else seed,
        fractions=record["fractions"], centre=Normalisation(**record["centre"]),
    )  # fmt: skip
    first, _ = found.first_weights(0)
    weights = fitted(checkpoint, kept.weights, usual, first, of=record["model"])
    images, labels = pictures.part(part)
    if not len(labels):
        raise UsageError(f"part: expected pictures in {part}, got none", fix="--part all")
    graph = found.using(found.fixed_batch or min(AT_ONCE, len(labels)))
    with progress.stage(f"running {graph.name}"):
        return Evaluation.of(evaluated(graph, weights, images, labels, read, model=found.name, part=part))


def _check_classes(kept: Checkpoint, classes: tuple[str, ...]) -> None:
    """Refuse pictures of other classes.

    Raises:
        UsageError: If they have others.
    """
    before = tuple(kept.record["classes"])
    if before != classes:
        raise UsageError(
            f"data: expected the {len(before)} classes that the network was trained on, got {len(classes)}",
            why=f"it knows {', '.join(before[:10])}; these are {', '.join(classes[:10])}",
        )
