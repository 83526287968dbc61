"""Asks a rule of the user's about one call, and refuses an answer that cannot be right."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from netweight.errors import RuleError, UsageError, text_of
from netweight.ir import TensorSpec, bits_of
from netweight.ops.own import OwnAttrs, Shapes, Work, work_of
from netweight.ops.table import WORK_KINDS, Cost
from netweight.own_rules.answer import Counted
from netweight.own_rules.place import Place, raised_at
from netweight.own_rules.table import OwnRule

_SIZES = "x.shape, x.dtype, x.numel and x.nbytes are what a rule knows of a tensor x"


def answer_of(
    rule: OwnRule,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    tensors: Mapping[str, TensorSpec],
    *,
    outputs: Sequence[TensorSpec] | None = None,
    written: Sequence[TensorSpec] = (),
    settings: Mapping[str, Any] | None = None,
) -> OwnAttrs:
    """What the rule says of a call.

    Args:
        rule: The rule.
        args: What it is called with: the call's arguments, specs in the place of tensors.
        kwargs: The same by name.
        tensors: Specs of the tensors by name, in the order in which the call reads them.
        outputs: What the operator itself says of its results; None if it says nothing.
        written: Specs of the tensors that the call writes over.
        settings: Arguments that are no tensors, by name.

    Raises:
        RuleError: If it raises, or what it says cannot be.
    """
    counted = _asked(rule, args, kwargs)
    results = [*_outputs(rule, counted, outputs), *written]
    saves, kept = _saves(rule, counted, tensors, len(results))
    return OwnAttrs(
        rule=rule.name,
        place=str(rule.place),
        says=" ".join((inspect.getdoc(rule.function) or "").partition("\n\n")[0].split()),
        inputs=tuple(tensors),
        outputs=_plain(results),
        work=_work(rule, "cost", counted.cost),
        saves=saves,
        kept=tuple((name, *shape) for name, shape in zip(kept, _plain(kept.values()), strict=True)),
        backward=_backward(rule, counted, tensors),
        settings=tuple((settings or {}).items()),
    )


def mistake(rule: OwnRule, text: str, *, at: Place | None = None, why: str = "", fix: str = "") -> RuleError:
    """An error that names the line of the user's rule."""
    error = RuleError(f"rule of {rule.name}: {text}", why=why, fix=fix)
    error.add_note(f"{at or rule.place}: in {getattr(rule.function, '__name__', 'the rule')}")
    return error


def _asked(rule: OwnRule, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Counted:
    try:
        counted = rule.function(*args, **kwargs)
    except Exception as error:
        at = raised_at(rule.place, error.__traceback__)
        text = f"expected a Counted, got {type(error).__name__}: {text_of(error)}"
        raise mistake(rule, text, at=at, fix=_hint(error)) from error
    if not isinstance(counted, Counted):
        raise mistake(
            rule, f"expected a Counted, got {_kind(counted)}", fix="return netweight.Counted(y, netweight.Cost(...))"
        )
    return counted


def _hint(error: Exception) -> str:
    return _SIZES if "TensorSpec" in str(error) or "'Size' object is not callable" in str(error) else ""


def _outputs(rule: OwnRule, counted: Counted, own: Sequence[TensorSpec] | None) -> Sequence[TensorSpec]:
    """Specs of the results, which the operator's own kernel says as well if it says anything."""
    said = counted.outputs
    if said is None:
        if own is None:
            raise mistake(rule, "expected outputs, as the operator itself does not say them, got None")
        return own
    found = list(said) if isinstance(said, tuple | list) else [said]
    for spec in found:
        _check_spec(rule, "outputs", spec)
    if own is not None and _plain(found) != _plain(own):
        raise mistake(
            rule,
            f"expected outputs {_listed(own)}, as the operator's own meta kernel gives, got {_listed(found)}",
            fix="the shape, or outputs=None for what the kernel says",
        )
    return found


def _check_spec(rule: OwnRule, what: str, spec: Any) -> None:
    if not isinstance(spec, TensorSpec):
        raise mistake(rule, f"expected a TensorSpec in {what}, got {_kind(spec)}", fix="netweight.TensorSpec((8, 64))")
    sizes: Any = spec.shape
    for size in sizes if isinstance(sizes, tuple | list) else (sizes,):
        if not isinstance(size, int) or size < 0:
            raise mistake(rule, f"expected sizes of at least 0 in {what}, got {_listed([spec])}", fix=_whole(size))
    try:
        bits_of(spec.dtype)
    except (UsageError, TypeError) as error:
        raise mistake(rule, f"expected an element type in {what}, got {spec.dtype!r}", fix="x.dtype") from error


def _saves(
    rule: OwnRule, counted: Counted, tensors: Mapping[str, TensorSpec], results: int
) -> tuple[tuple[str, ...], dict[str, TensorSpec]]:
    """Names of what is kept, and specs of those that nobody else sees."""
    known = [*tensors, *(f"y{at or ''}" for at in range(results))]
    said: Any = counted.saves
    given = said if isinstance(said, tuple | list) else (said,)
    kept: dict[str, TensorSpec] = {}
    names = []
    for saved in given:
        if isinstance(saved, str):
            starred = [name for name in tensors if name.startswith(f"{saved}.")]
            if saved not in known and not starred:
                raise mistake(rule, f"expected saves among {', '.join(known)}, got {saved!r}")
            names.extend([saved] if saved in known else starred)
        else:
            _check_spec(rule, "saves", saved)
            kept[f"saved{len(kept)}"] = saved
    return (*names, *kept), kept


def _backward(
    rule: OwnRule, counted: Counted, tensors: Mapping[str, TensorSpec]
) -> tuple[tuple[str, Work], ...] | None:
    given = counted.backward
    if given is None:
        return None
    if not isinstance(given, Mapping):
        return (("*", _work(rule, "backward", given)),)
    for name in given:
        if name not in tensors:
            raise mistake(rule, f"expected backward by the names {', '.join(tensors)}, got {name!r}")
    return tuple((name, _work(rule, f"backward of {name}", cost)) for name, cost in given.items())


def _work(rule: OwnRule, what: str, cost: Any) -> Work:
    """Work as plain data.

    Raises:
        RuleError: If it is no ``Cost``, or not of whole numbers that are at least 0.
    """
    if not isinstance(cost, Cost):
        raise mistake(rule, f"expected a Cost as {what}, got {_kind(cost)}", fix="netweight.Cost(macs=...)")
    for kind in WORK_KINDS:
        count = getattr(cost, kind)
        if not isinstance(count, int) or isinstance(count, bool):
            raise mistake(rule, f"expected a whole number of {kind} as {what}, got {count!r}", fix=_whole(count))
        if count < 0:
            raise mistake(rule, f"expected at least 0 {kind} as {what}, got {int(count):,}")
    return work_of(cost)


def _whole(count: Any) -> str:
    return "// divides to whole numbers" if isinstance(count, float) else ""


def _kind(value: Any) -> str:
    name = type(value).__name__
    return "None" if value is None else f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _plain(specs: Any) -> Shapes:
    return tuple((tuple(map(int, spec.shape)), spec.dtype) for spec in specs)


def _listed(specs: Sequence[Any]) -> str:
    return ", ".join(map(str, specs)) or "none"
