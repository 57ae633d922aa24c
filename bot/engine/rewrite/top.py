"""Where a file's imports begin: for a name that no import brought, as built-in ones are."""

import ast


def place_for_import(tree: ast.Module) -> tuple[ast.stmt, bool]:
    """The statement behind which an import may stand before all else; or the one before which it must (``True``).

    That is the last of the imports that a file begins with, its docstring, or else its first statement.
    """
    found: ast.stmt | None = None
    for n, statement in enumerate(tree.body):
        if isinstance(statement, ast.Import | ast.ImportFrom) or (n == 0 and is_docstring(statement)):
            found = statement
        else:
            break
    return (found, False) if found else (tree.body[0], True)


def is_docstring(statement: ast.stmt) -> bool:
    """Whether a statement that comes first is one."""
    match statement:
        case ast.Expr(value=ast.Constant(value=str())):
            return True
        case _:
            return False
