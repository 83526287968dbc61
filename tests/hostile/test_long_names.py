"""Names of layers that are much longer than any model has, and archives that are much larger than they look."""

from __future__ import annotations

import time
import zipfile
from pathlib import Path

import pytest

from netweight import limits
from netweight.array_files import read_arrays
from netweight.errors import FormatError
from netweight.report.entries import _block_of


@pytest.mark.parametrize("piece", ["_", "a", "a_", "1", "._", "a1", ".1a"])
def test_the_numbered_part_of_a_name_is_found_in_linear_time(piece: str) -> None:
    started = time.process_time()
    _block_of(piece * 200_000)
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    ("label", "parts"),
    [
        ("encoder.3.fc1", ("encoder.", "3", ".fc1")),
        ("encoder.3.fc", ("encoder.", "3", ".fc")),
        ("conv_12", ("conv_", "12", "")),
        ("block2a.conv", ("block2a.conv", "", "")),
        ("features.denseblock1.x", ("features.denseblock", "1", ".x")),
        ("___", ("___", "", "")),
        ("7", ("", "7", "")),
    ],
)
def test_the_numbered_part_of_a_name(label: str, parts: tuple[str, str, str]) -> None:
    assert _block_of(label) == parts


def test_an_archive_that_unpacks_to_more_than_the_limit_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in "ab":
            archive.writestr(f"{name}.npy", bytes(1 << 20))
    with limits.raised(memory=(1 << 21) - 1), pytest.raises(FormatError, match="at most"):
        read_arrays(path)
