"""Counts of n-grams."""

from __future__ import annotations

import itertools
from typing import Any

from netweight.errors import FormatError
from netweight.ops.order.ngrams import NgramCountsAttrs
from netweight.sources.onnx.call import Call
from netweight.sources.onnx.lower import lowers
from netweight.sources.onnx.tensor import Tensor


@lowers("TfIdfVectorizer")
def tf_idf(call: Call, x: Tensor) -> Any:
    """Counts of n-grams of numbers; one of texts does not have a rule."""
    pool = call.attr("pool_int64s")
    if not pool:
        return NotImplemented
    starts = (*call.need("ngram_counts"), len(pool))
    if list(starts) != sorted(starts) or starts[0] < 0:
        raise FormatError(f"TfIdfVectorizer: expected ngram_counts in order from 0 to {len(pool)}, got {starts[:-1]}")
    lengths = range(call.need("min_gram_length"), call.need("max_gram_length") + 1)
    ngrams = [
        pool[at : at + length]
        for length, (start, stop) in enumerate(itertools.pairwise(starts), start=1)
        for at in range(start, stop, length)
    ]
    places = call.need("ngram_indexes")
    found = {ngram: place for ngram, place in zip(ngrams, places, strict=True) if len(ngram) in lengths}
    mode = call.need("mode")
    attrs = NgramCountsAttrs(
        ngrams=tuple(found),
        places=tuple(found.values()),
        size=max(places) + 1,
        max_skips=call.need("max_skip_count"),
        presence=mode == "IDF",
        weights=() if mode == "TF" else call.attr("weights", ()),
    )
    return call.op("ngram_counts", attrs, x)
