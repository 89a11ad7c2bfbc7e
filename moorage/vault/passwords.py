"""Passwords as argon2id, hashed beside the event loop; a mail nobody has costs as much time as a wrong password."""

import asyncio
import secrets
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

# Above OWASP's minimum (19 MiB, 2 passes); about 60 ms on one core.
MEMORY_KIB: Final = 32 * 1024
PASSES: Final = 3
_AT_ONCE: Final = 4


class Passwords:
    """Hashes and verifies, in four threads of its own: a burst takes neither all memory nor others' threads."""

    def __init__(self, *, memory_kib: int = MEMORY_KIB, passes: int = PASSES) -> None:
        self._hasher = PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=1)
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="password")
        self._nobodys_hash = self._hasher.hash(secrets.token_urlsafe(32))

    async def hash(self, password: str) -> str:
        """Give the text to store."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._hasher.hash, _same_everywhere(password))

    async def fits(self, stored: str | None, password: str) -> bool:
        """True when `password` made `stored`. None stands for a person who does not exist: works as hard, says no."""
        loop = asyncio.get_running_loop()
        verified = await loop.run_in_executor(self._threads, self._verify, stored or self._nobodys_hash, password)
        return verified and stored is not None

    def is_outdated(self, stored: str) -> bool:
        """True when `stored` was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(stored)

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, _same_everywhere(password))
        except (Argon2Error, InvalidHashError):
            return False


def _same_everywhere(password: str) -> bytes:
    """Keyboards send "ü" in two ways; both are the same password (RFC 8265 asks for a normal form, too)."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
