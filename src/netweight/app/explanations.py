"""Why the layers, modules and totals of a profile cost what they cost."""

from __future__ import annotations

import shlex
from functools import partial

from netweight.app.operator_rules import sentences
from netweight.errors import UnknownNameError, UsageError, unknown_name
from netweight.report.explain.alike import AlikeExplanation, meant_by, sums_of, without_marks
from netweight.report.explain.kernel import KernelExplanation, explain_kernel
from netweight.report.explain.layer import LayerExplanation, explain_layer
from netweight.report.explain.module import ModuleExplanation, explain_module
from netweight.report.explain.total import OverviewExplanation, TotalExplanation
from netweight.report.explain.totals import SUBJECTS, explain_total, subject_of
from netweight.report.terms import find_term
from netweight.results.profile import LayerRow, ModuleRow, Profile
from netweight.similar import plain, similar

OfNetwork = (
    LayerExplanation | ModuleExplanation | TotalExplanation | OverviewExplanation | AlikeExplanation | KernelExplanation
)

_FIRST = 5


def explain_profile(profile: Profile, path: str, given: str = "") -> OfNetwork:
    """Why a layer, a module or a total of a profile is what it is.

    Args:
        profile: The weighed network; what its backward says is there if a step of training was weighed.
        path: Path of a layer or module, of an ONNX model also that of a node; ``""`` is the whole network. Where no
            layer is called so, a total: ``"macs"``, ``"peak"``, ``"training"``, ...; ``"total"`` is all of them.
        given: What the network was called by who asked, for what to ask next.

    Raises:
        UnknownNameError: If the network has no such layer, and there is no such total.
        UsageError: If it is no text.
    """
    if not isinstance(path, str):
        raise UsageError(f"explain: expected the path of a layer, or a total such as 'macs', got {path!r}")
    name = _dotted(profile, path)
    plain_name = without_marks(name)
    found = _in_kernel(profile, name) or _in_kernel(profile, plain_name) or _alike(profile, plain_name)
    if found is not None:
        return found
    subject = subject_of(path) if path else "total"
    if subject is None:
        raise _no_such(profile, name)
    return explain_total(profile, subject, given)


def _in_kernel(profile: Profile, name: str) -> OfNetwork | None:
    """As ``_of_path``, and what the kernel of integers was made of that a layer of the model runs as."""
    found = _of_path(profile, name)
    kernels = () if found is None or profile.integer is None else profile.integer.in_layer(name)
    if found is None or not kernels:
        return found
    inside = (row.layer for row in profile.layers if row.layer.startswith(f"{name}."))
    parts = [part for path in dict.fromkeys(inside) if isinstance(part := _of_path(profile, path), LayerExplanation)]
    return explain_kernel(kernels, found, parts)


def _of_path(profile: Profile, name: str) -> LayerExplanation | ModuleExplanation | None:
    """Explanation of the layer or module of that path; None if there is none."""
    rows = [row for row in profile.layers if row.layer == name]
    if rows and name:
        rules_of = partial(sentences, own=profile.coverage.own_rules)
        return explain_layer(profile, rows, rules_of, _around(profile, name))
    if name and name in profile.modules.by_path:
        return explain_module(profile, name, _around(profile, name))
    return None


def _alike(profile: Profile, name: str) -> AlikeExplanation | None:
    """Explanation of the blocks that a report shows as one line; None if it is no such name."""
    if "[" not in name:
        return None
    layers = meant_by(name, _paths(profile.layers))
    paths = layers or meant_by(name, [row.module for row in profile.modules])
    first = _of_path(profile, paths[0]) if paths else None
    if first is None:
        return None
    rows = [row for row in profile.layers if row.layer in layers] if layers else [profile.modules[at] for at in paths]
    return AlikeExplanation(name=name, paths=paths, sums=sums_of(rows), first=first)


def _around(profile: Profile, name: str) -> tuple[ModuleRow, ...]:
    """The modules around a layer or module, the network first."""
    parts = name.split(".")
    paths = (".".join(parts[:depth]) for depth in range(len(parts)))
    return tuple(profile.modules[path] for path in paths if path in profile.modules.by_path)


def _no_such(profile: Profile, path: str) -> UnknownNameError:
    """Error for a name that is no layer: it may be the end of one, or a word with a meaning of its own."""
    what = f"layer of {profile.model.name}"
    known = [*_paths(profile.layers), *filter(None, (row.module for row in profile.modules))]
    ends = [name for name in known if path and name.endswith(f".{path}")][:3]
    if ends:
        return UnknownNameError(f"no {what} is called {path!r}", fix=f"did you mean {' or '.join(ends)}?")
    term = find_term(path)
    if term is not None and not any(plain(path) in plain(near) for near in similar(path, [*known, *SUBJECTS])):
        return UnknownNameError(
            f"no {what} is called {path!r}", fix=f"the word is explained by: netweight explain {shlex.quote(term.name)}"
        )
    first = f"its first layers: {', '.join(known[:_FIRST])}; or a total: {', '.join(SUBJECTS)}"
    return unknown_name(what, path, [*known, *SUBJECTS], fix=first)


def _paths(rows: tuple[LayerRow, ...]) -> list[str]:
    return [row.layer for row in rows]


def _dotted(profile: Profile, layer: str) -> str:
    """The layer of an ONNX node's path, ``/layer1/layer1.0/conv1/Conv``; anything else as it is."""
    if profile.model.source != "onnx" or "/" not in layer:
        return layer
    from netweight.sources.onnx.naming import layers_of_path

    known = {*(row.layer for row in profile.layers), *(row.module for row in profile.modules)}
    names = layers_of_path(layer)
    near = next((name for name in names if similar(name, known)), layer)
    return next((name for name in names if name in known), near)
