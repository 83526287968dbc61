"""Architectures of timm, without weights."""

from __future__ import annotations

import functools

from netweight.errors import unknown_name
from netweight.ir import TensorSpec
from netweight.sources.names import Reference
from netweight.sources.torch.named.making import NamedModule, call_on_meta, import_package


def from_timm(reference: Reference, batch: int) -> NamedModule:
    """The architecture that timm has under a name, and an input of its default size.

    Raises:
        MissingExtraError: If timm is not installed, or does not import.
        UnknownNameError: If it has no such architecture.
    """
    timm = import_package("timm", reference.place)
    architecture, _, tag = reference.name.partition(".")
    names = timm.list_models()
    if not timm.is_model(architecture):
        raise unknown_name("model of timm", architecture, names, fix="timm.list_models() lists them")
    tags = timm.list_pretrained(f"{architecture}.*") if tag else []
    if tag and reference.name not in tags:
        raise unknown_name("model of timm", reference.name, tags, fix=f"timm:{architecture} has no tag")
    module = call_on_meta(functools.partial(timm.create_model, reference.name, pretrained=False), reference)
    known = getattr(module, "pretrained_cfg", None) or {}
    channels, height, width = known.get("input_size", (3, 224, 224))
    size = getattr(getattr(module, "patch_embed", None), "img_size", None) or (height, width)
    channels = reference.options.get("in_chans", channels)
    note = f"no input was given: it is a picture of the default size, {size[0]} x {size[1]}, for {reference}"
    return NamedModule(
        module=module,
        inputs=TensorSpec((batch, channels, *size)),
        source="timm",
        name=reference.name,
        input_notes=(note,),
    )
