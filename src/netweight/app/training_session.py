"""One training from its first epoch, or the one that it goes on with, to its last."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from netweight.app.pictures_for import Pictures
from netweight.app.trained_networks import Networks
from netweight.app.training_files import LAST, Files, record_of
from netweight.data.loader import Batches
from netweight.errors import FormatError, UsageError
from netweight.lazy import Array, np
from netweight.results.training_run import Epoch
from netweight.training import metrics
from netweight.training.checkpoint import Checkpoint, digest, fitted
from netweight.training.fit import Course, Judged, epochs
from netweight.training.record import check_record
from netweight.training.scores import scores
from netweight.training.trainer import Recipe, Trainer

AT_ONCE = 64
"""Pictures whose scores are found at once."""
_MAY_CHANGE = ("epochs",)

Change = Callable[[Array, Array, np.random.Generator], tuple[Array, Array]]


@dataclass(frozen=True, eq=False, kw_only=True)
class Session:
    """A network, its pictures, and how it is trained on them.

    Attributes:
        model: What the network is called.
        networks: The network at any number of pictures.
        pictures: What it is trained on.
        recipe: How it is trained.
        source: Where the pictures are from, as the user wrote it; None where they were given as arrays.
        augment: What is done to pictures, as the user wrote it.
        change: The same as a function; None for nothing.
        files: Where it is kept; None for nowhere.
    """

    model: str
    networks: Networks
    pictures: Pictures
    recipe: Recipe
    source: str | None = None
    augment: tuple[str, ...] = ()
    change: Change | None = None
    files: Files | None = None

    def run(
        self, weights: Mapping[str, Array], begun: Checkpoint | None, told: Callable[[Epoch, int], None]
    ) -> tuple[Course, bool]:
        """Train; what each epoch came to and the best weights, and whether it was interrupted.

        Args:
            weights: To begin with.
            begun: What to go on with.
            told: Hears of each epoch, and of how many there will be.
        """
        trainer = Trainer(self.networks.training, weights, self.recipe)
        course = Course()
        if begun is not None:
            self._restore(trainer, course, begun)
        judge = self._judge if self.pictures.sizes["validation"] else None
        batches = self._batches()
        interrupted = True
        with suppress(KeyboardInterrupt):
            for best in epochs(trainer, batches, course, judge):
                if self.files is not None:
                    title = f"{self.model} on {self.pictures.data.name}"
                    self.files.keep(self._checkpoint(trainer, course), title, course.epochs, best=best)
                told(course.epochs[-1], self.recipe.epochs)
            interrupted = False
        if interrupted and not course.epochs:
            raise KeyboardInterrupt
        return course, interrupted

    def _judge(self, weights: Mapping[str, Array]) -> Judged:
        images, labels = self.pictures.part("validation")
        found = scores(self.using(len(images)), weights, images)
        return Judged(metrics.cross_entropy(found, labels), metrics.top(found, labels, 1))

    def using(self, images: int) -> Any:
        """The network as it is used, for so many pictures at once, or fewer."""
        return self.networks.using(self.networks.fixed_batch or min(AT_ONCE, images))

    def _batches(self) -> Batches:
        at = self.pictures.split.train
        images, labels = self.pictures.images[at], self.pictures.data.labels[at]
        change = self.change
        if change is None:
            images = self.pictures.ready(images)
        else:
            drawn = change

            def change(images: Array, labels: Array, rng: np.random.Generator) -> tuple[Array, Array]:
                made, targets = drawn(images, labels, rng)
                return self.pictures.ready(made), targets

        return Batches(
            images=images, labels=labels, batch=self.recipe.batch, seed=self.recipe.seed, change=change,
            drop_last=self.networks.fixed_batch is not None,
        )  # fmt: skip

    def _checkpoint(self, trainer: Trainer, course: Course) -> Checkpoint:
        graph = self.networks.usual
        kept = [value.name for value in graph.values.values() if value.kind in ("parameter", "buffer")]
        record = record_of(
            **self._identity(), epoch=len(course.epochs), updates=trainer.updates, best_epoch=course.best_epoch,
            history=[asdict(epoch) for epoch in course.epochs],
        )  # fmt: skip
        return Checkpoint(
            weights={name: trainer.weights[name] for name in kept}, states=trainer.parameters.states, record=record
        )

    def _identity(self) -> dict[str, Any]:
        """What is the same in all epochs of a training."""
        graph = self.networks.usual
        data = self.pictures.data
        return record_of(
            model=self.model, network=digest(graph), sample=self.networks.sample, data=data.name,
            source=self.source,
            classes=data.classes, pictures=self.pictures.sizes, fractions=self.pictures.fractions,
            centre=asdict(self.pictures.centre), recipe=asdict(self.recipe), augment=self.augment,
            generators="PCG64 of (seed, epoch, batch)",
        )  # fmt: skip

    def _restore(self, trainer: Trainer, course: Course, begun: Checkpoint) -> None:
        """Go on where a training stopped.

        Raises:
            UsageError: If that was another training.
            FormatError: If the file lacks what the optimiser keeps.
        """
        _check_same(self._identity(), begun.record)
        check_record(begun.record, LAST, ("updates", "history", "best_epoch"))
        graph = self.networks.usual
        for name, array in fitted("last.safetensors", begun.weights, graph, {}).items():
            trainer.weights[name][...] = array
        for name, array in trainer.parameters.states.items():
            if begun.states.get(name, array[..., None]).shape != array.shape:
                raise FormatError(f"resume: expected what the optimizer keeps of {name} in last.safetensors, got none")
            array[...] = begun.states[name]
        trainer.updates = begun.record["updates"]
        course.epochs = [Epoch(**one) for one in begun.record["history"]]
        course.best_epoch = begun.record["best_epoch"]
        if self.files is not None:
            best = fitted("best.safetensors", self.files.best().weights, graph, {})
            course.best = {**{name: np.array(array) for name, array in trainer.weights.items()}, **best}


def _check_same(here: dict[str, Any], there: Mapping[str, Any]) -> None:
    """Refuse to go on with another training.

    Raises:
        UsageError: If something differs that an epoch depends on.
    """
    changed = []
    for name, value in here.items():
        before = there.get(name)
        if isinstance(value, dict) and isinstance(before, dict):
            names = [key for key in value if value[key] != before.get(key) and key not in _MAY_CHANGE]
            changed += [f"{key} was {before.get(key)}, and is {value[key]}" for key in names]
        elif before != value:
            changed.append(f"{name} was {before}, and is {value}")
    if changed:
        raise UsageError(
            "resume: expected the training that is in the folder, got another", why="\n".join(changed),
            fix="the same arguments as before, or another -o FOLDER",
        )  # fmt: skip
