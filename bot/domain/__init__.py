"""Values that every part of the bot speaks: frozen dataclasses, standard library only."""
