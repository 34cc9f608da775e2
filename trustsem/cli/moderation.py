"""Effects at values of a moderator on the command line: `trustsem effects --moderator`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from trustsem.cli.console import print_json, print_text, terminal_width
from trustsem.cli.intervals import BOOTSTRAP
from trustsem.errors import UsageError
from trustsem.tables.text import format_pvalue, heading, render_table, wrap_text

if TYPE_CHECKING:
    import pandas as pd

    from trustsem.fitting import Fit
    from trustsem.fitting.drawn import DrawnFit
    from trustsem.fitting.moderation import ModerationReport

_RULES = ("sd", "quantiles")

Question = tuple[str, str, str, Any, Any]  # x, y, moderator, at, through


def require_one_effect(
    x: Sequence[str] | None, y: Sequence[str] | None, moderator: str | None, at: Sequence[str] | None
) -> None:
    """Refuse, before the fit, values without a moderator and a moderator without one effect.

    Raises:
        UsageError: naming every fault.
    """
    faults = []
    if moderator is None and at:
        faults.append("--at gives values of a moderator: name it with --moderator.")
    if moderator is not None:
        faults += [
            f"--moderator needs one --{name}; got {len(given or ())}."
            for name, given in (("x", x), ("y", y))
            if len(given or ()) != 1
        ]
    if at and len(at) > 1 and any(value.strip().lower() in _RULES for value in at):
        faults.append("--at sd and --at quantiles stand alone.")
    if faults:
        raise UsageError("The effects at values of a moderator are not clear.", faults=faults, code="moderator")


def level_values(at: Sequence[str] | None) -> Any:
    """Return the values of `--at` as `Fit.conditional_effects` takes them."""
    if not at:
        return None
    return at[0].strip().lower() if at[0].strip().lower() in _RULES else list(at)


def one_kind(kinds: Sequence[str]) -> str:
    """Return the one kind of interval that effects at values of a moderator get.

    Raises:
        UsageError: several kinds, or one that they do not have.
    """
    if len(kinds) != 1 or kinds[0] not in ("delta", "monte_carlo", *BOOTSTRAP):
        raise UsageError(
            f"--moderator takes one kind of interval, not --ci {', '.join(kinds)}.",
            remedy=f"Use one of: delta, monte_carlo, {', '.join(BOOTSTRAP)}.",
            code="ci",
        )
    return kinds[0]


def draw(fit: Fit, ci: str, draws: int | None, seed: int | None, policy: str | None, progress: Any) -> DrawnFit | None:
    """Return the draws that the intervals need; None for the delta method."""
    if ci == "delta":
        return None
    if ci == "monte_carlo":
        return fit.monte_carlo(seed=seed) if draws is None else fit.monte_carlo(draws, seed=seed)
    return fit.bootstrap(1000 if draws is None else draws, seed=seed, policy=policy or "drop", progress=progress)


def _describe(drawn: DrawnFit | None, ci: str) -> str:
    if drawn is None:
        return ""
    kind = "Monte-Carlo" if ci == "monte_carlo" else f"{ci.replace('_', '-')} bootstrap"
    return f"se, lower, upper: {kind} intervals, {drawn.n_used:,} draws used, seed {drawn.seed}."


def print_moderation(result: Fit, question: Question, drawn: DrawnFit | None, ci: str, *, as_json: bool) -> None:
    """Print effects at values of the moderator, the index of moderated mediation and the regions of significance."""
    from trustsem.fitting.moderation import moderation_report
    from trustsem.fitting.summary import render_findings, render_header, section

    x, y, moderator, at, through = question
    report = moderation_report(result, x, y, moderator, at, through)
    frame = report.effects.frame
    if drawn is not None:
        kind = ci if ci in BOOTSTRAP else "percentile"
        own = drawn.conditional_effects(x, y, moderator, at, through, kind)
        columns = {name: own[name] for name in ("se", "ci_lower", "ci_upper", "n_draws")}
        frame = frame.assign(**columns, z=float("nan"), pvalue=float("nan"))  # intervals of draws have no p-value
    findings = (*result.findings, *report.effects.findings, *(() if drawn is None else drawn.findings))
    if as_json:
        print_json("effects", _content(result, question, report, frame, drawn, ci, findings))
        return
    width = terminal_width()
    print_text(
        render_header(result, width),
        _render_effects(frame, question, width),
        _describe(drawn, ci),
        section("Index of moderated mediation", _render_index(report, moderator, width)),
        section("Regions of significance", _render_regions(report, width)),
        section("What to know", render_findings(findings, width)),
    )


def _content(
    result: Fit,
    question: Question,
    report: ModerationReport,
    frame: pd.DataFrame,
    drawn: DrawnFit | None,
    ci: str,
    findings: Sequence[Any],
) -> dict[str, Any]:
    from trustsem.fitting.serialise import records

    x, y, moderator, _, through = question
    parts = report.to_dict()
    return {
        "model": result.model.name,
        "data": result.data.source,
        "n_obs": result.n_obs,
        "admissible": result.admissible,
        "ci": ci,
        "seed": None if drawn is None else drawn.seed,
        "n_draws_used": None if drawn is None else drawn.n_used,
        "x": x,
        "y": y,
        "moderator": moderator,
        "through": through,
        "effects": records(frame),
        "moderated_mediation": parts["moderated_mediation"],
        "johnson_neyman": parts["johnson_neyman"],
        "products": records(result.products()),
        "loops": records(result.loops()),
        "findings": [finding.to_dict() for finding in findings],
    }


def _render_effects(frame: pd.DataFrame, question: Question, width: int) -> str:
    x, y, moderator, _, _ = question
    parts = []
    has_p = bool(frame["pvalue"].notna().to_numpy().any())
    columns = [moderator, "est", "se", *(["p"] if has_p else []), "lower", "upper"]
    for key in dict.fromkeys(zip(frame["group_label"], frame["effect"], frame["path"], strict=True)):
        label, effect, path = key
        rows = [row for row in frame.to_dict("records") if (row["group_label"], row["effect"], row["path"]) == key]
        lines = [
            [
                _level(row),
                row["est"],
                row["se"],
                *([format_pvalue(row["pvalue"])] if has_p else []),
                row["ci_lower"],
                row["ci_upper"],
            ]
            for row in rows
        ]
        where = f", group {label}" if label else ""
        title = f"{path or f'{x} on {y}'}: {effect} effect at values of {moderator}{where}"
        parts.append("\n".join([*wrap_text(title, width), render_table(columns, lines, width=width)]))
    return f"{heading(f'{x} on {y}')}\n" + "\n\n".join(parts)


def _level(row: dict[Any, Any]) -> str:
    value = f"{row['at']:.3f}"
    return value if row["level"].replace(".", "").lstrip("-").isdigit() else f"{row['level']} ({value})"


def _render_index(report: ModerationReport, moderator: str, width: int) -> str:
    if report.index is None:
        return ""
    rows: list[list[object]] = []
    for row in report.index.frame.to_dict("records"):
        where = f" (group {row['group_label']})" if row["group_label"] else ""
        rows.append([f"{row['path'] or row['effect']}{where}"])
        rows.append(["", row["est"], row["se"], format_pvalue(row["pvalue"]), row["ci_lower"], row["ci_upper"]])
    table = render_table(["", "est", "se", "p", "lower", "upper"], rows, width=width)
    sentence = f"Change of the indirect effect per unit of {moderator} (Hayes 2015)."
    return "\n".join([*wrap_text(sentence, width), "", table])


def _render_regions(report: ModerationReport, width: int) -> str:
    sentences = [sentence for region in report.regions for sentence in region.sentences()]
    source = ["Where effects differ from zero (Johnson & Neyman 1936).", ""] if sentences else []
    return "\n".join(line for sentence in (*source, *sentences) for line in wrap_text(sentence, width) or [""])
