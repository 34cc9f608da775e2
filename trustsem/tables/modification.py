"""Modification indices as a data frame."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from trustsem.effects import Standardization, standardizing_factors
from trustsem.inference.candidates import Candidate, candidate_parameters
from trustsem.inference.chisquares import TestKind
from trustsem.inference.score import modification_indices
from trustsem.pipeline import FittedModel
from trustsem.spec.auxiliary import is_auxiliary
from trustsem.spec.table import Origin, OriginKind, Row
from trustsem.theory import Theory

_COLUMNS = {Standardization.LV: "sepc_lv", Standardization.ALL: "sepc_all", Standardization.NOX: "sepc_nox"}


def modification_frame(fitted: FittedModel, theory: Theory | None = None, *, top: int | None = None) -> pd.DataFrame:
    """Return one row per parameter that could be freed, largest modification index first.

    Columns: lhs, op, rhs, level, group, mi (expected drop of the unscaled chi-square, df 1), mi_scaled (mi by the
    scaling factor of the fit's test, where that corrects the mean), epc (expected change of the parameter), sepc_lv,
    sepc_all, sepc_nox (the same, standardised). Parameters whose freeing would leave the model unidentified are left
    out, and so are auxiliary variables.

    Args:
        fitted: A fitted model.
        theory: Where the model's constructs come from it, a column `theory` says of each path whether the theory draws
            it ("allowed by the theory") or not; freeing anything else is a matter of measurement ("not in the theory").
        top: Only the first so many; the others are not standardised, which saves time.
    """
    helpers = {row.lhs for row in fitted.table.rows if is_auxiliary(row)}
    every = candidate_parameters(fitted.table, fitted.estimate.objective.layout)
    candidates = [c for c in every if c.lhs not in helpers and c.rhs not in helpers]
    result = modification_indices(fitted.estimate, candidates)
    defined = np.flatnonzero(np.isfinite(result.statistic))
    order = defined[np.argsort(-result.statistic[defined], kind="stable")][:top]
    chosen = [candidates[k] for k in order]
    columns: dict[str, Any] = {
        "lhs": [c.lhs for c in chosen],
        "op": [c.op for c in chosen],
        "rhs": [c.rhs for c in chosen],
        "level": [1] * len(chosen),
        "group": [c.group for c in chosen],
        "mi": result.statistic[order],
        **_scaled(fitted, result.statistic[order]),
        "epc": result.change[order],
    }
    rows = [_row(c) for c in chosen]
    for kind, name in _COLUMNS.items():
        columns[name] = result.change[order] * standardizing_factors(fitted.table, fitted.estimate, rows, kind)
    if theory is not None:
        columns["theory"] = [_judge(c, theory) for c in chosen]
    return pd.DataFrame(columns)


_MEAN_SCALED = (TestKind.SATORRA_BENTLER, TestKind.YUAN_BENTLER, TestKind.YUAN_BENTLER_MPLUS)


def _scaled(fitted: FittedModel, statistic: np.ndarray) -> dict[str, np.ndarray]:
    """Return the column mi_scaled of a fit whose test is divided by a scaling factor; nothing for others."""
    test = next((test for test in fitted.tests if test.kind in _MEAN_SCALED), None)
    if test is None:
        return {}
    factor = test.scaling_factor
    return {"mi_scaled": statistic / factor if factor else np.full(len(statistic), np.nan)}


def _judge(candidate: Candidate, theory: Theory) -> str:
    drawn = candidate.op == "~" and theory.path(candidate.rhs, candidate.lhs) is not None
    return "allowed by the theory" if drawn else "not in the theory"


def _row(candidate: Candidate) -> Row:
    return Row(candidate.lhs, candidate.op, candidate.rhs, Origin(OriginKind.DEFAULT), 0.0, group=candidate.group)
