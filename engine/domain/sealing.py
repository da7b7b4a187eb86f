"""Sealing: a text kept so that only this installation reads it, bound to whose it is (AES-256-GCM, NIST SP 800-38D)."""

from hashlib import sha256
from secrets import token_bytes

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE = 12


def key_of(secret: str) -> bytes:
    """Return the key of 32 bytes that a secret of the installation stands for."""
    return sha256(secret.encode()).digest()


def seal(key: bytes, about: bytes, text: str) -> bytes:
    """Return `text` sealed under `key`; it opens only together with `about`."""
    nonce = token_bytes(NONCE)
    return nonce + AESGCM(key).encrypt(nonce, text.encode(), about)


def unseal(key: bytes, about: bytes, sealed: bytes) -> str | None:
    """Return the text, None where it was sealed with another key or about something else."""
    try:
        return AESGCM(key).decrypt(sealed[:NONCE], sealed[NONCE:], about).decode()
    except InvalidTag:
        return None
