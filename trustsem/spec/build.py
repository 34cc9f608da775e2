"""From a parsed model to its parameter table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from trustsem.errors import ModelError
from trustsem.records import Finding, Severity
from trustsem.spec.automatic import automatic_rows, needs_means
from trustsem.spec.bounds import bounded_rows
from trustsem.spec.constraints import LinearEquality, build_constraints
from trustsem.spec.definitions import order_definitions
from trustsem.spec.equality import equal_across_groups, shared_labels
from trustsem.spec.expressions import LinearForm
from trustsem.spec.groups import check_group_options, check_same_variables, merge_findings, texts_by_group
from trustsem.spec.options import SpecOptions
from trustsem.spec.ordinal import check_ordinal, ordinal_items
from trustsem.spec.products import Expansion, expand_products
from trustsem.spec.refused import refuse_unsupported
from trustsem.spec.relations import bound_relations, check_bounds, check_feasible, written_relations
from trustsem.spec.table import ParameterTable, Row
from trustsem.spec.variables import Variables, classify_variables, product_parts
from trustsem.spec.written import WrittenRows, check_parameters, written_rows
from trustsem.syntax.nodes import ModelSyntax


def build_table(model: ModelSyntax, options: SpecOptions | None = None) -> ParameterTable:
    """Build the parameter table of a model: what is written, what the rules add, constraints, definitions.

    Args:
        model: Parsed model text.
        options: Preset, rules and groups; lavaan's `sem()` for one group when None.

    Raises:
        ModelError: the model uses what the engine cannot do, contradicts itself, names unknown labels, or has blocks
            and values per group that do not fit the groups.
        UsageError: equality across groups that cannot be had.

    Example:
        >>> from trustsem.syntax import parse_model
        >>> table = build_table(parse_model("f =~ x1 + x2 + x3"))
        >>> table.n_parameters, [row.written for row in table.free_rows][:2]
        (6, ['f=~x2', 'f=~x3'])
    """
    options = options or SpecOptions()
    refuse_unsupported(model)
    check_group_options(options)
    _check_has_structure(model)
    expansion = expand_products(model, options)
    model = expansion.model
    texts = texts_by_group(model, options)
    variables = classify_variables(model.parameters)
    roles = [classify_variables(text.parameters) for text in texts] if model.blocks else [variables] * len(texts)
    check_parameters(texts)
    check_same_variables(model, roles, options)
    check_ordinal(texts, variables, options)
    written = written_rows(texts, variables, options)
    meanstructure = needs_means([row for rows in written.groups for row in rows], options)
    groups = _complete_groups(written, roles, options, meanstructure)
    rows = tuple(row for group in groups for row in group)
    check_bounds(model, rows)
    definitions = order_definitions(model, {row.label for row in rows if row.label})
    expressions = {definition.name: definition.expression for definition in definitions}
    equality = equal_across_groups(groups, variables, options)
    coding = _effect_coding(groups, variables) if options.effect_coding else ()
    constraints = build_constraints(model, rows, (*equality.relations, *coding))
    findings = [
        *_findings_of_groups(groups, written, roles, options, expansion),
        *expansion.findings,
        *_without_parts(model),
        *shared_labels(model, rows, variables, options),
        *equality.findings,
        *constraints.findings,
    ]
    if options.meanstructure is False and meanstructure:
        findings.append(_means_forced())
    relations = (*written_relations(model, expressions), *bound_relations(rows))
    table = ParameterTable(
        rows,
        variables,
        definitions,
        constraints.linear,
        meanstructure,
        tuple(findings),
        relations,
        options.group_labels,
        ordinal_items(variables, options),
        expansion.products,
    )
    check_feasible(table)
    return table


def _complete_groups(
    written: WrittenRows, roles: Sequence[Variables], options: SpecOptions, meanstructure: bool
) -> list[tuple[Row, ...]]:
    """Return all rows of each group: those of the text, those that the rules add, with automatic bounds."""
    groups = []
    for number, (rows, variables) in enumerate(zip(written.groups, roles, strict=True), start=1):
        added = automatic_rows(rows, variables, options, meanstructure=meanstructure, group=number)
        groups.append(bounded_rows((*rows, *added), variables, options.bounds))
    return groups


def _findings_of_groups(
    groups: Sequence[Sequence[Row]],
    written: WrittenRows,
    roles: Sequence[Variables],
    options: SpecOptions,
    expansion: Expansion,
) -> list[Finding]:
    by_group = [
        (*said, *_assumed_zero(rows, variables, options, expansion))
        for rows, said, variables in zip(groups, written.findings, roles, strict=True)
    ]
    return merge_findings(by_group, options.group_labels)


def _check_has_structure(model: ModelSyntax) -> None:
    if not model.parameters:
        raise ModelError(
            f"{model.source or 'The model'} has no parameters, only constraints or definitions.",
            remedy="Write at least one =~, ~ or ~~ line.",
            code="empty-model",
        )


def _effect_coding(groups: Sequence[Sequence[Row]], variables: Variables) -> tuple[LinearEquality, ...]:
    """Return the relations of effect coding (Little, Slegers & Card 2006): mean loading 1, mean intercept 0.

    They hold in each group. A loading that the text fixes at another value than 0 sets the scale itself: its factor
    gets no loading relation.
    """
    return tuple(relation for rows in groups for factor in variables.latent for relation in _effect_coded(factor, rows))


def _effect_coded(factor: str, rows: Sequence[Row]) -> Iterator[LinearEquality]:
    loadings = [row for row in rows if row.op == "=~" and row.lhs == factor]
    free_means = {row.lhs: row for row in rows if row.op == "~1" and row.is_free}
    if not any(row.value for row in loadings):
        yield _sum_of(loadings, float(len(loadings)))
    if factor in free_means and all(row.rhs in free_means for row in loadings):
        yield _sum_of([free_means[row.rhs] for row in loadings], 0.0)


def _sum_of(rows: Sequence[Row], total: float) -> LinearEquality:
    form = LinearForm({row.key: 1.0 for row in rows}, -total)
    text = f"{' + '.join(form.coefficients)} == {total:g}"
    # with equal loadings or intercepts those of the first group carry over
    return LinearEquality(form, text, "effect_coding", follows_by_design=rows[0].group > 1)


def _assumed_zero(
    rows: Sequence[Row], variables: Variables, options: SpecOptions, expansion: Expansion
) -> list[Finding]:
    """Say which exogenous variables a model leaves uncorrelated without having been told to."""
    findings = []
    if options.uses_fixed_x:
        findings.extend(_made_random(rows, variables, expansion.made_random))
    products = {product.name for product in expansion.products}
    observed = (*expansion.made_random, *variables.exogenous)
    latent = tuple(name for name in variables.latent_exogenous if name not in products)
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


def _made_random(rows: Sequence[Row], variables: Variables, by_products: Sequence[str]) -> list[Finding]:
    predictors = {row.rhs for row in rows if row.op == "~"}
    random = [name for name in variables.other_observed if name in predictors and name not in by_products]
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


def _without_parts(model: ModelSyntax) -> list[Finding]:
    """Warn of a product whose outcome is not regressed on both of its parts: their effects go into the product's."""
    arrows = {(p.lhs, p.rhs) for p in model.parameters if p.op == "~"}
    findings = []
    for outcome, name in dict.fromkeys((p.lhs, p.rhs) for p in model.parameters if p.op == "~"):
        lacking = [part for part in product_parts(name) or () if (outcome, part) not in arrows]
        if lacking:
            findings.append(
                Finding(
                    "product-without-parts",
                    Severity.WARNING,
                    f"{outcome} is regressed on {name} but not on {' and '.join(lacking)}: what "
                    f"{'that does' if len(lacking) == 1 else 'those do'} by itself counts as interaction.",
                    remedy=f"Write {outcome} ~ {' + '.join(lacking)} as well.",
                    parameter=f"{outcome}~{name}",
                )
            )
    return findings


def _means_forced() -> Finding:
    return Finding(
        "meanstructure-forced",
        Severity.WARNING,
        "meanstructure=False was asked for, but the model text writes an intercept: means are modelled.",
        remedy="Remove the ~1 lines.",
    )


def with_start(table: ParameterTable, starts: dict[str, float]) -> ParameterTable:
    """Return the table with start values by key, e.g. {"f=~x2": 0.8, "f=~x2.g2": 0.7}."""
    rows = tuple(replace(row, start=starts.get(row.key, row.start)) for row in table.rows)
    return replace(table, rows=rows)
