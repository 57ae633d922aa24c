"""The places of a file that stand for a deprecated name."""
