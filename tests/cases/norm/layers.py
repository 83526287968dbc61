import hypothesis.strategies as st
from hypothesis.strategies import DrawFn

from cases.draws import Case, generator, normal, shapes
from netweight.ops.norm.batch_norm import BatchNormAttrs, BatchNormTrainingAttrs
from netweight.ops.norm.group_norm import GroupNormAttrs, InstanceNormAttrs
from netweight.ops.norm.layer_norm import LayerNormAttrs
from netweight.ops.norm.local_response_norm import LocalResponseNormAttrs

# Not so small that the few numbers of a group make the gradient steep.
EPS = st.sampled_from([1e-2, 0.1, 1.0])


@st.composite
def local_response_norm_cases(draw: DrawFn) -> Case:
    attrs = LocalResponseNormAttrs(
        size=draw(st.integers(1, 5)), alpha=0.5, beta=0.75, k=draw(st.sampled_from([1.0, 2.0]))
    )
    return attrs, (normal(draw, *draw(shapes(2, 4))),)


def _maybe(draw: DrawFn, *shape: int) -> object:
    return normal(draw, *shape) if draw(st.booleans()) else None


@st.composite
def batch_norm_cases(draw: DrawFn) -> Case:
    x = normal(draw, *draw(shapes(2, 5, 3)))
    c = x.shape[1]
    var = generator(draw).uniform(0.5, 2, c)
    return BatchNormAttrs(eps=draw(EPS)), (x, normal(draw, c), var, _maybe(draw, c), _maybe(draw, c))


@st.composite
def batch_norm_training_cases(draw: DrawFn) -> Case:
    shape = draw(shapes(2, 5, 3).filter(lambda s: any(size > 1 for size in (s[0], *s[2:]))))
    attrs = BatchNormTrainingAttrs(eps=draw(EPS), momentum=draw(st.sampled_from([0.0, 0.1, 0.7, 1.0])))
    c = shape[1]
    running = (normal(draw, c), generator(draw).uniform(0.5, 2, c)) if draw(st.booleans()) else (None, None)
    return attrs, (normal(draw, *shape), _maybe(draw, c), _maybe(draw, c), *running)


@st.composite
def layer_norm_cases(draw: DrawFn) -> Case:
    normalized = draw(shapes(1, 3))
    x = normal(draw, *draw(shapes(1, 3, 3)), *normalized)
    attrs = LayerNormAttrs(normalized_shape=normalized, eps=draw(EPS))
    return attrs, (x, _maybe(draw, *normalized), _maybe(draw, *normalized))


@st.composite
def rms_norm_cases(draw: DrawFn) -> Case:
    attrs, (x, weight, _) = draw(layer_norm_cases())
    return attrs, (x, weight)


@st.composite
def group_norm_cases(draw: DrawFn) -> Case:
    groups = draw(st.integers(1, 3))
    c = groups * draw(st.integers(1, 3))
    x = normal(draw, draw(st.integers(1, 3)), c, *draw(shapes(0, 3, 3)))
    return GroupNormAttrs(num_groups=groups, eps=draw(EPS)), (x, _maybe(draw, c), _maybe(draw, c))


@st.composite
def instance_norm_cases(draw: DrawFn) -> Case:
    spatial = draw(shapes(1, 3, 3).filter(lambda s: any(size > 1 for size in s)))
    c = draw(st.integers(1, 3))
    x = normal(draw, draw(st.integers(1, 3)), c, *spatial)
    return InstanceNormAttrs(eps=draw(EPS)), (x, _maybe(draw, c), _maybe(draw, c))


CASES = {
    "batch_norm": batch_norm_cases(),
    "batch_norm_training": batch_norm_training_cases(),
    "group_norm": group_norm_cases(),
    "instance_norm": instance_norm_cases(),
    "layer_norm": layer_norm_cases(),
    "local_response_norm": local_response_norm_cases(),
    "rms_norm": rms_norm_cases(),
}
# Batch normalisation does work per channel, whatever the number of samples.
BATCHED = dict.fromkeys(("group_norm", "instance_norm", "layer_norm", "local_response_norm", "rms_norm"), ("x",))
