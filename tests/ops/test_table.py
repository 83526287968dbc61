"""What the table of operators and the builder say of their files is what the files have."""

import importlib
import inspect
import pkgutil
from dataclasses import replace

import pytest

import netweight.ops
import netweight.sources.build
from netweight import build
from netweight.ops import FAMILIES, REGISTRY, OpDef
from netweight.ops.base import register


def test_every_operator_is_listed_under_its_file() -> None:
    found = {
        info.name: " ".join(sorted(v.name for v in vars(module).values() if isinstance(v, OpDef)))
        for info in pkgutil.iter_modules(netweight.ops.__path__)
        for module in [importlib.import_module(f"netweight.ops.{info.name}")]
    }
    assert {family: names for family, names in found.items() if names} == FAMILIES
    assert len(REGISTRY) == sum(len(names.split()) for names in FAMILIES.values())
    assert all(REGISTRY[name].name == name for name in REGISTRY)


def test_every_builder_function_is_listed_under_its_file() -> None:
    for info in pkgutil.iter_modules(netweight.sources.build.__path__):
        module = importlib.import_module(f"netweight.sources.build.{info.name}")
        public = {
            name for name, value in vars(module).items()
            if inspect.isfunction(value) and value.__module__ == module.__name__ and not name.startswith("_")
        }  # fmt: skip
        listed = set(build._FUNCTIONS.get(info.name, "").split()) - {"Symbol"}
        assert listed <= public
        assert public - listed <= {
            "he",
            "xavier",
            "per_dim",
            "getitem",
            "from_front",
            "activate",
            "reduce_over",
            *build._HOMES,
        }, info.name
    assert all(hasattr(build, name) for name in build.__all__)
    with pytest.raises(AttributeError, match="no attribute 'conv4d'"):
        build.conv4d  # noqa: B018


def test_a_name_is_taken_once() -> None:
    with pytest.raises(ValueError, match="operator 'conv' is already registered"):
        register(replace(REGISTRY["conv"]))
