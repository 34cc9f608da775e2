"""Scales: reliability, and whether constructs are told apart."""

from __future__ import annotations

from trustsem.fitting.reliability import Reliability
from trustsem.fitting.validity import Validity
from trustsem.report.cells import count, number
from trustsem.report.document import Align, Block, Column, Paragraph, Section
from trustsem.report.sections.exploration import exploration
from trustsem.report.sections.shared import Row, bullets, columns, in_group, named, said, table, with_interval
from trustsem.report.wording import Wording
from trustsem.study import StudyResult

_VERDICTS = ("distinct", "doubtful", "not distinct")


def scales(result: StudyResult, words: Wording) -> Section | None:
    """Return the section; None for a model without latent variables."""
    blocks: list[Block] = []
    if (reliability := result.parts.get("reliability")) is not None:
        blocks += [*_reliability(reliability, words), *said(reliability)]
    if (validity := result.parts.get("validity")) is not None:
        blocks += [*_validity(validity, words), *said(validity)]
    explored = exploration(result, words)
    if not blocks and explored is None:
        return None
    return Section("scales", words("scales.title"), tuple(blocks), () if explored is None else (explored,))


def _reliability(part: Reliability, words: Wording) -> list[Block]:
    frame = part.coefficients
    names = list(dict.fromkeys(frame["coefficient"]))
    rows, undefined = [], []
    of_factor: dict[tuple[str, str], dict[str, Row]] = {}
    for row in frame.to_dict("records"):
        of_factor.setdefault((row["factor"], row["group_label"]), {})[row["coefficient"]] = row
    for (factor, label), found in of_factor.items():
        name = in_group(named(factor, words), label)
        cells = [
            with_interval(found[c]["est"], found[c]["ci_lower"], found[c]["ci_upper"]) if c in found else number(None)
            for c in names
        ]
        rows.append((name, count(next(iter(found.values()))["n_items"]), *cells))
        undefined += [
            words("scales.undefined", coefficient=words(f"scales.{c}"), factor=name, reason=found[c]["reason"])
            for c in names
            if c in found and found[c]["est"] != found[c]["est"]  # NaN
        ]
    heads = columns(words, ("scales.factor",), ("scales.n_items", *(f"scales.{c}" for c in names)))
    shown = table(words("scales.reliability"), heads, rows, words("scales.reliability_note"))
    return [*shown, *bullets(undefined)]


def _validity(part: Validity, words: Wording) -> list[Block]:
    pairs = part.pairs.to_dict("records")
    rows = [
        (
            in_group(f"{named(row['first'], words)}, {named(row['second'], words)}", row["group_label"]),
            with_interval(row["correlation"], row["ci_lower"], row["ci_upper"]),
            _verdict(row["verdict"], words),
            number(row["htmt"]),
            _verdict(row["htmt_verdict"], words),
            _rule(row["fornell_larcker"], words),
        )
        for row in pairs
    ]
    heads = (
        Column(words("scales.pair"), Align.LEFT),
        Column(words("scales.correlation")),
        Column(words("scales.verdict"), Align.LEFT),
        Column(words("scales.htmt")),
        Column(words("scales.htmt_verdict"), Align.LEFT),
        Column(words("scales.fornell_larcker"), Align.LEFT),
    )
    shown = table(words("scales.validity"), heads, rows, words("scales.validity_note"))
    if not rows:
        return shown
    counts = {kind.replace(" ", "_"): sum(row["verdict"] == kind for row in pairs) for kind in _VERDICTS}
    return [*shown, Paragraph(words("scales.validity_said", n=len(rows), **counts))]


def _verdict(verdict: object, words: Wording) -> str:
    return words(f"scales.{verdict.replace(' ', '_')}") if isinstance(verdict, str) and verdict else number(None)


def _rule(holds: object, words: Wording) -> str:
    if holds is None or holds != holds:  # absent or NaN
        return number(None)
    return words("scales.holds" if holds else "scales.fails")
