"""ssot-bot: carries a deprecation migration of a large Python code base to its end, inside GitHub."""

__version__ = "0.1.0"
