"""Builtin operators that the table does not have, and why: they are unknown, of the shapes that the file says."""

_TEXT = "it works on texts and tables of them, which have no arithmetic to count"
_REGION = "what it does to two elements is a subgraph, so that no operator of the table is it"
_COUNTED = "how many of its results hold follows from numbers, and the rest is filled up"

WHY: dict[str, str] = {
    "CONCAT_EMBEDDINGS": "no runtime has a kernel for it, and nothing says what it computes",
    "CUSTOM": "only its author knows what it does",
    "DELEGATE": "it stands for a part of the network that another library has taken over",
    "DILATE": "the table has no operator that puts elements between others",
    "EMBEDDING_LOOKUP_SPARSE": "how many rows are read follows from numbers",
    "HASHTABLE": _TEXT,
    "HASHTABLE_FIND": _TEXT,
    "HASHTABLE_IMPORT": _TEXT,
    "HASHTABLE_LOOKUP": _TEXT,
    "HASHTABLE_SIZE": _TEXT,
    "LSH_PROJECTION": "it hashes bytes, which the table does not have",
    "MULTINOMIAL": "the table draws no samples of a distribution that is a tensor",
    "NON_MAX_SUPPRESSION_V4": _COUNTED,
    "NON_MAX_SUPPRESSION_V5": _COUNTED,
    "PLACEHOLDER_FOR_GREATER_OP_CODES": "it is no operator: old files have it in the place of a code beyond 127",
    "REDUCE_WINDOW": "the table has windows over planes alone, and not of every function",
    "SKIP_GRAM": _TEXT,
    "STABLEHLO_CONVOLUTION": "it may have dimensions in any order, and steps between elements",
    "STABLEHLO_CUSTOM_CALL": "only its author knows what it does",
    "STABLEHLO_DYNAMIC_SLICE": "where it begins follows from numbers that only a run has",
    "STABLEHLO_GATHER": "it has slices of any extent at lists of positions, which the table does not",
    "STABLEHLO_REDUCE": _REGION,
    "STABLEHLO_REDUCE_WINDOW": _REGION,
    "STABLEHLO_RNG_BIT_GENERATOR": "it draws bits by an algorithm of its own, with a state",
    "STABLEHLO_SCATTER": _REGION,
    "STABLEHLO_SORT": _REGION,
}
"""Name in the schema to the reason."""
