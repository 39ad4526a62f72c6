"""LaTeX as a line of plain text for a terminal: `\\frac{\\partial L}{\\partial v_{1}}` becomes ∂L/∂v₁."""

from __future__ import annotations

import re

GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "eta": "η", "theta": "θ", "kappa": "κ",
    "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ", "phi": "φ",
    "chi": "χ", "psi": "ψ", "omega": "ω",
}  # fmt: skip
SIGNS = {
    **{f"\\{name}": letter for name, letter in GREEK.items()},
    r"\odot": "⊙", r"\cdot": "·", r"\partial": "∂", r"\sum": "Σ", r"\prod": "Π", r"\infty": "∞", r"\le": "≤",
    r"\ge": "≥", r"\ne": "≠", r"\lnot": "not", r"\lvert": "|", r"\rvert": "|", r"\lfloor": "⌊", r"\rfloor": "⌋",
    **{f"\\{name}": name for name in ["ln", "sin", "cos", "tan", "sinh", "cosh", "tanh", "arcsin", "arccos", "arctan"]},
    r"\max": "max", r"\min": "min", r"\ldots": "…",
    r"\left": "", r"\right": "", r"\top": "ᵀ",
}  # fmt: skip
RAISED, LOWERED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻"), str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
INNERMOST = r"\{([^{}]*)\}"


def plain(formula: str) -> str:
    """The formula as text. Works from the innermost braces outward."""
    text = formula.replace(r"\,", " ").replace(r"\_", "_").replace("{:}", ":")
    text = re.sub(r"\\(?:mathrm|operatorname)\{([^{}]*)\}", r"\1", text)
    text = re.sub(r"\\[A-Za-z]+", lambda match: SIGNS.get(match[0], match[0]), text).replace("∂ ", "∂")
    before = None
    while before != text:
        before = text
        text = re.sub(r"\^" + INNERMOST, lambda match: raised(match[1]), text)
        text = re.sub(r"_" + INNERMOST, lambda match: lowered(match[1]), text)
        text = re.sub(r"\\sqrt" + INNERMOST, r"√(\1)", text)
        text = re.sub(
            r"\\frac" + INNERMOST + INNERMOST, lambda match: f"{bracketed(match[1])}/{bracketed(match[2])}", text
        )
        text = re.sub(r"(?<![\^_}A-Za-z])" + INNERMOST, r"\1", text)
    return re.sub(r"  +", " ", text).replace(" ᵀ", "ᵀ").strip()


def raised(text: str) -> str:
    """An exponent: digits and the transpose as small signs, anything else after ^."""
    if text == "ᵀ":
        return text
    return text.translate(RAISED) if re.fullmatch(r"-?\d+", text) else f"^{bracketed(text)}"


def lowered(text: str) -> str:
    """An index: digits as small signs, anything else in square brackets."""
    return text.translate(LOWERED) if text.isdigit() else f"[{text}]"


def bracketed(text: str) -> str:
    """Brackets around what is more than one word."""
    return text if re.fullmatch(r"[\w∂.₀-₉ᵀ⁰¹²³⁴-⁹]+", text) else f"({text})"
