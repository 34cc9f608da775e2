"""Which items measure which factor, and where the parts of a sum score come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.implied import GroupLayout, Implied
from trustsem.spec.table import ParameterTable
from trustsem.suggestions import shortened

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]


@dataclass(frozen=True, eq=False, slots=True)
class Block:
    """A factor of one group with its observed indicators.

    Args:
        factor: Latent variable.
        group: Number of the group, from 1.
        position: Where the factor stands among all variables.
        items: (k,) where its indicators stand among the observed ones.
        names: Their names.
        refusal: Why no coefficient of its sum score follows from the model; None where they do.
    """

    factor: str
    group: int
    position: int
    items: IntArray
    names: tuple[str, ...]
    refusal: str | None

    def loadings(self, implied: Implied) -> FloatArray:
        """Return the (k,) arrows from the factor to its items."""
        return implied.paths[self.items, self.position]


def factor_blocks(table: ParameterTable, layouts: Sequence[GroupLayout]) -> tuple[Block, ...]:
    """Return every factor of every group with its observed indicators; loadings fixed at 0 do not count."""
    blocks = []
    for number, layout in enumerate(layouts, start=1):
        names = layout.names
        for factor in table.variables.latent:
            rows = [row for row in table.rows if row.op == "=~" and row.lhs == factor and row.group == number]
            loaded = [row.rhs for row in rows if row.is_free or row.value != 0]
            items = [name for name in loaded if name in layout.observed]
            index = np.array([names.index(name) for name in items], dtype=np.intp)
            refusal = _refusal(table, number, items, [name for name in loaded if name not in items])
            blocks.append(Block(factor, number, names.index(factor), index, tuple(items), refusal))
    return tuple(blocks)


def _refusal(table: ParameterTable, group: int, items: Sequence[str], factors: Sequence[str]) -> str | None:
    """Return why a factor has no sum score that the model could tell the reliability of."""
    if factors:
        return f"its indicators are factors ({shortened(factors, 4)}): it has no sum score of items"
    if not items:
        return "it has no indicator"
    if len(items) == 1:
        return f"one indicator ({items[0]}): its reliability is not estimated but assumed"
    given = set(table.variables.exogenous)
    observed = set(table.variables.observed) - given
    arrows = [
        f"{row.lhs} ~ {row.rhs}"
        for row in table.rows
        if row.op == "~" and row.group == group and row.lhs in items and row.rhs in observed
    ]
    if arrows:
        return f"its items depend on each other or on other outcomes: {shortened(arrows, 4)}"
    return None
