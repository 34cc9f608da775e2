"""Whether paths are equal over groups: Wald tests of one fit, and the likelihood-ratio test against the equal model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustsem.errors import ConvergenceError, UsageError
from trustsem.fitting.refit import refitted
from trustsem.inference.difference import DifferenceTest
from trustsem.inference.wald import wald_test
from trustsem.pipeline.difference import difference_of
from trustsem.records import Finding, Severity
from trustsem.spec.table import Row
from trustsem.suggestions import shortened, suggest

if TYPE_CHECKING:
    from trustsem.fitting.result import Fit

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class EqualPaths:
    """Tests of equal paths over groups. Made by `Fit.equal_paths`.

    Args:
        paths: The paths that are tested, as the model writes them.
        frame: One Wald test per path, then one of all together, then the likelihood-ratio test of all together;
            columns path (empty for all), test ("wald", "likelihood_ratio"), chisq, df, pvalue.
        difference: The likelihood-ratio test in full; scaled where the fit's test is.
        findings: What a reader must know.
    """

    paths: tuple[str, ...]
    frame: pd.DataFrame
    difference: DifferenceTest
    findings: tuple[Finding, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the tests as JSON-ready values."""
        from trustsem.fitting.serialise import records

        return {
            "paths": list(self.paths),
            "tests": records(self.frame),
            "method": self.difference.method.value,
            "findings": [finding.to_dict() for finding in self.findings],
        }


def equal_paths(fit: Fit, paths: str | Sequence[str] | None) -> EqualPaths:
    """Test whether paths are equal over all groups; arguments as in `Fit.equal_paths`."""
    if not fit.group_labels:
        raise UsageError(
            "The fit has one group: there are no paths to compare.",
            remedy="Fit with group=, the column that splits the sample.",
            code="one-group",
        )
    covariance = fit.fitted.covariance.matrix
    if not fit.converged or covariance is None:
        raise UsageError(
            "Equal paths cannot be tested: the fit did not converge or has no standard errors.",
            remedy="Look at the findings of the fit.",
            code="no-covariance",
        )
    free = _free_paths(fit)
    chosen = _chosen(paths, tuple(free))
    rows, gaps, jacobians = [], [], []
    for path in chosen:
        gap, jacobian = _gap(fit, free[path])
        rows.append((path, "wald", gap, jacobian))
        gaps.append(gap)
        jacobians.append(jacobian)
    rows.append(("", "wald", np.concatenate(gaps), np.vstack(jacobians)))
    tests = [(path, name, wald_test(gap, jacobian, covariance)) for path, name, gap, jacobian in rows]
    difference = _likelihood_ratio(fit, chosen, tuple(free))
    frame = pd.DataFrame(
        [(path, name, test.statistic, test.df, test.pvalue) for path, name, test in tests]
        + [("", "likelihood_ratio", difference.statistic, difference.df, difference.pvalue)],
        columns=["path", "test", "chisq", "df", "pvalue"],
    )
    found = (*difference.findings, *_scale(fit))
    return EqualPaths(chosen, frame, difference, found)


def _free_paths(fit: Fit) -> dict[str, list[Row]]:
    """Return the paths that are free in every group and held equal by nothing, with their rows."""
    table = fit.fitted.table
    by_path: dict[str, list[Row]] = {}
    for row in table.rows:
        if row.op == "~" and row.is_free:
            by_path.setdefault(row.written, []).append(row)
    held = {key for text in table.constraints.texts for key in text.replace("==", " ").split()}
    return {
        path: rows
        for path, rows in by_path.items()
        if len(rows) == table.n_groups and not any(row.label or row.key in held for row in rows)
    }


def _chosen(paths: str | Sequence[str] | None, known: tuple[str, ...]) -> tuple[str, ...]:
    if not known:
        raise UsageError(
            "No path is free in every group: there is nothing to test.",
            remedy="Leave regressions out of group_equal, and labels off the paths.",
            code="no-free-paths",
        )
    if paths is None:
        return known
    wanted = ["".join(path.split()) for path in ((paths,) if isinstance(paths, str) else paths)]
    unknown = [path for path in wanted if path not in known]
    if unknown or not wanted:
        raise UsageError(
            "Some paths cannot be tested.",
            faults=[
                f"{path}: not a path that is free in every group and without a label.{suggest(path, known)}"
                for path in unknown
            ]
            or ["paths names none."],
            remedy=f"Paths: {shortened(known, 12)}.",
            code="unknown-parameter",
        )
    return tuple(dict.fromkeys(wanted))


def _gap(fit: Fit, rows: Sequence[Row]) -> tuple[FloatArray, FloatArray]:
    """Return each later group's coefficient less the first group's, with the derivatives."""
    keys = {row.key: index for index, row in enumerate(fit.fitted.table.free_rows)}
    places = [keys[row.key] for row in rows]
    jacobian = np.zeros((len(places) - 1, len(keys)))
    jacobian[:, places[0]] = -1.0
    jacobian[np.arange(len(places) - 1), places[1:]] = 1.0
    return jacobian @ fit.fitted.estimate.theta, jacobian


def _likelihood_ratio(fit: Fit, chosen: Sequence[str], free: Sequence[str]) -> DifferenceTest:
    """Test the fit against the same model with these paths equal.

    Raises:
        ConvergenceError: that model has no minimum.
    """
    spec = fit.options.spec
    others = tuple(path for path in free if path not in chosen)
    changes = {
        "group_equal": (*spec.group_equal, "regressions"),
        "group_partial": (*spec.group_partial, *others),
    }
    restricted = refitted(fit, changes)
    if not restricted.estimate.converged:
        raise ConvergenceError(
            "The model with equal paths did not converge: there is no likelihood-ratio test.",
            remedy='Fit it with group_equal=("regressions", ...) and look at its findings.',
        )
    return difference_of(restricted, fit.fitted)


def _scale(fit: Fit) -> list[Finding]:
    """Warn where paths of factors are compared whose loadings differ over groups."""
    if not fit.fitted.table.variables.latent or "loadings" in fit.options.spec.group_equal:
        return []
    return [
        Finding(
            "paths-on-different-scales",
            Severity.WARNING,
            "Loadings are not equal over groups: a unit of a factor is then not the same in each, and paths of factors "
            "may differ for that alone.",
            remedy='Fit with group_equal="loadings"; trustsem.invariance says whether that holds.',
        )
    ]
