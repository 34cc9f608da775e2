"""Write the data and the model texts for make_wording.R: make_wording_input.py FOLDER.

Responses to the eighteen items of the intergroup path with two wording effects in them: a tendency of each person to
agree with whatever is asked (variance .09), and a reaction to reversed items of its own (variance .06). Each model
names one of the two and leaves the other in its errors, so neither is exactly true.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from trustsem.simulate import Population
from trustsem.spec import TrustModel

SEED = 20061109
N_ROWS = 400
FACTORS = """
group_identity         =~ 0.76*gi1 + 0.72*gi2 + 0.68*gi3
social_trust           =~ 0.74*st1 + 0.72*st2 + 0.66*st3
public_opinion         =~ 0.74*po1 + 0.76*po2 + 0.66*po3
intergroup_interaction =~ 0.74*igi1 + 0.72*igi2 + 0.66*igi3
social_knowledge       =~ 0.72*sk1 + 0.74*sk2 + 0.64*sk3
intergroup_trust       =~ 0.76*igt1 + 0.80*igt2 + 0.70*igt3
intergroup_interaction ~ 0.35*group_identity + 0.25*social_trust + 0.20*public_opinion
social_knowledge       ~ 0.55*intergroup_interaction
intergroup_trust       ~ 0.45*social_knowledge + 0.15*intergroup_interaction
group_identity        ~~ 0.35*social_trust + 0.30*public_opinion
social_trust          ~~ 0.40*public_opinion
"""
STYLE, REVERSED = 0.09, 0.06


def draw_rows() -> tuple[tuple[str, ...], np.ndarray]:
    """Return the names of the items and (n, 18) scored responses, rounded to three digits."""
    rng = np.random.default_rng(SEED)
    whole = Population.from_syntax(FACTORS, standardized=True)
    rows = whole.draw(N_ROWS, rng)
    is_reversed = np.array([name.endswith("3") for name in whole.observed])
    rows += np.sqrt(STYLE) * rng.standard_normal((N_ROWS, 1)) * np.where(is_reversed, -1.0, 1.0)
    rows += np.sqrt(REVERSED) * rng.standard_normal((N_ROWS, 1)) * is_reversed
    return whole.observed, np.round(rows, 3)


def main(folder: str) -> None:
    """Write wording.csv and one model text for each kind of wording effect."""
    names, rows = draw_rows()
    lines = [",".join(names), *(",".join(f"{value:.3f}" for value in row) for row in rows)]
    Path(folder, "wording.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for kind in ("method_factor", "random_intercept"):
        text = TrustModel(paths="intergroup", wording=kind).syntax()
        Path(folder, f"wording_{kind}.sem").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
