"""From a parsed model to its parameter table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from trustsem.errors import ModelError
from trustsem.records import Finding, Severity
from trustsem.spec.automatic import automatic_rows, needs_means
from trustsem.spec.bounds import bounded_rows
from trustsem.spec.constraints import build_constraints
from trustsem.spec.definitions import order_definitions
from trustsem.spec.expressions import LinearForm
from trustsem.spec.options import SpecOptions
from trustsem.spec.refused import refuse_unsupported
from trustsem.spec.relations import bound_relations, check_bounds, check_feasible, written_relations
from trustsem.spec.table import ParameterTable, Row
from trustsem.spec.variables import Variables, classify_variables
from trustsem.spec.written import check_parameters, written_rows
from trustsem.syntax.nodes import ModelSyntax


def build_table(model: ModelSyntax, options: SpecOptions | None = None) -> ParameterTable:
    """Build the parameter table of a model: what is written, what the rules add, constraints, definitions.

    Args:
        model: Parsed model text.
        options: Preset and rules; lavaan's `sem()` when None.

    Raises:
        ModelError: the model uses what the engine cannot do, contradicts itself, or names unknown labels.

    Example:
        >>> from trustsem.syntax import parse_model
        >>> table = build_table(parse_model("f =~ x1 + x2 + x3"))
        >>> table.n_parameters, [row.written for row in table.free_rows][:2]
        (6, ['f=~x2', 'f=~x3'])
    """
    options = options or SpecOptions()
    refuse_unsupported(model)
    variables = classify_variables(model.parameters)
    check_parameters(model, variables)
    _check_has_structure(model)
    written = written_rows(model, variables, options)
    meanstructure = needs_means(written.rows, options)
    added = automatic_rows(written.rows, variables, options, meanstructure=meanstructure)
    rows = (*written.rows, *added)
    extra = _effect_coding(rows, variables) if options.effect_coding else ()
    rows = bounded_rows(rows, variables, options.bounds)
    check_bounds(model, rows)
    definitions = order_definitions(model, {row.label for row in rows if row.label})
    expressions = {definition.name: definition.expression for definition in definitions}
    constraints = build_constraints(model, rows, extra)
    findings = [*written.findings, *constraints.findings, *_assumed_zero(rows, variables, options)]
    if options.meanstructure is False and meanstructure:
        findings.append(_means_forced())
    relations = (*written_relations(model, expressions), *bound_relations(rows))
    table = ParameterTable(rows, variables, definitions, constraints.linear, meanstructure, tuple(findings), relations)
    check_feasible(table)
    return table


def _check_has_structure(model: ModelSyntax) -> None:
    if not model.parameters:
        raise ModelError(
            f"{model.source or 'The model'} has no parameters, only constraints or definitions.",
            remedy="Write at least one =~, ~ or ~~ line.",
            code="empty-model",
        )


def _effect_coding(rows: Sequence[Row], variables: Variables) -> tuple[LinearForm, ...]:
    """Return the relations of effect coding (Little, Slegers & Card 2006): mean loading 1, mean intercept 0.

    A loading that the text fixes at another value than 0 sets the scale itself: its factor gets no loading relation.
    """
    forms = []
    free_means = {row.lhs for row in rows if row.op == "~1" and row.is_free}
    for factor in variables.latent:
        indicators = [row.rhs for row in rows if row.op == "=~" and row.lhs == factor]
        if not any(row.value for row in rows if row.op == "=~" and row.lhs == factor):
            forms.append(LinearForm({f"{factor}=~{name}": 1.0 for name in indicators}, -float(len(indicators))))
        if factor in free_means and all(name in free_means for name in indicators):
            forms.append(LinearForm({f"{name}~1": 1.0 for name in indicators}, 0.0))
    return tuple(forms)


def _assumed_zero(rows: Sequence[Row], variables: Variables, options: SpecOptions) -> list[Finding]:
    """Say which exogenous variables a model leaves uncorrelated without having been told to."""
    findings = []
    if options.uses_fixed_x:
        findings.extend(_made_random(rows, variables))
    observed, latent = variables.exogenous, variables.latent_exogenous
    if observed and latent:
        findings.append(
            Finding(
                "exogenous-uncorrelated",
                Severity.WARNING,
                f"Observed predictors ({', '.join(observed)}) and exogenous factors ({', '.join(latent)}) are assumed "
                "uncorrelated, as in lavaan.",
                remedy="Regress the factors on the predictors, or write factor ~~ predictor for each pair.",
            )
        )
    return findings


def _made_random(rows: Sequence[Row], variables: Variables) -> list[Finding]:
    predictors = {row.rhs for row in rows if row.op == "~"}
    random = [name for name in variables.other_observed if name in predictors]
    if not random:
        return []
    sentence = (
        f"{', '.join(random)}: named in a variance, covariance or intercept line and so treated as random, not fixed."
    )
    apart = [name for name in variables.exogenous if name not in random]
    if apart or len(random) > 1:
        sentence += " Covariances with other predictors that the model does not write are zero."
    return [
        Finding(
            "predictor-made-random",
            Severity.WARNING,
            sentence,
            remedy="Remove those lines to keep the predictors fixed, or write every covariance among predictors.",
        )
    ]


def _means_forced() -> Finding:
    return Finding(
        "meanstructure-forced",
        Severity.WARNING,
        "meanstructure=False was asked for, but the model text writes an intercept: means are modelled.",
        remedy="Remove the ~1 lines.",
    )


def with_start(table: ParameterTable, starts: dict[str, float]) -> ParameterTable:
    """Return the table with start values by written name, e.g. {"f=~x2": 0.8}."""
    rows = tuple(replace(row, start=starts.get(row.written, row.start)) for row in table.rows)
    return replace(table, rows=rows)
