"""Names of layers that are much longer than any model has, and archives that are much larger than they look."""

from __future__ import annotations

import time
import zipfile
from pathlib import Path

import pytest

from netweight import limits
from netweight.array_files import read_arrays
from netweight.errors import FormatError
from netweight.report.names import span_of, stem_of


@pytest.mark.parametrize("piece", ["_", "a", "a_", "1", "._", "a1", ".1a"])
def test_the_numbers_of_a_name_are_found_in_linear_time(piece: str) -> None:
    started = time.process_time()
    name = piece * 200_000
    stem_of(name, {name})
    assert span_of([name, f"{name}_1"]).endswith("_[0-1]")
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("fc1", ("fc", "")),
        ("conv_12", ("conv_", "")),
        ("block2a", ("block", "a")),
        ("conv3_1", ("conv", "_", "")),
        ("___", ("___",)),
        ("7", ("", "")),
        ("x" + "1" * 5000, ("x" + "1" * 5000,)),
    ],
)
def test_a_name_without_its_numbers(name: str, stem: tuple[str, ...]) -> None:
    assert stem_of(name) == stem


def test_an_archive_that_unpacks_to_more_than_the_limit_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in "ab":
            archive.writestr(f"{name}.npy", bytes(1 << 20))
    with limits.raised(memory=(1 << 21) - 1), pytest.raises(FormatError, match="at most"):
        read_arrays(path)
