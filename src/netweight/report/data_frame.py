"""Profile as a pandas DataFrame."""

from dataclasses import fields
from typing import Any

from netweight.errors import MissingExtraError
from netweight.results.profile import LayerRow, Profile


def to_pandas(profile: Profile) -> Any:
    """One row per layer, columns as in JSON.

    Raises:
        MissingExtraError: If pandas is not installed.
    """
    try:
        import pandas as pd
    except ImportError as error:
        raise MissingExtraError(
            "to_pandas: expected pandas, got none", fix="pip install 'netweight[pandas]'"
        ) from error
    names = [f.name for f in fields(LayerRow)]
    return pd.DataFrame([[_cell(getattr(row, name)) for name in names] for row in profile.layers], columns=names)


def _cell(value: Any) -> Any:
    return int(value) if isinstance(value, int) else value
