"""A TFLite file to a model."""

from __future__ import annotations

from pathlib import Path

from netweight import progress
from netweight.errors import FormatError
from netweight.given_files import check_regular
from netweight.sources.tflite.model import TfliteModel, parse_model

_LARGEST = 1 << 33
_LEAST = 8
_MARK = b"TFL3"


def is_tflite(start: bytes) -> bool:
    """Whether the first bytes of a file are those of a TFLite file."""
    return start[4:8] == _MARK


def read_model(path: Path) -> TfliteModel:
    """The model in a file.

    Raises:
        FormatError: If the file cannot be read, or is no TFLite model.
    """
    with progress.stage(f"reading {path.name}"):
        try:
            size = check_regular(path, "a TFLite model")
            if size > _LARGEST:
                raise FormatError(f"file: expected at most {_LARGEST:,} bytes, got {size:,}")
            data = path.read_bytes()
        except OSError as error:
            raise FormatError(f"file: expected a readable file at {str(path)!r}, got none: {error.strerror}") from error
    if not data:
        raise FormatError(f"file: expected a TFLite model, got the empty file {str(path)!r}")
    if not is_tflite(data[:_LEAST]):
        raise FormatError(
            f"file: expected a TFLite model, got none in {str(path)!r}", why="bytes 4 to 8 are not 'TFL3'"
        )
    return parse_model(data)
