"""Compared models as a data frame: one row per model, with its difference to the row above."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from trustsem.inference.difference import DifferenceTest
from trustsem.pipeline import FittedModel

CRITERIA = ("aic", "bic", "bic2")
INDICES = ("cfi", "rmsea", "srmr")
ROBUST_INDICES = ("cfi_robust", "rmsea_robust")
SCALED_INDICES = ("cfi_scaled", "rmsea_scaled")  # of ordinal items: robust ones need free thresholds (Savalei 2021)
TESTED = ("chisq_diff", "df_diff", "pvalue", "rmsea_diff")
_SCALED = {"chisq_scaled": "chisq_scaled", "scaling_factor": "chisq_scaling_factor"}


@dataclass(frozen=True, eq=False, slots=True)
class ComparedModel:
    """One row: a fit under the name it is compared by.

    Args:
        name: Name in the comparison.
        fitted: The fit.
        has_criteria: Whether its AIC and BIC stand beside those of the others.
    """

    name: str
    fitted: FittedModel
    has_criteria: bool = True

    def measure(self, name: str) -> float:
        """Return a fit measure; NaN where it is undefined or the fit did not converge."""
        value = self.fitted.measures.values.get(name) if self.fitted.estimate.converged else None
        return math.nan if value is None else float(value)


@dataclass(frozen=True, slots=True)
class ComparedPair:
    """A model against the one above it in the table.

    Args:
        restricted: Name of the model with more degrees of freedom.
        general: Name of the other one.
        test: Test of the difference; None where it was refused.
        refusal: Why it was refused.
        same_data: Whether differences of fit indices mean anything.
    """

    restricted: str
    general: str
    test: DifferenceTest | None
    refusal: str | None
    same_data: bool


def comparison_frame(models: Sequence[ComparedModel], pairs: Sequence[ComparedPair]) -> pd.DataFrame:
    """Return the table of a comparison.

    Columns: model, n_parameters, df, chisq (robust fits: chisq_scaled, scaling_factor), aic, bic, bic2, cfi, rmsea,
    srmr (cfi_robust, rmsea_robust), chisq_diff, df_diff, pvalue, rmsea_diff, delta_cfi, delta_rmsea, delta_srmr
    (delta_cfi_robust, delta_rmsea_robust); of ordinal items cfi_scaled and rmsea_scaled as well. Differences are this
    row less the one above; NaN in the first row and where they were refused.

    Args:
        models: In order, the most general one first.
        pairs: Each model but the first against the one before it.
    """
    scaled = any("chisq_scaled" in model.fitted.measures.values for model in models)
    ordinal = any(model.fitted.table.ordinal is not None for model in models)
    versions = (*(SCALED_INDICES if ordinal else ()), *ROBUST_INDICES)
    robust = tuple(name for name in versions if any(name in model.fitted.measures.values for model in models))
    columns: dict[str, list[object]] = {
        "model": [model.name for model in models],
        "n_parameters": [model.fitted.table.n_parameters for model in models],
        "df": [model.fitted.test.df for model in models],
        "chisq": [model.measure("chisq") for model in models],
    }
    if scaled:
        columns |= {column: [model.measure(name) for model in models] for column, name in _SCALED.items()}
    for name in CRITERIA:
        columns[name] = [model.measure(name) if model.has_criteria else math.nan for model in models]
    for name in (*INDICES, *robust):
        columns[name] = [model.measure(name) for model in models]
    columns |= _test_columns(pairs)
    for name in (*INDICES, *robust):
        columns[f"delta_{name}"] = _deltas(models, pairs, name)
    return pd.DataFrame(columns)


def _test_columns(pairs: Sequence[ComparedPair]) -> dict[str, list[object]]:
    tests = [None, *(pair.test for pair in pairs)]
    return {
        "chisq_diff": [math.nan if test is None else test.statistic for test in tests],
        "df_diff": [math.nan if test is None else test.df for test in tests],
        "pvalue": [math.nan if test is None or test.pvalue is None else test.pvalue for test in tests],
        "rmsea_diff": [math.nan if test is None or test.rmsea is None else test.rmsea for test in tests],
    }


def _deltas(models: Sequence[ComparedModel], pairs: Sequence[ComparedPair], name: str) -> list[object]:
    deltas: list[object] = [math.nan]
    for above, model, pair in zip(models, models[1:], pairs, strict=False):
        deltas.append(model.measure(name) - above.measure(name) if pair.same_data else math.nan)
    return deltas
