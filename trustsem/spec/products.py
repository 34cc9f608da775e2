"""Products of latent variables: which indicators are multiplied, and what the model says of the products.

Unconstrained product-indicator approach (Marsh, Wen & Hau 2004) with double mean centring (Lin, Wen, Marsh & Lin
2010): indicators are centred, multiplied, and the products centred again. `y ~ f1:f2` becomes a factor `f1:f2` of such
columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, combinations_with_replacement

from trustsem.errors import ModelError, UsageError
from trustsem.records import Finding, Severity
from trustsem.spec.options import Preset, ProductIndicators, SpecOptions
from trustsem.spec.table import LatentProduct, ProductColumn
from trustsem.spec.variables import Variables, classify_variables, parameter_key, product_parts
from trustsem.spec.written import place
from trustsem.suggestions import shortened, suggest
from trustsem.syntax.nodes import ModelSyntax, Modifier, ModifierKind, Parameter, Span

_SEVERAL_INDICATORS = 2
_ORDINAL = (
    "ordered: categories of ordinal items cannot be multiplied. Use the items as numbers with estimator=MLR "
    "(ordered=False), or observed scores."
)


@dataclass(frozen=True, slots=True)
class Expansion:
    """A model whose product factors are written out.

    Args:
        model: The model, with the measurement of every product factor.
        products: The product factors.
        made_random: Observed predictors that covary with product factors and so are no longer fixed.
        findings: What was built.
    """

    model: ModelSyntax
    products: tuple[LatentProduct, ...] = ()
    made_random: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class _Operand:
    """One side of a product: its indicators with the one that scales it first, and the value of that loading."""

    name: str
    indicators: tuple[str, ...]
    scale: float


def expand_products(model: ModelSyntax, options: SpecOptions) -> Expansion:
    """Write out the factor of every product that has a latent variable in it; other models stay as they are.

    Products of two observed variables are columns of the data and need nothing here.

    Raises:
        ModelError: products that cannot work, all at once.
        UsageError: product_indicators without such a product.
    """
    variables = classify_variables(model.parameters)
    mentions = _latent_products(model, variables)
    if not mentions:
        if options.product_indicators is not None:
            raise UsageError(
                "product_indicators has no effect: the model multiplies no latent variables.",
                remedy="Leave it out, or write the product of two factors as y ~ f1 + f2 + f1:f2.",
                code="option-not-supported",
            )
        return Expansion(model)
    faults = [*_option_faults(options), *_model_faults(model, variables, mentions)]
    if not faults:
        products, faults = _built(model, mentions, variables, options)
        if not faults:
            return _expanded(_with_one_name(model, mentions), products, mentions, variables, options)
    raise _cannot_be_built(faults)


def refuse_ordinal_products(model: ModelSyntax) -> None:
    """Refuse products of latent variables in a model with ordinal items, before the answers are read.

    Raises:
        ModelError: code "latent-product".
    """
    if latent_products(model):
        raise _cannot_be_built([_ORDINAL])


def latent_products(model: ModelSyntax) -> tuple[str, ...]:
    """Return the products with a latent variable in them, as they are written."""
    mentions = _latent_products(model, classify_variables(model.parameters))
    return tuple(dict.fromkeys(parameter.rhs for parameters in mentions.values() for parameter in parameters))


def _cannot_be_built(faults: Sequence[str]) -> ModelError:
    return ModelError(
        "Products of latent variables cannot be built.", faults=list(dict.fromkeys(faults)), code="latent-product"
    )


def _latent_products(model: ModelSyntax, variables: Variables) -> dict[frozenset[str], list[Parameter]]:
    """Return where each product with a latent variable is mentioned; `a:b` and `b:a` are the same."""
    latent = set(variables.latent)
    mentions: dict[frozenset[str], list[Parameter]] = {}
    for parameter in model.parameters:
        parts = product_parts(parameter.rhs)
        if parts is not None and latent & set(parts):
            mentions.setdefault(frozenset(parts), []).append(parameter)
    return mentions


def _option_faults(options: SpecOptions) -> Iterator[str]:
    """Yield options under which the scale of a product factor would not be that of its factors' product."""
    if options.std_lv or options.effect_coding:
        given = "std_lv" if options.std_lv else "effect_coding"
        yield (
            f"{given}: the path of a product is in units of its factors only where first loadings scale them. Leave "
            f"{given} out; fit.products() has the standardised coefficient."
        )
    if options.preset is Preset.NONE:
        yield "preset=none: nothing would scale the product factor. Use the preset sem."
    if options.ordered:
        yield _ORDINAL


def _model_faults(
    model: ModelSyntax, variables: Variables, mentions: Mapping[frozenset[str], Sequence[Parameter]]
) -> Iterator[str]:
    if model.blocks:
        first = next(iter(mentions.values()))[0]
        yield (
            f"{place(model, first.span)}: '{first.rhs}' stands in a model with `group:` blocks. Write one model for "
            "all groups, with c(a, b)*x where they differ."
        )
    for parameters in mentions.values():
        for parameter in parameters:
            if parameter.op not in ("~", "~~"):
                yield (
                    f"{place(model, parameter.span)}: the product '{parameter.rhs}' cannot stand on the right of "
                    f"`{parameter.op}`; it predicts (~) or covaries (~~)."
                )
        yield from _operand_faults(model, variables, parameters[0])


def _operand_faults(model: ModelSyntax, variables: Variables, mention: Parameter) -> Iterator[str]:
    parts = product_parts(mention.rhs)
    assert parts is not None
    where = f"{place(model, mention.span)}: '{mention.rhs}'"
    known = {name for name in (*variables.latent, *variables.observed) if product_parts(name) is None}
    for name in dict.fromkeys(parts):
        if name not in known:
            yield (
                f"{where}: {name} has no line of its own in the model.{suggest(name, sorted(known))} Write it as a "
                "predictor beside the product."
            )
        elif name in variables.indicators:
            yield f"{where}: {name} is an indicator of a factor. Multiply the factor."
        elif name in variables.latent and set(_indicators(model, name)) & set(variables.latent):
            yield f"{where}: {name} is a higher-order factor and has no indicators to multiply. Multiply its factors."
    shared = [name for name in _indicators(model, parts[0]) if name in _indicators(model, parts[1])]
    if parts[0] == parts[1]:
        yield f"{where}: the square of a factor is not available. Use the square of an observed score (x:x)."
    elif shared:
        yield f"{where}: {shortened(shared)} measures both. Products need indicators of one factor each."


def _indicators(model: ModelSyntax, factor: str) -> list[str]:
    return [p.rhs for p in model.parameters if p.op == "=~" and p.lhs == factor]


def _built(
    model: ModelSyntax,
    mentions: Mapping[frozenset[str], Sequence[Parameter]],
    variables: Variables,
    options: SpecOptions,
) -> tuple[list[tuple[LatentProduct, float]], list[str]]:
    """Return product factors with the loading that scales each, and what is wrong with them."""
    products, faults = [], []
    taken = {*variables.latent, *variables.observed}
    for parameters in mentions.values():
        mention = parameters[0]
        parts = product_parts(mention.rhs)
        assert parts is not None
        where = f"{place(model, mention.span)}: '{mention.rhs}'"
        operands = [_operand(model, name, variables, where, faults) for name in parts]
        left, right = operands
        if left is None or right is None:
            continue
        kind = options.product_indicators or _default_kind(left, right)
        sizes = len(left.indicators), len(right.indicators)
        if kind is ProductIndicators.MATCHED and min(sizes) >= _SEVERAL_INDICATORS and sizes[0] != sizes[1]:
            faults.append(
                f"{where}: {left.name} has {sizes[0]} and {right.name} has {sizes[1]} indicators: they cannot be "
                "matched in pairs. Use product_indicators=all."
            )
            continue
        columns = tuple(_columns(left, right, kind))
        faults.extend(
            f"{where}: the product is called {column.name}, as another variable of the model. Rename that."
            for column in columns
            if column.name in taken
        )
        products.append((LatentProduct(mention.rhs, *parts, columns, kind), left.scale * right.scale))
    return products, faults


def _default_kind(left: _Operand, right: _Operand) -> ProductIndicators:
    same = len(left.indicators) == len(right.indicators)
    return ProductIndicators.MATCHED if same else ProductIndicators.ALL


def _columns(left: _Operand, right: _Operand, kind: ProductIndicators) -> Iterator[ProductColumn]:
    single = min(len(left.indicators), len(right.indicators)) < _SEVERAL_INDICATORS
    if kind is ProductIndicators.ALL or single:
        pairs = [(one, other) for one in left.indicators for other in right.indicators]
    else:
        pairs = list(zip(left.indicators, right.indicators, strict=True))
    yield from (ProductColumn(f"{one}.{other}", one, other) for one, other in pairs)


def _operand(model: ModelSyntax, name: str, variables: Variables, where: str, faults: list[str]) -> _Operand | None:
    if name not in variables.latent:
        return _Operand(name, (name,), 1.0)
    loadings = [p for p in model.parameters if p.op == "=~" and p.lhs == name]
    marker = _marker(loadings)
    if marker is None:
        faults.append(
            f"{where}: no loading of {name} is fixed at one value, which would give the product its scale. Let the "
            "first indicator of the factor be its marker."
        )
        return None
    chosen, value = marker
    indicators = (chosen.rhs, *(p.rhs for p in loadings if p is not chosen))
    if len(indicators) == 1 and _has_written_residual(model, indicators[0]):
        faults.append(
            f"{where}: {name} has one indicator with an error of its own; the errors of its products are then not "
            "identified. Use the indicator itself as an observed variable, or more indicators."
        )
        return None
    return _Operand(name, indicators, value)


def _marker(loadings: Sequence[Parameter]) -> tuple[Parameter, float] | None:
    """Return the loading that scales a factor and its value: the first one, or one that is fixed in the text."""
    for index, parameter in enumerate(loadings):
        fixed = [m for m in parameter.modifiers if m.kind is ModifierKind.FIX]
        if not fixed and index == 0:
            starts = [m.values[0] for m in parameter.modifiers if m.kind is ModifierKind.START]
            return parameter, float(starts[0]) if starts and starts[0] is not None else 1.0
        values = {value for modifier in fixed for value in modifier.values}
        value = next(iter(values)) if len(values) == 1 else None
        if value is not None and float(value) != 0.0:
            return parameter, float(value)
    return None


def _has_written_residual(model: ModelSyntax, indicator: str) -> bool:
    for parameter in model.parameters:
        if (parameter.lhs, parameter.op, parameter.rhs) == (indicator, "~~", indicator):
            values = [v for m in parameter.modifiers if m.kind is ModifierKind.FIX for v in m.values]
            return values != [0.0] * len(values) or not values
    return False


def _with_one_name(model: ModelSyntax, mentions: Mapping[frozenset[str], Sequence[Parameter]]) -> ModelSyntax:
    """Write every product as it is written first."""
    names = {parts: parameters[0].rhs for parts, parameters in mentions.items()}
    parameters = []
    for parameter in model.parameters:
        parts = product_parts(parameter.rhs)
        name = names.get(frozenset(parts)) if parts is not None else None
        parameters.append(parameter if name is None else replace(parameter, rhs=name))
    return replace(model, parameters=tuple(parameters))


def _expanded(
    model: ModelSyntax,
    built: Sequence[tuple[LatentProduct, float]],
    mentions: Mapping[frozenset[str], Sequence[Parameter]],
    variables: Variables,
    options: SpecOptions,
) -> Expansion:
    spans = {parameters[0].rhs: parameters[0].span for parameters in mentions.values()}
    products = tuple(product for product, _ in built)
    added = [p for product, scale in built for p in _measurement(product, scale, spans[product.name])]
    shared = list(_shared(products))
    span = spans[products[0].name]
    added += [_covariance(one, other, span) for one, other in shared]
    observed, random = _observed_predictors(model, variables)
    if options.orthogonal:
        observed, random = (), ()
    written = {parameter_key(p.lhs, p.op, p.rhs) for p in model.parameters}
    # among themselves predictors covary by lavaan's rule as long as they are fixed; here it has to be written
    pairs = [(name, product.name) for product in products for name in observed]
    pairs += list(combinations_with_replacement(random, 2))
    added += [_covariance(*pair, span) for pair in pairs if parameter_key(pair[0], "~~", pair[1]) not in written]
    findings = [_built_finding(product, shared, options) for product in products]
    if random:
        findings.append(_random_finding(products, random))
    return Expansion(replace(model, parameters=(*model.parameters, *added)), products, random, tuple(findings))


def _measurement(product: LatentProduct, scale: float, span: Span) -> Iterator[Parameter]:
    for index, column in enumerate(product.columns):
        fixed = (Modifier(ModifierKind.FIX, (scale,), span),) if index == 0 and scale != 1.0 else ()
        yield Parameter(product.name, "=~", column.name, fixed, span, span)


def _covariance(one: str, other: str, span: Span) -> Parameter:
    return Parameter(one, "~~", other, (), span, span)


def _shared(products: Sequence[LatentProduct]) -> Iterator[tuple[str, str]]:
    """Yield products that share an indicator with an error: (l x + e)(m z + d) and (l x + e)(n w + c) share e.

    An observed variable, or the only indicator of a factor, has no error and connects nothing.
    """
    columns = [(column, _with_error(product, column)) for product in products for column in product.columns]
    for (one, own), (other, others) in combinations(columns, 2):
        if own & others:
            yield one.name, other.name


def _with_error(product: LatentProduct, column: ProductColumn) -> frozenset[str]:
    lefts = {c.left for c in product.columns}
    rights = {c.right for c in product.columns}
    return frozenset(
        name for name, side in ((column.left, lefts), (column.right, rights)) if len(side) >= _SEVERAL_INDICATORS
    )


def _observed_predictors(model: ModelSyntax, variables: Variables) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return observed variables that only predict, and those of them whose moments would be fixed."""
    latent = set(variables.latent)

    def is_plain(name: str) -> bool:
        return not latent & set(product_parts(name) or ())

    predictors = {p.rhs for p in model.parameters if p.op == "~"}
    fixed = tuple(name for name in variables.exogenous if is_plain(name))
    random = tuple(name for name in variables.other_observed if name in predictors and is_plain(name))
    return (*random, *fixed), fixed


def _built_finding(product: LatentProduct, shared: Sequence[tuple[str, str]], options: SpecOptions) -> Finding:
    names = {column.name for column in product.columns}
    own = [pair for pair in shared if set(pair) <= names]
    how = "all pairs" if product.kind is ProductIndicators.ALL else "matched pairs"
    where = ", in each group at its own means" if options.n_groups > 1 else ""
    sentence = (
        f"{product.name} is a factor of {len(names)} product columns ({how}: {shortened(sorted(names), 6)}). "
        f"Indicators are centred, multiplied, and the products centred again{where} (double mean centring)."
    )
    if own:
        sentence += f" {len(own)} residual covariances of products that share an indicator are free."
    return Finding(
        "product-indicators",
        Severity.INFO,
        sentence,
        remedy="The path of the product is the change in a path per unit of the other factor; fit.conditional_effects "
        "and fit.johnson_neyman read it.",
        parameter=product.name,
    )


def _random_finding(products: Sequence[LatentProduct], names: Sequence[str]) -> Finding:
    return Finding(
        "product-covariances",
        Severity.INFO,
        f"{', '.join(p.name for p in products)} may covary with the observed predictors ({', '.join(names)}), whose "
        "variances and covariances are estimated for that.",
    )
