"""Parsers without any guard, as functions that a worker can import."""

import ast

import libcst


def parse_concrete(source: bytes) -> int:
    """LibCST, with what it needs to write the module again."""
    return len(libcst.parse_module(source).bytes)


def parse_abstract(source: bytes) -> int:
    return sum(1 for _ in ast.walk(ast.parse(source)))
