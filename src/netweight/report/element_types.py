"""Element types in short: what weights are stored as, and what multiplies."""

from __future__ import annotations

import re
from collections.abc import Mapping

from netweight.results.profile import Profile
from netweight.units import Units, scaled, scaled_count

_SHORT = {"float16": "fp16", "float32": "fp32", "float64": "fp64", "bfloat16": "bf16"}
_NAMED = 3
"""Types that are named one by one."""


def short_type(dtype: str) -> str:
    """What papers call it: ``fp32``, ``bf16``, ``int8``; the name itself where there is no shorter one.

    >>> short_type("float32"), short_type("int4 in int32")
    ('fp32', 'int4 in int32')
    """
    return _SHORT.get(dtype, dtype)


def bits_per_weight(profile: Profile) -> float:
    """Bits that a weight takes on average, with its share of scales and zero points; 0 without weights."""
    weights = profile.totals.logical_params
    return 8 * profile.totals.model_size_bytes / weights if weights else 0


def weights_type(profile: Profile) -> str:
    """Type of the weights: ``fp32``, ``int4 at 4.5 bits each``; empty where several types are mixed, or unknown."""
    kinds = list(profile.totals.weight_dtypes)
    if len(kinds) != 1:
        return ""
    width = re.search(r"\d+", kinds[0])
    bits = f"{bits_per_weight(profile):.3g}"
    exact = width is not None and f"{float(width[0]):.3g}" == bits
    return short_type(kinds[0]) if exact else f"{short_type(kinds[0])} at {bits} bits each"


def weights_by_type(profile: Profile, units: Units) -> str:
    """How many weights are of which type, where there are several: ``58.6 M int4, 2.33 M int8``."""
    kinds = profile.totals.weight_dtypes
    return _parts({kind: scaled_count(count, units=units) for kind, count in kinds.items()}) if len(kinds) > 1 else ""


def macs_by_type(profile: Profile) -> dict[str, int]:
    """Multiply-accumulates by the type of the arithmetic, most of them first."""
    found: dict[str, int] = {}
    for row in profile.layers:
        if row.macs:
            found[row.dtype] = found.get(row.dtype, 0) + int(row.macs)
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def macs_text(profile: Profile, units: Units) -> str:
    """``724 MMACs``, and of which type how many, where there are several."""
    total = scaled(profile.totals.macs, "MACs", units=units)
    kinds = macs_by_type(profile)
    if len(kinds) < 2:
        return total
    return f"{total} ({_parts({kind: scaled(count, units=units) for kind, count in kinds.items()})})"


def _parts(amounts: Mapping[str, str]) -> str:
    texts = [f"{amount} {short_type(kind)}" for kind, amount in amounts.items()]
    more = len(texts) - _NAMED
    return ", ".join([*texts[:_NAMED], f"{more} other types"] if more > 1 else texts)
