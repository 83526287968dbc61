"""Elements in order, and those picked by their rank."""

from __future__ import annotations

from netweight.sources.onnx.write import writes
from netweight.sources.onnx.write.step import Step


def _top(step: Step, k: int, dim: int, *, largest: bool) -> list[str]:
    """Values and positions of the first few; ONNX has of equal ones the lower position first, as we do."""
    return step.several("TopK", 2, step.names[0], step.ints(k), axis=dim, largest=int(largest), sorted=1)


@writes("topk")
def topk(step: Step) -> None:
    """TopK."""
    attrs = step.attrs
    step.result("TopK", step.names[0], step.ints(attrs.k), axis=attrs.dim, largest=int(attrs.largest), sorted=1)


@writes("sort")
def sort(step: Step) -> None:
    """TopK of all."""
    dim = step.attrs.dim
    size = step.ints(step.x.shape[dim])
    step.result("TopK", step.names[0], size, axis=dim, largest=int(step.attrs.descending), sorted=1)


@writes("argsort")
def argsort(step: Step) -> None:
    """TopK of all, the positions."""
    dim = step.attrs.dim
    order = _top(step, step.x.shape[dim], dim, largest=step.attrs.descending)
    step.as_result(order[1])


def _pick(name: str, op_type: str, place: str) -> None:
    @writes(name)
    def rule(step: Step) -> None:
        dim, keep = step.attrs.dim, int(step.attrs.keepdim)
        step.output(0, op_type, step.names[0], step.ints(dim), keepdims=keep)
        step.output(1, place, step.names[0], axis=dim, keepdims=keep)


_pick("max", "ReduceMax", "ArgMax")
_pick("min", "ReduceMin", "ArgMin")


@writes("kthvalue")
def kthvalue(step: Step) -> None:
    """The last of the k smallest."""
    attrs = step.attrs
    for at, found in enumerate(_top(step, attrs.k, attrs.dim, largest=False)):
        last = step.sliced(found, attrs.dim, attrs.k - 1, attrs.k)
        step.output(at, "Reshape", last, step.ints(*step.makes[at].shape))


@writes("searchsorted")
def searchsorted(step: Step) -> None:
    """How many elements of the row are smaller, counted one by one."""
    sorted_, x = step.names
    rows = step.value("Unsqueeze", sorted_, step.ints(-2)) if len(step.x.shape) > 1 else sorted_
    each = step.value("Unsqueeze", x, step.ints(-1))
    smaller = step.value("LessOrEqual" if step.attrs.right else "Less", rows, each)
    counted = step.cast(smaller, "bool", step.y.dtype)
    step.result("ReduceSum", counted, step.ints(-1), keepdims=0)


@writes("unique")
def unique(step: Step) -> None:
    """Unique."""
    attrs = step.attrs
    outputs = {"y": step.node.outputs[0], **dict(zip(attrs.also, step.node.outputs[1:], strict=True))}
    made = [outputs.get(name, "") for name in ("y", "first", "inverse", "counts")]
    flat = "inverse" in outputs and attrs.dim is None and len(step.x.shape) != 1
    if flat:
        made[2] = step.new_name("unique")
    while not made[-1]:
        made.pop()
    step.emit("Unique", step.names, made, axis=attrs.dim, sorted=int(attrs.sorted))
    if flat:
        at = 1 + attrs.also.index("inverse")
        step.output(at, "Reshape", made[2], step.ints(*step.makes[at].shape))


@writes("nms")
def nms(step: Step) -> None:
    """NonMaxSuppression of one sample and one class: the last column says which box."""
    boxes, scores = step.names
    count = step.x.shape[0]
    kept = step.value(
        "NonMaxSuppression",
        step.reshaped(boxes, (1, count, 4)),
        step.reshaped(scores, (1, 1, count)),
        step.scalar(count, "int64"),
        step.scalar(step.attrs.iou_threshold, "float32"),
    )
    step.result("Gather", kept, step.scalar(2, "int64"), axis=1)


@writes("nms_per_class")
def nms_per_class(step: Step) -> None:
    """NonMaxSuppression."""
    attrs = step.attrs
    score = "" if attrs.score_threshold is None else step.scalar(attrs.score_threshold, "float32")
    step.result(
        "NonMaxSuppression",
        *step.names,
        step.scalar(attrs.max_per_class, "int64"),
        step.scalar(attrs.iou_threshold, "float32"),
        score,
        center_point_box=int(attrs.center_point_box),
    )


@writes("nonzero")
def nonzero(step: Step) -> None:
    """NonZero, which has the positions of one element in a column."""
    if step.x.shape:
        step.result("Transpose", step.value("NonZero", *step.names), perm=[1, 0])
        return
    found = step.value("NonZero", step.reshaped(step.names[0], (1,)))
    step.result("Transpose", step.sliced(found, 0, 0, 0), perm=[1, 0])  # a single number has a place without dimensions
