"""Memories of several kinds: who lies where, and who is left out."""

import pytest

from netweight.errors import UsageError
from netweight.placement import Buffer
from netweight.placement.banks import Bank, spill
from placement.problems import drawn, wrong


def test_what_does_not_fit_spills_in_order() -> None:
    buffers = [Buffer("a", 0, 2, 8), Buffer("b", 0, 2, 6), Buffer("c", 0, 2, 7)]
    found = spill(buffers, [Bank("sram", 8), Bank("psram", 6), Bank("flash")])
    assert {name: sorted(plan.offsets) for name, plan in found.plans.items()} == {
        "sram": ["a"], "psram": ["b"], "flash": ["c"],
    }  # fmt: skip
    assert found.left_out == ()


def test_a_wish_is_kept_and_one_without_room_is_left_out() -> None:
    buffers = [Buffer("a", 0, 2, 8, banks=("psram",)), Buffer("b", 0, 2, 9, banks=("sram",)), Buffer("c", 1, 3, 4)]
    found = spill(buffers, [Bank("sram", 8), Bank("psram")])
    assert "a" in found.plans["psram"].offsets
    assert "c" in found.plans["sram"].offsets
    assert found.left_out == ("b",)


def test_the_one_that_can_go_elsewhere_goes() -> None:
    buffers = [Buffer("a", 0, 2, 5, banks=("sram",)), Buffer("b", 0, 2, 5)]
    assert spill(buffers, [Bank("sram", 5), Bank("psram")]).left_out == ()


def test_each_bank_has_a_plan_within_its_capacity() -> None:
    for seed in range(100):
        buffers = drawn(3 * seed + 1, most=9)
        found = spill(buffers, [Bank("sram", 12), Bank("psram", 10), Bank("flash", 4)])
        placed = set()
        for bank, plan in zip((12, 10, 4), found.plans.values(), strict=True):
            assert wrong([buffer for buffer in buffers if buffer.id in plan.offsets], plan.offsets, bank) == [], seed
            placed |= set(plan.offsets)
        assert placed | set(found.left_out) == {buffer.id for buffer in buffers}


def test_banks_that_cannot_be() -> None:
    with pytest.raises(UsageError, match="no bank of buffer a is called 'sram2'"):
        spill([Buffer("a", 0, 1, 1, banks=("sram2",))], [Bank("sram", 5)])
    with pytest.raises(UsageError, match="expected each name once, got sram, sram"):
        spill([], [Bank("sram", 5), Bank("sram", 6)])
