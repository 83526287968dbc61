"""A profile that shows itself: rows by name, explanations and every report as a method, each imported when needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from netweight.errors import UnknownNameError, UsageError, unknown_name
from netweight.results import profile

if TYPE_CHECKING:
    from netweight.app.comparison import Comparison
    from netweight.app.explanations import OfNetwork
    from netweight.results.profile import LayerRow, ModuleRow

_FIRST = 5


class Profile(profile.Profile):
    """What a network costs, layer by layer, and why.

    It is what ``netweight.weigh`` returns. ``repr`` is one sentence, ``print`` the report, a notebook shows it as
    HTML. It is a collection of its layers; a layer or module is found by its path.

    >>> import netweight
    >>> profile = netweight.weigh("alexnet")
    >>> profile["conv1"].macs
    105415200
    >>> len(profile), "conv1" in profile
    (24, True)
    >>> max(profile, key=lambda row: row.params).layer
    'fc6'
    >>> profile.totals.params, profile.modules[""].macs
    (60965224, 724406816)
    """

    __slots__ = ()

    @classmethod
    def of(cls, found: profile.Profile, **changed: Any) -> Profile:
        """The same figures, but for those that are changed."""
        return cls(**{f.name: getattr(found, f.name) for f in fields(found)} | changed)

    def __getitem__(self, path: str) -> LayerRow | ModuleRow:
        """The layer or module of a path; ``""`` is the whole network. Where both have it, the layer.

        Raises:
            UnknownNameError: If the network has no such layer, which is also a ``KeyError``.
            UsageError: If it is no text.
        """
        if not isinstance(path, str):
            raise UsageError(f"profile: expected the path of a layer or module, got {path!r}", fix="profile.layers[0]")
        layers, modules = self._by_path
        if path in layers:
            return layers[path]
        if path in modules:
            return modules[path]
        raise self._no_such(path)

    @property
    def _by_path(self) -> tuple[Mapping[str, LayerRow], Mapping[str, ModuleRow]]:
        return self.layers.by_path, self.modules.by_path

    def _no_such(self, path: str) -> UnknownNameError:
        known = [path for rows in self._by_path for path in rows if path]
        what = f"layer of {self.model.name}"
        ends = [name for name in known if path and name.endswith(f".{path}")][:3]
        if ends:
            return UnknownNameError(f"no {what} is called {path!r}", fix=f"did you mean {' or '.join(ends)}?")
        return unknown_name(what, path, known, fix=f"its first layers: {', '.join(known[:_FIRST])}")

    def __contains__(self, path: object) -> bool:
        return isinstance(path, str) and any(path in rows for rows in self._by_path)

    def __iter__(self) -> Iterator[LayerRow]:
        return iter(self.layers)

    def __len__(self) -> int:
        return len(self.layers)

    def __bool__(self) -> bool:
        return True

    def explain(self, path: str) -> OfNetwork:
        """Why a layer, a module or a total is what it is: its figures with the numbers they were made from.

        Args:
            path: Path of a layer or module, or a total: ``"conv1"``, ``"layer1.0"``, ``"macs"``, ``"peak"``.

        Raises:
            UnknownNameError: If the network has no such layer.

        >>> import netweight
        >>> found = netweight.weigh("alexnet").explain("conv1")
        >>> next(figure.formula for figure in found.figures if figure.name == "macs")
        '96 * 3 * 11 * 11 * 55 * 55'
        """
        from netweight.app.explanations import explain_profile

        return explain_profile(self, path)

    def compare(self, other: profile.Profile) -> Comparison:
        """What differs between this and another, layer by layer; ``netweight.compare`` also takes models and files.

        Raises:
            UsageError: If the other is no profile.

        >>> import netweight
        >>> netweight.weigh("mlp").compare(netweight.weigh("mlp")).differs
        False
        """
        from netweight.app.comparison import compared

        return compared(self, other)

    def to_csv(self) -> str:
        """One line per layer, every figure in full.

        >>> import netweight
        >>> netweight.weigh("mlp").to_csv().splitlines()[1][:14]
        'x,input,input,'
        """
        from netweight.report.delimited import to_csv

        return to_csv(self)

    def to_markdown(self) -> str:
        """A Markdown table, the figures of the whole network, and the sentence.

        >>> import netweight
        >>> netweight.weigh("mlp").to_markdown().splitlines()[0][:9]
        '| layer |'
        """
        from netweight.report.markdown import to_markdown

        return to_markdown(self)

    def to_pandas(self) -> Any:
        """A pandas DataFrame, one row per layer, the columns those of ``LayerRow``.

        Raises:
            MissingExtraError: If pandas is not installed.

        Example: ``profile.to_pandas().groupby("op")["macs"].sum()``.
        """
        from netweight.report.data_frame import to_pandas

        return to_pandas(self)

    def __repr__(self) -> str:
        from netweight.report.escape import plain
        from netweight.report.summary import summary_line

        return plain(summary_line(self))

    def __str__(self) -> str:
        from netweight.report.terminal import to_text

        return to_text(self)

    def __rich__(self) -> Any:
        from netweight.report.terminal import to_renderable

        return to_renderable(self)

    def _repr_html_(self) -> str:
        from netweight.report.html import to_html

        return to_html(self)
