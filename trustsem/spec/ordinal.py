"""Rows of ordinal items: thresholds, residual variances, scaling factors and intercepts of their latent responses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from trustsem.errors import ModelError, UsageError
from trustsem.spec.options import SpecOptions
from trustsem.spec.table import OrdinalItems, Origin, OriginKind, Row
from trustsem.spec.variables import Variables
from trustsem.suggestions import shortened
from trustsem.syntax.nodes import ModelSyntax

_SCALE_MIN_LEVELS = 3  # one threshold cannot tell the scale of a latent response (Wu & Estabrook 2016)
_WORDS = {"|": "thresholds", "~*~": "scaling factor"}


def ordinal_items(variables: Variables, options: SpecOptions) -> OrdinalItems | None:
    """Return the ordinal items among the endogenous variables of a model; None where there are none."""
    endogenous = set(variables.observed) - set(variables.exogenous)
    levels = {name: count for name, count in options.ordered if name in endogenous}
    if not levels:
        return None
    conditional = options.conditional_x is not False and bool(variables.exogenous) and options.uses_fixed_x
    return OrdinalItems(levels, options.theta, conditional)


def threshold_rows(variables: Variables, options: SpecOptions) -> Iterator[Row]:
    """Yield a free threshold between each two neighbouring categories."""
    for name in _ordinal(variables, options):
        for k in range(1, options.levels[name]):
            yield _row(name, "|", f"t{k}", "thresholds")


def ordinal_residual(name: str, options: SpecOptions, group: int) -> Row:
    """Return the residual variance of a latent response.

    Delta: what is left of the total variance. Theta: 1; free in later groups where equal thresholds carry the scale
    over and residuals are not equal (Wu & Estabrook 2016).
    """
    if not options.theta:
        return _row(name, "~~", name, "delta", derived=True)
    if _is_rescaled(name, options, group):
        return _row(name, "~~", name, "group_equal_thresholds")
    return _row(name, "~~", name, "theta", 1.0)


def scaling_rows(variables: Variables, options: SpecOptions, group: int) -> Iterator[Row]:
    """Yield the scaling factors: 1 / standard deviation of the latent response.

    Delta: 1; free in later groups where equal thresholds carry the scale over. Theta: follows from the rest.
    """
    for name in _ordinal(variables, options):
        if options.theta:
            yield _row(name, "~*~", name, "theta", derived=True)
        elif _is_rescaled(name, options, group):
            yield _row(name, "~*~", name, "group_equal_thresholds")
        else:
            yield _row(name, "~*~", name, "delta", 1.0)


def ordinal_intercept(name: str, options: SpecOptions, group: int) -> Row:
    """Return the intercept of a latent response: 0; free in later groups with equal thresholds, free intercepts."""
    equal = options.group_equal
    if group > 1 and "thresholds" in equal and "intercepts" not in equal:
        return _row(name, "~1", "", "group_equal_thresholds")
    return _row(name, "~1", "", "ordinal_intercept", 0.0)


def _is_rescaled(name: str, options: SpecOptions, group: int) -> bool:
    equal = options.group_equal
    return (
        group > 1 and "thresholds" in equal and "residuals" not in equal and options.levels[name] >= _SCALE_MIN_LEVELS
    )


def _ordinal(variables: Variables, options: SpecOptions) -> tuple[str, ...]:
    endogenous = (*variables.indicators, *variables.outcomes, *variables.other_observed)
    return tuple(name for name in endogenous if name in options.levels)


def _row(lhs: str, op: str, rhs: str, rule: str, value: float | None = None, *, derived: bool = False) -> Row:
    return Row(lhs, op, rhs, Origin(OriginKind.DEFAULT, rule=rule), value=value, derived=derived)


def check_ordinal(texts: Sequence[ModelSyntax], variables: Variables, options: SpecOptions) -> None:
    """Raise an error for what ordinal items cannot have.

    Raises:
        ModelError: thresholds or scaling factors of variables that are not ordinal, thresholds that the item does
            not have, residual variances under delta, scaling factors under theta, ordinal predictors under delta.
        UsageError: equal residuals under delta.
    """
    if options.levels and not options.theta and "residuals" in options.group_equal:
        raise UsageError(
            "group_equal: residuals of ordinal items are no parameters under the delta parameterization.",
            remedy='Use parameterization="theta".',
            code="delta-residuals",
        )
    faults = [fault for text in texts for fault in _faults(text, variables, options)]
    if faults:
        raise ModelError(
            "The model asks of its items what they do not have.",
            faults=list(dict.fromkeys(faults)),
            remedy='Name ordinal items in ordered=; residual variances of theirs need parameterization="theta".',
            code="ordinal-parameters",
        )


def _faults(text: ModelSyntax, variables: Variables, options: SpecOptions) -> Iterator[str]:
    known = set(_ordinal(variables, options))
    for parameter in text.parameters:
        where = f"{text.source or 'model'} line {parameter.span.line}, column {parameter.span.column}"
        lhs, rhs = parameter.lhs, parameter.rhs
        if parameter.op in _WORDS and lhs not in known:
            yield f"{where}: '{lhs}' is not ordinal: it has no {_WORDS[parameter.op]}."
        elif parameter.op == "|":
            allowed = [f"t{k}" for k in range(1, options.levels[lhs])]
            if rhs not in allowed:
                categories = f"{options.levels[lhs]} categories and the thresholds {shortened(allowed, 12)}"
                yield f"{where}: '{lhs}' has {categories}, not {rhs}."
        elif parameter.op == "~*~" and options.theta:
            yield f'{where}: scaling factors follow from the rest under theta; use parameterization="delta".'
        elif parameter.op == "~~" and lhs == rhs and lhs in known and not options.theta:
            yield f"{where}: the residual variance of '{lhs}' is no parameter under delta."
        elif parameter.op == "~" and rhs in known and not options.theta:
            yield f"{where}: the ordinal item '{rhs}' is a predictor: that needs parameterization=\"theta\"."
