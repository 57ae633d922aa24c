"""Names of one file: scopes, bindings, and what an expression stands for."""
