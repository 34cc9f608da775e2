"""Draw docs/images/trust_formation.svg: Figure 1 as reconstructed, with the sample survey's standardised arrows.

Usage: python docs/images/draw_trust_formation.py. Everything in it comes from the model, the fit and the theory.
"""

from __future__ import annotations

from pathlib import Path

import trustsem as ts

TARGET = Path(__file__).with_name("trust_formation.svg")
MODEL, SAMPLE = "trust_formation", "trust_patients"


def draw() -> str:
    """Fit the model to its sample and return the picture as SVG."""
    fit = ts.fit(MODEL, ts.samples_dir() / f"{SAMPLE}.csv")
    return fit.diagram(by_basis=True).svg()


if __name__ == "__main__":
    TARGET.write_text(draw(), encoding="utf-8")
