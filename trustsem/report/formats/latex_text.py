"""Text as LaTeX writes it: special characters, symbols, words that may break."""

from __future__ import annotations

import re

from trustsem.report.formats.layout import printable
from trustsem.tables.text import display_width

BREAK = r"\allowbreak{}"
_COMMANDS = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"\textquotedbl{}", "_": r"\_" + BREAK, "`": r"\textasciigrave{}",
    "'": r"\textquotesingle{}", "[": "{[}", "]": "{]}", "*": "{*}",
    "\u00a0": "~", "–": r"\textendash{}", "—": r"\textemdash{}", "…": r"\ldots{}", "•": r"\textbullet{}",
    "“": r"\textquotedblleft{}", "”": r"\textquotedblright{}", "‘": r"\textquoteleft{}", "’": r"\textquoteright{}",
    "€": r"\texteuro{}", "™": r"\texttrademark{}",
}  # fmt: skip
_SYMBOLS = {
    "→": r"\rightarrow", "←": r"\leftarrow", "↔": r"\leftrightarrow", "↑": r"\uparrow", "↓": r"\downarrow",
    "≤": r"\leq", "≥": r"\geq", "≠": r"\neq", "≈": r"\approx", "−": "-", "×": r"\times", "÷": r"\div", "±": r"\pm",
    "·": r"\cdot", "∞": r"\infty", "√": r"\surd", "Δ": r"\Delta", "Σ": r"\Sigma", "Λ": r"\Lambda", "Φ": r"\Phi",
    "Ψ": r"\Psi", "Θ": r"\Theta", "Γ": r"\Gamma", "Ω": r"\Omega", "α": r"\alpha", "β": r"\beta", "γ": r"\gamma",
    "δ": r"\delta", "ε": r"\varepsilon", "ζ": r"\zeta", "η": r"\eta", "θ": r"\theta", "κ": r"\kappa",
    "λ": r"\lambda", "μ": r"\mu", "ν": r"\nu", "ξ": r"\xi", "π": r"\pi", "ρ": r"\rho", "σ": r"\sigma", "τ": r"\tau",
    "φ": r"\varphi", "χ": r"\chi", "ψ": r"\psi", "ω": r"\omega", "²": "^{2}", "³": "^{3}", "¹": "^{1}",
    "⁻": "^{-}", "₀": "_{0}", "₁": "_{1}", "₂": "_{2}", "₃": "_{3}", "°": r"^{\circ}", "✓": r"\surd", "§": r"\S",
}  # fmt: skip
_COMMANDS |= {symbol: rf"\ensuremath{{{command}}}" for symbol, command in _SYMBOLS.items()}
_KNOWN = re.compile("[\\s!-~À-ÖØ-öø-ÿ]")  # of pdfLaTeX with the fonts T1
_WORD = re.compile(r"\S+")
_LIGATURES = re.compile(r"([-,])(?=\1)")  # "--" would become a dash
_PIECE = 8  # characters between places where a long word may break
_LONGEST = 30  # characters of a word that running text may have to fit


def escape(text: str, longest: int = _LONGEST) -> str:
    """Return a text for LaTeX.

    Args:
        text: Any text.
        longest: Longer words may break within.

    Example:
        >>> escape("5% of a & b")
        '5\\\\% of a \\\\& b'
    """
    return _LIGATURES.sub(r"\1{}", _WORD.sub(lambda match: _word(match.group(), longest), printable(text)))


def number(text: str) -> str:
    """Return what stands in a column of numbers: it never breaks, and its hyphen is a minus."""
    return re.sub(r"(?<![\w.])-(?=[\d.])", r"\\ensuremath{-}", escape(text, len(text) + 1)).replace(" ", "~")


def foreign(text: str) -> str:
    """Return the characters that pdfLaTeX does not know, each once, in order."""
    return "".join(dict.fromkeys(c for c in printable(text) if c not in _COMMANDS and not _KNOWN.match(c)))


def _word(word: str, longest: int) -> str:
    characters = [_COMMANDS.get(character, character) for character in word]
    if display_width(word) <= longest or not word.isascii():
        return "".join(characters)
    pieces = ["".join(characters[start : start + _PIECE]) for start in range(0, len(characters), _PIECE)]
    return BREAK.join(pieces)
