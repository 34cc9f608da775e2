"""From estimator, se and test as given to what a fit of ordinal items computes, or a clear refusal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trustsem.fitting.data_options import DataOptions, Missing
from trustsem.fitting.resolve import named_tests
from trustsem.fitting.words import word
from trustsem.inference.chisquares import TestKind
from trustsem.inference.standard_errors import ErrorKind
from trustsem.pipeline import ESTIMATORS, PipelineOptions
from trustsem.records import Finding, Severity

DEFAULT = "WLSMV"
_OR_CONTINUOUS = "ordered=False (--ordered none) takes the answers for continuous ones."
_DISCREPANCIES = ("DWLS", "ULS", "WLS")
_ERRORS = (ErrorKind.STANDARD, ErrorKind.ROBUST_SEM, ErrorKind.NONE)
_TESTS = (TestKind.STANDARD, TestKind.SATORRA_BENTLER, TestKind.MEAN_VAR_ADJUSTED, TestKind.SCALED_SHIFTED)


@dataclass(frozen=True, slots=True)
class OrdinalOptions:
    """What a fit does with ordinal items.

    Args:
        ordered: Their names, or True for all endogenous observed variables.
        is_default: Whether the estimator was left at its default.
        zero_cells: What is added to empty cells of 2x2 and of larger tables; None: lavaan's (0.5, 0).
    """

    ordered: tuple[str, ...] | bool
    zero_cells: tuple[float, float] | None = None
    is_default: bool = False


def resolve_ordinal(options: Mapping[str, Any], data: DataOptions) -> tuple[PipelineOptions, list[str]]:
    """Return the choices of the numerical layers, and what speaks against them.

    Args:
        options: Options of a fit, each of an allowed value; estimator "ML", the default, means WLSMV here.
        data: What happens to the rows.
    """
    name = word(options["estimator"]).upper()
    spec = ESTIMATORS[DEFAULT if name == "ML" else name]
    faults = []
    if spec.discrepancy not in _DISCREPANCIES or name == "GLS":
        allowed = ", ".join(sorted(s.name for s in ESTIMATORS.values() if s.discrepancy in _DISCREPANCIES))
        faults.append(
            f"estimator {spec.name} does not analyse ordinal items; allowed with ordered: {allowed}. {_OR_CONTINUOUS}"
        )
    if data.missing not in (Missing.LISTWISE, Missing.PAIRWISE):
        faults.append(
            f'missing="{data.missing.value}" is for continuous answers; ordinal ones have "listwise" and '
            f'"pairwise". {_OR_CONTINUOUS}'
        )
    for option in ("likelihood", "information", "observed_information", "h1_information"):
        if options[option] is not None and word(options[option]) != "normal":
            faults.append(f"{option} is for maximum likelihood of continuous answers: leave it out with ordered.")
    if data.auxiliary:
        faults.append("auxiliary variables are for continuous answers: leave them out with ordered.")
    errors, tests = _errors(options["se"], spec.errors, spec.discrepancy), _tests(options["test"], spec.test)
    if errors not in _ERRORS:
        faults.append(f'se="{errors.value}" needs a likelihood; with ordered use one of {_values(_ERRORS)}.')
    for kind in tests:
        if kind not in _TESTS:
            faults.append(f'test="{kind.value}" is for continuous answers; with ordered use one of {_values(_TESTS)}.')
    return PipelineOptions(spec.name, errors=errors, tests=tests), faults


def _errors(given: Any, default: ErrorKind, discrepancy: str) -> ErrorKind:
    if given is None:
        # the inverse information is the covariance of the estimates only under the full weight matrix
        return default if discrepancy == "WLS" else ErrorKind.ROBUST_SEM
    name = word(given)
    return ErrorKind.ROBUST_SEM if name in ("robust", "two_stage", "robust_two_stage") else ErrorKind(name)


def _tests(given: Any, default: TestKind) -> tuple[TestKind, ...]:
    return named_tests(given) or ((TestKind.STANDARD if default is TestKind.BROWNE_RESIDUAL_NT else default),)


def _values(kinds: tuple[ErrorKind, ...] | tuple[TestKind, ...]) -> str:
    return ", ".join(kind.value for kind in kinds)


def default_estimator_finding() -> Finding:
    """Say that the default estimator is another one with ordinal items."""
    return Finding(
        "ordinal-estimator",
        Severity.INFO,
        f"Ordinal items: estimator {DEFAULT} (diagonally weighted least squares on polychoric correlations, robust "
        "standard errors, scaled and shifted test).",
        remedy="Name an estimator to use another one.",
    )
