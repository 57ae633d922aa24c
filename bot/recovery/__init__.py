"""What an outage left undone: lost deliveries and missed reviews."""
