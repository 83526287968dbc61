"""Names of models that nothing has: what may have been meant, among networks, files, architectures and terms."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from netweight import zoo
from netweight.errors import FormatError, UnknownNameError, UsageError
from netweight.given_files import is_directory, is_file, is_there
from netweight.similar import plain, similar

_READ = (".onnx", ".tflite", ".json", ".py")
"""Suffixes of files that are weighed."""
_OF_TEXT = ("gpt", "llama", "mistral", "mixtral", "qwen", "gemma", "phi", "t5", "roberta", "whisper", "clip")
_OF_PICTURES = (
    "efficientnet", "convnext", "regnet", "swin", "squeezenet", "shufflenet", "mnasnet", "resnext", "deit", "yolo",
)  # fmt: skip
"""Families that are not built in."""


def check_local(text: str) -> None:
    """Refuse addresses: nothing is downloaded.

    Raises:
        UsageError: If it is one.
    """
    address = re.match(r"(\w+)://([^/]*)/*(.*)", text)
    if address is None:
        return
    if address[2].endswith("huggingface.co"):
        fix = "save the config.json of the model, then: netweight hf:config.json"
    else:
        fix = "save the file, and give its path"
    raise UsageError(f"model: expected a name or a file, got the address {text!r}: nothing is downloaded", fix=fix)


def unknown_network(name: str) -> UnknownNameError:
    """The error for a name that is no built-in network, with what it may be."""
    networks = similar(name, zoo.names())
    if networks:
        return _unknown(name, f"did you mean {' or '.join(networks)}?")
    files = similar(name, [path.stem for path in _beside(Path(name))])
    found = [str(path) for path in _beside(Path(name)) if path.stem in files]
    if found:
        return _unknown(name, f"did you mean {' or '.join(found[:3])}?")
    return _unknown(name, _as_term(name) or _as_family(name) or _as_layer(name) or "`netweight models` lists them")


def check_there(path: Path) -> None:
    """Refuse a file that is not there, and say which of its kind are.

    Raises:
        UnknownNameError: If it is a Python file.
        FormatError: If it is another.
    """
    suffix = path.suffix.lower()
    if is_file(path) if suffix == ".py" else is_there(path):
        return
    there = [str(other) for other in _beside(path) if other.suffix.lower() == suffix]
    near = similar(str(path), there) or similar(path.name, [Path(other).name for other in there])
    fix = f"did you mean {' or '.join(near)}?" if near else _others(path, there)
    if suffix == ".py":
        raise UnknownNameError(f"no Python file is called {str(path)!r}", fix=fix)
    what = {".onnx": "an ONNX model", ".tflite": "a TFLite model", ".json": "readable JSON"}.get(suffix, "a network")
    raise FormatError(f"file: expected {what} in {str(path)!r}, got none: No such file or directory", fix=fix)


def _others(path: Path, there: list[str]) -> str:
    if not is_directory(path.parent):
        if re.fullmatch(r"[\w-]+/[\w.-]+", str(path)) and path.suffix.lower() not in _READ:
            return "names on a hub are not looked up: save its config.json, then: netweight hf:config.json"
        return f"there is no directory {str(path.parent)!r}"
    if not there:
        return ""
    more = f" and {len(there) - 3} more" if len(there) > 3 else ""
    return f"there {'are' if len(there) > 1 else 'is'} {', '.join(sorted(there)[:3])}{more}"


def _beside(path: Path) -> list[Path]:
    """Files in the same directory that can be weighed."""
    directory = path.parent
    if not is_directory(directory):
        return []
    return sorted(other for other in directory.iterdir() if other.suffix.lower() in _READ and is_file(other))


def _unknown(name: str, fix: str) -> UnknownNameError:
    return UnknownNameError(f"no built-in network is called {name!r}", fix=fix)


def _as_layer(name: str) -> str:
    """How a layer is asked for, if the name looks like one."""
    looks = re.fullmatch(r"[a-zA-Z_]+\d*(?:\.\w+)+|(?:conv|fc|layer|block|features?|bn|norm|head|classifier)\d*", name)
    return f"a layer is asked for with its network: netweight explain alexnet {name}" if looks else ""


def _as_term(name: str) -> str:
    """What explains the name, if it is a word of the reports."""
    from netweight.report.terms import find_term

    found = find_term(name)
    return "" if found is None else f"it is a term: netweight explain {shlex.quote(found.name)}"


def _as_family(name: str) -> str:
    """Where a well-known family that is not built in is had from."""
    wanted = plain(name)
    if wanted.startswith(_OF_TEXT):
        return "it is not built in: netweight hf:config.json weighs it from its configuration"
    if wanted.startswith(_OF_PICTURES):
        return "it is not built in: netweight torchvision:NAME or timm:NAME, or FILE.onnx"
    return ""
