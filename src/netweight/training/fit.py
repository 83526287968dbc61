"""Epochs of a training, one after the other: what each came to, and which was the best."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from netweight import progress
from netweight.data.loader import Batches
from netweight.lazy import Array, np
from netweight.results.training_run import Epoch
from netweight.training.trainer import Batch, Trainer


@dataclass(frozen=True, slots=True)
class Judged:
    """What the validation part says: its loss, and the share of its pictures that are right."""

    loss: float
    accuracy: float


@dataclass(slots=True, eq=False)
class Course:
    """How far a training has come.

    Attributes:
        epochs: What each epoch came to.
        best_epoch: Which was the best, from 1; 0 before there is one.
        best: Its weights.
    """

    epochs: list[Epoch] = field(default_factory=list)
    best_epoch: int = 0
    best: dict[str, Array] = field(default_factory=dict)

    def add(self, epoch: Epoch, weights: Mapping[str, Array]) -> bool:
        """Take an epoch in; whether it is the best so far: that of the lowest validation loss.

        Where nothing judges, the last is the best.
        """
        before = self.epochs[self.best_epoch - 1] if self.best_epoch else None
        self.epochs.append(epoch)
        better = before is None or _worth(epoch) >= _worth(before)
        if better:
            self.best_epoch = epoch.epoch
            self.best = {name: np.array(array) for name, array in weights.items()}
        return better


def _worth(epoch: Epoch) -> float:
    return 0.0 if epoch.validation_loss is None else -epoch.validation_loss


def epochs(
    trainer: Trainer,
    batches: Batches,
    course: Course,
    judge: Callable[[Mapping[str, Array]], Judged] | None,
    clock: Callable[[], float] = time.perf_counter,
) -> Iterator[bool]:
    """Train epoch after epoch from where the course stands; after each whether it was the best.

    Args:
        trainer: The network.
        batches: The training part.
        course: How far it has come; each epoch is added.
        judge: What the validation part says of weights.
        clock: What says the time, in seconds.

    Raises:
        DivergedError: If the loss is no number any more.
    """
    total = trainer.recipe.epochs
    for index in range(len(course.epochs), total):
        start = clock()
        loss = right = images = 0.0
        lr = 0.0
        given = (Batch(*one) for one in batches.epoch(index))
        for number, step in enumerate(trainer.epoch(index, given, epoch_batches=len(batches))):
            loss += step.loss * step.images
            right += step.right
            images += step.images
            lr = step.lr
            seconds = clock() - start
            left = seconds / (number + 1) * (len(batches) * (total - index) - number - 1)
            said = _sofar(index, total, loss, right, images, seconds)
            progress.step(f"{said}, {left:,.0f} s left", number + 1, len(batches))
        seconds = clock() - start
        judged = None if judge is None else judge(trainer.weights)
        epoch = Epoch(
            epoch=index + 1, loss=loss / images, accuracy=right / images,
            validation_loss=None if judged is None else judged.loss,
            validation_accuracy=None if judged is None else judged.accuracy,
            lr=lr, seconds=seconds, images_per_second=images / seconds if seconds > 0 else 0.0,
        )  # fmt: skip
        yield course.add(epoch, trainer.weights)


def _sofar(index: int, total: int, loss: float, right: float, images: float, seconds: float) -> str:
    rate = f", {images / seconds:,.0f} images/s" if seconds > 0 else ""
    return f"epoch {index + 1} of {total}, loss {loss / images:.4f}, {100 * right / images:.1f} % right{rate}"
