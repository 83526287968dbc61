"""A file as a revision of git had it: ``model.onnx@main``."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from netweight.errors import FormatError, UsageError
from netweight.given_files import is_directory, is_there
from netweight.similar import similar

_NAMED = re.compile(
    r"(?P<file>.+\.(?:onnx|tflite|json|py))(?P<name>:[^@]*)?@(?P<revision>[^@].*)", re.IGNORECASE | re.DOTALL
)
_LARGE_FILE = b"version https://git-lfs"
_REFS = 50
"""Branches and tags among which one that was meant is looked for."""


class AtRevision(NamedTuple):
    """What was named.

    Attributes:
        file: The file, whose folder lies in a repository.
        name: ``:NAME`` in a Python file; empty otherwise.
        revision: A branch, a tag, a commit.
    """

    file: Path
    name: str
    revision: str


def parse_revision(text: str) -> AtRevision | None:
    """What a text names, if it is a file at a revision; None otherwise, also where a file is called so.

    >>> parse_revision("nets/a.onnx@v1.0").revision, parse_revision("a.onnx")
    ('v1.0', None)
    """
    match = _NAMED.fullmatch(text)
    if match is None or is_there(Path(text)):
        return None
    return AtRevision(Path(match["file"]), match["name"] or "", match["revision"])


@contextmanager
def file_at(text: str) -> Iterator[str]:
    """What to weigh instead of a text: a copy of the file as the revision had it, for as long as the block runs.

    Anything but a file at a revision is itself.

    Raises:
        UsageError: If there is no git, no repository, or no such revision.
        FormatError: If the revision has no such file.
    """
    named = parse_revision(text)
    if named is None:
        yield text
        return
    content = _content(named)
    with tempfile.TemporaryDirectory(prefix="netweight-") as folder:
        copy = Path(folder) / named.file.name
        copy.write_bytes(content)
        yield f"{copy}{named.name}"


def _content(named: AtRevision) -> bytes:
    folder = named.file.parent
    if not is_directory(folder):
        raise FormatError(f"git: expected a file in {str(folder)!r}, which is no directory")
    if shutil.which("git") is None:
        raise UsageError(
            f"git: expected git, to read {named.file.name!r} at {named.revision!r}, found none on the path"
        )
    if _git(folder, "rev-parse", "--git-dir") is None:
        raise UsageError(f"git: expected a repository around {str(named.file)!r}, found none")
    commit = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{named.revision}^{{commit}}")
    if commit is None:
        raise UsageError(
            f"git: expected a revision that the repository of {str(named.file)!r} has, got {named.revision!r}",
            fix=_meant(folder, named.revision),
        )
    content = _git(folder, "cat-file", "blob", f"{commit.decode().strip()}:./{named.file.name}")
    if content is None:
        raise FormatError(f"git: expected {str(named.file)!r} at {named.revision!r}, which has no such file")
    if content.startswith(_LARGE_FILE):
        raise FormatError(
            f"git: expected {str(named.file)!r} at {named.revision!r}, got the pointer of git-lfs in its place",
            fix="check that revision out, and give the path of the file",
        )
    return content


def _meant(folder: Path, revision: str) -> str:
    """Branches and tags that look like one that is none."""
    listed = _git(folder, "for-each-ref", f"--count={_REFS}", "--format=%(refname:short)") or b""
    known = listed.decode(errors="replace").split()
    near = similar(revision, known)
    if near:
        return f"did you mean {' or '.join(near)}?"
    return f"a branch, a tag or a commit: {', '.join(known[:3])}" if known else "it has no commit yet"


def _git(folder: Path, *arguments: str) -> bytes | None:
    """What git prints; None where it refuses."""
    done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, check=False)
    return done.stdout if done.returncode == 0 else None
