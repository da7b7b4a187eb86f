"""FEEL, the expression language of DMN 1.3: compiled once, evaluated often, bounded in every direction."""

from engine.domain.feel.expression import Expression, compile  # noqa: A004 - the language's own verb
from engine.domain.feel.output import to_json
from engine.domain.feel.values import DaysTime, Duration, Range, YearsMonths

__all__ = ["DaysTime", "Duration", "Expression", "Range", "YearsMonths", "compile", "to_json"]
