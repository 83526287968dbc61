import math
from typing import Any

import numpy as np


def linear_attention(
    attrs: Any, query: Any, key: Any, value: Any, state0: Any, decay: Any, beta: Any
) -> tuple[Any, int]:
    """One head after another, one token after another."""
    n, heads, tokens, features = key.shape
    group, wide = query.shape[1] // heads, value.shape[-1]
    y = np.zeros((n, heads * group, tokens, wide))
    macs = 0
    for sample, head in np.ndindex(n, heads):
        state = np.zeros((features, wide)) if state0 is None else state0[sample, head].copy()
        for t in range(tokens):
            written = list(value[sample, head, t])
            for i in range(features):
                if decay is not None:
                    state[i] *= math.exp(decay[sample, head, t, i if decay.shape[-1] > 1 else 0])
            if beta is not None:
                rate = beta[sample, head if beta.shape[1] > 1 else 0, t, 0]
                for j in range(wide):
                    for i in range(features):
                        written[j] -= state[i, j] * key[sample, head, t, i]
                        macs += 1
                    written[j] *= rate
            for i, j in np.ndindex(features, wide):
                state[i, j] += key[sample, head, t, i] * written[j]
                macs += 1
            for asked in range(head * group, (head + 1) * group):
                for i, j in np.ndindex(features, wide):
                    y[sample, asked, t, j] += attrs.scale * state[i, j] * query[sample, asked, t, i]
                    macs += 1
    return y, macs


DEFINITIONS = {"linear_attention": linear_attention}
