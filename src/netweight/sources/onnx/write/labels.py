"""Layers and modules, written where a reader finds them: in the metadata of each ONNX node."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netweight.sources.onnx.naming import CLASSES, LAYER, SCOPES

if TYPE_CHECKING:
    from onnx import NodeProto


@dataclass(frozen=True, slots=True)
class Labels:
    """What is said about the layer of a node.

    Attributes:
        root: What the network is called.
        modules: Class of each module path that has one.
    """

    root: str
    modules: Mapping[str, str]

    def write(self, node: NodeProto, layer: str) -> None:
        """Say which layer a node belongs to: by its name alone where that says it, else in its metadata."""
        parts = layer.split(".")
        paths = [".".join(parts[:depth]) for depth in range(1, len(parts) + 1)]
        around = [path for path in paths if path in self.modules]
        if around:
            kinds = [self.modules.get("", self.root), *(self.modules[path] for path in around), node.op_type]
            node.metadata_props.add(key=CLASSES, value=repr(kinds))
            node.metadata_props.add(key=SCOPES, value=repr(["", *around, node.name]))
        if around or node.name != layer or "/" in layer:
            node.metadata_props.add(key=LAYER, value=layer)
