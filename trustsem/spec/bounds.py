"""Automatic bounds on variances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from trustsem.spec.options import Bounds
from trustsem.spec.table import Row
from trustsem.spec.variables import Variables


def bounded_rows(rows: Sequence[Row], variables: Variables, bounds: Bounds) -> tuple[Row, ...]:
    """Return the rows with a lower bound of 0 on the free variances that the option names; written bounds stay."""
    if bounds is Bounds.NONE:
        return tuple(rows)
    latent = set(variables.latent)

    def applies(row: Row) -> bool:
        if row.op != "~~" or row.lhs != row.rhs or not row.is_free or row.lower is not None:
            return False
        kinds = {Bounds.POS_VAR: True, Bounds.POS_OV_VAR: row.lhs not in latent, Bounds.POS_LV_VAR: row.lhs in latent}
        return kinds[bounds]

    return tuple(replace(row, lower=0.0) if applies(row) else row for row in rows)
