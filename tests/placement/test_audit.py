"""Audits of plans that hold and of plans that do not."""

from netweight.placement import Buffer, best
from netweight.placement.audit import Overlap, out_of_line, overlaps
from placement.problems import drawn, meet


def test_a_clash_has_both_names_its_bytes_and_its_first_step() -> None:
    buffers = [Buffer("a", 0, 4, 10), Buffer("b", 2, 5, 8), Buffer("c", 4, 6, 10)]
    # b has bytes 6 to 13: 6 to 9 are a's too; c is born when a is gone, and has bytes 0 to 9
    assert overlaps(buffers, {"a": 0, "b": 6, "c": 0}) == (Overlap("b", "a", 4, 2), Overlap("c", "b", 4, 4))
    assert overlaps(buffers, {"a": 0, "b": 10, "c": 0}) == ()


def test_every_clash_is_found_and_none_else() -> None:
    for seed in range(400):
        buffers = drawn(seed, most=12)
        offsets = {buffer.id: (seed * (at + 1)) % 17 for at, buffer in enumerate(buffers)}
        found = {frozenset((clash.one, clash.other)) for clash in overlaps(buffers, offsets)}
        solid = [buffer for buffer in buffers if buffer.size]
        pairs = [(one, other) for at, one in enumerate(solid) for other in solid[:at]]
        clash = [meet(one, offsets[one.id], other, offsets[other.id]) for one, other in pairs]
        expected = {frozenset((one.id, other.id)) for (one, other), both in zip(pairs, clash, strict=True) if both}
        assert found == expected, seed
        assert overlaps(buffers, best(buffers).offsets) == (), seed


def test_no_more_than_asked_for() -> None:
    buffers = [Buffer(str(number), 0, 1, 1) for number in range(30)]
    assert len(overlaps(buffers, dict.fromkeys(map(str, range(30)), 0), most=100)) == 100


def test_out_of_line() -> None:
    assert out_of_line([Buffer("a", 0, 1, 1, 8), Buffer("b", 0, 1, 1, 4)], {"a": 4, "b": 4}) == ("a",)
