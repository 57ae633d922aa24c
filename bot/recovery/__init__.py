"""Recovery after an outage: lost deliveries and missed reviews."""
