"""The shipped default case as nested tables, with single fields changed."""

from __future__ import annotations

import copy
import tomllib
from typing import Any

from studies.case import SHIPPED

DEFAULT = tomllib.loads((SHIPPED / "bilayer.toml").read_text("utf-8"))
MISSING = object()


def changed(name: str, value: Any) -> dict[str, Any]:
    """The default case with one dotted field set to a value, or taken out."""
    data = copy.deepcopy(DEFAULT)
    *tables, key = name.split(".")
    table = data
    for part in tables:
        table = table[part]
    if value is MISSING:
        del table[key]
    else:
        table[key] = value
    return data
