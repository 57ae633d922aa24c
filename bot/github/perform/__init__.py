"""One function for each effect of ``bot.github.performer``, which takes a complete value.

All of them take the :class:`~bot.github.client.GitHub` first and write once: without an answer they raise
``Uncertain``, and the caller starts again from reading.  Other errors: ``RetryLater``, ``Unprocessable`` (422),
``HeadMoved``, ``AlreadyExists``, ``NotFound`` and ``Gone``, ``MissingPermission``; see ``bot.github.errors``.
"""
