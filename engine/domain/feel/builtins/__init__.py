"""The functions DMN 1.3 chapter 10.3.4 defines, those DMN 1.4 added, and a few that owners know from elsewhere."""

from engine.domain.feel.builtins import contexts, conversion, lists, logic, moments, numbers, ranges, statistics, texts
from engine.domain.feel.builtins.registry import Registry, Signature, invoke, takes_function

_REGISTRY = Registry(
    signature
    for room in (conversion, logic, texts, lists, statistics, numbers, moments, ranges, contexts)
    for signature in room.SIGNATURES
)

known = _REGISTRY.known
accepting = _REGISTRY.accepting
usage = _REGISTRY.usage
catalogue = _REGISTRY.catalogue

__all__ = ["Signature", "accepting", "catalogue", "invoke", "known", "takes_function", "usage"]
