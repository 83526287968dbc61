"""The folder of a training: the last epoch, the best one, a line per epoch, the curves."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from netweight.errors import UsageError
from netweight.files import write_text
from netweight.given_files import is_directory, is_file
from netweight.report.train.curves import to_svg
from netweight.results.as_json import fields_of
from netweight.results.training_run import Epoch
from netweight.training.checkpoint import Checkpoint, load, save

LAST, BEST, LOG, CURVES = "last.safetensors", "best.safetensors", "log.jsonl", "curves.svg"


@dataclass(frozen=True, slots=True)
class Files:
    """Where a training is kept.

    Attributes:
        folder: Of the files.
    """

    folder: Path

    def begun(self, *, resume: bool) -> Checkpoint | None:
        """What there is to go on with; the folder is made if there is none.

        Raises:
            UsageError: If there is a training already and nobody asked to go on, or the folder cannot be made.
            FormatError: If it is not one that can be read.
        """
        last = self.folder / LAST
        if is_file(last):
            if resume:
                return load(last)
            raise UsageError(
                f"output: expected a folder without a training, got {str(self.folder)!r} with {LAST}",
                fix="--resume goes on with it; another -o FOLDER keeps it",
            )
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"output: expected to make {str(self.folder)!r}, got: {error.strerror}") from error
        return None

    def best(self) -> Checkpoint:
        """The best epoch so far."""
        return load(self.folder / BEST)

    def keep(self, checkpoint: Checkpoint, title: str, epochs: list[Epoch], *, best: bool) -> None:
        """Write what an epoch came to: the best one first, so that none is missing beside the last.

        Raises:
            UsageError: If a file cannot be written; those that are there stay.
        """
        if best:
            save(self.folder / BEST, checkpoint)
        save(self.folder / LAST, checkpoint)
        write_text(self.folder / LOG, "".join(json.dumps(fields_of(epoch)) + "\n" for epoch in epochs))
        write_text(self.folder / CURVES, to_svg(title, epochs))


def files_of(output: str | Path | None, *, resume: bool) -> Files | None:
    """The folder that a user named, if one was.

    Raises:
        UsageError: If it is a file, or somebody wants to go on and names no folder.
    """
    if output is None:
        if resume:
            raise UsageError("resume: expected the folder of a training, got none", fix="-o FOLDER --resume")
        return None
    folder = Path(output)
    if is_file(folder) or (folder.suffix and not is_directory(folder) and folder.suffix in (".safetensors", ".json")):
        raise UsageError(f"output: expected a folder, got {str(folder)!r}", fix=f"-o {folder.stem}")
    return Files(folder)


def record_of(**parts: Any) -> dict[str, Any]:
    """What a checkpoint says beside its arrays, as JSON holds it."""
    found: dict[str, Any] = json.loads(json.dumps(parts))
    return found
