"""Migration pull requests, opened from the tracking issue and kept up to date."""
