"""Which groups and which variables a table of results speaks of."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trustsem.spec.auxiliary import is_auxiliary
from trustsem.spec.table import ParameterTable


def group_names(table: ParameterTable) -> tuple[str, ...]:
    """Return the label of every group; one empty text where there is one group."""
    return table.group_labels or ("",)


def in_group(table: ParameterTable, group: int) -> str:
    """Return where something holds, for a sentence: nothing where there is one group."""
    labels = table.group_labels
    return f" in group {labels[group - 1]}" if labels else ""


def model_variables(table: ParameterTable) -> NDArray[np.intp]:
    """Return the positions of the observed variables that are part of the model: all but auxiliary ones."""
    helpers = {row.lhs for row in table.rows if is_auxiliary(row)}
    kept = [position for position, name in enumerate(table.variables.observed) if name not in helpers]
    return np.array(kept, dtype=np.intp)
