"""Decisions of DMN 1.3: read once, every cell compiled, made with all they require, checked for holes, explained."""

from engine.domain.decisions.checking import check
from engine.domain.decisions.findings import Finding
from engine.domain.decisions.graph import Decision
from engine.domain.decisions.policies import HitPolicy
from engine.domain.decisions.reading import gather, parse, read

__all__ = ["Decision", "Finding", "HitPolicy", "check", "gather", "parse", "read"]
