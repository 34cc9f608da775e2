"""Difference tests of fitted models."""

from __future__ import annotations

from trustsem.inference.chisquares import ModelTest
from trustsem.inference.difference import DifferenceMethod, DifferenceSide, DifferenceTest, difference_test
from trustsem.inference.nested import Nesting, find_nesting
from trustsem.moments.linalg import blas_threads_for
from trustsem.pipeline.run import FittedModel


def difference_of(
    restricted: FittedModel, general: FittedModel, method: str | DifferenceMethod | None = None
) -> DifferenceTest:
    """Test the restrictions of one fit against a more general one; see `difference_test` for the methods.

    Raises:
        UsageError: not fewer degrees of freedom, tests of different kinds, or a method that does not go with them.
    """
    with blas_threads_for(len(general.table.variables.observed)):
        return difference_test(side_of(restricted), side_of(general), method)


def nesting_of(restricted: FittedModel, general: FittedModel) -> Nesting:
    """Return whether one fit is a special case of another; variables and groups must be the same."""
    with blas_threads_for(len(general.table.variables.observed)):
        return find_nesting(restricted.estimate, restricted.table, general.estimate, general.table)


def side_of(fitted: FittedModel) -> DifferenceSide:
    """Return what a difference test needs of a fit."""
    return DifferenceSide(
        fitted.table,
        fitted.estimate,
        fitted.test,
        deciding_test(fitted),
        fitted.options.used_information,
        fitted.options.h1,
        fitted.options.observed_by[1],
    )


def deciding_test(fitted: FittedModel) -> ModelTest:
    """Return the test that a fit is judged by: its first scaled one, else the first of all."""
    return next((test for test in fitted.tests if test.kind.is_scaled), fitted.tests[0])
