"""Values that are written down: literals, and what is worked out of literals alone."""

import ast
import operator
from collections.abc import Callable, Mapping

_LONGEST = 200
"""So many nodes of an expression are looked at."""
_LARGEST = 1 << 64
_OPERATORS: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}


def literal(value: ast.expr) -> object:
    """The value of an expression of literals, with sums and products of numbers; raises `ValueError` for any other."""
    try:
        return ast.literal_eval(value)
    except (ValueError, TypeError, RecursionError, MemoryError):
        pass
    if isinstance(value, ast.BinOp) and sum(1 for _ in ast.walk(value)) < _LONGEST:
        return _worked_out(value)
    raise ValueError("not a literal")


def _worked_out(value: ast.expr) -> float:
    match value:
        case ast.Constant(value=int() | float() as number) if abs(number) < _LARGEST:
            return number
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_worked_out(operand)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            try:
                return _OPERATORS[type(op)](_worked_out(left), _worked_out(right))
            except (ZeroDivisionError, OverflowError) as error:
                raise ValueError("no number") from error
        case _:
            raise ValueError("not a literal")


def is_plain(value: ast.expr | None) -> bool:
    """Whether it is such a value, which is equal wherever it is written."""
    if value is None:
        return False
    try:
        literal(value)
    except ValueError:
        return False
    return True


def is_table(value: ast.expr | None) -> bool:
    """Whether it is a list, a dictionary or a set: something that can be changed where it is."""
    match value:
        case ast.List() | ast.Dict() | ast.Set() | ast.ListComp() | ast.DictComp() | ast.SetComp():
            return True
        case ast.Call(func=ast.Name(id=name)):
            return name in ("list", "dict", "set", "bytearray", "defaultdict", "OrderedDict", "Counter", "deque")
        case _:
            return False
