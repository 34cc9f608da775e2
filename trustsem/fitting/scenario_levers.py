"""Levers as people write them: `rights_protection=+0.5sd`, or the name of a lever of the theory."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trustsem.effects.scenario import Intervention
from trustsem.effects.scenario_steps import Step, StepUnit
from trustsem.errors import EffectError, UsageError
from trustsem.fitting.words import word
from trustsem.suggestions import suggest
from trustsem.theory import load_theory
from trustsem.theory.types import Lever as TheoryLever

_AMOUNT = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*(sds?|points?|%|units?)?", re.IGNORECASE)
_UNITS = {"sd": StepUnit.SD, "point": StepUnit.POINTS, "%": StepUnit.SHARE, "unit": StepUnit.UNITS}
_HOW = 'Write "+0.5sd" (standard deviations), "+5points" (of the 0-100 score), "+10%" (of the headroom) or a number.'
CI = ("delta", "monte_carlo")
DRAWS = 5000


@dataclass(frozen=True, slots=True)
class Amount:
    """How much: a number and its unit; `%` is kept as a share of 1."""

    value: float
    unit: StepUnit

    def times(self, sign: int) -> Amount:
        """Return the amount in the direction of a sign."""
        return Amount(sign * self.value, self.unit)

    def __str__(self) -> str:
        number = 100 * self.value if self.unit is StepUnit.SHARE else self.value
        return f"{number:+g}{'' if self.unit is StepUnit.UNITS else self.unit.value}"


@dataclass(frozen=True, slots=True)
class Move:
    """One construct of the model that a lever moves; `basis` is empty where the construct was named itself."""

    construct: str
    sign: int
    basis: str = ""


@dataclass(frozen=True, slots=True)
class Lever:
    """A lever that was asked for.

    Args:
        name: As it was asked for.
        moves: What it moves in the model.
        absent: Constructs that it acts on and that the model does not have.
        actor: Who can do it, for a lever of the theory.
        what: What is done, for a lever of the theory.
        amount: How much; None while levers are only compared.
    """

    name: str
    moves: tuple[Move, ...]
    absent: tuple[str, ...] = ()
    actor: str = ""
    what: str = ""
    amount: Amount | None = None

    @property
    def is_of_theory(self) -> bool:
        """Whether it is one of the theory's levers."""
        return bool(self.actor)

    def steps(self, constructs: Sequence[str]) -> tuple[Step, ...]:
        """Return its steps, constructs by number."""
        assert self.amount is not None
        return tuple(
            Step(constructs.index(move.construct), move.sign * self.amount.value, self.amount.unit)
            for move in self.moves
        )


def read_amounts(levers: Mapping[str, str | float]) -> dict[str, Amount]:
    """Return how much each lever is moved.

    Raises:
        UsageError: no lever, or amounts that cannot be read; all of them are named.
    """
    if not isinstance(levers, Mapping) or not levers:
        raise UsageError(
            "A scenario needs levers and how far each is moved.",
            remedy='For example {"rights_protection": "+0.5sd"}.',
            code="no-lever",
        )
    faults, amounts = [], {}
    for name, text in levers.items():
        amount = _amount(text)
        if amount is None:
            faults.append(f"{name}: {text!r} is no amount.")
        else:
            amounts[str(name)] = amount
    if faults:
        raise UsageError("Levers cannot be moved by these amounts.", faults=faults, remedy=_HOW, code="amount")
    return amounts


def _amount(text: object) -> Amount | None:
    if isinstance(text, bool):
        return None
    found = _AMOUNT.fullmatch(str(text).strip().replace("\N{MINUS SIGN}", "-"))
    if found is None or not math.isfinite(float(found[1])):
        return None
    unit = _UNITS[(found[2] or "unit").lower().rstrip("s")]
    return Amount(float(found[1]) / (100 if unit is StepUnit.SHARE else 1), unit)


def read_intervention(intervention: str) -> Intervention:
    """Return the kind of intervention that a word means.

    Raises:
        UsageError: another word.
    """
    allowed = {kind.value: kind for kind in Intervention}
    if word(intervention) not in allowed:
        raise UsageError(
            f"intervention={intervention!r} is unknown.",
            remedy='Use "push" (its causes go on working) or "hold" (it is held there whatever its causes do).',
            code="intervention",
        )
    return allowed[word(intervention)]


def require_ci(ci: str, draws: int | None, seed: int | None) -> None:
    """Refuse intervals that a scenario does not have, and options that they would ignore.

    Raises:
        UsageError: naming every fault.
    """
    faults = []
    if ci not in CI:
        faults.append(f"ci={ci!r} is unknown. Allowed: {', '.join(CI)}.")
    if ci == "delta":
        given = {"draws": draws, "seed": seed}
        faults += [
            f"{name} goes with monte_carlo, not with delta." for name, value in given.items() if value is not None
        ]
    if faults:
        raise UsageError("The intervals cannot be computed.", faults=faults, code="ci")


def find_levers(amounts: Mapping[str, Amount], constructs: Sequence[str], observed: Sequence[str]) -> tuple[Lever, ...]:
    """Return the levers that names mean: a construct of the model first, then a lever of the theory.

    Args:
        amounts: Name -> how much.
        constructs: Those of the model.
        observed: Observed variables, for the message about one that is an item.

    Raises:
        EffectError: names that are neither, or levers that act on nothing in the model.
    """
    of_theory = {lever.id: lever for lever in load_theory().levers}
    found, faults = [], []
    for name, amount in amounts.items():
        if name in constructs:
            found.append(Lever(name, (Move(name, 1),), amount=amount))
        elif name in of_theory:
            lever = lever_of_theory(of_theory[name], constructs, amount)
            found.append(lever)
            if not lever.moves:
                faults.append(f"{name} acts on {', '.join(lever.absent)}: the model has none of these.")
        elif name in observed:
            faults.append(f"{name} is an item: a lever moves a construct, and its items follow.")
        else:
            faults.append(f"The model has no construct '{name}'.{suggest(name, (*constructs, *of_theory))}")
    if faults:
        levers = [lever.id for lever in of_theory.values() if lever_of_theory(lever, constructs, None).moves]
        remedy = f"Constructs: {', '.join(constructs[:14])}."
        if levers:
            remedy += f" Levers of the theory that act on some: {', '.join(levers)}."
        raise EffectError("The levers are not in the model.", faults=faults, remedy=remedy, code="unknown-lever")
    return tuple(found)


def lever_of_theory(lever: TheoryLever, constructs: Sequence[str], amount: Amount | None) -> Lever:
    """Return a lever of the theory with what it moves in a model, and what the model does not have."""
    inside = [effect for effect in lever.acts_on if effect.construct in constructs]
    moves = tuple(Move(effect.construct, effect.sign, "stated" if effect.is_stated else "ours") for effect in inside)
    absent = tuple(effect.construct for effect in lever.acts_on if effect not in inside)
    return Lever(lever.id, moves, absent, lever.actor.en, lever.lever, amount)
