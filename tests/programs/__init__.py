"""Small programs, run before and after ``ssot migrate --write``: what the engine calls safe is safe."""
