"""An ONNX model to a graph: every node lowered to operators of the table, in order."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

from netweight.errors import FormatError, NetweightError, ShapeError, UnsupportedOpError
from netweight.ir import NoShape, TensorSpec
from netweight.own_rules.table import in_force
from netweight.sources.onnx.call import Call, attributes_of, dense_tensor, stored_tensor
from netweight.sources.onnx.channel_blocks import block_size
from netweight.sources.onnx.checks import NONSENSE, check_attributes, check_text, check_types
from netweight.sources.onnx.declared import declared_outputs, is_foreign, operator_name
from netweight.sources.onnx.function_bodies import Functions, body_of_schema
from netweight.sources.onnx.iterations import Iterations
from netweight.sources.onnx.left_out import BRANCHING, weights_read
from netweight.sources.onnx.lower import RULES, check_count
from netweight.sources.onnx.meeting import what_met
from netweight.sources.onnx.naming import Place, is_weight_name, place_of
from netweight.sources.onnx.node_order import read_nodes
from netweight.sources.onnx.own_operators import counted
from netweight.sources.onnx.recording import OnnxRecording
from netweight.sources.onnx.scope import Scope, parameters
from netweight.sources.onnx.shapes import inferred_outputs
from netweight.sources.onnx.stopped import Refusal, accepting, meant
from netweight.sources.onnx.tensor import DependsOnDataError, LeftOut, Tensor
from netweight.sources.onnx.undo import Attempt, attempt

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto, TensorProto


_DOMAINS = {"ai.onnx": "", "": ""}
_DEEPEST = 64
"""Levels of control flow and functions inside each other: more is an attack, not a network."""
_MOST = 300_000
"""Calls of operators that are read, those of functions and loops at every call, and those taken back."""


def _is_scale(name: str, stored: Container[str]) -> bool:
    """Whether a number is stored beside a zero point, as quantising tools call both."""
    return name.endswith("_scale") and f"{name.removesuffix('_scale')}_zero_point" in stored


def _title(node: NodeProto) -> str:
    return repr(node.name or (node.output[0] if node.output else ""))


class GraphReader:
    """Reads the graphs of a model node by node, those inside of nodes too.

    Attributes:
        recording: Where nodes are recorded.
        iterations: Tells iterations of loops apart.
        places: Where each call of the file belongs.
        left_out: Why nodes were left out, and how many.
        producer: What wrote the file.
    """

    def __init__(self, model: ModelProto, recording: OnnxRecording, dims: Mapping[str, int], file: str) -> None:
        self.recording = recording
        self.places: list[Place] = []
        self.left_out: dict[str, int] = {}
        self._model = model
        self._file = file
        self.producer = model.producer_name
        self._opsets = {_DOMAINS.get(entry.domain, entry.domain): entry.version for entry in model.opset_import}
        self._functions = Functions(model)
        self.iterations = Iterations()
        self._depth = 0
        self._begun = 0
        self._block = 0
        self._dims = dims
        self._inside = ""
        self._own_rules = in_force()
        self.refusal: Refusal | None = None

    @property
    def block(self) -> int:
        """Channels in a block, of layouts that have channels in blocks."""
        if not self._block:
            self._block = block_size(self._model)
        return self._block

    def graph(self, graph: GraphProto, scope: Scope, nodes: Sequence[NodeProto] | None = None) -> list[Any]:
        """Record all nodes of a graph of the file, in another order if one is given, and give what its outputs are."""
        names = {stored.name for stored in graph.initializer}
        for stored in graph.initializer:
            scope.bind(stored.name, self._initializer(stored, names))
        for sparse in graph.sparse_initializer:
            scope.bind(sparse.values.name, dense_tensor(sparse))
        for node in read_nodes(graph, graph.node if nodes is None else nodes, self.recording.note):
            self.node(node, scope)
        return [self._output(output.name, scope) for output in graph.output]

    def _output(self, name: str, scope: Scope) -> Any:
        try:
            return scope.find(name)
        except FormatError as error:
            error.add_note(f"{self._file}: output {name!r}" if self._file else f"output {name!r}")
            error.fix = meant(self._model.graph, [name])
            raise

    def _initializer(self, stored: TensorProto, names: Container[str]) -> Tensor:
        key = self.iterations.key(self._inside, stored.name)
        found: Tensor = self.iterations.kept(key, (), lambda: (stored_tensor(stored, stored.name),))[0]
        found.alone = not found.rank and is_weight_name(stored.name) and not _is_scale(stored.name, names)
        return found

    def node(self, node: NodeProto, scope: Scope) -> None:
        """Record a node."""
        check_text(node.name, node.op_type, node.domain)
        inputs = self._found(node, scope)
        outputs = tuple(node.output)
        key = self.iterations.key(self._inside, outputs)
        self._begin(place_of(node, self._inside, key))
        results = self.iterations.kept(key, inputs, lambda: self._results(node, inputs, scope))
        for name, result in zip(outputs, results, strict=False):
            if name:
                scope.bind(name, result)
                if isinstance(result, Tensor):
                    self._label(result, name)
        if any(outputs[len(results) :]):
            raise FormatError(f"{node.op_type}: expected at most {len(results)} outputs, got {len(outputs)}")

    def _found(self, node: NodeProto, scope: Scope) -> list[Any]:
        """What the inputs of a node stand for, None where one is left out.

        Raises:
            FormatError: If nothing writes one.
        """
        try:
            return [scope.find(name) if name else None for name in node.input]
        except FormatError as error:
            self._locate(error, node)
            error.fix = meant(self._model.graph, [name for name in node.input if not scope.has(name)])
            raise

    def _begin(self, place: Place) -> None:
        """Begin a call: what is recorded from here on belongs to it.

        Raises:
            FormatError: If there are more calls than in any network.
            LimitError: If there are more than a run may have.
        """
        self.recording.call = len(self.places)
        self._begun += 1
        if self.recording.computing:
            self.recording.effort.step()
        elif self._begun > _MOST:
            raise FormatError(f"onnx: expected at most {_MOST:,} calls of operators, got more")
        self.places.append(place)

    def _label(self, tensor: Tensor, name: str) -> None:
        """Call a value by the first name that the file has for it."""
        if not tensor.name:
            if not tensor.stored or tensor.label == "constant":
                tensor.label = name
        elif tensor.name.startswith("%") and self.recording.labels.setdefault(tensor.name, name) == name:
            tensor.label = name

    def _results(self, node: NodeProto, inputs: Sequence[Any], scope: Scope) -> Sequence[Any]:
        left_out = next((value for value in inputs if isinstance(value, LeftOut)), None) or self._text(node, inputs)
        if left_out is not None and not self._looks_inside(node):
            self._leave_out(node, left_out.reason, inputs)
            return (left_out,) * len(node.output)
        try:
            results = self._lowered(node, inputs, scope)
        except DependsOnDataError as error:
            if self.recording.computing:
                raise
            reason = f"{node.op_type} {_title(node)}: {error.message}"
            self._leave_out(node, reason, inputs)
            return (LeftOut(reason),) * len(node.output)
        except NetweightError as error:
            if isinstance(error, ShapeError) and not error.why and not getattr(error, "__notes__", ()):
                error.why = what_met(inputs, self.recording, self.places)
            self._locate(error, node)
            if isinstance(error, ShapeError) and not self._depth:
                accepts = accepting(lambda given: self._lowered(node, given, scope), self.attempt)
                self.refusal = Refusal(error, node, inputs, accepts)
            raise
        except NONSENSE as error:  # what Python says of attributes and inputs that no exporter writes
            nonsense = FormatError(
                f"{node.op_type}: expected inputs that it takes, got {type(error).__name__}: {error}"
            )
            self._locate(nonsense, node)
            raise nonsense from error
        return results if isinstance(results, tuple) else (results,)

    def _text(self, node: NodeProto, values: Sequence[Any]) -> LeftOut | None:
        """Text has no size that could be weighed."""
        if self.recording.computing or not any(getattr(value, "dtype", "") == "string" for value in values):
            return None
        return LeftOut(f"{node.op_type} {_title(node)}: works on text")

    def _locate(self, error: NetweightError, node: NodeProto) -> None:
        """Add the node to the error; of nodes inside each other the innermost."""
        if not getattr(error, "__notes__", ()):
            where = f"{self._file}: node" if self._file else "in node"
            error.add_note(f"{where} {_title(node)} ({node.op_type}, opset {self._opset(node)})")

    def _leave_out(self, node: NodeProto, reason: str, inputs: Sequence[Any] = ()) -> None:
        """List a node as unknown, with the weights that it reads."""
        self.left_out[reason] = self.left_out.get(reason, 0) + 1
        domain = _DOMAINS.get(node.domain, node.domain)
        read = weights_read(node, domain, self._opset(node), inputs)
        known = RULES.find(f"{domain}.{node.op_type}" if domain else node.op_type) is not None
        self.recording.unknown(operator_name(node), read, (), NoShape() if known else None)

    def _looks_inside(self, node: NodeProto) -> bool:
        """Whether a node has graphs inside, of which parts may be known though not all of its inputs are."""
        return (not node.domain and node.op_type in BRANCHING) or self._functions.find(node) is not None

    def _lowered(self, node: NodeProto, inputs: Sequence[Any], scope: Scope) -> Any:
        domain = _DOMAINS.get(node.domain, node.domain)
        opset = self._opset(node)
        call = Call(self.recording, node, opset, attributes_of(node), self, scope)
        own = self._own_rules.get(f"{domain or 'ai.onnx'}::{node.op_type}") if self._own_rules else None
        if own is not None and not self.recording.computing:
            return counted(self.recording, own, inputs, call.attributes, self._declared(node))
        function = self._functions.find(node)
        if function is not None:
            return self.function(function, call, inputs)
        rule = RULES.find(f"{domain}.{node.op_type}" if domain else node.op_type)
        if rule is not None:
            check_count(rule, node)
            check_attributes(node, domain, opset)
            check_types(node, inputs, domain, opset)
            found = rule(call, *inputs)
            if found is not NotImplemented:
                return found
        body = body_of_schema(node, inputs, domain, opset)
        if body is not None:
            return self.function(body, call, inputs)
        return self._unknown(node, inputs, domain, opset)

    def _opset(self, node: NodeProto) -> int:
        """Version that the model means of the operators of a node's domain."""
        return self._opsets.get(_DOMAINS.get(node.domain, node.domain), 1)

    def _unknown(self, node: NodeProto, inputs: Sequence[Any], domain: str, opset: int) -> Any:
        """No rule and no body: ONNX's own inference says the shapes, the node is listed as unknown."""
        name = operator_name(node)
        if self.recording.computing:
            raise UnsupportedOpError(f"run: expected an operator with a definition, got {name}")
        try:
            specs = inferred_outputs(node, inputs, domain, opset)
        except DependsOnDataError:
            if self._depth or not is_foreign(node, domain, opset):
                raise
            specs = declared_outputs(node, self._model.graph, self._dims)
            self.recording.note(f"{name}: shapes are those that the file gives for its outputs", guess=True)
        text = self._text(node, specs)
        if text is not None:
            self._leave_out(node, text.reason)
            return (text,) * len(node.output)
        return self.recording.unknown(name, [value for value in inputs if isinstance(value, Tensor)], specs)

    def _declared(self, node: NodeProto) -> list[TensorSpec] | None:
        """What the file says of the outputs of a node, None if it does not say all of it."""
        try:
            return declared_outputs(node, self._model.graph, self._dims)
        except DependsOnDataError:
            return None

    def function(self, function: Any, call: Call, inputs: Sequence[Any]) -> Any:
        """The body of a function, its attributes put in."""
        scope = Scope(parameters(function, inputs, call.node.op_type))
        with self._inside_of(call, function.opset_import):
            for node in self._functions.instantiated(function, call.node):
                self.node(node, scope)
        wanted = [call.wants(at) for at in range(len(function.output))]
        return tuple(scope.find(name) if want else None for name, want in zip(function.output, wanted, strict=True))

    def attempt(self) -> AbstractContextManager[Attempt]:
        """What is read inside can be taken back."""
        return attempt(self.recording, self.places, self.left_out)

    @contextmanager
    def part(self, call: Call, kind: str) -> Iterator[None]:
        """What a rule itself does in each iteration of a loop: a layer inside of the call's."""
        with self._inside_of(call):
            self._begin(Place(self._inside, "", kind, again=self.iterations.key(self._inside, kind)))
            yield

    def subgraph(self, call: Call, graph: GraphProto, inputs: Mapping[str, Any]) -> list[Any]:
        """A graph inside an operator of control flow; it sees the names around it."""
        with self._inside_of(call):
            return self.graph(graph, Scope(dict(inputs), call.scope))

    @contextmanager
    def _inside_of(self, call: Call, versions: Sequence[Any] = ()) -> Iterator[None]:
        """Calls belong to the layer of the operator around them, and mean the versions that its body says.

        Raises:
            FormatError: If operators are inside each other deeper than in any network.
        """
        if self._depth == _DEEPEST:
            raise FormatError(f"onnx: expected at most {_DEEPEST} levels of functions and control flow, got more")
        inside, current, opsets = self._inside, self.recording.call, self._opsets
        self._opsets = {**opsets, **{_DOMAINS.get(entry.domain, entry.domain): entry.version for entry in versions}}
        place = place_of(call.node, inside)
        self._inside = ".".join(filter(None, (place.module, place.name or place.kind)))
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
            self._inside, self.recording.call, self._opsets = inside, current, opsets
