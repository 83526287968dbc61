"""Convolutions."""

from __future__ import annotations

from collections.abc import Sequence

from netweight.sources.onnx.write import writes
from netweight.sources.onnx.write.step import Step

PAD_MODES = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}
"""Padding modes that read the input, as ONNX calls them."""


def onnx_pads(padding: Sequence[tuple[int, int]]) -> list[int]:
    """ONNX lists all that comes before, then all that comes after."""
    return [before for before, _ in padding] + [after for _, after in padding]


def _padded(step: Step) -> tuple[str, list[int]]:
    """The input and what is left to pad: modes other than zeros by Pad before it."""
    attrs, x = step.attrs, step.names[0]
    pads = onnx_pads(attrs.padding)
    if attrs.padding_mode == "zeros" or not any(pads):
        return x, pads
    around = onnx_pads(((0, 0), (0, 0), *attrs.padding))
    return step.value("Pad", x, step.ints(*around), mode=PAD_MODES[attrs.padding_mode]), [0] * len(pads)


def _convolved(name: str, op_type: str) -> None:
    @writes(name)
    def rule(step: Step) -> None:
        attrs = step.attrs
        x, pads = _padded(step)
        settings = {"strides": attrs.stride, "dilations": attrs.dilation, "group": attrs.groups}
        step.result(op_type, x, *step.names[1:], pads=pads, **settings)


_convolved("conv", "Conv")
_convolved("integer_conv", "ConvInteger")


@writes("conv_transpose")
def conv_transpose(step: Step) -> None:
    """ConvTranspose; runtimes want output_padding below the stride, so what is more is cut off less, or padded."""
    attrs = step.attrs
    x, weight, bias = step.names
    spare = [min(more, after) for more, (_, after) in zip(attrs.output_padding, attrs.padding, strict=True)]
    padding = [(before, after - less) for (before, after), less in zip(attrs.padding, spare, strict=True)]
    beyond = [more - less for more, less in zip(attrs.output_padding, spare, strict=True)]
    settings = {"strides": attrs.stride, "dilations": attrs.dilation, "group": attrs.groups, "pads": onnx_pads(padding)}
    if all(more < stride for more, stride in zip(beyond, attrs.stride, strict=True)):
        step.result("ConvTranspose", x, weight, bias, output_padding=beyond, **settings)
        return
    around = onnx_pads(((0, 0), (0, 0), *((0, more) for more in beyond)))
    y = step.value("ConvTranspose", x, weight, **settings)
    if not bias:
        step.result("Pad", y, step.ints(*around))
        return
    per_channel = (step.y.shape[1], *(1,) * len(attrs.stride))
    step.result("Add", step.value("Pad", y, step.ints(*around)), step.reshaped(bias, per_channel))


@writes("deform_conv")
def deform_conv(step: Step) -> None:
    """DeformConv, whose bias comes before the mask."""
    attrs = step.attrs
    x, weight, offset, mask, bias = step.names
    step.result(
        "DeformConv", x, weight, offset, bias, mask,
        strides=attrs.stride,
        pads=onnx_pads(attrs.padding),
        dilations=attrs.dilation,
        group=attrs.groups,
        offset_group=attrs.offset_groups,
    )  # fmt: skip
