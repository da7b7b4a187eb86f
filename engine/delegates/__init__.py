"""The vetted functions behind service tasks: a diagram names one and gives its parameters as FEEL expressions.

They reckon with plain values, or read and write the registers in the transaction of the move; what needs another
system is a message in the diagram.
"""

from collections.abc import Mapping
from typing import Any

import marshmallow as ma
from sqlalchemy.exc import DataError, IntegrityError

from engine.delegates import (
    agencies,
    archive,
    dates,
    documents,
    figures,
    opinions,
    revisions,
    rounds,
    scoring,
    sheets,
    tasks,
    units,
    yearbook,
)
from engine.delegates.registry import Delegate as Delegate
from engine.delegates.registry import Grounds as Grounds
from engine.delegates.registry import Ledger as Ledger
from engine.errors import IcityError, StepFailed

MODULES = (
    agencies,
    archive,
    dates,
    documents,
    figures,
    opinions,
    revisions,
    rounds,
    scoring,
    sheets,
    tasks,
    units,
    yearbook,
)
REGISTRY: Mapping[str, Delegate | Ledger] = {one.name: one for module in MODULES for one in module.OPERATORS}

READING = frozenset(
    {"agencies for", "find round", "monitoring results", "unit record", "targets", "published figures"}
    | {"declared figures", "check figures", "division event"}
)  # change nothing that outlives the case
# Done again they add a version, and the last one counts.
REPEATABLE = frozenset({"record figures", "score case", "rescore case", "assign task"})


def names() -> list[str]:
    """Return the names a service task may use."""
    return sorted(REGISTRY)


def lasting(name: str) -> bool:
    """Tell whether an operator works on the registers, which outlive the case."""
    return isinstance(REGISTRY.get(name), Ledger)


def run(name: str, parameters: Mapping[str, Any], grounds: Grounds) -> Any:
    """Return the JSON-plain answer of the operator `name`; raise StepFailed when it is unknown, or fails, or may not.

    Parameters it does not know are refused, so that a misspelt one is not silently ignored.
    """
    operator = REGISTRY.get(name)
    if operator is None:
        raise StepFailed(operator=name, reason="there is no such operator")
    try:
        return operator.answer(operator.parameters.load(parameters), grounds)
    except ma.ValidationError as faults:
        raise StepFailed(operator=name, faults=faults.messages) from None
    except StepFailed:
        raise
    except IcityError as fault:
        raise StepFailed(operator=name, reason=str(fault)) from fault
    except (IntegrityError, DataError) as fault:
        raise StepFailed(operator=name, reason="the registers refuse it") from fault
