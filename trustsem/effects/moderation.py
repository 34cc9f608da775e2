"""Effects that depend on a moderator: direct and indirect effects at a value of it, with their derivatives.

A product of x and w with the coefficient c makes the path from x to y a line in w: b + c w, or b + c (w - mean(w))
where the product is made of centred variables (Aiken & West 1991, ch. 2; Preacher, Rucker & Hayes 2007).
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from trustsem.effects.decomposition import EffectKind
from trustsem.effects.graph import MAX_PATHS, Graph, reachable, simple_cycles, simple_paths, structural_graph
from trustsem.effects.variances import model_variances
from trustsem.errors import EffectError
from trustsem.implied import GroupLayout, Implied
from trustsem.spec.table import ParameterTable
from trustsem.spec.variables import product_parts

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Interaction:
    """A variable of the model that is the product of two others.

    Args:
        name: Its name, "x:w".
        parts: The two variables.
        centred: Whether their means were taken out before they were multiplied.
    """

    name: str
    parts: tuple[str, str]
    centred: bool

    def other(self, part: str) -> str:
        """Return the variable that a part is multiplied with."""
        return self.parts[1] if part == self.parts[0] else self.parts[0]


def interactions_of(table: ParameterTable) -> tuple[Interaction, ...]:
    """Return the products in a model: factors of centred products, and columns x:z of raw products."""
    found = [Interaction(product.name, (product.left, product.right), True) for product in table.products]
    for name in table.variables.observed:
        parts = product_parts(name)
        if parts is not None:
            found.append(Interaction(name, parts, False))
    return tuple(found)


@dataclass(frozen=True, eq=False, slots=True)
class Quantity:
    """Functions of the parameters with their derivatives: (k,) and (k, n_free), or one value () and (n_free,)."""

    value: FloatArray
    gradient: FloatArray


@dataclass(frozen=True, eq=False, slots=True)
class Level:
    """A value of the moderator.

    Args:
        label: What it is called: "mean - 1 SD", "2.5".
        spread: Standard deviations from the mean, where it is defined by these; else None.
        value: In units of the moderator, where it is a number; else None.
    """

    label: str
    spread: float | None = None
    value: float | None = None


@dataclass(frozen=True, eq=False)
class Moderation:
    """One group of a fitted model, seen from a moderator.

    Args:
        layout: Matrices of the group.
        implied: Its moments at the estimates.
        n_free: Parameters of the whole model.
        interactions: Products of the model.
        moderator: The variable that takes chosen values.
        sample_mean: (p,) means of the observed variables, for a model without means.
        meanstructure: Whether the model has means.
    """

    layout: GroupLayout
    implied: Implied
    n_free: int
    interactions: tuple[Interaction, ...]
    moderator: str
    sample_mean: FloatArray
    meanstructure: bool

    @cached_property
    def position(self) -> Mapping[str, int]:
        """Where each variable stands in the matrices."""
        return {name: index for index, name in enumerate(self.layout.names)}

    @cached_property
    def mean(self) -> Quantity:
        """The moderator's mean."""
        return self.mean_of(self.moderator)

    @cached_property
    def spread(self) -> Quantity:
        """The moderator's standard deviation.

        Raises:
            EffectError: its variance is not positive.
        """
        index = self.position[self.moderator]
        variances = model_variances(self.layout, self.implied, self.n_free)
        variance = variances.total[index]
        if not variance > 0:
            raise EffectError(
                f"The variance of {self.moderator} is {variance:.3g}: it has no standard deviation.",
                remedy="Name the values of the moderator (at).",
                code="no-spread",
            )
        root = np.sqrt(variance)
        return Quantity(root, variances.total_jacobian[index] / (2 * root))

    def mean_of(self, name: str) -> Quantity:
        """Return the mean of a variable: the model's, or the sample's where means are not modelled (factors: 0).

        Raises:
            EffectError: the variable is only there as a part of a product.
        """
        if name not in self.position:
            raise EffectError(
                f"The model has a product with {name}, but not {name} itself: at which value of {name} effects are to "
                "be read is not known.",
                remedy=f"Write {name} as a predictor too.",
                code="product-without-parts",
            )
        index = self.position[name]
        gradient = np.zeros(self.n_free)
        if not self.meanstructure:
            value = self.sample_mean[index] if index < self.layout.n_observed else 0.0
            return Quantity(np.asarray(value, dtype=np.float64), gradient)
        inverse, means = self.implied.inverse, self.implied.total_mean
        cells = self.layout.intercept_cells
        np.add.at(gradient, cells.parameter, inverse[index, cells.row])
        cells = self.layout.path_cells
        np.add.at(gradient, cells.parameter, inverse[index, cells.row] * means[cells.column])
        return Quantity(means[index], gradient)

    def at(self, level: Level) -> Quantity:
        """Return the moderator's value at a level, in its units."""
        if level.value is not None:
            return Quantity(np.asarray(level.value, dtype=np.float64), np.zeros(self.n_free))
        assert level.spread is not None
        value = self.mean.value + level.spread * self.spread.value if level.spread else self.mean.value
        gradient = self.mean.gradient + (level.spread * self.spread.gradient if level.spread else 0.0)
        return Quantity(value, gradient)

    @cached_property
    def _arrows(self) -> Graph:
        return structural_graph(self.layout)

    @cached_property
    def graph(self) -> Graph:
        """Arrows between variables, products counted as arrows of their parts; none starts or ends at the moderator."""
        return moderated_graph(self.layout, self.interactions, self.moderator)

    def moderated_edges(self, path: Sequence[str]) -> int:
        """Return how many arrows of a path depend on the moderator."""
        terms = (self._terms(source, target) for source, target in itertools.pairwise(path))
        return sum(any(self.moderator in term.parts for term in edge) for edge in terms)

    def _terms(self, source: str, target: str) -> list[Interaction]:
        """Return the products through which a source acts on a target."""
        end = self.position[target]
        return [
            term
            for term in self.interactions
            if source in term.parts and end in self._arrows.get(self.position[term.name], ())
        ]

    def _factor(self, term: Interaction, source: str, value: Quantity) -> Quantity:
        """Return what a product's coefficient is multiplied by to add to the path of a source.

        The moderator has the value that was chosen; any other variable that a source is multiplied with is at its mean.
        """
        other = term.other(source)
        mean = self.mean_of(other)
        if other == self.moderator:
            if term.centred:
                return Quantity(value.value - mean.value, value.gradient - mean.gradient)
            return value
        return Quantity(np.zeros(()), np.zeros(self.n_free)) if term.centred else mean

    def _edge(self, source: str, target: str, value: Quantity) -> Quantity:
        """Return the path from source to target at a value of the moderator."""
        end, start = self.position[target], self.position[source]
        total = Quantity(self.implied.paths[end, start], self._unit(end, start))
        for term in self._terms(source, target):
            column = self.position[term.name]
            factor, coefficient = self._factor(term, source, value), self.implied.paths[end, column]
            total = Quantity(
                total.value + coefficient * factor.value,
                total.gradient + factor.value * self._unit(end, column) + coefficient * factor.gradient,
            )
        return total

    def _unit(self, row: int, column: int) -> FloatArray:
        cells = self.layout.path_cells
        gradient = np.zeros(self.n_free)
        gradient[cells.parameter[(cells.row == row) & (cells.column == column)]] = 1.0
        return gradient

    def along(self, path: Sequence[str], value: Quantity) -> Quantity:
        """Return the product of the paths along the way, at a value of the moderator."""
        edges = [self._edge(source, target, value) for source, target in itertools.pairwise(path)]
        values = np.array([edge.value for edge in edges])
        gradient = np.zeros(self.n_free)
        for index, edge in enumerate(edges):
            gradient += np.prod(np.delete(values, index)) * edge.gradient
        return Quantity(np.asarray(float(np.prod(values))), gradient)

    def along_draws(
        self, path: Sequence[str], level: Level, paths: FloatArray, spreads: FloatArray, means: FloatArray
    ) -> FloatArray:
        """Return the same in draws of the parameters.

        Args:
            path: Variables along the way.
            level: Value of the moderator.
            paths: (B, t, t) path coefficients of each draw.
            spreads: (B, t) standard deviations.
            means: (B, t) means.

        Returns:
            (B,).
        """
        w = self.position[self.moderator]
        if level.value is not None:
            value = np.full(len(paths), level.value)
        else:
            assert level.spread is not None
            value = means[:, w] + level.spread * spreads[:, w]
        result = np.ones(len(paths))
        for source, target in itertools.pairwise(path):
            end = self.position[target]
            edge = paths[:, end, self.position[source]].copy()
            for term in self._terms(source, target):
                other = term.other(source)
                at = value if other == self.moderator else means[:, self.position[other]]
                centre = means[:, self.position[other]] if term.centred else 0.0
                edge += paths[:, end, self.position[term.name]] * (at - centre)
            result = result * edge
        return result


def moderated_graph(layout: GroupLayout, interactions: Sequence[Interaction], moderator: str) -> Graph:
    """Return the arrows of a group with products counted as arrows of their parts; the moderator is left out."""
    position = {name: index for index, name in enumerate(layout.names)}
    products = {position[term.name]: term for term in interactions}
    arrows: dict[int, set[int]] = {}
    for source, targets in structural_graph(layout).items():
        term = products.get(source)
        starts = [source] if term is None else [position[part] for part in term.parts if part in position]
        for start in starts:
            arrows.setdefault(start, set()).update(targets)
    held = position[moderator]
    columns = {position[term.name] for term in interactions}
    return {
        start: tuple(sorted(targets - {held} - columns))
        for start, targets in sorted(arrows.items())
        if start != held and start not in columns
    }


@dataclass(frozen=True, slots=True)
class ConditionalPath:
    """An effect whose value depends on the moderator: a way from x to y, or a sum of ways.

    Args:
        kind: Direct, specific indirect, total indirect or total.
        ways: The ways that it adds up; one for direct and specific effects.
    """

    kind: EffectKind
    ways: tuple[tuple[str, ...], ...]

    @property
    def text(self) -> str:
        """The way as a reader sees it; empty for sums."""
        return " -> ".join(self.ways[0]) if self.kind in (EffectKind.DIRECT, EffectKind.SPECIFIC) else ""


def conditional_paths(moderation: Moderation, x: str, y: str, through: Sequence[str]) -> tuple[ConditionalPath, ...]:
    """Return the effects of x on y that can be read at a value of the moderator.

    Args:
        moderation: A group and the moderator.
        x: Where effects start.
        y: Where they end.
        through: Only indirect effects whose way contains all of these.

    Raises:
        EffectError: no way from x to y that the moderator touches, too many, or a feedback loop between them.
    """
    ways = _ways(moderation, x, y)
    chosen = [way for way in ways if set(through) <= set(way[1:-1])]
    if not chosen:
        where = f" through {', '.join(through)}" if through else ""
        raise EffectError(
            f"No path leads from {x} to {y}{where} besides the moderator {moderation.moderator}.",
            remedy=f"Paths: {'; '.join(' -> '.join(way) for way in ways[:5])}." if ways else "Check the direction.",
            code="no-path",
        )
    if not any(moderation.moderated_edges(way) for way in chosen):
        raise EffectError(
            f"No path from {x} to {y} depends on {moderation.moderator}: the model has no product with it on the way.",
            remedy=_products_remedy(moderation),
            code="not-moderated",
        )
    direct = [ConditionalPath(EffectKind.DIRECT, (way,)) for way in chosen if len(way) == 2]
    specific = [ConditionalPath(EffectKind.SPECIFIC, (way,)) for way in sorted(chosen, key=len) if len(way) > 2]
    found = [*direct, *specific]
    indirect = tuple(path.ways[0] for path in specific)
    if len(indirect) > 1:
        found.append(ConditionalPath(EffectKind.TOTAL_INDIRECT, indirect))
    if not through and direct and indirect:
        found.append(ConditionalPath(EffectKind.TOTAL, tuple(chosen)))
    return tuple(found)


def _ways(moderation: Moderation, x: str, y: str) -> list[tuple[str, ...]]:
    graph, position, names = moderation.graph, moderation.position, moderation.layout.names
    start, end = position[x], position[y]
    downstream = reachable(graph, start) | {start}
    for cycle in simple_cycles({node: targets for node, targets in graph.items() if node in downstream}):
        if any(end == node or end in reachable(graph, node) for node in cycle):
            raise EffectError(
                f"A feedback loop ({' -> '.join(names[node] for node in cycle)}) lies between {x} and {y}: effects at "
                "values of a moderator are available for models without one there.",
                remedy="Ask for effects that do not run through the loop.",
                code="loop",
            )
    ways = list(itertools.islice(simple_paths(graph, start, end), MAX_PATHS + 1))
    if len(ways) > MAX_PATHS:
        raise EffectError(f"More than {MAX_PATHS} paths lead from {x} to {y}.", code="too-many-paths")
    return [tuple(names[node] for node in way) for way in ways]


def _products_remedy(moderation: Moderation) -> str:
    products = [term.name for term in moderation.interactions]
    if not products:
        return f"Add a product to the model: y ~ x + {moderation.moderator} + x:{moderation.moderator}."
    return f"Products in the model: {', '.join(products)}."


def conditional_effect(moderation: Moderation, path: ConditionalPath, level: Level) -> Quantity:
    """Return the value of an effect at a level of the moderator, with its derivative."""
    value = moderation.at(level)
    parts = [moderation.along(way, value) for way in path.ways]
    return Quantity(
        np.asarray(sum(float(part.value) for part in parts)), np.sum([part.gradient for part in parts], axis=0)
    )


def conditional_draws(
    moderation: Moderation,
    path: ConditionalPath,
    level: Level,
    paths: FloatArray,
    total_cov: FloatArray,
    total_mean: FloatArray,
) -> FloatArray:
    """Return the value of an effect at a level of the moderator in each draw, (B,).

    Args:
        moderation: The group in the full sample.
        path: The effect.
        level: Value of the moderator; one in standard deviations is that of each draw.
        paths: (B, t, t) path coefficients.
        total_cov: (B, t, t) covariances of all variables.
        total_mean: (B, t) means of all variables; not used without a mean structure.
    """
    with np.errstate(invalid="ignore"):
        spreads = np.sqrt(np.diagonal(total_cov, axis1=1, axis2=2))
    means = total_mean
    if not moderation.meanstructure:
        n_latent = len(moderation.layout.names) - moderation.layout.n_observed
        means = np.broadcast_to(np.concatenate([moderation.sample_mean, np.zeros(n_latent)]), total_mean.shape)
    draws = [moderation.along_draws(way, level, paths, spreads, means) for way in path.ways]
    return np.sum(draws, axis=0)


def line_in_moderator(moderation: Moderation, path: ConditionalPath) -> Quantity | None:
    """Return intercept and slope of an effect as a line in the moderator, with their derivatives; None for a curve.

    Returns:
        value (2,): the effect at 0 and its change per unit; gradient (2, n_free).
    """
    if any(moderation.moderated_edges(way) > 1 for way in path.ways):
        return None
    zero = conditional_effect(moderation, path, Level("0", value=0.0))
    one = conditional_effect(moderation, path, Level("1", value=1.0))
    return Quantity(
        np.array([zero.value, one.value - zero.value]), np.array([zero.gradient, one.gradient - zero.gradient])
    )
