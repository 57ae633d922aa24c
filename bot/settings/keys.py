"""The App's private key, in the forms in which people store it."""

import base64
import binascii

from bot.domain.errors import SettingsError
from bot.settings.secret import Secret


def private_key(text: str) -> Secret:
    """The key as PEM, from PEM (also with ``\\n`` written out, with CRLF, PKCS#1 or PKCS#8) or base64 of it.

    Raises :class:`SettingsError`, which never shows any of it.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    pem = _as_pem(text)
    if "ENCRYPTED" in pem:
        raise SettingsError("GITHUB_PRIVATE_KEY is encrypted: use the file as downloaded from GitHub")
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # Not chained: the parser's message may quote what it read.
        raise SettingsError("GITHUB_PRIVATE_KEY is damaged or truncated: download a new one from GitHub") from None
    if not isinstance(key, RSAPrivateKey):
        raise SettingsError("GITHUB_PRIVATE_KEY is not an RSA key: GitHub accepts only RS256 for Apps")
    return Secret(pem)


def _as_pem(text: str) -> str:
    text = text.strip().strip("\"'").replace("\\r", "").replace("\\n", "\n").replace("\r\n", "\n").replace("\r", "\n")
    if "-----BEGIN" not in text:
        try:
            text = base64.b64decode("".join(text.split()), validate=True).decode().replace("\r\n", "\n")
        except (binascii.Error, UnicodeDecodeError):
            raise SettingsError("GITHUB_PRIVATE_KEY is neither PEM nor base64 of PEM") from None
    if "-----BEGIN" not in text:
        raise SettingsError("GITHUB_PRIVATE_KEY has no PEM block")
    return text.strip() + "\n"
