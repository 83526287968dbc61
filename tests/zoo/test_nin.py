import pytest

from netweight import capture, weigh
from zoo.counting import imgclsmob_flops


@pytest.mark.parametrize(
    ("options", "params", "printed"), [("", 966_986, 222.97), (":num_classes=100", 984_356, 224.08)]
)
def test_cifar(options: str, params: int, printed: float) -> None:
    """imgclsmob prints half of 2 MACs + ReLU + pooling, in millions."""
    graph = capture(f"nin{options}")
    assert weigh(graph).totals.params == params
    assert round(imgclsmob_flops(graph) / 2e6, 2) == printed


def test_cifar_10_macs_and_what_imgclsmob_adds() -> None:
    on_32 = 32 * 32 * (192 * 3 * 25 + 160 * 192 + 96 * 160)
    on_16 = 16 * 16 * (192 * 96 * 25 + 192 * 192 + 192 * 192)
    on_8 = 8 * 8 * (192 * 192 * 9 + 192 * 192 + 10 * 192)
    graph = capture("nin")
    assert weigh(graph).totals.macs == on_32 + on_16 + on_8 == 222_486_528
    relus = 1024 * (192 + 160 + 96) + 256 * 3 * 192 + 64 * (192 + 192 + 10)
    pools = 256 * 96 * 9 + 64 * 192 * 9 + 64 * 10
    assert imgclsmob_flops(graph) == 2 * 222_486_528 + relus + pools


def test_cifar_shapes() -> None:
    shapes = {row.layer: row.output_shapes[0] for row in weigh("nin").layers}
    assert shapes["pool1"] == (1, 96, 16, 16)
    assert shapes["pool2"] == (1, 192, 8, 8)
    assert shapes["flatten"] == (1, 10)


def test_imagenet() -> None:
    profile = weigh("nin_imagenet")
    rows = {row.layer: row for row in profile.layers}
    assert profile.totals.params == sum(
        c_out * (c_in * k * k + 1)
        for c_in, c_out, k in (
            (3, 96, 11), (96, 96, 1), (96, 96, 1),
            (96, 256, 5), (256, 256, 1), (256, 256, 1),
            (256, 384, 3), (384, 384, 1), (384, 384, 1),
            (384, 1024, 3), (1024, 1024, 1), (1024, 1000, 1),
        )
    ) == 7_595_176  # fmt: skip
    assert [rows[name].output_shapes[0][2] for name in ("conv1", "pool1", "pool2", "pool3")] == [54, 27, 13, 6]
