"""Variables and arrows of one group of a fit, with the four texts that an arrow can carry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from trustsem.plots.names import Names
from trustsem.plots.numbers import interval, known, number, stars
from trustsem.suggestions import count_of

if TYPE_CHECKING:
    from trustsem.fitting.result import Fit

SIGNIFICANT = 0.05


class LabelKind(Enum):
    """What stands beside an arrow."""

    EST = "est"
    STD = "std"
    CI = "ci"
    STARS = "stars"


class EdgeKind(Enum):
    """What an arrow is."""

    PATH = "path"
    LOADING = "loading"
    COVARIANCE = "covariance"


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of the diagram.

    Args:
        name: Its name in the model.
        title: Its name for readers.
        is_latent: An ellipse; else a rectangle.
        level: Level of the theory that it belongs to; "" where the theory does not know it.
        owner: The factor that the variable is an item of; None for variables of the structural part.
    """

    name: str
    title: str
    is_latent: bool
    level: str
    owner: str | None


@dataclass(frozen=True, slots=True)
class Relation:
    """An arrow: a path, a loading or a covariance.

    Args:
        source: Where it starts; one of both for a covariance.
        target: Where it ends.
        kind: What it is.
        est: Estimate.
        std: Standardised by all variables; None where it is not defined.
        pvalue: Of the estimate; None for fixed parameters and where there is no standard error.
        lower, upper: 95 % limits of the estimate; None where there are none.
        is_fixed: Whether the value was given and not estimated.
        basis: On what ground the model draws the path; None where it does not say.
    """

    source: str
    target: str
    kind: EdgeKind
    est: float
    std: float | None
    pvalue: float | None
    lower: float | None
    upper: float | None
    is_fixed: bool
    basis: str | None = None

    @property
    def is_significant(self) -> bool | None:
        """Whether p < .05; None where nothing was tested."""
        return None if self.pvalue is None else self.pvalue < SIGNIFICANT

    @property
    def is_negative(self) -> bool:
        """Whether the value is below zero."""
        return self.est < 0

    @property
    def texts(self) -> Mapping[LabelKind, str]:
        """What can stand beside the arrow."""
        standardised = number(self.std)
        if self.is_fixed:
            limits = f"{number(self.est)} fixed"
        elif self.lower is None or self.upper is None:
            limits = "no interval"
        else:
            limits = interval(self.lower, self.upper)
        return {
            LabelKind.EST: number(self.est),
            LabelKind.STD: standardised,
            LabelKind.CI: limits,
            LabelKind.STARS: standardised + stars(self.pvalue),
        }


@dataclass(frozen=True, slots=True)
class Graph:
    """What is drawn of a model, and in words what is not.

    Args:
        variables: In the order of the model; items after their factor.
        relations: Arrows between them.
        left_out: Sentences about what is not drawn.
    """

    variables: tuple[Variable, ...]
    relations: tuple[Relation, ...]
    left_out: tuple[str, ...] = ()

    @property
    def structural(self) -> tuple[Variable, ...]:
        """Variables that are no items."""
        return tuple(variable for variable in self.variables if variable.owner is None)

    def items_of(self, factor: str) -> tuple[Variable, ...]:
        """Return the items of a factor."""
        return tuple(variable for variable in self.variables if variable.owner == factor)


def read_graph(fit: Fit, group: int, names: Names) -> Graph:
    """Return everything that a diagram of one group could show, items included.

    Args:
        fit: A converged fit.
        group: The group, counted from 1.
        names: Names for readers.
    """
    relations = tuple(_relations(fit, group))
    latent = fit.fitted.table.variables.latent
    used = {name for relation in relations for name in (relation.source, relation.target)}
    observed = [name for name in fit.fitted.table.variables.observed if name in used]
    owners = _owners(relations, observed)
    ordered: list[str] = []
    for name in latent:
        ordered += [name, *(item for item in observed if owners.get(item) == name)]
    ordered += [name for name in observed if name not in owners]
    variables = tuple(
        Variable(name, names.title(name), name in latent, names.level(name), owners.get(name)) for name in ordered
    )
    return Graph(variables, relations, _sample_moments(fit, group))


def _owners(relations: Sequence[Relation], observed: Sequence[str]) -> dict[str, str]:
    """Return the factor of each observed variable that is an indicator of one factor and takes part in no path."""
    in_paths = {n for r in relations if r.kind is EdgeKind.PATH for n in (r.source, r.target)}
    factors: dict[str, list[str]] = {}
    for relation in relations:
        if relation.kind is EdgeKind.LOADING:
            factors.setdefault(relation.target, []).append(relation.source)
    alone = (name for name in observed if len(factors.get(name, ())) == 1 and name not in in_paths)
    return {name: factors[name][0] for name in alone}


def _relations(fit: Fit, group: int) -> list[Relation]:
    rows = {(row.lhs, row.op, row.rhs): row for row in fit.fitted.table.rows if row.group == group}
    library = fit.model.library
    bases = {} if library is None else {(b.predictor, b.op, b.outcome): b.basis.value for b in library.path_basis}
    frame = fit.estimates
    kinds = {"~": EdgeKind.PATH, "=~": EdgeKind.LOADING, "~~": EdgeKind.COVARIANCE}
    found = []
    for line in frame.loc[(frame["group"] == group) & frame["op"].isin(list(kinds))].to_dict("records"):
        row = rows[line["lhs"], line["op"], line["rhs"]]
        is_nothing = row.value == 0  # a covariance or path that is fixed to zero is an arrow that is not there
        if row.exogenous or is_nothing or row.lhs == row.rhs:
            continue
        kind = kinds[row.op]
        source, target = (row.rhs, row.lhs) if kind is EdgeKind.PATH else (row.lhs, row.rhs)
        found.append(_relation(source, target, kind, line, not row.is_free, bases.get((source, row.op, target))))
    return found


def _relation(
    source: str, target: str, kind: EdgeKind, line: Mapping[Any, Any], is_fixed: bool, basis: str | None
) -> Relation:
    return Relation(
        source,
        target,
        kind,
        float(line["est"]),
        known(line["std_all"]),
        None if is_fixed else known(line["pvalue"]),
        None if is_fixed else known(line["ci_lower"]),
        None if is_fixed else known(line["ci_upper"]),
        is_fixed,
        basis,
    )


def _sample_moments(fit: Fit, group: int) -> tuple[str, ...]:
    count = sum(row.exogenous and row.op == "~~" and row.lhs != row.rhs and row.group == group
                for row in fit.fitted.table.rows)  # fmt: skip
    if not count:
        return ()
    return (f"Not drawn: {count_of(count, 'covariance')} of observed predictors, as in the sample.",)
