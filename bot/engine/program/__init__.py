"""What the whole program says of a name: who writes it, who takes it from where, who runs what when it is imported."""
