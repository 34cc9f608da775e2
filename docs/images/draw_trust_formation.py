"""Draw docs/images/trust_formation.svg: Figure 1 as reconstructed, with the sample survey's standardised arrows.

Usage: python docs/images/draw_trust_formation.py. Arrows, numbers and names come from the model, the fit and the
theory; only where each box stands is written here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import trustsem as ts

TARGET = Path(__file__).with_name("trust_formation.svg")
MODEL, SAMPLE = "trust_formation", "trust_patients"
WIDTH, HEIGHT, BOX_WIDTH, BOX_HEIGHT = 1060, 560, 158, 44

# Centres of the boxes: factors, interaction, second process, trust, relationship from left to right.
CENTRES = {
    "humanistic_quality": (90, 84),
    "individual_quality": (90, 140),
    "medical_situation": (90, 196),
    "rights_protection": (90, 252),
    "group_identity": (90, 338),
    "social_trust": (90, 394),
    "public_opinion": (90, 450),
    "interpersonal_interaction": (312, 168),
    "emotional_communication": (536, 104),
    "interpersonal_trust": (760, 168),
    "intergroup_interaction": (312, 394),
    "social_knowledge": (536, 458),
    "intergroup_trust": (760, 394),
    "trust_relationship": (966, 281),
}
LOOP = ("interpersonal_trust", "intergroup_trust")
LOOP_GAP = 22  # between the two arrows of the loop
LABEL_PLACE = 0.5  # of the way along an arrow
FILLS = {"interpersonal": "#e4edf5", "intergroup": "#f1ebdd"}
COLOURS = {"stated": "#1b3a57", "reading": "#9a5b13"}


def draw() -> str:
    """Fit the model to its sample and return the picture as SVG."""
    fit = ts.fit(MODEL, ts.samples_dir() / f"{SAMPLE}.csv")
    parts = [*_head(), *_arrows(fit), *_disturbances(fit), *_boxes(), *_legend(fit), "</svg>"]
    return "\n".join(parts) + "\n"


def _head() -> Iterator[str]:
    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif">'
    yield "<title>Formation of doctor-patient trust: Figure 1 as reconstructed</title>"
    yield "<defs>"
    for basis, colour in COLOURS.items():
        yield (
            f'<marker id="{basis}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="10" markerHeight="10" '
            f'markerUnits="userSpaceOnUse" orient="auto-start-reverse">'
            f'<path d="M0 0 10 5 0 10z" fill="{colour}"/></marker>'
        )
    yield "</defs>"
    yield f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>'
    yield _text(20, 34, "How doctor-patient trust forms: Figure 1 as reconstructed", 18, weight="bold")


def _boxes() -> Iterator[str]:
    theory = ts.load_theory()
    for identifier, (x, y) in CENTRES.items():
        fill = FILLS.get(theory.construct(identifier).level, "#ffffff")
        yield (
            f'<rect x="{x - BOX_WIDTH / 2:g}" y="{y - BOX_HEIGHT / 2:g}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" '
            f'rx="9" fill="{fill}" stroke="#1b3a57" stroke-width="1.3"/>'
        )
        lines = _two_lines(theory.construct(identifier).name.en)
        for index, line in enumerate(lines):
            yield _text(x, y + 4.5 + 16 * (index - (len(lines) - 1) / 2), line, 13, anchor="middle")


def _two_lines(name: str, limit: int = 22) -> list[str]:
    if len(name) <= limit:
        return [name]
    words = name.split()
    cut = min(range(1, len(words)), key=lambda i: abs(len(" ".join(words[:i])) - len(" ".join(words[i:]))))
    return [" ".join(words[:cut]), " ".join(words[cut:])]


def _arrows(fit: ts.Fit) -> Iterator[str]:
    basis = {(path.predictor, path.outcome): path.basis for path in ts.load_model(MODEL).path_basis}
    frame = fit.estimates
    for row in frame.loc[frame["op"] == "~"].to_dict("records"):
        kind = str(getattr(basis[row["rhs"], row["lhs"]], "value", basis[row["rhs"], row["lhs"]]))
        yield from _arrow(row["rhs"], row["lhs"], row["std_all"], kind)


def _arrow(source: str, target: str, value: float, basis: str) -> Iterator[str]:
    """Yield one straight arrow from border to border with its number."""
    (x1, y1), (x2, y2) = CENTRES[source], CENTRES[target]
    if {source, target} == set(LOOP):
        shift = LOOP_GAP / 2 if source == LOOP[0] else -LOOP_GAP / 2
        x1, x2 = x1 + shift, x2 + shift
    start, end = _border(x1, y1, x2, y2), _border(x2, y2, x1, y1)
    yield (
        f'<path d="M{start[0]:.1f} {start[1]:.1f} {end[0]:.1f} {end[1]:.1f}" fill="none" stroke="{COLOURS[basis]}" '
        f'stroke-width="{1 + 3 * min(abs(value), 1):.2f}" marker-end="url(#{basis})"/>'
    )
    x, y = (start[0] + LABEL_PLACE * (end[0] - start[0]), start[1] + LABEL_PLACE * (end[1] - start[1]))
    if {source, target} == set(LOOP):
        x, anchor = (x + 8, "start") if source == LOOP[0] else (x - 8, "end")
        yield _halo(x, y + 4, _coefficient(value), anchor)
    else:
        yield _halo(x, y + 4, _coefficient(value), "middle")


def _border(x: float, y: float, to_x: float, to_y: float) -> tuple[float, float]:
    """Return where the line from a box's centre towards a point leaves the box; 2 px outside."""
    dx, dy = to_x - x, to_y - y
    reach = min(
        (BOX_WIDTH / 2 + 2) / abs(dx) if dx else math.inf,
        (BOX_HEIGHT / 2 + 2) / abs(dy) if dy else math.inf,
    )
    return x + reach * dx, y + reach * dy


def _disturbances(fit: ts.Fit) -> Iterator[str]:
    """Yield the free covariance of the two trusts' disturbances as a dashed double arrow."""
    frame = fit.estimates
    row = frame[(frame["op"] == "~~") & (frame["lhs"] == LOOP[0]) & (frame["rhs"] == LOOP[1])].iloc[0]
    (x, top), (_, bottom) = CENTRES[LOOP[0]], CENTRES[LOOP[1]]
    top, bottom, edge = top + BOX_HEIGHT / 2 + 2, bottom - BOX_HEIGHT / 2 - 2, x - 62
    yield (
        f'<path d="M{edge} {top:g} C{edge - 46} {top + 50:g} {edge - 46} {bottom - 50:g} {edge} {bottom:g}" '
        f'fill="none" stroke="{COLOURS["stated"]}" stroke-width="1.3" stroke-dasharray="5 4" '
        'marker-start="url(#stated)" marker-end="url(#stated)"/>'
    )
    yield _halo(edge - 36, (top + bottom) / 2 + 4, _coefficient(row["std_all"]), "middle")


def _legend(fit: ts.Fit) -> Iterator[str]:
    measures = fit.fit_measures
    loop = fit.loops().iloc[0]
    values = {name: float(measures[name] or 0.0) for name in ("chisq", "df", "cfi", "rmsea", "srmr")}
    yield _text(
        20,
        508,
        f"Sample survey trust_patients (synthetic, true parameters known): {fit.n_obs} complete of {fit.data.n_total} "
        f"rows, maximum likelihood, standardised.",
        13,
    )
    yield _text(
        20,
        527,
        f"Chi-square {values['chisq']:.1f}, df {values['df']:.0f}; CFI {values['cfi']:.3f}; "
        f"RMSEA {values['rmsea']:.3f}; SRMR {values['srmr']:.3f}. Loop gain {loop['gain']:.3f}, "
        f"stability index {loop['stability_index']:.3f}: "
        f"{'stable' if loop['stable'] else 'NOT STABLE'}.",
        13,
    )
    yield _text(
        20,
        546,
        "Dark arrows: stated by the source; brown: our reading of it; dashed: disturbances. Items and covariances of "
        "the seven factors are not drawn.",
        13,
    )


def _coefficient(value: float) -> str:
    return f"{value:.2f}".replace("0.", ".", 1)


def _halo(x: float, y: float, text: str, anchor: str) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="13" text-anchor="{anchor}" stroke="#ffffff" stroke-width="5" '
        f'paint-order="stroke" fill="#111111">{text}</text>'
    )


def _text(x: float, y: float, text: str, size: int, *, anchor: str = "start", weight: str = "normal") -> str:
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{size}" text-anchor="{anchor}" font-weight="{weight}" '
        f'fill="#111111">{text}</text>'
    )


if __name__ == "__main__":
    TARGET.write_text(draw(), encoding="utf-8")
