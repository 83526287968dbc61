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
    ),
    Term(name="E101", meaning="an argument is not one we accept: a batch below 1, a width outside 1 to 64."),
    Term(name="E102", meaning="no model, layer, column, convention or term has that name; close ones are suggested."),
    Term(
        name="E103",
        meaning="an operator cannot accept these shapes: a kernel larger than the padded input, groups that do "
        "not divide the channels, channels that do not match. The note names the layer and the line that describes it.",
    ),
    Term(name="E104", meaning="the model could not be turned into a graph."),
    Term(name="E105", meaning="the model uses an operator without a definition."),
    Term(name="E106", meaning="a graph contradicts itself: a value without a writer, a circle, a name used twice."),
    Term(name="E107", meaning="a file is unreadable, truncated or of another kind."),
    Term(name="E108", meaning="an optional dependency is not installed; the line says what to install."),
)

_OTHER_NAMES = {
    "macs": "MAC", "flops": "FLOP", "ops": "OP", "parameters": "params", "memory": "activations", "field": "receptive field",
    "receptive_field": "receptive field", "arithmetic intensity": "intensity", "size": "model size",
    "model_size": "model size", "flop": "FLOP", "mac": "MAC", "op": "OP", "param": "params", "activation": "activations",
    "rf": "receptive field",
}  # fmt: skip

TERMS: dict[str, Term] = {term.name: term for term in _TERMS}


def term(name: str) -> Term:
    """The term of that name, however it is written.

    Raises:
        UnknownNameError: If there is none.
    """
    wanted = name.strip().lower()
    by_name = {key.lower(): value for key, value in TERMS.items()}
    found = by_name.get(_OTHER_NAMES.get(wanted, wanted).lower())
    if found is None:
        raise unknown_name("term", name, [*by_name, *_OTHER_NAMES], fix=f"known: {', '.join(TERMS)}")
    return found
