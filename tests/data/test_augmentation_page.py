"""The page on augmentation: its pictures are those of the script, its table is that of the code."""

from __future__ import annotations

import base64
import io
import re
import runpy
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from netweight.data.augment.table import WAYS

ROOT = Path(__file__).parent.parent.parent
DRAWN = runpy.run_path(str(ROOT / "scripts" / "augmentation-pictures"))
PAGE = (ROOT / "docs" / "augmentation.md").read_text(encoding="utf-8")
_CODED = re.compile(r"base64,([^\"]+)")


def _stored(name: str) -> str:
    return (ROOT / "docs" / "images" / name).read_text(encoding="utf-8")


def _pixels(svg: str) -> list[np.ndarray]:
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(one))), np.int64) for one in _CODED.findall(svg)]


@pytest.mark.parametrize("name", DRAWN["PICTURES"])
def test_pictures_are_those_of_the_script(name: str) -> None:
    """The same words, and the same pixels but for a rounding."""
    stored, drawn = _stored(name), DRAWN["picture"](DRAWN["PICTURES"][name])
    ET.fromstring(stored)
    assert _CODED.sub("", stored) == _CODED.sub("", drawn), "scripts/augmentation-pictures draws it again"
    pairs = list(zip(_pixels(stored), _pixels(drawn), strict=True))
    assert len(pairs) == 1 + DRAWN["DRAWS"]
    for before, after in pairs:
        np.testing.assert_allclose(before, after, atol=1)
    assert f"images/{name}" in PAGE


def test_every_way_is_drawn_and_the_first_picture_is_the_digit() -> None:
    assert {text.partition(":")[0] for text in DRAWN["TEXTS"]} == set(WAYS)
    for name in DRAWN["PICTURES"]:
        first, *others = _pixels(_stored(name))
        blocks = first.reshape(8, 4, 8, 4)
        assert (blocks == blocks[:, :1, :, :1]).all()  # each pixel of 8 x 8 four times four
        assert any((first != other).any() for other in others)


@pytest.mark.parametrize("name", ["mixup", "cutmix"])
def test_targets_below_a_mixed_picture_are_what_its_pixels_say(name: str) -> None:
    """Least squares over the three digits of the batch, or a count of pixels, gives the share that is written."""
    digits = np.round(255 * DRAWN["batch"]()[0][:, 0]).astype(np.int64)
    labels = (DRAWN["DIGIT"], *DRAWN["OTHERS"])
    svg = _stored(f"augmentation-{name}.svg")
    texts = re.findall(r'<text x="\d+" y="\d+">([^<]*)</text>', svg)
    assert any("of" in text for text in texts)
    for pixels, text in zip(_pixels(svg), texts, strict=True):
        shares = dict.fromkeys(labels, 0.0) | {
            int(one.split()[-1]): float(one.split()[0]) for one in text.split(", ") if "of" in one
        }
        if "of" not in text:
            shares[int(text)] = 1.0
        if name == "mixup":
            found = np.linalg.lstsq(digits.reshape(3, -1).T, pixels.ravel(), rcond=None)[0]
            np.testing.assert_allclose(found, list(shares.values()), atol=0.01)
        else:
            other = next((k for k in (1, 2) if shares[labels[k]]), 1)
            at_most = (pixels == digits[other]).mean()  # equal pixels of both digits count for both
            at_least = 1 - (pixels == digits[0]).mean()
            assert at_least - 0.005 <= shares[labels[other]] <= at_most + 0.005
        assert sum(shares.values()) == pytest.approx(1, abs=0.011)


def test_the_table_is_that_of_the_code() -> None:
    rows = re.findall(r"^\| `(\w+)` \| [^|]* \| ([\d.,]+) \| ([\d.,]+) \| [^|]* \| ([^|]*) \|$", PAGE, re.MULTILINE)
    assert [row[0] for row in rows] == list(WAYS)
    for name, usual, high, label in rows:
        way = WAYS[name]
        assert (float(usual), float(high.replace(",", ""))) == (way.usual, way.high)
        assert (label == "stays") == (not way.mixes)
