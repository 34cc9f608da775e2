"""Write the scored answers of the HINTS 7 models to a CSV for make_hints7.R: make_hints7_input.py SURVEY OUT."""

from __future__ import annotations

import sys

import trustsem as ts


def main(survey: str, out: str) -> None:
    scored = ts.read_survey(survey, "hints7")
    scored.frame[list(scored.items)].to_csv(out, index=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
