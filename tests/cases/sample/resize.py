import math

import hypothesis.strategies as st
from hypothesis import assume
from hypothesis.strategies import DrawFn

from cases.draws import Case, normal
from netweight.ops.sample.resize import ResizeAttrs

_COORDINATES = [
    "half_pixel", "pytorch_half_pixel", "half_pixel_symmetric", "align_corners", "asymmetric", "tf_crop_and_resize",
]  # fmt: skip
_ROUNDINGS = ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"]


@st.composite
def pytorch_resize_cases(draw: DrawFn) -> Case:
    """Planes as PyTorch resizes them: every mode, up, down and unchanged, by size or by a factor that counts."""
    dims = draw(st.integers(1, 3))
    most = 7 if dims < 3 else 4
    in_size = [draw(st.integers(1, most)) for _ in range(dims)]
    kinds = {
        "nearest": ("asymmetric", "floor"), "nearest-exact": ("half_pixel", "round_prefer_ceil"),
        "linear": ("half_pixel", "floor"), "cubic": ("half_pixel", "floor"),
    }  # fmt: skip
    kind = draw(st.sampled_from(list(kinds)))
    coordinates, rounding = kinds[kind]
    if kind in ("linear", "cubic") and draw(st.booleans()):
        coordinates = "align_corners"
    scale = None
    if coordinates != "align_corners" and draw(st.booleans()):
        scale = tuple(draw(st.sampled_from([0.3, 0.5, 0.7, 1.0, 1.1, 1.5, 2.0, 2.7])) for _ in range(dims))
        size = tuple(math.floor(now * factor) for now, factor in zip(in_size, scale, strict=True))
        assume(min(size) > 0)
        # PyTorch's own kernels, and forward and backward, disagree where rounding makes a size stay or double.
        assume(
            all(
                (out == now) == (factor == 1) and (out == 2 * now) == (factor == 2)
                for now, out, factor in zip(in_size, size, scale, strict=True)
            )
        )
    else:
        size = tuple(draw(st.integers(1, most + 3)) for _ in range(dims))
    mode = kind.removesuffix("-exact")
    attrs = ResizeAttrs(size=size, mode=mode, coordinates=coordinates, rounding=rounding, scale=scale)
    return attrs, (normal(draw, draw(st.integers(1, 2)), draw(st.integers(1, 2)), *in_size),)


@st.composite
def onnx_resize_cases(draw: DrawFn) -> Case:
    """As ONNX does: every mode and placement, scales that the sizes do not tell, crops; zeros lie beyond."""
    dims = draw(st.integers(0, 3))
    in_size = tuple(draw(st.integers(1, 5)) for _ in range(dims))
    if draw(st.booleans()):
        size = tuple(draw(st.sampled_from([now, *range(1, 7)])) for now in in_size)
        scale = draw(st.sampled_from([None, tuple(out / now for out, now in zip(size, in_size, strict=True))]))
    else:
        scale = tuple(draw(st.sampled_from([0.3, 0.6, 1.0, 1.1, 1.3, 1.5, 2.0])) for _ in in_size)
        size = tuple(
            max(draw(st.sampled_from([int, round]))(now * s), 1) for now, s in zip(in_size, scale, strict=True)
        )
        assume(all(-1 < out - now * s <= 0.5 for out, now, s in zip(size, in_size, scale, strict=True)))
    mode = draw(st.sampled_from(["nearest", "linear", "cubic"]))
    coordinates = draw(st.sampled_from(_COORDINATES))
    regions = [(0, 1), (0.25, 0.75), (0.6, 0.1), (-0.5, 1.2), (0.5, 1.75)]
    cropped = coordinates == "tf_crop_and_resize"
    attrs = ResizeAttrs(
        size=size,
        scale=scale,
        mode=mode,
        coordinates=coordinates,
        rounding=draw(st.sampled_from(_ROUNDINGS)),
        cubic_a=draw(st.sampled_from([-0.75, -0.5])),
        exclude_outside=not cropped and draw(st.booleans()),
        antialias=mode != "nearest" and draw(st.booleans()),
        region=tuple(draw(st.sampled_from(regions)) for _ in in_size) if cropped else None,
    )
    return attrs, (normal(draw, draw(st.integers(1, 2)), *in_size),)


CASES = {"resize": st.one_of(pytorch_resize_cases(), onnx_resize_cases())}
BATCHED = {"resize": ("x",)}
LINEAR = ["resize"]
