"""Count: an int that remembers the product or sum it came from.

A cost rule multiplies named factors; the report prints what it multiplied. There is no second formula that could
disagree.

>>> macs = product(c_out=96, c_in=3, k_h=11, k_w=11, h_out=55, w_out=55)
>>> macs
105415200
>>> formula(macs)
'96 * 3 * 11 * 11 * 55 * 55'
>>> named_formula(product(rows=2, columns=3) + product(bias=2))
'2 (rows) * 3 (columns) + 2 (bias)'
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Self, TypeAlias

Factor: TypeAlias = tuple[str, int]


class Count(int):
    """An exact int with the sum of products it came from.

    Addition and multiplication keep the expression; every other operation gives a plain int. It compares, hashes and
    serialises as the int that it is.

    Attributes:
        terms: The addends; each is a tuple of named factors. A factor may be a Count itself: a sum in parentheses.
    """

    terms: tuple[tuple[Factor, ...], ...]

    def __new__(cls, value: int, terms: tuple[tuple[Factor, ...], ...] | None = None) -> Self:
        """Make a Count of ``value``; without ``terms`` it is a single unnamed number."""
        count = int.__new__(cls, value)
        count.terms = ((("", int(value)),),) if terms is None else terms
        return count

    def __mul__(self, other: int) -> Count:
        return Count(int(self) * int(other), (_factors(self) + _factors(other),))

    def __rmul__(self, other: int) -> Count:
        return Count(int(self) * int(other), (_factors(other) + _factors(self),))

    def __add__(self, other: int) -> Count:
        if not other:
            return self
        return Count(int(self) + int(other), self.terms + _terms(other))

    def __radd__(self, other: int) -> Count:
        if not other:
            return self
        return Count(int(self) + int(other), _terms(other) + self.terms)


_NOTHING = Count(0)


def product(named: Mapping[str, int] | None = None, /, **factors: int) -> Count:
    """Product of the named factors; the mapping comes first and is for names that are not identifiers.

    >>> formula(product({"c_in/groups": 48}, k_h=5))
    '48 * 5'
    """
    pairs = tuple(factors.items()) if named is None else (*named.items(), *factors.items())
    return Count(math.prod([int(value) for _, value in pairs]), (pairs,))


def total(counts: Iterable[int]) -> Count:
    """Sum of many counts in linear time (repeated ``+`` would copy the expression each time)."""
    parts = [count for count in counts if count]
    if not parts:
        return _NOTHING
    if len(parts) == 1 and isinstance(parts[0], Count):
        return parts[0]
    return Count(sum(map(int, parts)), tuple([term for part in parts for term in _terms(part)]) or None)


def formula(count: int) -> str:
    """The arithmetic as text, factors of one left out; evaluating it gives ``count``."""
    return _text(count, named=False)


def named_formula(count: int) -> str:
    """The arithmetic as text, each number followed by the name of what it measures."""
    return _text(count, named=True)


def _terms(value: int) -> tuple[tuple[Factor, ...], ...]:
    return value.terms if isinstance(value, Count) else ((("", value),),)


def _factors(value: int) -> tuple[Factor, ...]:
    """Factors of a product; a sum is one factor."""
    terms = _terms(value)
    return terms[0] if len(terms) == 1 else (("", value),)


def _text(count: int, *, named: bool) -> str:
    """Equal addends next to each other are written once: ``3 * (a * b)`` reads better than three copies."""
    parts: list[str] = []
    repeats: list[int] = []
    for term in _terms(count):
        text = _term_text(term, named=named)
        if parts and parts[-1] == text and text != "0":
            repeats[-1] += 1
        else:
            parts.append(text)
            repeats.append(1)
    return " + ".join(p if n == 1 else f"{n} * ({p})" for p, n in zip(parts, repeats, strict=True)) or "0"


def _term_text(term: tuple[Factor, ...], *, named: bool) -> str:
    shown = [pair for pair in term if pair[1] != 1] or [("", 1)]
    return " * ".join(_factor_text(name, value, named=named) for name, value in shown)


def _factor_text(name: str, value: int, *, named: bool) -> str:
    text = str(int(value))
    if isinstance(value, Count) and len(value.terms) > 1:
        text = f"({_text(value, named=named)})"
    return f"{text} ({name})" if named and name else text


def parse(text: str) -> Count:
    """The Count that a printed formula stands for, names lost; ``evaluate`` without ``eval``.

    >>> parse("2 * (3 * 4) + (1 + 2) * 5")
    39

    Raises:
        ValueError: If the text is not a sum of products of whole numbers.
    """
    tokens = re.findall(r"\d+|[()*+]|\S", text)
    count, rest = _parse_sum(tokens, 0)
    if rest != len(tokens):
        raise ValueError(f"formula: expected a sum of products, got {text!r}")
    return count


def _parse_sum(tokens: list[str], at: int) -> tuple[Count, int]:
    parts = []
    while True:
        factors, at = _parse_product(tokens, at)
        parts.append(factors)
        if at >= len(tokens) or tokens[at] != "+":
            return (parts[0] if len(parts) == 1 else total(parts)), at
        at += 1


def _parse_product(tokens: list[str], at: int) -> tuple[Count, int]:
    result, at = _parse_factor(tokens, at)
    while at < len(tokens) and tokens[at] == "*":
        factor, at = _parse_factor(tokens, at + 1)
        result = result * factor
    return result, at


def _parse_factor(tokens: list[str], at: int) -> tuple[Count, int]:
    token = tokens[at] if at < len(tokens) else ""
    if token == "(":
        inner, at = _parse_sum(tokens, at + 1)
        if at >= len(tokens) or tokens[at] != ")":
            raise ValueError("formula: expected a closing parenthesis")
        return inner, at + 1
    if not token.isdigit():
        raise ValueError(f"formula: expected a whole number, got {token!r}")
    return Count(int(token)), at + 1
