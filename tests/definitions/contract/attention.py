import math
from collections import Counter
from typing import Any

import numpy as np

from definitions.counting import Number, both, counted, exp, mac, maximum, numbers, tanh, value, values


def scaled_dot_product_attention(attrs: Any, query: Any, key: Any, val: Any, mask: Any) -> tuple[Any, Counter[str]]:
    """Masked pairs are worked on too; a query that attends to nothing gets zeros."""
    keys, e_v = val.shape[-2:]
    group = query.shape[-3] // key.shape[-3] if query.ndim > 2 else 1
    masks = None if mask is None else np.broadcast_to(mask, (*query.shape[:-1], keys))
    query, key, val = numbers(query), numbers(key), numbers(val)
    y = np.zeros((*query.shape[:-1], e_v), object)
    with counted() as work:
        for *head, i in np.ndindex(query.shape[:-1]):
            source = (*head[:-1], head[-1] // group) if head else ()
            scores = [
                _masked(
                    attrs, _score(attrs, query[(*head, i)], key[(*source, j)]),
                    None if masks is None else masks[(*head, i, j)], seen=j <= i + attrs.causal_offset,
                )
                for j in range(keys)
            ]  # fmt: skip
            for j, p in enumerate(_softmax(scores)):
                for f in range(e_v):
                    y[(*head, i, f)] = mac(y[(*head, i, f)], p, val[(*source, j, f)])
    return values(y).astype(float), work


def _score(attrs: Any, q: Any, k: Any) -> Any:
    score: Any = 0.0
    for f in range(len(q)):
        score = mac(score, q[f], k[f])
    if not attrs.softcap:
        return score * attrs.scale
    return attrs.softcap * tanh(score * (attrs.scale / attrs.softcap))


def _masked(attrs: Any, score: Any, mask: Any, *, seen: bool) -> Any:
    """A mask of numbers is added; each condition picks the score or minus infinity."""
    if mask is not None:
        score = _picked(score, bool(mask)) if mask.dtype == bool else score + mask
    return _picked(score, seen) if attrs.is_causal else score


def _picked(score: Any, keep: bool) -> Any:
    both(keep, True)
    return Number(value(score) if keep else -math.inf)


def _softmax(scores: list[Any]) -> list[Any]:
    largest: Any = -math.inf
    for score in scores:
        largest = maximum(largest, score)
    base = Number(0.0) if value(largest) == -math.inf else largest
    exps = [exp(score - base) for score in scores]
    total: Any = 0.0
    for e in exps:
        total = total + e
    whole = total if value(total) else Number(1.0)
    return [e / whole for e in exps]


DEFINITIONS = {"scaled_dot_product_attention": scaled_dot_product_attention}
