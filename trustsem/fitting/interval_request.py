"""Which intervals a caller asks for, and whether they can be made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from enum import Enum
from os import PathLike
from typing import Any

from trustsem.errors import UsageError
from trustsem.fitting.words import word
from trustsem.resample import DrawKind, DrawPolicy, IntervalKind

Ci = str | Sequence[str]


_MOST_DRAWS = 10_000_000


class Source(Enum):
    """Where the spread of an interval comes from."""

    DELTA = "delta"
    SECOND_ORDER = "second_order"
    MONTE_CARLO = "monte_carlo"
    BOOTSTRAP = "bootstrap"


class CiKind(Enum):
    """All kinds of intervals, by the words that options use."""

    DELTA = "delta"
    SECOND_ORDER = "second_order"
    MONTE_CARLO = "monte_carlo"
    PERCENTILE = "percentile"
    BASIC = "basic"
    NORMAL = "normal"
    BIAS_CORRECTED = "bias_corrected"
    BCA = "bca"

    @property
    def source(self) -> Source:
        """Where its spread comes from."""
        return Source.BOOTSTRAP if self not in _OWN_SOURCE else Source(self.value)

    @property
    def of_draws(self) -> IntervalKind:
        """How limits are made of draws."""
        return IntervalKind.PERCENTILE if self is CiKind.MONTE_CARLO else IntervalKind(self.value)


_OWN_SOURCE = frozenset({CiKind.DELTA, CiKind.SECOND_ORDER, CiKind.MONTE_CARLO})


@dataclass(frozen=True, slots=True)
class BootstrapOptions:
    """How bootstrap draws are made, as in `Fit.bootstrap`."""

    kind: str = DrawKind.NONPARAMETRIC.value
    workers: int | None = None
    scheduler: str | None = None
    resume: str | PathLike[str] | None = None

    def given(self) -> dict[str, Any]:
        """Return the options that are not the default."""
        every = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in every.items() if value != getattr(BootstrapOptions(), name)}


@dataclass(frozen=True, slots=True)
class IntervalRequest:
    """Intervals that were asked for.

    Args:
        kinds: At least one, each once, in the caller's order.
        draws: Draws of the bootstrap and of Monte Carlo; None: what each has by default.
        seed: Of the draws; None: a random one.
        policy: What happens to bootstrap draws that went wrong.
        level: Confidence level.
        bootstrap: How bootstrap draws are made.
    """

    kinds: tuple[CiKind, ...]
    draws: int | None = None
    seed: int | None = None
    policy: DrawPolicy = DrawPolicy.DROP
    level: float = 0.95
    bootstrap: BootstrapOptions = BootstrapOptions()

    @property
    def sources(self) -> tuple[Source, ...]:
        """Where the intervals come from, each once."""
        return tuple(dict.fromkeys(kind.source for kind in self.kinds))


def read_request(
    ci: Ci,
    draws: object = None,
    seed: object = None,
    policy: object = None,
    bootstrap: BootstrapOptions = BootstrapOptions(),
) -> IntervalRequest:
    """Read the options that every function with intervals has.

    Args:
        ci: A word of `CiKind`, or several.
        draws: Only with intervals from draws.
        seed: Only with intervals from draws.
        policy: "drop", "keep" or "redraw"; only with a bootstrap.
        bootstrap: How draws are made; only with a bootstrap.

    Raises:
        UsageError: naming every fault.
    """
    names = [word(name) for name in (ci if isinstance(ci, Iterable) and not isinstance(ci, str) else [ci])]
    known = {kind.value: kind for kind in CiKind}
    kinds = tuple(dict.fromkeys(known[name] for name in names if name in known))
    sources = {kind.source for kind in kinds}
    faults = [f"ci={name!r} is not available. Allowed: {', '.join(known)}." for name in names if name not in known]
    if not names:
        faults.append(f"ci names no interval. Allowed: {', '.join(known)}.")
    is_drawn = bool(sources & {Source.BOOTSTRAP, Source.MONTE_CARLO})
    given = {"draws": draws, "seed": seed}
    if not is_drawn and not faults:
        faults += [
            f'{name} needs ci="monte_carlo" or a bootstrap.' for name, value in given.items() if value is not None
        ]
    faults += draw_faults(2 if draws is None else draws, seed, name="draws")
    policies = {kind.value: kind for kind in DrawPolicy}
    chosen = policies.get("drop" if policy is None else word(policy))
    if chosen is None:
        faults.append(f"policy={policy!r} is unknown. Allowed: {', '.join(policies)}.")
    elif policy is not None and Source.BOOTSTRAP not in sources:
        resampling = ", ".join(kind.value for kind in CiKind if kind.source is Source.BOOTSTRAP)
        faults.append(f"policy needs a bootstrap: {resampling}.")
    if Source.BOOTSTRAP not in sources:
        faults += [f"{name} needs a bootstrap." for name in bootstrap.given()]
    if faults:
        raise UsageError("The intervals cannot be computed.", faults=faults, code="ci")
    assert chosen is not None
    assert draws is None or isinstance(draws, int)
    assert seed is None or isinstance(seed, int)
    return IntervalRequest(kinds, draws, seed, chosen, bootstrap=bootstrap)


def draw_faults(n: object, seed: object, *, name: str = "n") -> list[str]:
    """Return what is wrong with a number of draws and a seed."""
    faults = []
    if not isinstance(n, int) or isinstance(n, bool) or n < 2:
        faults.append(f"{name} must be a whole number of at least 2, not {n!r}.")
    elif n > _MOST_DRAWS:
        faults.append(f"{name} must be at most {_MOST_DRAWS:,}, not {n!r}: the draws are held in memory.")
    return faults + seed_faults(seed)


def seed_faults(seed: object) -> list[str]:
    """Return what is wrong with a seed; None is none."""
    if seed is None:
        return []
    if not isinstance(seed, int) or isinstance(seed, bool) or seed < 0:
        return [f"seed must be a whole number of at least 0, not {seed!r}."]
    return [f"seed must be less than 2^63, not {seed!r}."] if seed >= 2**63 else []
