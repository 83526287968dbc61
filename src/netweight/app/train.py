"""Trains a network on pictures."""

from __future__ import annotations

import html
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from netweight import progress
from netweight.app.arguments import flag, path_of, takes, text, texts, unless_none, whole_number
from netweight.app.evaluated import evaluated
from netweight.app.identify import Model
from netweight.app.pictures_for import pictures_for
from netweight.app.trained_networks import Networks, named_by, networks, sample_of
from netweight.app.training_arguments import factors, number, numbers, recipe_of, sizes
from netweight.app.training_cost import cost_of
from netweight.app.training_files import files_of, record_of
from netweight.app.training_session import Session
from netweight.data.augment.table import augmentation
from netweight.data.load import load as load_data
from netweight.data.split import FRACTIONS
from netweight.errors import UsageError
from netweight.lazy import Array
from netweight.results import training_run as results
from netweight.training.checkpoint import fitted
from netweight.training.checkpoint import load as load_checkpoint
from netweight.training.fit import Course

_MOVED_FROM = 16


class TrainingRun(results.TrainingRun):
    """What ``netweight.train`` returns: ``print`` shows it, ``weights`` are those of the best epoch."""

    __slots__ = ("weights",)
    weights: Mapping[str, Array]

    @classmethod
    def of(cls, found: results.TrainingRun, weights: Mapping[str, Array]) -> TrainingRun:
        """The same training with its weights."""
        made = cls(**{f.name: getattr(found, f.name) for f in fields(found)})
        object.__setattr__(made, "weights", weights)
        return made

    def to_text(self, *, width: int | None = None) -> str:
        """The training as text.

        Args:
            width: Characters of a line; None for the natural width.
        """
        from netweight.report.train.text import to_text

        return to_text(self, width=width)

    def to_svg(self) -> str:
        """Loss, accuracy and learning rate over the epochs, as a picture."""
        from netweight.report.train.curves import to_svg

        return to_svg(f"{self.model} on {self.data}", self.epochs)

    def __str__(self) -> str:
        return self.to_text().removesuffix("\n")

    def __repr__(self) -> str:
        said = "" if self.test is None else f", {100 * self.test.top1:.2f} % of {self.test.images} test pictures right"
        return f"<{self.model!r} trained for {len(self.epochs)} epochs on {self.data}{said}>"

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"


@takes(
    epochs=whole_number, batch=whole_number, optimizer=text, lr=unless_none(number), momentum=number,
    nesterov=flag, weight_decay=unless_none(number), schedule=text, warmup=number, loss=text, label_smoothing=number,
    loss_weights=unless_none(numbers), clip_norm=unless_none(number), clip_value=unless_none(number),
    accumulate=whole_number, freeze=texts, lr_of=unless_none(factors), augment=unless_none(texts), replace=texts,
    fractions=numbers,
    size=unless_none(sizes), seed=whole_number, output=unless_none(path_of), resume=flag, skip_bad=flag,
)  # fmt: skip
def train(
    model: Model | Callable[..., Any],
    data: Any = "digits",
    *,
    epochs: int = 20,
    batch: int = 32,
    optimizer: str = "adamw",
    lr: float | None = None,
    momentum: float = 0.9,
    nesterov: bool = False,
    weight_decay: float | None = None,
    schedule: str = "cosine",
    warmup: float = 0.0,
    loss: str = "cross_entropy",
    label_smoothing: float = 0.0,
    loss_weights: Sequence[float] | None = None,
    clip_norm: float | None = None,
    clip_value: float | None = None,
    accumulate: int = 1,
    freeze: Sequence[str] = (),
    lr_of: Mapping[str, float] | None = None,
    augment: Sequence[str] | None = None,
    weights: Mapping[str, Array] | str | Path | None = None,
    replace: Sequence[str] = (),
    fractions: Sequence[float] = FRACTIONS,
    size: Sequence[int] | None = None,
    seed: int = 0,
    output: str | Path | None = None,
    resume: bool = False,
    skip_bad: bool = False,
    told: Callable[[results.Epoch, int], None] | None = None,
) -> TrainingRun:
    """Train a network on pictures: epochs, the best of them on the test part, and what the network costs.

    >>> import netweight
    >>> done = netweight.train("mlp:widths=64-16-10", epochs=2, seed=1)
    >>> len(done.epochs), done.test.images, done.cost.macs
    (2, 359, 1184)

    Args:
        model: Name of a built-in network, path of an ONNX file, ``"FILE.py:NAME"``, a ``Graph``, a function of a
            symbol as ``build.graph`` takes it, with ``size``, or a PyTorch module, which is left exactly as it was. Its
            first output is a score per class.
        data: ``"digits"``, the 1,797 handwritten ones of scikit-learn; a folder with MNIST's or CIFAR's files, or with
            a folder of pictures per class; an ``.npz`` file with ``images`` and ``labels``; or these as a tuple.
        epochs: How often all pictures of the training part are seen.
        batch: Pictures at once.
        optimizer: ``"sgd"``, ``"momentum"``, ``"rmsprop"``, ``"adam"`` or ``"adamw"``.
        lr: Learning rate; by default 0.1 of sgd, 0.02 of momentum, 0.003 of adamw, 0.001 of the others.
        momentum: Share of the last step that the next one keeps.
        nesterov: Take the gradient ahead of that step.
        weight_decay: Pull of each parameter towards 0; by default 0.05 of adamw, none of the others.
        schedule: ``"constant"``, ``"step:10:0.1"``, ``"cosine"``, ``"one-cycle"``.
        warmup: Epochs in which the learning rate grows from 0.
        loss: ``"cross_entropy"`` or ``"mse"``.
        label_smoothing: Share of the target that is spread over all classes.
        loss_weights: How much the loss of each output counts; by default 1 and, of auxiliary classifiers, 0.3, or 0.4
            where there is a single one.
        clip_norm: What the length of all gradients together is cut to.
        clip_value: What each gradient is cut off at.
        accumulate: Batches whose gradients make one update.
        freeze: Patterns of parameters, or of modules around them, that are not trained.
        lr_of: What the learning rate is multiplied by, by such a pattern.
        augment: What is done to pictures while they are trained on: ``("shift:2", "rotate:10")``, nothing for
            ``()``; by default ``shift:2`` where they have at least 16 pixels a side.
        weights: Arrays by name, or a checkpoint, to begin with; by default those of the model, or drawn from the seed.
        replace: Patterns of parameters, or of modules around them, that are drawn anew: a head for other classes.
        fractions: Shares of the pictures for train, validation and test.
        size: Channels, height and width of a picture, where the network takes any.
        seed: Of the split, the weights, the order of the pictures, and all that is drawn.
        output: Folder for ``last.safetensors``, ``best.safetensors``, ``log.jsonl`` and ``curves.svg``.
        resume: Go on where the training in that folder stopped.
        skip_bad: Leave out pictures of a folder that cannot be read or have another size than most.
        told: Called after each epoch with what it came to, and with how many there will be.

    Raises:
        DivergedError: If the loss is no number any more.
        NetweightError: If the model, the data or another argument is not one that fits; the error says what does.
    """
    given = dict(locals())
    start = time.perf_counter()
    files = files_of(output, resume=resume)
    with progress.stage("reading the pictures"):
        read = load_data(data, skip=skip_bad)
    found = networks(model, classes=len(read.classes), sample=None if size is None else tuple(size))
    usual = found.usual
    recipe = recipe_of(
        {**given, "batch": found.fixed_batch or batch}, len(found.training(found.fixed_batch or 2).outputs)
    )
    pictures = pictures_for(read, sample_of(usual), seed=seed, fractions=fractions)
    changes = _usual_changes(pictures.images.shape) if augment is None else tuple(augment)
    source = str(data) if isinstance(data, str | Path) else None
    session = Session(
        model=found.name, networks=found, pictures=pictures, recipe=recipe, augment=changes, source=source,
        change=augmentation(changes, len(read.classes)), files=files,
    )  # fmt: skip
    begun = None if files is None else files.begun(resume=resume)
    first, notes = _first_weights(found, weights, tuple(replace), seed)
    with progress.stage(f"training {usual.name}"):
        course, interrupted = session.run(first, begun, told or _silent)
    return _result(session, course, interrupted=interrupted, seconds=time.perf_counter() - start, notes=notes)


def _usual_changes(shape: tuple[int, ...]) -> tuple[str, ...]:
    return ("shift:2",) if min(shape[2:]) >= _MOVED_FROM else ()


def _silent(_epoch: results.Epoch, _of: int) -> None:
    """Nobody listens."""


def _first_weights(
    found: Networks, given: Mapping[str, Array] | str | Path | None, replace: tuple[str, ...], seed: int
) -> tuple[Mapping[str, Array], tuple[str, ...]]:
    """Weights to begin with, and what is to be said of them."""
    weights, drawn = found.first_weights(seed)
    if given is None:
        if replace:
            raise UsageError("replace: expected weights to begin with, got none", fix="--weights FILE")
        return weights, (f"the first weights are random, seed {seed}",) if drawn else ()
    arrays = load_checkpoint(Path(given)).weights if isinstance(given, str | Path) else given
    graph = found.usual
    where = str(given) if isinstance(given, str | Path) else "weights="
    anew = [name for pattern in replace for name in named_by(pattern, graph)]
    kept = {name: array for name, array in arrays.items() if name not in anew}
    notes = (f"drawn anew, seed {seed}: {', '.join(anew)}",) if anew else ()
    return fitted(where, {**kept, **{name: weights[name] for name in anew}}, graph, weights), notes


def _on_course(session: Session, course: Course) -> Iterator[str]:
    """What a reader must know of how it went."""
    if not session.pictures.sizes["validation"]:
        yield "there is no validation part: the last epoch counts as the best"
    guessing = math.log(len(session.pictures.data.classes))
    last = course.epochs[-1]
    loss = last.loss if last.validation_loss is None else last.validation_loss
    if session.recipe.loss.name == "cross_entropy" and len(session.recipe.loss.weights) == 1 and loss > guessing:
        why = "the learning rate may be too high, or the epochs too few"
        yield f"the loss is {loss:.4g}, that of guessing {guessing:.4g}: {why}"


def _result(
    session: Session, course: Course, *, interrupted: bool, seconds: float, notes: tuple[str, ...]
) -> TrainingRun:
    pictures = session.pictures
    images, labels = pictures.part("test")
    test = (
        evaluated(
            session.using(len(images)), course.best, images, labels, pictures.data, model=session.model, part="test"
        )
        if len(labels)
        else None
    )
    said = tuple(_on_course(session, course))
    run = results.TrainingRun(
        model=session.model, data=pictures.data.name, pictures=pictures.sizes,
        recipe=record_of(**asdict(session.recipe)),
        epochs=tuple(course.epochs), best_epoch=course.best_epoch, test=test, cost=cost_of(session), seconds=seconds,
        interrupted=interrupted, notes=(*notes, *pictures.data.notes, *said),
    )  # fmt: skip
    return TrainingRun.of(run, course.best)
