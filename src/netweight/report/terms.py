"""The words of the reports, and of the field: what each means."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from netweight.errors import unknown_name
from netweight.report.explain.term import Term, TermList

_FOLDER = Path(__file__).parent / "words"


@cache
def terms() -> Mapping[str, Term]:
    """Every term by its name, subject by subject."""
    found: dict[str, Term] = {}
    for path in sorted(_FOLDER.glob("*.toml")):
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        for item in data["term"]:
            term = _term({"page": data["page"], "subject": data["subject"], **item})
            found[term.name] = term
    return found


def _term(item: Mapping[str, str | list[str]]) -> Term:
    fields = {key: tuple(value) if isinstance(value, list) else value for key, value in item.items()}
    return Term(**fields)  # type: ignore[arg-type]


@cache
def _by_any_name() -> Mapping[str, Term]:
    """Terms by their names and other names, as ``_key`` has them; names come before other names."""
    found: dict[str, Term] = {}
    for term in terms().values():
        found[_key(term.name)] = term
    for term in terms().values():
        for alias in term.aliases:
            found.setdefault(_key(alias), term)
    return found


def _key(name: str) -> str:
    """A name without capitals, and without what separates its words; a slash stays, as FLOPs are no FLOP/s.

    >>> _key("Top-5"), _key("batch_norm"), _key("FLOP/s")
    ('top5', 'batchnorm', 'flop/s')
    """
    return "".join(letter for letter in name.lower() if letter not in " _-.")


def find_term(name: str) -> Term | None:
    """The term of that name, however it is written, or of that very spelling; None if there is none.

    >>> find_term("FLOPS").name, find_term("flops").name
    ('FLOP/s', 'FLOP')
    """
    exactly = next((term for term in terms().values() if name in term.written), None)
    if exactly is not None:
        return exactly
    known, key = _by_any_name(), _key(name)
    singular = key.removesuffix("s")
    return known.get(key) or known.get(singular) or known.get(f"{key}s")


def names_of_terms() -> tuple[str, ...]:
    """Every name that a term has."""
    return tuple(name for term in terms().values() for name in (term.name, *term.aliases))


def term(name: str) -> Term:
    """The term of that name, however it is written.

    Raises:
        UnknownNameError: If no term has that name.
    """
    found = find_term(name)
    if found is None:
        raise unknown_name("term", name, names_of_terms(), fix="netweight explain lists them")
    return found


def list_of_terms() -> TermList:
    """The names of all terms, by subject."""
    subjects: dict[str, list[str]] = {}
    for found in terms().values():
        subjects.setdefault(found.subject, []).append(found.name)
    return TermList(subjects=tuple((title, tuple(names)) for title, names in subjects.items()))
