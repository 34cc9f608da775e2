"""Diagonally weighted least squares on the statistics of ordinal data."""

from __future__ import annotations

from trustsem.discrepancy.base import Discrepancy, Expansion
from trustsem.discrepancy.least_squares import gauss_newton_core
from trustsem.errors import UsageError
from trustsem.implied import Implied
from trustsem.moments import SampleGroup


def _only_ordinal() -> UsageError:
    return UsageError(
        "DWLS weighs thresholds and correlations of ordinal items; this model has none.",
        remedy='Name the ordinal items in ordered=, or use estimator="ULSMV" or "MLR" for continuous answers.',
        code="no-ordinal-items",
    )


def _value(_sample: SampleGroup, _implied: Implied, _meanstructure: bool) -> float:
    raise _only_ordinal()


def _expand(_sample: SampleGroup, _implied: Implied, _meanstructure: bool) -> Expansion:
    raise _only_ordinal()


# the weights of ordinal statistics are applied by the objective that fits these (estimate/categorical.py)
DWLS = Discrepancy("DWLS", _value, _expand, gauss_newton_core, is_likelihood=False)
