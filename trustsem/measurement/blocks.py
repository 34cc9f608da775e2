"""Which items measure which factor, and where the parts of a sum score come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.implied import GroupLayout, Implied
from trustsem.spec.table import ParameterTable, Row
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
        no_scale: Why it has no sum score of items; None where it has.
        refusal: Why no coefficient of the sum score follows from the model; None where they do.
    """

    factor: str
    group: int
    position: int
    items: IntArray
    names: tuple[str, ...]
    no_scale: str | None
    refusal: str | None

    def loadings(self, implied: Implied) -> FloatArray:
        """Return the (k,) arrows from the factor to its items."""
        return implied.paths[self.items, self.position]


def factor_blocks(table: ParameterTable, layouts: Sequence[GroupLayout]) -> tuple[Block, ...]:
    """Return every factor of every group with its observed indicators; loadings fixed at 0 do not count."""
    blocks = []
    for number, layout in enumerate(layouts, start=1):
        loadings = [row for row in table.rows if row.op == "=~" and row.group == number]
        loadings = [row for row in loadings if row.is_free or row.value != 0]
        for factor in table.variables.latent:
            items = tuple(row.rhs for row in loadings if row.lhs == factor and row.rhs in layout.observed)
            index = np.array([layout.names.index(name) for name in items], dtype=np.intp)
            no_scale = _no_scale(factor, items, loadings)
            refusal = no_scale or _arrows_among(table, number, items)
            blocks.append(Block(factor, number, layout.names.index(factor), index, items, no_scale, refusal))
    return tuple(blocks)


def _no_scale(factor: str, items: Sequence[str], loadings: Sequence[Row]) -> str | None:
    own = [row for row in loadings if row.lhs == factor]
    factors = [row.rhs for row in own if row.rhs not in items]
    if factors:
        return f"its indicators are factors ({shortened(factors, 4)}): it has no sum score of items"
    if not items:
        return "it has no indicator"
    if len(items) == 1:
        return f"one indicator ({items[0]}): its reliability is not estimated but assumed"
    others = {row.rhs for row in loadings if row.lhs != factor}
    if len(set(items) - others) <= 1 and not any(row.is_free for row in own):
        return "its loadings are fixed and its items measure other factors too (growth, method): it is no scale"
    return None


def _arrows_among(table: ParameterTable, group: int, items: Sequence[str]) -> str | None:
    """Return which items depend on other items or outcomes: loadings are not all that the factor does to their sum."""
    outcomes = set(table.variables.observed) - set(table.variables.exogenous)
    arrows = [
        f"{row.lhs} ~ {row.rhs}"
        for row in table.rows
        if row.op == "~" and row.group == group and row.lhs in items and row.rhs in outcomes
    ]
    return f"items depend on each other or on other outcomes: {shortened(arrows, 4)}" if arrows else None
