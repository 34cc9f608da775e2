"""A comparison as JSON-ready values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trustsem.fitting.serialise import plain, records
from trustsem.tables.comparison import TESTED
from trustsem.version import __version__

if TYPE_CHECKING:
    from trustsem.fitting.comparison import Comparison
    from trustsem.tables.comparison import ComparedPair

SCHEMA = "trustsem.compare/1"


def comparison_to_dict(comparison: Comparison) -> dict[str, Any]:
    """Return models, tests and findings with null for what is absent or refused; stable order, no time stamps."""
    frame = comparison.table
    deltas = [name for name in frame.columns if name.startswith("delta_")]
    own = records(frame.drop(columns=[*TESTED, *deltas]))
    changes = records(frame.filter(items=deltas))
    return {
        "schema": SCHEMA,
        "version": __version__,
        "models": [
            {**row, "converged": model.fitted.estimate.converged, "admissible": model.fitted.admissible}
            for row, model in zip(own, comparison.models, strict=True)
        ],
        "tests": [{**_pair(pair), **row} for pair, row in zip(comparison.pairs, changes[1:], strict=True)],
        "findings": [finding.to_dict() for finding in comparison.findings],
    }


def _pair(pair: ComparedPair) -> dict[str, Any]:
    names = ("statistic", "df", "pvalue", "unscaled", "scaling_factor", "shift", "rmsea")
    test = pair.test
    return {
        "restricted": pair.restricted,
        "general": pair.general,
        "method": None if test is None else test.method.value,
        **{name: None if test is None else plain(getattr(test, name)) for name in names},
        "refusal": pair.refusal,
    }
