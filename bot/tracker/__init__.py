"""The tracking issue: its boxes and its section follow evidence."""
