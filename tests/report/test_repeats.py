"""Which block stands several times in a row."""

from __future__ import annotations

from netweight.report.repeats import repeats_at


def test_the_block_that_covers_most_is_taken() -> None:
    assert repeats_at("aabaabaab", 0) == (3, 3)
    assert repeats_at("aaaa", 0) == (1, 4)
    assert repeats_at("abab", 0) == (2, 2)  # the last length that can stand twice
    assert repeats_at("abcabd", 0) == (1, 1)
