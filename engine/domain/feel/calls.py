"""Calling functions: those of DMN, those written in the expression, and those the house registers."""

from collections.abc import Callable
from typing import Any, Final

from engine.domain.feel import builtins, limits, syntax, types
from engine.domain.feel.scope import Closure, Compiler, Scope, cost
from engine.domain.feel.values import Function
from engine.errors import ExpressionFailed, ExpressionRefused, IcityError

_FOREIGN: Final = (ArithmeticError, AttributeError, LookupError, OSError, RuntimeError, TypeError, ValueError)


def build_definition(compiler: Compiler, node: syntax.Definition) -> Closure:
    """Return the closure of `function(…) …`, whose value remembers the names around it."""
    with compiler.local(*node.parameters):
        body = compiler.build(node.body)
    price = cost(node.body)
    kinds = tuple(None if kind is None else types.resolve(compiler.source, kind, compiler.types) for kind in node.types)

    def define(scope: Scope) -> Function:
        def invoke(arguments: list[Any]) -> Any:
            meter = scope.meter
            if len(arguments) != len(node.parameters):
                return None
            if meter.depth >= limits.CALLS:
                raise ExpressionFailed(reason="functions call each other too deeply", limit=limits.CALLS)
            meter.spend(price)
            meter.depth += 1
            try:
                return body(scope.within(dict(zip(node.parameters, _typed(meter, kinds, arguments), strict=True))))
            finally:
                meter.depth -= 1

        return Function(node.parameters, invoke, kinds)

    return define


def _typed(meter: limits.Meter, kinds: tuple[types.Type | None, ...], arguments: list[Any]) -> list[Any]:
    pairs = zip(kinds, arguments, strict=True)
    return [value if kind is None else types.coerced(meter, kind, value) for kind, value in pairs]


def build_call(compiler: Compiler, node: syntax.Call) -> Closure:
    """Return the closure of a call; raise ExpressionRefused when a DMN function cannot take these arguments."""
    arguments = [compiler.build(argument) for argument in node.arguments]
    if not isinstance(node.callee, syntax.Name):
        callee = compiler.build(node.callee)
        return lambda scope: _invoke(callee(scope), [argument(scope) for argument in arguments], node.names)
    name = node.callee.name
    if builtins.known(name) and not compiler.is_local(name):
        return _build_builtin(compiler, node, name, arguments)
    if not compiler.is_local(name):
        compiler.calls.add(name)
    return lambda scope: _call_by_name(scope, name, [argument(scope) for argument in arguments], node.names)


def _build_builtin(compiler: Compiler, node: syntax.Call, name: str, arguments: list[Closure]) -> Closure:
    takers = builtins.accepting(name, len(arguments), node.names)
    if not takers:
        raise ExpressionRefused(
            source=compiler.source, position=max(compiler.source.find(name), 0), expected=builtins.usage(name)
        )
    functions = [builtins.takes_function(takers, place) for place in range(len(arguments))]
    given = [
        _function_or_value(part, argument) if function and isinstance(part, syntax.Name) else argument
        for part, argument, function in zip(node.arguments, arguments, functions, strict=True)
    ]
    return lambda scope: builtins.invoke(scope.meter, takers, [argument(scope) for argument in given])


def _function_or_value(part: syntax.Name, argument: Closure) -> Closure:
    """Return what `part` stands for, the function DMN calls so when it stands for nothing."""

    def find(scope: Scope) -> Any:
        value = argument(scope)
        return _as_value(scope.meter, part.name) if value is None and builtins.known(part.name) else value

    return find


def _as_value(meter: limits.Meter, name: str) -> Function:
    def invoke(arguments: list[Any]) -> Any:
        return builtins.invoke(meter, builtins.accepting(name, len(arguments), ()), arguments)

    return Function((), invoke)


def _invoke(function: Any, arguments: list[Any], names: tuple[str, ...]) -> Any:
    if not isinstance(function, Function):
        return None
    if names:
        given = dict(zip(names, arguments, strict=True))
        if set(given) - set(function.parameters):
            return None
        arguments = [given.get(name) for name in function.parameters]
    return function.invoke(arguments)


def _call_by_name(scope: Scope, name: str, arguments: list[Any], names: tuple[str, ...]) -> Any:
    found = scope.find(name)
    if isinstance(found, Function):
        return _invoke(found, arguments, names)
    registered = scope.meter.functions.get(name)
    if registered is None:
        raise ExpressionFailed(reason="unknown function", function=name)
    return _call_registered(name, registered, arguments, names)


def _call_registered(name: str, function: Callable[..., Any], arguments: list[Any], names: tuple[str, ...]) -> Any:
    try:
        return function(**dict(zip(names, arguments, strict=True))) if names else function(*arguments)
    except IcityError:
        raise
    except _FOREIGN as fault:
        raise ExpressionFailed(reason=str(fault) or type(fault).__name__, function=name) from fault
