"""Render a trust model as commented lavaan syntax: measurement, paths with their basis, covariances, effects."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from trustsem.theory import Construct, Path, load_theory

_MEDIATOR = {"interpersonal": "emotional_communication", "intergroup": "social_knowledge"}
_OTHER = {"interpersonal": "intergroup", "intergroup": "interpersonal"}
_SIGN = {1: "+", -1: "-"}
_WORDING_TITLES = {
    "method_factor": (
        "# Wording: one method factor of the reverse-keyed items alone, uncorrelated with the constructs (Marsh 1996;",
        "# Eid 2000). Equal loadings, since free ones cannot be estimated where there is no such effect.",
    ),
    "random_intercept": (
        "# Wording: a tendency to agree with whatever is asked, uncorrelated with the constructs (random intercept:",
        "# Maydeu-Olivares & Coffman 2006). Loadings are 1 for answers as given, -1 for items reflected when scored.",
    ),
}


@dataclass(frozen=True, slots=True)
class WordingFactor:
    """A factor of how items are worded, beside the constructs.

    Args:
        kind: "method_factor" (loadings 1, reversed items only) or "random_intercept" (loadings +-1, all items).
        name: Name of the latent variable.
        items: The items of each construct.
        orthogonal_to: Constructs whose covariance with the factor must be written as zero.
    """

    kind: str
    name: str
    items: tuple[tuple[str, ...], ...]
    orthogonal_to: tuple[str, ...]


def render(
    *,
    call: str,
    measurement: Sequence[tuple[Construct, tuple[str, ...]]],
    arrows: Sequence[Path],
    covariances: Sequence[tuple[str, str, bool, str]],
    names: Mapping[str, str],
    factors: Sequence[str],
    levels: Sequence[str],
    reversed_items: Sequence[str],
    wording: WordingFactor | None = None,
) -> str:
    """Return the model text; every line says in a comment on what ground it stands.

    Args:
        call: The call that builds the model, for the header.
        measurement: Constructs and their items.
        arrows: Structural paths.
        covariances: (one, other, is free, why) for the covariances to write out.
        names: Short name of every construct and covariate, for labels.
        factors: The exogenous factors.
        levels: The chosen paths.
        reversed_items: Items asked from the negative pole.
        wording: The factor of their wording, if the model has one.
    """
    definitions = _define_effects(arrows, names, factors, levels)
    used = set(re.findall(r"[A-Za-z]\w*", " ".join(expression for _, expression, _ in definitions)))
    sections = [
        [
            f"# Built by {call}",
            "# Basis of each arrow: stated, cited (by the source from others), reading (ours of a passage), ours.",
        ],
        ["# Measurement", *_measure(measurement, reversed_items)],
        _word(wording, reversed_items) if wording else [],
        ["# Paths", *_align(_draw(arrow, names, used) for arrow in arrows)],
        ["# Covariances", *_align(_covary(*covariance) for covariance in covariances)] if covariances else [],
        ["# Effects", *_align((f"{n} := {e}", why) for n, e, why in definitions)] if definitions else [],
    ]
    return "\n\n".join("\n".join(section) for section in sections if section) + "\n"


def _measure(measurement: Iterable[tuple[Construct, tuple[str, ...]]], reversed_items: Sequence[str]) -> list[str]:
    lines = _align(
        (
            f"{construct.id} =~ {' + '.join(items)}",
            f"construct {construct.basis.value}, {_place(construct.source, construct.section)}; items ours",
        )
        for construct, items in measurement
    )
    return [f"# Reverse-keyed, reflected when scored: {', '.join(reversed_items)}", *lines] if reversed_items else lines


def _word(wording: WordingFactor, reversed_items: Sequence[str]) -> list[str]:
    """Return the lines of the wording factor: its loadings, its variance and that it goes with no construct."""
    if wording.kind == "method_factor":
        keyed = [[f"1*{item}" for item in reversed_items]]
    else:
        keyed = [[f"{'-1' if item in reversed_items else '1'}*{item}" for item in items] for items in wording.items]
    name = wording.name
    measured = [f"{name} =~ {' + '.join(items)}" for items in keyed]
    spread = (f"{name} ~~ {name}", "how much respondents differ in it; 0 where there is no such effect")
    apart = [_covary(construct, name, False, "uncorrelated by definition") for construct in wording.orthogonal_to]
    return [*_WORDING_TITLES[wording.kind], *measured, *_align([spread, *apart])]


def _draw(arrow: Path, names: Mapping[str, str], used: set[str]) -> tuple[str, str]:
    label = _label(arrow.predictor, arrow.outcome, names)
    modifier = f"{label}*" if label in used else ""
    expected = load_theory().expected_sign(arrow.predictor, arrow.outcome)
    ground = (
        arrow.basis.value if arrow.source == "ours" else f"{arrow.basis.value}, {_place(arrow.source, arrow.section)}"
    )
    parts = [ground]
    if expected is not None:
        parts.append(
            f"expected {_SIGN.get(expected.sign, '0')}" + (" (a reading)" if expected.is_expectation_only else "")
        )
        parts += [", ".join(expected.hypotheses)] if expected.hypotheses else []
    return f"{arrow.outcome} ~ {modifier}{arrow.predictor}", "; ".join(parts)


def _covary(one: str, other: str, is_free: bool, why: str) -> tuple[str, str]:
    return f"{one} ~~ {'' if is_free else '0*'}{other}", why


def _define_effects(
    arrows: Sequence[Path], names: Mapping[str, str], factors: Sequence[str], levels: Sequence[str]
) -> list[tuple[str, str, str]]:
    """Return (name, expression, meaning) of the effects that the model defines."""
    drawn = {(arrow.predictor, arrow.outcome) for arrow in arrows}
    definitions: list[tuple[str, str, str]] = []
    if _has_loop(drawn):
        definitions.append(("loop_gain", "igt_ipt*ipt_igt", "gain of the loop of the two trusts; stable below 1"))
    for level in levels:
        interaction, mediator, trust = (names[name] for name in _stations(level))
        definitions.append(
            (
                f"{interaction}_{trust}_via_{mediator}",
                f"{interaction}_{mediator}*{mediator}_{trust}",
                f"{_stations(level)[0]} on {_stations(level)[2]} through {_stations(level)[1]}",
            )
        )
    for level in levels:
        for factor in factors:
            # group_identity belongs to the other level, but opens this one where only this one is modelled.
            is_only_entry = len(levels) == 1 and (factor, _stations(level)[0]) in drawn
            if load_theory().construct(factor).level == level or is_only_entry:
                definitions += _factor_effects(factor, level, drawn, names)
    return definitions


def _factor_effects(
    factor: str, level: str, drawn: set[tuple[str, str]], names: Mapping[str, str]
) -> list[tuple[str, str, str]]:
    """Return the chained and the total effect of a factor on the trust of a level."""
    interaction, mediator, trust = _stations(level)
    short = names[factor]
    entry = _label(factor, interaction, names)
    chain = f"{entry}*{_label(interaction, mediator, names)}*{_label(mediator, trust, names)}"
    total = _level_effect(factor, level, names)
    other = _OTHER[level]
    other_trust = _stations(other)[2]
    if (factor, _stations(other)[0]) in drawn and (other_trust, trust) in drawn:
        total = f"{total} + {_label(other_trust, trust, names)}*{_level_effect(factor, other, names)}"
    meaning = f"total effect of {factor} on {trust}"
    if _has_loop(drawn):
        total, meaning = f"({total})/(1 - loop_gain)", f"{meaning}, through the loop as well"
    return [
        (f"{short}_{names[trust]}_via_{names[mediator]}", chain, f"{factor} on {trust} through both processes"),
        (f"{short}_{names[trust]}_total", total, meaning),
    ]


def _level_effect(factor: str, level: str, names: Mapping[str, str]) -> str:
    """Return the effect of a factor on the trust of a level along the level's own processes."""
    interaction, mediator, trust = _stations(level)
    direct = _label(interaction, trust, names)
    through = f"{_label(interaction, mediator, names)}*{_label(mediator, trust, names)}"
    return f"{_label(factor, interaction, names)}*({direct} + {through})"


def _stations(level: str) -> tuple[str, str, str]:
    return f"{level}_interaction", _MEDIATOR[level], f"{level}_trust"


def _has_loop(drawn: set[tuple[str, str]]) -> bool:
    one, other = _stations("interpersonal")[2], _stations("intergroup")[2]
    return (one, other) in drawn and (other, one) in drawn


def _label(predictor: str, outcome: str, names: Mapping[str, str]) -> str:
    return f"{names[predictor]}_{names[outcome]}"


def _place(source: str, section: str | None) -> str:
    return f"{source} ({section})" if section else source


def _align(pairs: Iterable[tuple[str, str]]) -> list[str]:
    """Return lines with their comments in one column."""
    listed = list(pairs)
    width = max((len(code) for code, _ in listed), default=0)
    return [f"{code:<{width}}  # {why}" for code, why in listed]
