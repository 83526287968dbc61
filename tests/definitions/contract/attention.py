import math
from typing import Any

import numpy as np


def scaled_dot_product_attention(attrs: Any, query: Any, key: Any, value: Any, mask: Any) -> tuple[Any, int]:
    """Masked pairs are multiplied too; a query that attends to nothing gets zeros."""
    e, (keys, e_v) = query.shape[-1], value.shape[-2:]
    group = query.shape[-3] // key.shape[-3] if query.ndim > 2 else 1
    masks = None if mask is None else np.broadcast_to(mask, (*query.shape[:-1], keys))
    y = np.zeros((*query.shape[:-1], e_v))
    macs = 0
    for *head, i in np.ndindex(query.shape[:-1]):
        source = (*head[:-1], head[-1] // group) if head else ()
        scores = []
        for j in range(keys):
            score = 0.0
            for f in range(e):
                score += query[(*head, i, f)] * key[(*source, j, f)]
                macs += 1
            score *= attrs.scale
            score = attrs.softcap * math.tanh(score / attrs.softcap) if attrs.softcap else score
            if masks is not None:
                score = score + masks[(*head, i, j)] if masks.dtype != bool else score
                score = -math.inf if masks.dtype == bool and not masks[(*head, i, j)] else score
            scores.append(-math.inf if attrs.is_causal and j > i + attrs.causal_offset else score)
        largest = max(scores)
        exps = [0.0 if score == -math.inf else math.exp(score - largest) for score in scores]
        for f in range(e_v):
            for j in range(keys):
                y[(*head, i, f)] += exps[j] / (sum(exps) or 1.0) * value[(*source, j, f)]
                macs += 1
    return y, macs


DEFINITIONS = {"scaled_dot_product_attention": scaled_dot_product_attention}
