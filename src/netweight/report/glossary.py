"""What the words in the reports mean."""

from __future__ import annotations

from dataclasses import dataclass

from netweight.errors import unknown_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One word.

    Attributes:
        name: As the reports write it.
        meaning: One or two sentences.
        formula: How to compute it.
        example: With numbers.
        beware: What other tools or papers do differently.
        see: Related terms.
    """

    name: str
    meaning: str
    formula: str = ""
    example: str = ""
    beware: str = ""
    see: tuple[str, ...] = ()


_TERMS = (
    Term(
        name="MAC",
        meaning="one multiply and its accumulating add, a <- a + b * c. Dense: products with padded zeros count.",
        formula="convolution n * c_out * c_in/groups * k_h * k_w * h_out * w_out; linear rows * out * in",
        example="AlexNet conv1: 96 * 3 * 11 * 11 * 55 * 55 = 105,415,200",
        beware='papers before 2018 often print MACs and call them "FLOPs"; fvcore counts one MAC as one flop.',
        see=("FLOP", "OP"),
    ),
    Term(
        name="FLOP",
        meaning="one floating-point operation. A layer's FLOPs are 2 per MAC and one for every other addition, "
        "multiplication, division, comparison, exponential ...; 0 where the element type is an integer.",
        formula="2 * MACs + adds + muls + divs + compares + exps + ...",
        beware="the word FLOPS is not used: it is a count for some and a rate (FLOP/s) for others.",
        see=("MAC", "OP", "contraction FLOPs"),
    ),
    Term(
        name="contraction FLOPs",
        meaning="the part of the FLOPs that is 2 x MACs: what most papers print as FLOPs.",
        formula="2 * MACs",
        see=("FLOP",),
    ),
    Term(
        name="OP",
        meaning="any arithmetic, comparison or logic operation, whatever the type. An int8 network has no FLOPs in its "
        "convolutions and as many OPs as the floating-point one has FLOPs.",
        see=("FLOP", "bits"),
    ),
    Term(
        name="params",
        meaning="learned scalars. A tensor that several layers share counts once. Shown with and without bias: "
        "lecture tables leave bias out.",
        formula="convolution c_out * c_in/groups * k_h * k_w + c_out; linear out * in + out",
        example="AlexNet: 60,965,224, without bias 60,954,656",
        see=("buffers", "model size"),
    ),
    Term(
        name="buffers",
        meaning="state that is not learned: running statistics of batch normalisation. Never called parameters.",
        see=("params",),
    ),
    Term(
        name="model size",
        meaning="bytes of the parameters at their width, with scales and zero points of quantised tensors.",
        formula="sum over tensors of elements * bits / 8; 4 bits in groups of 32 with 16-bit scales are 4.5 bits",
        example="AlexNet: 244 MB at 32 bits, 61 MB at 8. 1 MB = 1,000,000 bytes, 1 MiB = 1,048,576.",
        see=("bits", "params"),
    ),
    Term(
        name="bits",
        meaning="width of one element. --bits 8 sets weights and activations, w4 weights only, w4g32 adds a "
        "16-bit scale per 32 weights, 'conv*=8,fc*=w4' goes by layer. 16, 32 and 64 are floating point, other widths integers.",
        see=("model size", "OP"),
    ),
    Term(
        name="activations",
        meaning="elements of the tensors that layers write. How many count at once depends on the convention.",
        see=("lecture", "liveness", "inplace", "io-held"),
    ),
    Term(
        name="lecture",
        meaning="activation convention: elements; ReLU, normalisation and dropout work in place and are not counted; "
        "total = network input + output of every layer; peak = largest input + output of a layer.",
        example="AlexNet: total 932,264, peak 150,528 + 290,400 = 440,928 at conv1",
        see=("activations", "liveness"),
    ),
    Term(
        name="liveness",
        meaning="activation convention: exact bytes alive per step. A tensor lives from the step that writes it to its "
        "last reader; views share storage; the graph's input is freed after its last reader.",
        see=("activations", "inplace", "io-held"),
    ),
    Term(
        name="io-held",
        meaning="activation convention: as liveness, the graph's inputs and outputs are never freed.",
        see=("liveness",),
    ),
    Term(
        name="inplace",
        meaning="activation convention: as liveness; elementwise operators, and depthwise convolution of 8-bit types, "
        "write over an input that dies there.",
        example="MobileNetV2 1.0 at 224, int8: 1,404,928 bytes",
        see=("liveness",),
    ),
    Term(
        name="torch-eager",
        meaning="activation convention: what PyTorch eager holds. As liveness, but a tensor lives as long as the program "
        "refers to it (a local variable, a list), and the caller keeps inputs and outputs. Kernel workspace is not in it.",
        see=("liveness",),
    ),
    Term(
        name="peak",
        meaning="the worst moment under a convention: the layer named beside it, and the tensors alive then.",
        see=("activations",),
    ),
    Term(
        name="receptive field",
        meaning="input positions, per spatial dimension, that one output position depends on; the largest over branches.",
        formula="size += (kernel - 1) * dilation * jump; jump *= stride",
        example="AlexNet: conv1 11, pool1 11 + 2 * 4 = 19, conv2 19 + 4 * 8 = 51",
    ),
    Term(
        name="traffic",
        meaning="bytes a layer reads (weights and inputs) and writes (outputs) if nothing stays in a cache. Views move "
        "nothing.",
        see=("intensity",),
    ),
    Term(
        name="intensity",
        meaning="arithmetic intensity: FLOPs per byte moved. Low: memory sets the pace; high: arithmetic does.",
        formula="FLOPs / (bytes read + bytes written)",
        see=("traffic",),
    ),
    Term(
        name="coverage",
        meaning="operator calls that were counted, are free by a stated rule (views, copies, lookups), or unknown. "
        "An unknown operator is listed with its layer and never counted as zero; --strict makes it exit 1.",
        see=("complete",),
    ),
    Term(
        name="complete",
        meaning="whether the figures speak of the whole network exactly: no unknown operator, no guess about what the "
        "program does with real data, and its code ran to the end. If not, the notes say why; --strict makes it exit 1.",
        see=("coverage",),
    ),
    Term(
        name="training step",
        meaning="forward, backward and update of the parameters, once. --training or --optimizer NAME weighs one.",
        formula="forward + backward + what runs again + update",
        example="MobileNetV2: 3 * 300,774,272 - 10,838,016 MACs, as the image needs no gradient",
        see=("backward", "kept for backward", "optimizer state", "checkpointing", "training"),
    ),
    Term(
        name="backward",
        meaning="gradients of the parameters, and of the activations on the way to them. A convolution or linear layer "
        "takes as many MACs as its forward for the gradient of its input, and as many for that of its weight.",
        beware="PyTorch's FlopCounterMode counts groups times too much for the weight of a grouped convolution, and five "
        "products for a fused attention where we count four: it computes the scores again.",
        see=("training step", "MAC"),
    ),
    Term(
        name="kept for backward",
        meaning="memory that forward leaves because backward reads it: inputs, outputs or extras of operators, the network's "
        "input included, each piece once. A layer is charged for what no layer before it keeps.",
        see=("training", "checkpointing", "tinytl"),
    ),
    Term(
        name="optimizer state",
        meaning="what an optimizer keeps per parameter from step to step: sgd nothing, momentum and rmsprop one tensor, adam "
        "and adamw two; all but sgd and momentum also the number of steps, 4 bytes per parameter tensor, as PyTorch does.",
        see=("training",),
    ),
    Term(
        name="checkpointing",
        meaning="modules that keep only their input for backward and run a second time when backward comes to them: less "
        "memory, more MACs. --checkpoint 'layer*' names them.",
        see=("kept for backward", "training step"),
    ),
    Term(
        name="training",
        meaning="memory convention of a training step: parameters, their gradients once backward has made them, optimizer "
        "state, buffers, inputs and outputs, what is kept for backward, and gradients of activations until they are used. "
        "Freed as PyTorch frees; kernels need nothing besides.",
        see=("kept for backward", "tinytl"),
    ),
    Term(
        name="tinytl",
        meaning="memory convention of the TinyTL paper: parameters, frozen ones at 8 bits, and per operator alone the input "
        "of convolution, linear layers and normalisation whose weight is trained, one bit per element of ReLU.",
        example="ResNet-50 of 102 classes, batch 8: 801,386,648 bytes; the paper prints 802 MB",
        see=("training",),
    ),
    Term(name="E100", meaning="a mistake of netweight itself: please report it, with what -vv prints."),
    Term(name="E101", meaning="an argument is not one we accept: a batch below 1, a width outside 1 to 64."),
    Term(name="E102", meaning="no model, layer, column, convention or term has that name; close ones are suggested."),
    Term(
        name="E103",
        meaning="an operator cannot accept these shapes: a kernel larger than the padded input, groups that do "
        "not divide the channels, channels that do not match. The note names the layer and the line that describes it.",
    ),
    Term(
        name="E104",
        meaning="the model could not be turned into a graph: the code that makes it or its forward raised, or what a name "
        "gives is no module. The note names the line; -vv shows all of the error.",
    ),
    Term(name="E105", meaning="the model uses an operator without a definition."),
    Term(name="E106", meaning="a graph contradicts itself: a value without a writer, a circle, a name used twice."),
    Term(name="E107", meaning="a file is unreadable, truncated or of another kind."),
    Term(
        name="E108",
        meaning="an optional dependency is not installed, or is and does not import; the line says what to do, and "
        "`netweight doctor` what else is usable.",
    ),
    Term(name="E109", meaning="a run goes further than a model of somebody else's may: `--limit steps=1e8` raises it."),
    Term(
        name="E110",
        meaning="a rule of your own for an operator, a function or a module raises, or says what cannot be: the error "
        "names its line. docs/your-own-rules.md has how rules are written.",
    ),
)

_OTHER_NAMES = {
    "macs": "MAC", "flops": "FLOP", "ops": "OP", "parameters": "params", "memory": "activations", "field": "receptive field",
    "receptive_field": "receptive field", "arithmetic intensity": "intensity", "size": "model size",
    "model_size": "model size", "flop": "FLOP", "mac": "MAC", "op": "OP", "param": "params", "activation": "activations",
    "rf": "receptive field", "optimizer": "optimizer state", "checkpoint": "checkpointing", "saved": "kept for backward",
    "step": "training step", "gradient": "backward",
}  # fmt: skip

TERMS: dict[str, Term] = {term.name: term for term in _TERMS}


def term(name: str) -> Term:
    """The term of that name, however it is written.

    Raises:
        UnknownNameError: If no term has that name.
    """
    wanted = name.strip().lower()
    by_name = {key.lower(): value for key, value in TERMS.items()}
    found = by_name.get(_OTHER_NAMES.get(wanted, wanted).lower())
    if found is None:
        raise unknown_name("term", name, [*by_name, *_OTHER_NAMES], fix=f"known: {', '.join(TERMS)}")
    return found
