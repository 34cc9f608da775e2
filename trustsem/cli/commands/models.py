"""`trustsem models`: the shipped models, and one of them in full."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from trustsem.cli.console import print_json, print_text, terminal_width
from trustsem.cli.options import JsonOption, Language, LanguageOption, ModelArgument
from trustsem.tables.text import render_pairs, render_table, wrap_text

if TYPE_CHECKING:
    from trustsem.instruments import LocalText
    from trustsem.spec import LibraryModel

app = typer.Typer(help="The shipped models.", no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_all(lang: LanguageOption = Language.EN, as_json: JsonOption = False) -> None:
    """List the shipped models with the question that each answers."""
    from trustsem.spec import list_models

    listed = list_models()
    if as_json:
        print_json("models", {"models": [_record(model) for model in listed]})
        return
    width = terminal_width()
    print_text(
        "\n".join(line for model in listed for line in _entry(model, lang, width)),
        "\n".join(wrap_text("`trustsem models show NAME` prints one; `trustsem fit NAME SAMPLE` fits it.", width)),
    )


def _entry(model: LibraryModel, lang: Language, width: int) -> list[str]:
    """Return a model's name and question; names and questions are too long to share a line."""
    groups = f"; groups by {model.group}" if model.group else ""
    facts = f"{model.name} (df {model.expected_df}; sample {model.sample or 'none'}{groups})"
    return [facts, *wrap_text(f"    {_in(model.question, lang)}", width)]


@app.command("show")
def show(model: ModelArgument, lang: LanguageOption = Language.EN, as_json: JsonOption = False) -> None:
    """Show one model: its question, the basis of each path, notes and the text."""
    from trustsem.cli.inputs import find_model

    found = find_model(model)
    if as_json:
        print_json("model", {**_record(found), "syntax": found.syntax})
        return
    width = terminal_width()
    print_text(
        _facts(found, lang, width),
        _paths(found, width),
        _titled("Notes", [line for note in found.notes for line in wrap_text(f"- {note}", width, hanging=2)]),
        _variants(found, width),
        f"Text\n{found.syntax.rstrip()}",
    )


def _facts(model: LibraryModel, lang: Language, width: int) -> str:
    return render_pairs(
        [
            ("Model", model.name),
            ("Title", _in(model.title, lang)),
            ("Question", _in(model.question, lang)),
            ("Sources", ", ".join(model.sources)),
            ("Instrument", model.instrument),
            ("Sample", model.sample),
            ("Estimator", _estimator_text(model)),
            ("Degrees of freedom", model.expected_df),
            ("Groups", _groups_text(model)),
            ("Equal in all groups", ", ".join(model.group_equal)),
            ("Exceptions", ", ".join(model.group_partial)),
            ("Covariates", ", ".join(model.covariates)),
        ],
        width=width,
    )


def _estimator_text(model: LibraryModel) -> str:
    scale = f", ordered items, parameterization {model.parameterization or 'delta'}" if model.ordered else ""
    return f"{model.estimator}{scale}" if model.estimator else ""


def _groups_text(model: LibraryModel) -> str:
    labels = f": {', '.join(model.group_label)}" if model.group_label else ""
    return f"by the column {model.group}{labels}" if model.group else ""


def _paths(model: LibraryModel, width: int) -> str:
    if not model.path_basis:
        return ""
    rows = [
        [f"{path.predictor} {'->' if path.op == '~' else '=~'} {path.outcome}", path.basis.value, path.source,
         " ".join(path.hypotheses)]
        for path in model.path_basis
    ]  # fmt: skip
    return f"Paths and their basis\n{render_table(['path', 'basis', 'source', 'hypotheses'], rows, width=width)}"


def _variants(model: LibraryModel, width: int) -> str:
    if not model.variants:
        return ""
    rows = [[variant.name, variant.difference, variant.expected_df] for variant in model.variants]
    return f"Report beside it\n{render_table(['variant', 'difference', 'df'], rows, width=width)}"


def _titled(title: str, lines: list[str]) -> str:
    return "\n".join([title, *lines]) if lines else ""


def _in(text: LocalText | None, lang: Language) -> str:
    return "" if text is None else text.text(lang.value)


def _record(model: LibraryModel) -> dict[str, Any]:
    return {
        "name": model.name,
        "title": _text_record(model.title),
        "question": _text_record(model.question),
        "sources": list(model.sources),
        "instrument": model.instrument,
        "sample": model.sample,
        "estimator": model.estimator,
        "ordered": model.ordered,
        "parameterization": model.parameterization,
        "expected_df": model.expected_df,
        "covariates": list(model.covariates),
        "group": model.group,
        "group_label": list(model.group_label),
        "group_equal": list(model.group_equal),
        "group_partial": list(model.group_partial),
        "notes": list(model.notes),
        "paths": [
            {
                "predictor": path.predictor,
                "op": path.op,
                "outcome": path.outcome,
                "basis": path.basis.value,
                "source": path.source,
                "hypotheses": list(path.hypotheses),
            }
            for path in model.path_basis
        ],
        "variants": [
            {"name": variant.name, "difference": variant.difference, "expected_df": variant.expected_df}
            for variant in model.variants
        ],
    }


def _text_record(text: LocalText | None) -> dict[str, str | None] | None:
    return None if text is None else {"en": text.en, "zh": text.zh}
