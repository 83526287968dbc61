"""Energy = operations x energy per operation + bytes x energy per byte, at each level of memory.

The truth lies in a bracket. At the lower end weights come from DRAM once, input and output of the network as well, and
all other activations stay on the chip. At the upper end every kernel reads from DRAM and writes to it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from netweight.analysis.energy.table import PICO, Prices
from netweight.analysis.known import known_sum
from netweight.analysis.latency.work import KernelWork
from netweight.ir import Graph
from netweight.results.energy import EnergyTotals, KernelEnergy, TableInfo


def kernel_energies(
    graph: Graph, works: Sequence[KernelWork], prices: Prices, *, on_chip: int | None = None
) -> tuple[KernelEnergy, ...]:
    """What each kernel takes, with its share of the lower sum.

    Args:
        graph: The network.
        works: Its kernels.
        prices: The table.
        on_chip: Bytes that fit on the chip; None for as many as needed.
    """
    edge = {*graph.inputs, *graph.outputs}
    rows = [_row(graph, work, prices, edge, on_chip) for work in works]
    whole = sum([row.low_j for row in rows if row.low_j is not None])
    return tuple([replace(r, share=r.low_j / whole) if r.low_j is not None and whole else r for r in rows])


def totals(works: Sequence[KernelWork], rows: Sequence[KernelEnergy], prices: Prices) -> EnergyTotals:
    """What the whole takes.

    Args:
        works: Its kernels.
        rows: What each takes.
        prices: The table.
    """
    unpriced: Counter[str] = Counter()
    macs: list[float | None] = []
    for work in works:
        unpriced.update({kind: count for kind, count in _unpriced(work, prices).items() if count})
        known = work.macs is not None and (not work.macs or _has_price_of_macs(work, prices))
        macs.append(_of_macs(work, prices) if known else None)
    return EnergyTotals(
        compute_j=known_sum(row.compute_j for row in rows),
        macs_j=known_sum(macs),
        unpriced=dict(unpriced),
        weights_j=known_sum(row.weights_j for row in rows),
        activations_low_j=known_sum(row.activations_low_j for row in rows),
        activations_high_j=known_sum(row.activations_high_j for row in rows),
        low_j=known_sum(row.low_j for row in rows),
        high_j=known_sum(row.high_j for row in rows),
    )


def table_info(works: Sequence[KernelWork], prices: Prices) -> TableInfo:
    """The table as far as the network meets it."""
    used: dict[str, float] = {}
    for work in works:
        for kind, count in _counts(work).items():
            price = prices.of(work.dtype, kind)
            if count and price is not None:
                used[f"{price[1]} {kind}"] = price[0] / PICO
    dram, sram = prices.memory["dram"], prices.memory["sram"]
    return TableInfo(
        name=prices.name,
        title=prices.title,
        source=prices.source,
        dram_pj_per_word=dram.joules_per_byte * dram.word_bits / 8 / PICO,
        dram_word_bits=dram.word_bits,
        sram_pj_per_word=sram.joules_per_byte * sram.word_bits / 8 / PICO,
        sram_word_bits=sram.word_bits,
        operation_pj=used,
    )


def borrowed(works: Sequence[KernelWork], prices: Prices) -> dict[str, str]:
    """Types whose operations are priced as those of a wider type: ``{"bfloat16": "fp16"}``."""
    found = {}
    for work in works:
        for kind, count in _counts(work).items():
            price = prices.of(work.dtype, kind)
            if count and price is not None and not _same(work.dtype, price[1]):
                found[f"{work.dtype} {kind}"] = price[1]
    return found


def _same(dtype: str, name: str) -> bool:
    short = dtype.replace("bfloat", "bf").replace("float", "fp").replace("complex64", "fp32").replace("uint", "int")
    return short == name or (dtype == "bool" and name == "int8")


def _row(
    graph: Graph, work: KernelWork, prices: Prices, edge: set[str], on_chip: int | None
) -> KernelEnergy:  # fmt: skip
    compute = _compute(work, prices)
    weights = low = high = None
    if work.weight_bytes is not None:
        dram, sram = prices.memory["dram"].joules_per_byte, prices.memory["sram"].joules_per_byte
        moved = (work.input_bytes or 0) + (work.output_bytes or 0)
        outside = sum(
            graph.values[name].stored_bytes for name in {*work.node.inputs, *work.node.outputs} & edge if name
        )
        outside = moved if on_chip is not None and moved > on_chip else min(outside, moved)
        weights, high = work.weight_bytes * dram, moved * dram
        low = outside * dram + (moved - outside) * sram
    parts_low, parts_high = (compute, weights, low), (compute, weights, high)
    return KernelEnergy(
        layer=work.node.layer,
        layers=work.layers,
        op=work.node.op,
        dtype=work.dtype,
        macs=work.macs,
        compute_j=compute,
        unpriced_ops=None if work.ops_total is None else sum(_unpriced(work, prices).values()),
        weights_j=weights,
        activations_low_j=low,
        activations_high_j=high,
        low_j=known_sum(parts_low),
        high_j=known_sum(parts_high),
    )


def _counts(work: KernelWork) -> dict[str, int]:
    """Operations by kind, a MAC as a multiplication and an addition."""
    counts = dict(work.counts or {})
    macs = counts.pop("macs", 0)
    for kind in ("muls", "adds"):
        counts[kind] = counts.get(kind, 0) + macs
    return counts


def _compute(work: KernelWork, prices: Prices) -> float | None:
    """Joules of what has a price; None where nobody knows the operations, or MACs have none: no figure without them."""
    if work.counts is None or (work.macs and not _has_price_of_macs(work, prices)):
        return None
    priced = ((count, prices.of(work.dtype, kind)) for kind, count in _counts(work).items())
    return sum([count * price[0] for count, price in priced if price is not None])


def _has_price_of_macs(work: KernelWork, prices: Prices) -> bool:
    return all(prices.of(work.dtype, kind) is not None for kind in ("muls", "adds"))


def _of_macs(work: KernelWork, prices: Prices) -> float:
    priced = (prices.of(work.dtype, kind) for kind in ("muls", "adds"))
    return sum([(work.macs or 0) * price[0] for price in priced if price is not None])


def _unpriced(work: KernelWork, prices: Prices) -> Mapping[str, int]:
    return {kind: count for kind, count in _counts(work).items() if count and prices.of(work.dtype, kind) is None}
