"""Decision tables of DMN 1.3: read once, every cell compiled, evaluated under all hit policies, checked for holes."""

from engine.domain.decisions.checking import Finding, check
from engine.domain.decisions.reading import parse
from engine.domain.decisions.table import Decision, HitPolicy

__all__ = ["Decision", "Finding", "HitPolicy", "check", "parse"]
