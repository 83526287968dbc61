import hypothesis.strategies as st
from hypothesis import assume
from hypothesis.strategies import DrawFn

from cases.draws import Case, normal
from netweight.ops.sample.resample import ResampleAttrs

_COORDINATES = [
    "half_pixel", "pytorch_half_pixel", "half_pixel_symmetric", "align_corners", "asymmetric", "tf_crop_and_resize",
]  # fmt: skip


@st.composite
def resample_cases(draw: DrawFn) -> Case:
    """Every mode and placement, any dimension up, down or unchanged, scales that the sizes do not tell, crops."""
    dims = draw(st.integers(0, 3))
    in_size = tuple(draw(st.integers(1, 5)) for _ in range(dims))
    if draw(st.booleans()):
        size = tuple(draw(st.sampled_from([now, *range(1, 7)])) for now in in_size)
        scale = tuple(out / now for out, now in zip(size, in_size, strict=True))
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
    attrs = ResampleAttrs(
        size=size,
        scale=scale,
        mode=mode,
        coordinates=coordinates,
        nearest=draw(st.sampled_from(["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"])),
        cubic_a=draw(st.sampled_from([-0.75, -0.5])),
        exclude_outside=not cropped and draw(st.booleans()),
        antialias=mode != "nearest" and draw(st.booleans()),
        region=tuple(draw(st.sampled_from(regions)) for _ in in_size) if cropped else None,
        extrapolation_value=draw(st.sampled_from([0.0, 2.5])),
    )
    return attrs, (normal(draw, *in_size),)


CASES = {"resample": resample_cases()}
