"""Matrices with two borders for NGSolve's Krylov solvers, and their block preconditioner.

[ A  B ] [x]   [f]
[ C  D ] [y] = [g],     x = [u | w | c] fields, y = (multiplier of the inventory, counter's potential)
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

ng: Any = importlib.import_module("ngsolve")

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Borders:
    """B by column, C by row (vectors of NGSolve) and D (m, m)."""

    columns: Sequence[Any]
    rows: Sequence[Any]
    corner: Floats


class _Square(ng.BaseMatrix):
    """An operator on vectors [fields | scalars]."""

    def __init__(self, fields: int, scalars: int) -> None:
        super().__init__()
        self.fields, self.scalars = fields, scalars

    def Height(self) -> int:
        return self.fields + self.scalars

    def Width(self) -> int:
        return self.fields + self.scalars

    def IsComplex(self) -> bool:
        return False

    def CreateVector(self, col: bool) -> Any:  # noqa: FBT001 (NGSolve calls it so)
        return ng.CreateVVector(self.fields + self.scalars)


class Bordered(_Square):
    """The bordered matrix itself."""

    def __init__(self, matrix: Any, borders: Borders) -> None:
        super().__init__(matrix.height, len(borders.columns))
        self.matrix, self.borders = matrix, borders

    def Mult(self, x: Any, y: Any) -> None:
        n, scalars = self.fields, scalars_of(x, self.fields)
        inside = x[0:n]
        below = [ng.InnerProduct(row, inside) for row in self.borders.rows]
        y[0:n].data = self.matrix * inside
        for value, column in zip(scalars, self.borders.columns, strict=True):
            y[0:n].data += float(value) * column
        y.FV().NumPy()[n:] = np.asarray(below) + self.borders.corner @ scalars


class BlockTriangular(_Square):
    """Potentials first, then the salt with what they leave, then the borders by their Schur complement.

    potentials and salt: preconditioners of the diagonal blocks; split: where the salt begins in x.
    """

    def __init__(self, matrix: Any, borders: Borders, potentials: Any, salt: Any, split: int) -> None:
        super().__init__(matrix.height, len(borders.columns))
        self.matrix, self.borders, self.split = matrix, borders, split
        self.potentials, self.salt = potentials, salt
        self.left = matrix.CreateColVector()
        self.responses = []
        for column in borders.columns:
            response = matrix.CreateColVector()
            self.apply(column, response)
            self.responses.append(response)
        through = [[ng.InnerProduct(row, response) for response in self.responses] for row in borders.rows]
        self.schur = borders.corner - np.asarray(through)

    def apply(self, r: Any, z: Any) -> None:
        """The blocks alone."""
        s, n = self.split, self.fields
        z[:] = 0.0
        z[0:s].data = self.potentials * r[0:s]
        self.left.data = r - self.matrix * z
        z[s:n].data = self.salt * self.left[s:n]

    def Mult(self, x: Any, y: Any) -> None:
        n, inside = self.fields, y[0 : self.fields]
        self.apply(x[0:n], inside)
        left = scalars_of(x, n) - [ng.InnerProduct(row, inside) for row in self.borders.rows]
        scalars = np.linalg.solve(self.schur, left)
        for value, response in zip(scalars, self.responses, strict=True):
            inside.data -= float(value) * response
        y.FV().NumPy()[n:] = scalars


def scalars_of(vector: Any, fields: int) -> Floats:
    """A copy of the scalars of a vector [fields | scalars]."""
    return np.array(vector.FV().NumPy()[fields:])
