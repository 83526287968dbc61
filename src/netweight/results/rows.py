"""Rows of a report, which are found by number as in any tuple, and by path."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, SupportsIndex, TypeVar, overload

from netweight.errors import unknown_name

if TYPE_CHECKING:
    from collections.abc import Mapping

Row = TypeVar("Row")
_FIRST = 5


class Rows(tuple[Row, ...], Generic[Row]):
    """A tuple of rows that also takes the path of one: ``rows["conv1"]``, ``"conv1" in rows``, ``rows.paths``.

    Attributes:
        kind: What a row is, in an error.
        path_field: Field of a row that has its path.
    """

    kind: ClassVar[str] = "row"
    path_field: ClassVar[str] = "layer"

    @cached_property
    def by_path(self) -> Mapping[str, Row]:
        """Path to row; of rows with one path the first."""
        found: dict[str, Row] = {}
        for row in self:
            found.setdefault(getattr(row, self.path_field), row)
        return found

    @property
    def paths(self) -> tuple[str, ...]:
        """Path of each row."""
        return tuple(getattr(row, self.path_field) for row in self)

    @overload
    def __getitem__(self, key: SupportsIndex | str) -> Row: ...
    @overload
    def __getitem__(self, key: slice) -> Self: ...
    def __getitem__(self, key: Any) -> Any:
        """The row at a place or of a path, or the rows of a slice.

        Raises:
            UnknownNameError: If no row has that path.
        """
        if isinstance(key, slice):
            return type(self)(tuple.__getitem__(self, key))
        if not isinstance(key, str):
            return tuple.__getitem__(self, key)
        if key not in self.by_path:
            paths = [path for path in self.paths if path]
            known = f"there are {len(self)}: {', '.join(paths[:_FIRST])}{' ...' if len(paths) > _FIRST else ''}"
            raise unknown_name(self.kind, key, paths, fix=known)
        return self.by_path[key]

    def __contains__(self, key: object) -> bool:
        return key in self.by_path if isinstance(key, str) else tuple.__contains__(self, key)

    def __repr__(self) -> str:
        paths = self.paths
        shown = paths if len(paths) <= 2 * _FIRST else (*paths[:_FIRST], "...", *paths[-_FIRST:])
        noun = self.kind if len(paths) == 1 else f"{self.kind}s"
        return f"<{len(paths)} {noun}: {', '.join(path or repr(path) for path in shown)}>"
