"""A notebook shows the whole report: nothing that the terminal says is left out, and nothing acts."""

import re
from dataclasses import replace
from html import unescape

import pytest

from netweight import Profile, weigh
from netweight.report.html import to_html
from netweight.report.summary import summary_line, totals_text


def words_of(page: str) -> str:
    """The text of a page without its tags."""
    return unescape(re.sub(r"<[^>]*>", "\n", page))


@pytest.mark.parametrize(
    "profile",
    [weigh("alexnet"), weigh("mlp", training=True, optimizer="adam"), weigh("lenet5", bits=8, conventions="inplace")],
    ids=["plain", "training", "int8"],
)
def test_everything_is_there(profile: Profile) -> None:
    page = profile._repr_html_()
    words = words_of(page)
    (given,) = profile.model.inputs
    assert f"{profile.model.name} (builtin), input x {'x'.join(map(str, given.shape))} {given.dtype}" in words
    for name, text in totals_text(profile):
        assert name in words
        assert text in words
    assert all(note in words for note in profile.notes)
    assert summary_line(profile) in words
    assert f"{profile.totals.macs:,}" in words
    assert "<script" not in page


def test_blocks_that_repeat_are_folded() -> None:
    page = weigh("resnet50")._repr_html_()
    assert "layer3.[1-5]" in page
    assert page.count("<tr>") < 60


def test_a_forward_that_fails_is_said() -> None:
    torch = pytest.importorskip("torch")
    module = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.Flatten(), torch.nn.Linear(5, 2))
    profile = weigh(module, (1, 3, 8, 8))
    assert profile.fault is not None
    words = words_of(profile._repr_html_())
    assert "partial, stopped at 2" in words
    assert "Linear(144, 2)" in words  # 4 channels of 6 x 6


def test_names_and_notes_are_escaped() -> None:
    evil = "<script>alert(1)</script>\x1b[31m"
    profile = weigh("mlp")
    changed = replace(
        profile, notes=(evil,), model=replace(profile.model, name=evil),
        layers=tuple(replace(row, layer=f"{evil}{row.layer}") for row in profile),
    )  # fmt: skip
    page = to_html(changed)
    assert "<script" not in page
    assert "\x1b" not in page
    assert page.count("&lt;script&gt;") >= 3
