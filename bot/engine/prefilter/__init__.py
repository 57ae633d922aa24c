"""What stands in every file that can use a deprecated name."""
