"""Tests that users write down: hypotheses in model syntax."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from trustsem.errors import ModelError, UsageError
from trustsem.inference import InformationKind
from trustsem.inference.robust_score import robust_constraint_tests
from trustsem.inference.score import constraint_score_tests
from trustsem.inference.standard_errors import ErrorKind
from trustsem.inference.wald import WaldTest, wald_test
from trustsem.pipeline import FittedModel
from trustsem.spec.expressions import Dual, evaluate, symbols_in
from trustsem.spec.relations import evaluate_relations
from trustsem.suggestions import suggest
from trustsem.syntax import parse_model
from trustsem.syntax.nodes import Constraint
from trustsem.tables.estimates import row_values


def wald_of(fitted: FittedModel, hypotheses: str | Sequence[str]) -> WaldTest:
    """Return the Wald test of one or more `==` lines, all at once.

    Raises:
        ModelError: a label that the model does not have, or a line without `==`.
        UsageError: there is no covariance matrix of the estimates.
    """
    gap, jacobian = hypothesis_gaps(fitted, hypotheses)
    if fitted.covariance.matrix is None:
        raise UsageError("There are no standard errors, so there is no Wald test.", code="no-standard-errors")
    return wald_test(gap, jacobian, fitted.covariance.matrix)


def hypothesis_gaps(fitted: FittedModel, hypotheses: str | Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return left minus right side of each `==` line, (k,), and their (k, n_free) derivatives.

    Raises:
        ModelError: a label that the model does not have, or a line without `==`.
    """
    lines = (hypotheses,) if isinstance(hypotheses, str) else hypotheses
    if not isinstance(lines, (list, tuple)) or not all(isinstance(line, str) for line in lines):
        raise ModelError(
            f"A hypothesis is text, not {type(hypotheses).__name__}.", remedy='For example "a == b".', code="hypothesis"
        )
    text = "\n".join(lines)
    constraints = _parse(text)
    values = row_values(fitted)
    names = {label: Dual(float(values.values[i]), values.jacobian[i]) for label, i in fitted.table.labels.items()}
    n_rows = len(fitted.table)
    for k, definition in enumerate(fitted.table.definitions):
        names[definition.name] = Dual(float(values.values[n_rows + k]), values.jacobian[n_rows + k])
    _require_labels(constraints, set(names))
    n_free = values.jacobian.shape[1]
    sides = [(evaluate(c.left, names, n_free), evaluate(c.right, names, n_free)) for c in constraints]
    gap = np.array([left.value - right.value for left, right in sides])
    return gap, np.array([left.gradient - right.gradient for left, right in sides])


def _parse(text: str) -> tuple[Constraint, ...]:
    # a hypothesis is a model line; the parser wants a formula, so one is put in front and not looked at
    syntax = parse_model(f"hypothesis_ ~ of_the_user\n{text}")
    constraints = [c for c in syntax.constraints if c.op == "=="]
    if not constraints or len(constraints) < len(syntax.constraints) or len(syntax.parameters) > 1:
        raise ModelError(
            "A hypothesis must be one or more lines with ==.", remedy='For example "a == b".', code="hypothesis"
        )
    return tuple(constraints)


def _require_labels(constraints: Sequence[Constraint], known: set[str]) -> None:
    faults = []
    for constraint in constraints:
        for side in (constraint.left, constraint.right):
            for symbol in symbols_in(side):
                if symbol.name not in known:
                    advice = suggest(symbol.name, sorted(known))
                    faults.append(f"no parameter carries the label '{symbol.name}'.{advice}")
    if faults:
        remedy = f"Labels: {', '.join(sorted(known)) or 'none; write them in the model: y ~ a*x'}."
        raise ModelError("The hypothesis names unknown labels.", faults=faults, remedy=remedy, code="unknown-label")


def score_frame(fitted: FittedModel) -> pd.DataFrame:
    """Return score tests of releasing the model's equality constraints: constraint, statistic, df, pvalue.

    They assume normal answers, as lavaan's do for every fit. Fits with robust standard errors have statistic_robust
    and pvalue_robust beside them, which do not.

    Raises:
        UsageError: the model has no equality constraints.
    """
    table, estimate = fitted.table, fitted.estimate
    active = tuple(relation for relation in estimate.active.relations if not relation.is_equality)
    nonlinear = evaluate_relations(table.equalities, table, estimate.theta).jacobian
    matrix = np.vstack([table.constraints.matrix, nonlinear])
    texts = (*table.constraints.texts, *(relation.text for relation in table.equalities))
    if not texts:
        raise UsageError(
            "The model has no equality constraints to release.",
            remedy="For parameters that are fixed at 0, ask for modification_indices().",
            code="no-constraints",
        )
    held = evaluate_relations(active, table, estimate.theta).jacobian
    tests = constraint_score_tests(estimate, matrix, texts, held)
    columns: dict[str, list[object]] = {
        "constraint": ["all" if test.text is None else test.text for test in tests],
        "statistic": [test.statistic for test in tests],
        "df": [test.df for test in tests],
        "pvalue": [test.pvalue for test in tests],
    }
    if fitted.options.used_errors in _ROBUST:
        observed = fitted.options.used_information is InformationKind.OBSERVED
        observed_by = fitted.options.observed_by[0]
        robust = robust_constraint_tests(
            estimate, matrix, texts, held, h1=fitted.options.h1, observed=observed, observed_by=observed_by
        )
        columns["statistic_robust"] = [test.statistic for test in robust]
        columns["pvalue_robust"] = [math.nan if test.pvalue is None else test.pvalue for test in robust]
    return pd.DataFrame(columns)


_ROBUST = frozenset({ErrorKind.ROBUST_SEM, ErrorKind.ROBUST_HUBER_WHITE})
