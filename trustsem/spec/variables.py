"""The roles that variables play in a model: latent, indicator, outcome, predictor, observed exogenous."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from trustsem.syntax.nodes import Parameter


@dataclass(frozen=True, slots=True)
class Variables:
    """Names by role, each in order of first mention.

    `observed_exogenous` are observed variables that only predict; `exogenous_fixed` is the part of them whose
    moments are taken from the sample (no variance, covariance or intercept of theirs is written in the model).
    """

    latent: tuple[str, ...]
    observed: tuple[str, ...]
    indicators: tuple[str, ...]  # observed right-hand sides of =~
    outcomes: tuple[str, ...]  # observed left-hand sides of ~ that are no indicators
    other_observed: tuple[str, ...]  # observed, mentioned in ~~ or ~1 only, or exogenous but random by the text
    exogenous: tuple[str, ...]  # observed exogenous not mentioned in ~~ or ~1: candidates for fixed_x
    latent_exogenous: tuple[str, ...]  # latent, neither indicator of another nor outcome
    dependent_only: tuple[str, ...]  # outcomes that predict nothing and indicate nothing: latent first, then observed


def parameter_key(lhs: str, op: str, rhs: str) -> tuple[str, str, str]:
    """Return what makes a parameter the same one: a covariance is the same written either way round."""
    return (rhs, op, lhs) if op == "~~" and rhs < lhs else (lhs, op, rhs)


def product_parts(name: str) -> tuple[str, str] | None:
    """Return the two variables of a product `x:z`, None for any other name."""
    left, colon, right = name.partition(":")
    return (left, right) if colon else None


def unique(names: Iterable[str]) -> tuple[str, ...]:
    """Return names in order of first appearance."""
    return tuple(dict.fromkeys(names))


def classify_variables(parameters: Sequence[Parameter]) -> Variables:
    """Sort the variables of a model into roles, as lavaan's automatic rules need them.

    Example:
        >>> from trustsem.syntax import parse_model
        >>> roles = classify_variables(parse_model("f =~ x1 + x2 + x3\\nf ~ age").parameters)
        >>> roles.latent, roles.exogenous
        (('f',), ('age',))
    """
    latent = unique(p.lhs for p in parameters if p.op in ("=~", "<~"))
    is_latent = set(latent)
    loaded = unique(p.rhs for p in parameters if p.op == "=~")
    regressed = unique(p.lhs for p in parameters if p.op == "~")
    predictors = unique(p.rhs for p in parameters if p.op == "~")
    moments = unique(name for p in parameters if p.op in ("~~", "~1") for name in (p.lhs, p.rhs) if name)
    indicators = tuple(name for name in loaded if name not in is_latent)
    outcomes = tuple(name for name in regressed if name not in is_latent and name not in set(indicators))
    explained = {*indicators, *outcomes}
    only_predict = tuple(name for name in predictors if name not in is_latent and name not in explained)
    by_text = set(moments)
    random_by_text = tuple(name for name in only_predict if name in by_text)
    mentioned_only = tuple(
        name for name in moments if name not in is_latent and name not in explained and name not in random_by_text
    )
    exogenous = tuple(name for name in only_predict if name not in by_text)
    other = unique((*random_by_text, *mentioned_only))
    endogenous = {*loaded, *regressed}
    predicts = {*predictors}
    return Variables(
        latent=latent,
        observed=unique((*indicators, *outcomes, *other, *exogenous)),
        indicators=indicators,
        outcomes=outcomes,
        other_observed=other,
        exogenous=exogenous,
        latent_exogenous=tuple(name for name in latent if name not in endogenous),
        dependent_only=tuple(
            name
            for name in (*(n for n in latent if n in set(regressed)), *outcomes)
            if name not in predicts and name not in set(loaded)
        ),
    )
