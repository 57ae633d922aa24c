"""Values that everybody speaks: frozen dataclasses, standard library only."""
