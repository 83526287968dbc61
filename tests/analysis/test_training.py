import json
from dataclasses import replace

import pytest

import netweight
from netweight import Graph, TensorSpec, build, weigh
from netweight.analysis.optimizers import OPTIMIZERS
from netweight.analysis.step_memory import Peak
from netweight.analysis.training import training_cost
from netweight.analysis.training_memory import training_memory
from netweight.autograd.gradients import backpropagation
from netweight.errors import UnknownNameError, UsageError
from netweight.results.from_json import profile_from_dict
from netweight.results.training import Training
from netweight.rewrite.bits import parse_bits, with_bits


def perceptron(x: build.Symbol) -> build.Symbol:
    """Two samples, 3 features, 4 hidden, 2 outputs."""
    x = build.relu(build.linear(x, 4, name="fc1"), name="relu")
    return build.linear(x, 2, name="fc2")


PERCEPTRON = build.graph(perceptron, (2, 3))
# fc1 4 * 3 + 4, fc2 2 * 4 + 2 scalars.
PARAMETERS = (12 + 4 + 8 + 2) * 4


def peaks(graph: Graph, optimizer: str = "sgd") -> dict[str, Peak]:
    return dict(training_memory(backpropagation(graph), {}, OPTIMIZERS[optimizer]).peaks)


def rows(found: Training) -> dict[str, tuple[int | None, int, int]]:
    return {row.layer: (row.backward_macs, row.saved_activation_bytes, row.gradient_bytes) for row in found.layers}


def test_every_byte_of_a_perceptron() -> None:
    found = training_cost(PERCEPTRON)
    assert found.parameter_bytes == found.gradient_bytes == PARAMETERS == 104
    assert (found.optimizer_state_bytes, found.buffer_bytes) == (0, 0)
    # fc1 keeps x (2, 3); relu keeps y (2, 4), which is also what fc2 keeps.
    assert found.saved_activation_bytes == (2 * 3 + 2 * 4) * 4 == 56
    assert rows(found) == {
        "fc1": (2 * 4 * 3, 24, (12 + 4) * 4),  # no gradient of the input
        "relu": (0, 32, 0),
        "fc2": (2 * (2 * 2 * 4), 0, (8 + 2) * 4),
    }


def test_every_moment_of_a_perceptron() -> None:
    held = 104 + 24  # parameters, input
    found = peaks(PERCEPTRON)
    # fc1 writes 32 bytes, relu 32 more; fc1's are freed before fc2 writes 16.
    assert found["forward"].nbytes == held + 32 + 32
    assert (found["forward"].layer, found["forward"].parts["activations"]) == ("relu", 32)
    # Gradients of fc2 are there (40 bytes, and its output), relu's y and gradient, and the gradient relu makes.
    assert found["backward"].nbytes == held + 16 + 40 + 32 + 32 + 32
    assert found["backward"].layer == "relu"
    assert found["backward"].parts == {
        "parameters": 104, "inputs": 24, "activations": 16, "parameter_gradients": 40, "saved": 32, "gradients": 64,
    }  # fmt: skip
    # All gradients, and the output, which the caller holds.
    assert found["update"].nbytes == held + 104 + 16
    assert training_cost(PERCEPTRON).peak_bytes == found["backward"].nbytes == 280


@pytest.mark.parametrize(
    ("optimizer", "each"),
    [
        ("sgd", 2),  # lr * g, off p
        ("momentum", 4),  # mu * v, + g, lr * v, off p
        ("rmsprop", 9),  # a * s, g * g, (1 - a) * that, +, root, + eps, quotient, lr * that, off p
        ("adam", 13),  # m: -, *, +; s: *, *, *, +; root, / c, + eps, quotient, * step, off p
        ("adamw", 14),  # and p * (1 - lr * decay)
    ],
)
def test_work_of_an_update(optimizer: str, each: int) -> None:
    assert training_cost(PERCEPTRON, optimizer=optimizer).update_flops == each * 26


def test_work_of_a_perceptron() -> None:
    found = training_cost(PERCEPTRON)
    assert found.forward_macs == 2 * (4 * 3 + 2 * 4) == 40
    assert found.backward_macs == 2 * 40 - 24
    assert found.step_macs == 40 + 56
    # fc1 and fc2 add up a bias gradient per output, relu compares once per element.
    assert found.backward_flops == 2 * 56 + (8 + 4) + 8
    # Forward: a bias per output, a comparison per relu; update: 26 products and as many subtractions.
    assert found.step_flops == (2 * 40 + 12 + 8) + 132 + 2 * 26


@pytest.mark.parametrize(
    ("optimizer", "state", "scratch"),
    [
        ("sgd", 0, 0),
        ("momentum", 104, 0),
        ("rmsprop", 104 + 4 * 4, 48 + 16),  # at fc1.bias: its root, and that of fc1.weight, still there; see below
        ("adam", 2 * 104 + 4 * 4, 2 * 48),
        ("adamw", 2 * 104 + 4 * 4, 2 * 48),
    ],
)
def test_optimizers_keep_tensors_of_the_size_of_the_parameters(optimizer: str, state: int, scratch: int) -> None:
    assert training_cost(PERCEPTRON, optimizer=optimizer).optimizer_state_bytes == state
    parts = peaks(PERCEPTRON, optimizer)["update"].parts
    # In the order fc1.weight 48, fc1.bias 16, fc2.weight 32, fc2.bias 8, with the result of the one before: rmsprop
    # max(48, 48 + 16, 16 + 32, 32 + 8), adam max(2 * 48, 48 + 2 * 16, 16 + 2 * 32, 32 + 2 * 8).
    assert parts.get("scratch", 0) == scratch
    assert parts.get("optimizer_state", 0) == state


def test_frozen_parameters_have_no_gradient_and_keep_nothing() -> None:
    last = training_cost(PERCEPTRON, freeze=["fc1"])
    assert rows(last) == {"fc1": (0, 0, 0), "relu": (0, 0, 0), "fc2": (2 * 2 * 4, 32, 40)}
    assert (last.trained_params, last.gradient_bytes) == (10, 40)
    # A frozen layer still passes a gradient back, which reads its weight and not its input.
    first = training_cost(PERCEPTRON, freeze=["fc2.*"])
    assert rows(first) == {"fc1": (24, 24, 64), "relu": (0, 32, 0), "fc2": (16, 0, 0)}
    biases = training_cost(PERCEPTRON, freeze=["*.weight"])
    assert rows(biases) == {"fc1": (0, 0, 16), "relu": (0, 32, 0), "fc2": (16, 0, 8)}


def test_nothing_to_train_costs_the_forward() -> None:
    found = training_cost(PERCEPTRON, freeze=["*"])
    assert (found.step_macs, found.backward_macs, found.update_flops) == (found.forward_macs, 0, 0)
    assert (found.saved_activation_bytes, found.gradient_bytes, found.peak_bytes) == (0, 0, 104 + 24 + 64)
    assert weigh("alexnet", bits="8", training=True).training.trained_params == 0


def blocks(x: build.Symbol) -> build.Symbol:
    for index in range(2):
        with build.scope(x, f"block{index}"):
            x = build.relu(build.linear(x, 4, bias=False, name="fc"))
            x = build.linear(x, 4, bias=False, name="out")
    return x


def test_a_checkpointed_module_keeps_its_input_and_runs_again() -> None:
    graph = build.graph(blocks, (2, 4))
    whole = training_cost(graph)
    found = training_cost(graph, checkpoint=["block*"])
    # Each linear layer does 2 * 4 * 4 MACs. The last of a block is not needed again: it only keeps what went in.
    assert found.recomputed_macs == 2 * 32
    assert found.step_macs == whole.step_macs + 2 * 32
    assert (found.forward_macs, found.backward_macs) == (whole.forward_macs, whole.backward_macs)
    # Kept without: x, both of relu's, the input of block1; with: x, the input of block1. 2 * 4 * 4 bytes each.
    assert (whole.saved_activation_bytes, found.saved_activation_bytes) == (4 * 32, 2 * 32)
    assert [row.recomputed_macs for row in found.layers] == [32, 0, 0, 32, 0, 0]
    assert [row.saved_activation_bytes for row in found.layers] == [32, 0, 0, 32, 0, 0]


def test_every_moment_of_a_checkpointed_module() -> None:
    def one(x: build.Symbol) -> build.Symbol:
        with build.scope(x, "block"):
            x = build.linear(x, 4, bias=False, name="a")
            x = build.relu(build.linear(x, 4, bias=False, name="b"))
            return build.relu(build.linear(x, 4, bias=False, name="c"))

    found = training_cost(build.graph(one, (2, 4)), checkpoint=["block"])
    # What b keeps is what a has written again; b's relu and c are done and theirs is freed. Gradients of what b wrote
    # and of what it read, of the weights of c and b. Parameters 3 * 64, input and output 32 each.
    assert (found.peak_layer, found.peak_phase) == ("block.b", "backward")
    assert found.peak_parts == {
        "parameters": 192,
        "inputs": 32,
        "activations": 32,
        "recomputed": 32,
        "gradients": 64,
        "parameter_gradients": 128,
    }


def test_the_outermost_module_is_the_one_that_runs_again() -> None:
    graph = build.graph(blocks, (2, 4))
    assert training_cost(graph, checkpoint=["block0", "block0.*"]) == replace(
        training_cost(graph, checkpoint=["block0"]), checkpoint=("block0", "block0.*")
    )
    # A layer alone is a module too: nothing in it is written for its own backward, so nothing runs again.
    assert training_cost(graph, checkpoint=["block0.fc"]).recomputed_macs == 0


def shortcut(x: build.Symbol) -> build.Symbol:
    x = build.linear(x, 4, bias=False, name="stem")
    y = build.linear(x, 4, bias=False, name="branch")
    return build.linear(build.add(x, y, name="add"), 1, bias=False, name="head")


def test_gradients_that_meet_are_added() -> None:
    found = {row.layer: row for row in training_cost(build.graph(shortcut, (2, 4))).layers}
    # The sum passes its gradient on, to both; what the branch passes back is added to it: 2 * 4 adds.
    assert (found["add"].backward_macs, found["add"].backward_flops) == (0, 0)
    assert found["branch"].backward_flops == 2 * (2 * 2 * 4 * 4) + 2 * 4
    assert found["stem"].backward_flops == 2 * (2 * 4 * 4)


def test_a_gradient_that_is_passed_on_takes_no_memory() -> None:
    found = peaks(build.graph(shortcut, (2, 4)))["backward"]
    # At the branch: stem 64, branch 64, head 16 bytes of parameters; gradients of head and branch; x, and what stem
    # wrote; the output; the gradient of the sum, which is that of the branch's output too, and the one it makes.
    assert found.layer == "branch"
    assert found.parts == {
        "parameters": 144, "parameter_gradients": 80, "inputs": 32, "saved": 32, "activations": 8, "gradients": 64,
    }  # fmt: skip


def test_who_calls_backward_of_a_loss_holds_the_one_it_starts_from() -> None:
    def loss(x: build.Symbol, target: build.Symbol) -> build.Symbol:
        return build.cross_entropy(build.linear(x, 5, bias=False, name="fc"), target)

    graph = build.graph(loss, (2, 3), TensorSpec((2,), "int64"))
    found = peaks(graph)
    held = 60 + 24 + 16  # parameters, x, target
    # The logits, their logarithms, and the loss; logits are not kept, their logarithms are.
    assert found["forward"].nbytes == held + 40 + 40 + 4
    # At fc: the loss, the 1, the gradient of the logits and that of the weight.
    assert found["backward"].nbytes == held + 4 + 4 + 40 + 60
    assert found["update"].nbytes == held + 4 + 60


def test_extras_and_running_statistics() -> None:
    def net(x: build.Symbol) -> build.Symbol:
        x = build.batch_norm(build.conv2d(x, 2, kernel_size=1, bias=False, name="conv"), name="bn")
        return build.max_pool2d(x, 2, name="pool")

    found = training_cost(build.graph(net, (1, 1, 4, 4), training=True))
    saved = {row.layer: row.saved_activation_bytes for row in found.layers}
    # conv keeps its input; bn what conv wrote, a mean and a reciprocal deviation per channel; pool positions of int64.
    # New running statistics take the place of the old ones.
    assert saved == {"conv": 16 * 4, "bn": 2 * 16 * 4 + 2 * 2 * 4, "pool": 2 * 2 * 2 * 8}


def test_buffers_are_running_statistics_and_constants() -> None:
    def net(x: build.Symbol) -> tuple[build.Symbol, build.Symbol]:
        x = build.batch_norm(x, name="bn")
        return x, build.gt(x, 0.5)

    # A mean, a variance and a count of 8 bytes; the number to compare with.
    found = training_cost(build.graph(net, (1, 3, 4, 4), training=True))
    assert found.buffer_bytes == 2 * 3 * 4 + 8 + 4


def test_parameters_in_groups_have_scales() -> None:
    graph = build.graph(lambda x: build.linear(x, 3, bias=False), (1, 11))
    # 3 * 11 numbers of 4 bits are 17 bytes; in groups of 32 they have two scales of 16 bits.
    assert training_cost(with_bits(graph, parse_bits("w4g32"))).parameter_bytes == 17 + 2 * 2


def test_sums_of_integers_are_no_floating_point_operations() -> None:
    def net(ids: build.Symbol) -> build.Symbol:
        return build.relu(build.embedding(build.add(ids, ids, name="twice"), 10, 4, name="table"), name="relu")

    found = training_cost(build.graph(net, TensorSpec((2, 3), "int64")))
    # twice adds 2 * 3 integers; of floats, relu compares 2 * 3 rows of 4. Backward: relu's, and as many into the table.
    assert (found.forward_flops, found.backward_flops) == (2 * 3 * 4, 2 * (2 * 3 * 4))


def test_an_unknown_operator_is_not_counted_as_zero() -> None:
    strange = tuple(replace(node, op="strange") if node.op == "relu" else node for node in PERCEPTRON.nodes)
    found = training_cost(replace(PERCEPTRON, nodes=strange))
    assert rows(found)["relu"] == (None, 0, 0)
    assert rows(found)["fc1"] == (24, 24, 64)  # it is taken to pass a gradient


def test_an_operator_without_a_gradient_ends_the_way_back() -> None:
    def net(x: build.Symbol) -> tuple[build.Symbol, build.Symbol]:
        y = build.linear(x, 4, bias=False, name="fc")
        return build.argmax(y, 1), build.sum(build.linear(x, 2, bias=False, name="other"))

    assert rows(training_cost(build.graph(net, (2, 3))))["fc"] == (0, 0, 0)


def test_a_shared_weight_has_one_gradient() -> None:
    def net(x: build.Symbol) -> build.Symbol:
        weight = build.parameter(x, "weight", (3, 3))
        return build.matmul(build.matmul(x, weight, name="first"), weight, name="second")

    found = training_cost(build.graph(net, (2, 3)))
    assert found.gradient_bytes == sum(row.gradient_bytes for row in found.layers) == 36
    # Both read x and weight; the second passes back to its input, the first only to the weight, where it adds 9.
    assert [row.backward_macs for row in found.layers] == [18, 2 * 18]
    assert found.backward_flops == 2 * 54 + 9


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("mobilenet_v2", 32 * 3 * 3 * 3 * 112 * 112),
        ("resnet18", 64 * 3 * 7 * 7 * 112 * 112),
        ("vgg16", 64 * 3 * 3 * 3 * 224 * 224),
    ],
)
def test_a_step_is_three_forwards_less_the_gradient_of_the_image(name: str, first: int) -> None:
    found = weigh(name, training=True).training
    assert found is not None
    assert found.forward_macs + found.backward_macs == 3 * found.forward_macs - first


def test_tinytl() -> None:
    # ResNet-50 of 102 classes, per image: inputs of convolutions 10,662,400, of normalisations 11,113,984 and of the
    # last layer 2,048 at 4 bytes, of ReLUs 9,608,704 bits. The paper prints 802 MB for a batch of 8 (Table 3).
    image = 4 * (10_662_400 + 11_113_984 + 2_048) + 9_608_704 // 8
    found = weigh("resnet50:num_classes=102", batch=8, training=True).training
    assert found is not None
    assert found.tinytl_saved_bytes == 8 * image == 8 * 88_314_816
    assert found.tinytl_bytes == 8 * image + 94_868_120 == 801_386_648
    # Figure 1: 1414 MB beside 102 MB of parameters, and 1252 MB beside 24 MB, for a batch of 16.
    resnet = weigh("resnet50", batch=16, training=True).training
    mobilenet = weigh("mobilenet_v2:width=1.4", batch=16, training=True).training
    assert (resnet.tinytl_saved_bytes, resnet.parameter_bytes) == (1_413_037_056, 102_228_128)
    assert (mobilenet.tinytl_saved_bytes, mobilenet.parameter_bytes) == (1_247_036_896, 24_435_104)


def test_tinytl_frozen_parameters_take_eight_bits_and_keep_nothing() -> None:
    found = training_cost(PERCEPTRON, freeze=["fc1"])
    assert found.tinytl_saved_bytes == 32  # the input of fc2
    assert found.tinytl_bytes == 32 + 16 + 10 * 4
    masks = training_cost(PERCEPTRON)
    assert masks.tinytl_saved_bytes == 24 + 1 + 32  # eight bits of relu
    longer = training_cost(build.graph(perceptron, (3, 3)))
    assert longer.tinytl_saved_bytes == 3 * 3 * 4 + 2 + 3 * 4 * 4  # twelve bits of relu


def test_profiles_carry_what_training_costs() -> None:
    assert weigh("lenet5").training is None
    profile = weigh("lenet5", training=True)
    assert profile.training == training_cost(netweight.capture("lenet5", training=True), optimizer="sgd")
    as_described = weigh("lenet5", optimizer="adam", freeze=["C1"], checkpoint=["C3"])
    assert as_described.training == training_cost(
        netweight.capture("lenet5"), optimizer="adam", freeze=["C1"], checkpoint=["C3"]
    )
    again = profile_from_dict(json.loads(as_described.to_json()))
    assert again.training == as_described.training
    assert again.training.layers[0].formulas == as_described.training.layers[0].formulas


def test_a_layer_that_runs_twice_keeps_what_both_calls_keep() -> None:
    """As one row: sigmoid keeps its output, 6 numbers of 4 bytes each time."""

    def twice(x: build.Symbol) -> build.Symbol:
        x = build.linear(x, 3)
        return build.sigmoid(build.mul(build.sigmoid(x), x))

    graph = build.graph(twice, (2, 3))
    nodes = tuple(replace(node, layer="gate") if node.op == "sigmoid" else node for node in graph.nodes)
    (gate,) = [row for row in training_cost(replace(graph, nodes=nodes)).layers if row.layer == "gate"]
    assert gate.saved_activation_bytes == 2 * (6 * 4)
    # Two products and a sum each; where the gradients of x meet, 6 sums more.
    assert gate.backward_flops == 2 * (6 * 3) + 6


def test_scales_of_narrow_weights_are_stored_too() -> None:
    """64 x 64 weights of 4 bits, and 16 bits beside each 32 of them."""
    graph = build.graph(lambda x: build.linear(x, 64, bias=False), (1, 64))
    found = weigh(graph, bits="w4g32", optimizer="sgd").training
    assert found is not None
    assert found.parameter_bytes == 64 * 64 // 2 + 64 * 64 // 32 * 2


def test_formulas_say_what_was_multiplied() -> None:
    row = training_cost(build.graph(perceptron, (2, 3))).layers[2]
    assert row.formulas == {"backward_macs": "2 * (2 * 2 * 4)"}


def test_messages() -> None:
    with pytest.raises(UnknownNameError, match="no optimizer is called 'adagrad'") as found:
        weigh("lenet5", optimizer="adagrad")
    assert "adam" in found.value.fix
    with pytest.raises(UnknownNameError, match="no module is called 'layer9'"):
        weigh("resnet18", training=True, checkpoint=["layer9"])
    with pytest.raises(UnknownNameError, match="no parameter is called 'layer9'"):
        weigh("resnet18", training=True, freeze=["layer9"])
    with pytest.raises(UsageError, match="checkpoint: expected a step of training to weigh, got none"):
        weigh("resnet18", checkpoint=["layer1"])
    with pytest.raises(UsageError, match="freeze: expected a step of training to weigh, got none"):
        weigh("resnet18", freeze=["layer1"])


def shared(x: build.Symbol) -> build.Symbol:
    """The gradient of the last sum goes, as it is, to a, to the other product and to the negative of a."""
    other = build.linear(x, 8, bias=False, name="other")
    a = build.linear(x, 8, bias=False, name="a")
    b = build.neg(a, name="neg")
    last = build.add(build.add(a, other, name="first"), b, name="last")
    return build.sum(build.sigmoid(last, name="sigmoid"))


def alone(x: build.Symbol) -> build.Symbol:
    """Without the other product: when neg's gradient joins that of a, the memory of the latter is nobody else's."""
    a = build.linear(x, 8, bias=False, name="a")
    b = build.neg(a, name="neg")
    return build.sum(build.sigmoid(build.add(build.exp(a, name="exp"), b, name="last"), name="sigmoid"))


def test_gradients_are_summed_in_place_only_where_nobody_else_holds_them() -> None:
    """64 x 8 elements: at the sum there are the gradient of both, that of the negative, and their sum in new memory."""
    tensor, column, weights = 64 * 8 * 4, 64 * 4, 2 * 8 * 4
    found = peaks(build.graph(shared, (64, 1)))["backward"]
    assert found.nbytes == column + weights + 4 + 4 + 3 * tensor == 6_472
    assert (found.layer, found.parts["gradients"]) == ("neg", 4 + 3 * tensor)
    row = next(row for row in training_cost(build.graph(shared, (64, 1))).layers if row.layer == "neg")
    assert row.backward_flops == 64 * 8 + 64 * 8  # the negative, and the sum
    # exp keeps its result; its gradient is made beside that of the sum, which neg's waits for.
    found = peaks(build.graph(alone, (64, 1)))["backward"]
    assert found.nbytes == column + weights // 2 + 4 + 4 + 3 * tensor == 6_440
    assert found.layer != "neg"
