"""The theory as one object: look-ups of constructs, paths, levers, hypotheses and expected signs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from trustsem.errors import UsageError
from trustsem.resources import package_data
from trustsem.suggestions import suggest
from trustsem.theory.hypotheses import read_expected_signs, read_hypotheses
from trustsem.theory.readers import (
    CONSTRUCT_KINDS,
    LEVELS,
    PATH_GROUPS,
    read_all_constructs,
    read_concepts,
    read_constructs,
    read_covariates,
    read_levers,
    read_paths,
    read_sources,
)
from trustsem.theory.types import Construct, ExpectedSign, Hypothesis, Lever, Source
from trustsem.theory.types import Path as TheoryPath


@dataclass(frozen=True, slots=True)
class Theory:
    """The theory in a folder of data files; each file is read and checked when it is first needed.

    >>> theory = load_theory()
    >>> theory.construct("social_trust").name.zh
    '社会信任'
    >>> theory.expected_sign("humanistic_quality", "conflict").sign
    -1
    """

    folder: Path

    @property
    def sources(self) -> Mapping[str, Source]:
        """All sources by key."""
        return read_sources(self.folder)

    @property
    def levers(self) -> tuple[Lever, ...]:
        """Who can do what."""
        return read_levers(self.folder)

    @property
    def hypotheses(self) -> Mapping[str, Hypothesis]:
        """All hypotheses by number, H1 first."""
        return read_hypotheses(self.folder)

    def construct(self, identifier: str) -> Construct:
        """Return one construct or concept.

        Raises:
            UsageError: The theory does not name it.
        """
        # The small files first: the concepts are read only for a name that needs them.
        found = (
            read_constructs(self.folder).get(identifier)
            or read_covariates(self.folder).get(identifier)
            or read_concepts(self.folder).get(identifier)
        )
        if found is None:
            raise _unknown("construct", identifier, tuple(read_all_constructs(self.folder)))
        return found

    def constructs(
        self, *, level: str | None = None, kind: str | None = None, with_concepts: bool = False
    ) -> tuple[Construct, ...]:
        """Return constructs in the order of the theory.

        Args:
            level: "interpersonal", "intergroup" or "overarching"; None for all.
            kind: "factor", "process", "trust", ...; None for all.
            with_concepts: Also return outcomes, stations and what the hypotheses merely name.
        """
        if level is not None and level not in LEVELS:
            raise _unknown("level", level, LEVELS)
        if kind is not None and kind not in CONSTRUCT_KINDS:
            raise _unknown("kind", kind, tuple(CONSTRUCT_KINDS))
        pool = read_all_constructs(self.folder) if with_concepts else read_constructs(self.folder)
        return tuple(c for c in pool.values() if level in (None, c.level) and kind in (None, c.kind))

    def path(self, predictor: str, outcome: str) -> TheoryPath | None:
        """Return the arrow from one construct to another; None where the theory draws none."""
        return read_paths(self.folder).get((predictor, outcome))

    def paths(self, *, group: str | None = None) -> tuple[TheoryPath, ...]:
        """Return all arrows, or those of one group."""
        if group is not None and group not in PATH_GROUPS:
            raise _unknown("path group", group, PATH_GROUPS)
        return tuple(path for path in read_paths(self.folder).values() if group in (None, path.group))

    def expected_sign(self, predictor: str, outcome: str) -> ExpectedSign | None:
        """Return the sign expected of `outcome ~ predictor`; None where no source and no reading gives one."""
        return read_expected_signs(self.folder).get((predictor, outcome))

    def hypotheses_for(self, predictor: str | None = None, outcome: str | None = None) -> tuple[Hypothesis, ...]:
        """Return the hypotheses with an arrow from `predictor` (or any) to `outcome` (or any)."""
        return tuple(
            hypothesis
            for hypothesis in self.hypotheses.values()
            if any(predictor in (None, a.predictor) and outcome in (None, a.outcome) for a in hypothesis.arrows)
        )

    def levers_for(self, construct: str) -> tuple[Lever, ...]:
        """Return the levers that act on a construct."""
        return tuple(lever for lever in self.levers if any(e.construct == construct for e in lever.acts_on))

    def check(self) -> None:
        """Read every data file, so that a fault in any of them is raised now.

        Raises:
            TheoryError: A file is malformed or names something unknown.
        """
        read_levers(self.folder)
        read_expected_signs(self.folder)


@cache
def load_theory(folder: Path | None = None) -> Theory:
    """Return the theory that ships with trustsem, or the one in another folder of the same files."""
    return Theory(folder or package_data("theory", "data"))


def _unknown(what: str, word: str, allowed: tuple[str, ...]) -> UsageError:
    shown = ", ".join(allowed[:20]) + (", ..." if len(allowed) > 20 else "")
    return UsageError(
        f"Unknown {what} '{word}'.{suggest(word, allowed)}",
        remedy=f"Known: {shown}.",
        code=f"unknown-{what}".replace(" ", "-"),
    )
