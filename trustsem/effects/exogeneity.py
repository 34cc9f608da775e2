"""What a model's zeros say of correlations: which variables are uncorrelated with which disturbances."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trustsem.effects.graph import reachable, structural_graph
from trustsem.implied import GroupLayout

BoolArray = NDArray[np.bool_]


def correlated_with_disturbances(layout: GroupLayout) -> BoolArray:
    """Return (t, t): whether the variable of a row may be correlated with the disturbance of a column.

    v = (I - A)^-1 u, so cov(v_i, u_n) = sum_m (I - A)^-1_im S_mn: zero for every value of the parameters where no
    disturbance that reaches v_i covaries with u_n (Bollen 1996; Bollen, Kolenikov & Bauldry 2014). Correlations that
    cancel at certain values only are not taken for zeros.
    """
    covariances = layout.covariances != 0
    cells = layout.covariance_cells
    covariances[cells.row, cells.column] = True
    covariances[cells.column, cells.row] = True
    graph, reach = structural_graph(layout), np.eye(len(covariances))
    for source in graph:
        reach[list(reachable(graph, source)), source] = 1.0
    return np.asarray(reach @ covariances.astype(np.float64) > 0, dtype=bool)
