import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netweight.count import Count, formula, named_formula, parse, product, total

counts = st.recursive(
    st.lists(st.integers(0, 50), min_size=1, max_size=4).map(
        lambda sizes: product({f"f{i}": n for i, n in enumerate(sizes)})
    ),
    lambda inner: st.tuples(inner, inner).flatmap(lambda ab: st.sampled_from([ab[0] + ab[1], ab[0] * ab[1]])),
    max_leaves=6,
)


@given(counts)
def test_evaluating_the_formula_gives_the_count(count: Count) -> None:
    assert eval(formula(count)) == count  # noqa: S307  -- the text is ours, and Python is the independent reader
    assert parse(formula(count)) == count


@given(st.lists(st.integers(0, 9), max_size=5))
def test_total_is_the_sum(sizes: list[int]) -> None:
    assert total(product(n=size) for size in sizes) == sum(sizes)


def test_a_factor_of_one_is_left_out_and_a_name_is_shown_on_request() -> None:
    macs = product({"n": 1, "c_out": 96, "c_in/groups": 3}, k_h=11)
    assert formula(macs) == "96 * 3 * 11"
    assert named_formula(macs) == "96 (c_out) * 3 (c_in/groups) * 11 (k_h)"
    assert formula(product(n=1, m=1)) == "1"


def test_equal_addends_are_written_once() -> None:
    assert formula(product(a=3, b=4) + product(a=3, b=4)) == "2 * (3 * 4)"


def test_a_sum_in_a_product_gets_parentheses() -> None:
    gates = product(gates=4) * (product(inputs=10) + product(hidden=20))
    assert gates == 120
    assert formula(gates) == "4 * (10 + 20)"


def test_it_is_an_int_that_survives_pickling() -> None:
    macs = product(a=6, b=7)
    again = pickle.loads(pickle.dumps(macs))  # noqa: S301  -- our own bytes
    assert (again, formula(again)) == (42, "6 * 7")
    assert isinstance(macs, int)
    assert hash(macs) == hash(42)
    assert type(macs // 4) is int


def test_sums_of_twenty_thousand_counts_do_not_recurse() -> None:
    count = total(product(a=2, b=i) for i in range(20_000))
    assert count == 20_000 * 19_999
    assert parse(formula(count)) == count


@pytest.mark.parametrize("text", ["", "1 +", "2 * (3", "a * 2", "2 ** 3", "1 2", "-1"])
def test_text_that_is_no_formula_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="formula: expected"):
        parse(text)
