from collections import Counter
from typing import Any

import numpy as np

from definitions.counting import Number, counted, exp, mac, numbers, values


def linear_attention(
    attrs: Any, query: Any, key: Any, value: Any, state0: Any, decay: Any, beta: Any
) -> tuple[Any, Counter[str]]:
    """One head after another, one token after another."""
    query, key, value, state0, decay, beta = (numbers(x) for x in (query, key, value, state0, decay, beta))
    with counted() as work:
        y = _read(attrs, query, key, value, state0, decay, beta)
    return values(y).astype(float), work


def _read(attrs: Any, query: Any, key: Any, value: Any, state0: Any, decay: Any, beta: Any) -> Any:
    n, heads, tokens, features = key.shape
    group, wide = query.shape[1] // heads, value.shape[-1]
    y = np.empty((n, heads * group, tokens, wide), object)
    for sample, head in np.ndindex(n, heads):
        state = np.full((features, wide), Number(0.0)) if state0 is None else state0[sample, head].copy()
        for t in range(tokens):
            written = list(value[sample, head, t])
            if decay is not None:
                fading = [exp(number) for number in decay[sample, head, t]]
                for i, j in np.ndindex(features, wide):
                    state[i, j] = state[i, j] * fading[i if len(fading) > 1 else 0]
            if beta is not None:
                rate = beta[sample, head if beta.shape[1] > 1 else 0, t, 0]
                for j in range(wide):
                    found: Any = 0.0
                    for i in range(features):
                        found = mac(found, state[i, j], key[sample, head, t, i])
                    written[j] = (written[j] - found) * rate
            for i, j in np.ndindex(features, wide):
                state[i, j] = mac(state[i, j], key[sample, head, t, i], written[j])
            for asked, j in np.ndindex(group, wide):
                total: Any = 0.0
                for i in range(features):
                    total = mac(total, state[i, j], query[sample, head * group + asked, t, i])
                y[sample, head * group + asked, t, j] = attrs.scale * total
    return y


DEFINITIONS = {"linear_attention": linear_attention}
