"""Lines under a path diagram: where the numbers come from, how to read them, what is not drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trustsem.plots.diagram.graph import EdgeKind, Graph, LabelKind
from trustsem.plots.diagram.sizes import NOTE_FONT
from trustsem.plots.geometry import CHARACTER, wrap
from trustsem.plots.numbers import STARS_NOTE, number

if TYPE_CHECKING:
    from trustsem.fitting.result import Fit

NOTE_STEP = NOTE_FONT * 1.4  # px from line to line
LABEL_WORDS = {
    LabelKind.EST: "estimates",
    LabelKind.STD: "standardised coefficients",
    LabelKind.CI: "95 % intervals of the estimates",
    LabelKind.STARS: f"standardised coefficients; {STARS_NOTE} (test of the estimate)",
}


def diagram_notes(fit: Fit, graph: Graph, group: int, *, by_basis: bool = False) -> tuple[str, ...]:
    """Return sentences about a diagram, apart from the one about its labels.

    Args:
        fit: The fit.
        graph: What is drawn of it.
        group: The group, counted from 1.
        by_basis: Whether colours tell the basis of paths.
    """
    found = [fit_sentence(fit)]
    if not fit.admissible:
        found.append("The solution is INADMISSIBLE: its findings name the parameters; do not report these numbers.")
    found += _loops(fit, group)
    found.append(_reading(graph, by_basis=by_basis))
    found += graph.left_out
    return tuple(found)


def lines_of_notes(notes: tuple[str, ...], kind: LabelKind, width: float) -> tuple[str, ...]:
    """Return the lines under a diagram, with what its labels are.

    Args:
        notes: Sentences of the diagram.
        kind: Its labels.
        width: Of a line in px.
    """
    text = " ".join((*notes[:1], f"Numbers: {LABEL_WORDS[kind]}.", *notes[1:]))
    return wrap(text, int(width / (NOTE_FONT * CHARACTER)))


def fit_sentence(fit: Fit) -> str:
    """Return size, estimator and fit in one sentence."""
    measures = fit.fit_measures
    parts = []
    suffix = "_scaled" if measures.get("chisq_scaled") is not None else ""
    chisq, df = measures.get(f"chisq{suffix}"), measures.get(f"df{suffix}", measures.get("df"))
    if chisq is not None and df is not None:
        parts.append(f"chi-square {chisq:.1f}, df {df:g}{' (scaled)' if suffix else ''}")
    for name in ("cfi", "rmsea"):
        chosen = next((f"{name}{end}" for end in ("_robust", suffix) if measures.get(f"{name}{end}") is not None), name)
        if measures.get(chosen) is not None:
            parts.append(f"{name.upper()} {number(measures[chosen], 3)}")
    if measures.get("srmr") is not None:
        parts.append(f"SRMR {number(measures['srmr'], 3)}")
    groups = f" in {len(fit.group_labels)} groups" if fit.group_labels else ""
    return f"{fit.n_obs:,} respondents{groups}; {', '.join(parts)}." if parts else f"{fit.n_obs:,} respondents{groups}."


def _loops(fit: Fit, group: int) -> list[str]:
    """Return gain and stability of each loop of the group."""
    frame = fit.loops()
    return [
        f"Feedback loop: gain {number(row['gain'], 3)}, stability index {number(row['stability_index'], 3)}, "
        f"{'settles' if row['stable'] else 'DOES NOT SETTLE'}."
        for row in frame.loc[frame["group"] == group].to_dict("records")
    ]


def _reading(graph: Graph, *, by_basis: bool) -> str:
    parts = ["wider lines: larger standardised values"]
    if any(r.is_significant is False for r in graph.relations):
        parts.append("dashed: p at least .05")
    if any(r.is_negative for r in graph.relations):
        parts.append("hollow heads: negative")
    if any(r.kind is EdgeKind.COVARIANCE for r in graph.relations):
        parts.append("two heads: covariances, of residuals where something is explained")
    if by_basis:
        parts.append("blue: stated by the source or cited by it; brown: a reading of it or our own")
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}."
