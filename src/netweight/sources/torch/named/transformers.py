"""Architectures of transformers, from the ``config.json`` of a model and without its weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from netweight.errors import FormatError, MissingExtraError, unknown_name
from netweight.given_files import is_directory, read_json
from netweight.sources.extras import cure, first_line, root_of
from netweight.sources.names import Reference
from netweight.sources.torch.named.hf_inputs import inputs_of
from netweight.sources.torch.named.making import NO_CACHE, NamedModule, call_on_meta, import_package
from netweight.sources.torch.named.storage.layers import stored_weights


def from_transformers(reference: Reference, batch: int) -> NamedModule:
    """The architecture that a configuration describes, and inputs that follow from it.

    Raises:
        MissingExtraError: If transformers is not installed, or does not import.
        FormatError: If there is no such file, or it is no configuration.
        UnknownNameError: If transformers has no such type of model.
    """
    settings = {**_read(Path(reference.name)), **reference.options}
    transformers = import_package("transformers", reference.place)
    configs = transformers.CONFIG_MAPPING
    kind = settings.get("model_type", "")
    if kind not in configs:
        fix = "transformers has no code for it, and none is fetched" if "auto_map" in settings else ""
        raise unknown_name("type of model in transformers", kind, list(configs), fix=fix)
    with _importing():
        config = configs[kind].from_dict(settings)
        architecture = _architecture(transformers, settings)
    config.use_cache = reference.options.get("use_cache", False)
    module = call_on_meta(lambda: architecture._from_config(config), replace(reference, options={}))
    inputs, of = inputs_of(type(module), config, batch)
    weights = stored_weights(module, settings)
    notes = () if getattr(config, "use_cache", False) else (NO_CACHE,)
    return NamedModule(
        module=module,
        inputs=inputs or None,
        source="transformers",
        notes=(*weights.notes, *notes),
        stored=weights.stored,
        guesses=weights.guesses,
        input_notes=(f"no input was given: it is {of}",) if inputs else (),
    )


def _read(path: Path) -> dict[str, Any]:
    path = path / "config.json" if is_directory(path) else path
    fix = "names on a hub are not looked up: save its config.json, and give the path"
    try:
        found = read_json(path, mark=b'"model_type"', what="a config.json with a model_type")
    except FormatError as error:
        raise FormatError(f"hf: expected a readable config.json: {error.message}", fix=error.fix or fix) from error
    if not isinstance(found, dict) or "model_type" not in found:
        raise FormatError(f"hf: expected a config.json with a model_type, got {str(path)!r} without one")
    return found


def _architecture(transformers: Any, settings: Mapping[str, Any]) -> Any:
    """The class that the configuration names, else the one without a head."""
    named = [getattr(transformers, name, None) for name in settings.get("architectures") or ()]
    found = next((architecture for architecture in named if architecture is not None), None)
    return transformers.MODEL_MAPPING[transformers.CONFIG_MAPPING[settings["model_type"]]] if found is None else found


@contextmanager
def _importing() -> Iterator[None]:
    """Around what asks transformers for a class: it imports each when it is first asked for.

    Raises:
        MissingExtraError: If one does not import.
    """
    try:
        yield
    except ImportError as error:
        reason = root_of(error)
        message = f"model: expected transformers to import, for hf:, got {first_line(reason)}"
        raise MissingExtraError(message, fix=cure("transformers", str(reason))) from error
