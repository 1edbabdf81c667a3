"""A folder of an object store (S3, Google Cloud Storage, Azure), through obstore.

What two processes may want at once is put with a condition that the store itself checks: an object
that must not be there yet, or one that is still as it was read.
"""

import errno
import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from nas.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMES = ("s3://", "gs://", "az://")
_AT_ONCE = 16  # requests
_CONNECT, _ANSWER, _PATIENCE = "5s", "60s", timedelta(seconds=30)
_STATUS = re.compile(r"status code: (\d+ [A-Za-z ]+)")
_CODE = re.compile(r"<Code>(\w+)</Code>")
_NO_BUCKET = re.compile(r"NoSuchBucket|ContainerNotFound|bucket does not exist")


class StoreError(OSError):
    """An object store does not answer, or does not let us: the fault of no trial."""

    def __init__(self, reason: str, uri: str) -> None:
        super().__init__(errno.EREMOTEIO, reason, uri)

    def __reduce__(self) -> tuple[type, tuple[str, str]]:
        return StoreError, (str(self.strerror), str(self.filename))


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """An object as it was read."""

    content: bytes
    tag: str | None  # of this version of it
    version: str | None
    changed: datetime  # by the clock of the store


@dataclass(frozen=True, slots=True)
class ObjectFolder:
    """A folder under the root of a study in an object store; a worker is sent no more than this."""

    root: str  # the URI of the study
    path: str = ""  # under the root

    def __truediv__(self, name: str) -> "ObjectFolder":
        """Return the folder of that name in it."""
        return ObjectFolder(self.root, self._under(name))

    def __str__(self) -> str:
        """Return its URI."""
        return f"{self.root}/{self.path}".rstrip("/")

    def read(self, name: str) -> Stored | None:
        """Return an object; None where there is none.

        Raises:
            StoreError: the store does not answer, or does not let us.
        """
        import obstore  # noqa: PLC0415 - studies in folders need none

        with self._errors(name):
            try:
                found = obstore.get(_store(self.root), self._under(name))
                content = bytes(found.bytes())
            except FileNotFoundError as error:
                if _NO_BUCKET.search(str(error)):
                    raise
                return None
        meta = found.meta
        return Stored(
            content=content,
            tag=meta["e_tag"],
            version=meta["version"],
            changed=meta["last_modified"],
        )

    def read_all(self, names: Iterable[str]) -> list[Stored | None]:
        """Return several objects, many requests at a time.

        Raises:
            StoreError: as `read`.
        """
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return list(pool.map(self.read, names))

    def put(self, name: str, content: bytes) -> None:
        """Put an object in place of whatever there is.

        Raises:
            StoreError: the store does not answer, or does not let us.
        """
        self._put(name, content, "overwrite")

    def put_new(self, name: str, content: bytes) -> bool:
        """Put an object where there is none; False if there is one of another content.

        Raises:
            StoreError: the store does not answer, or does not let us.
        """
        return self._put(name, content, "create")

    def replace(self, name: str, content: bytes, seen: Stored) -> bool:
        """Put an object in place of the one that was read; False if that is another by now.

        Raises:
            StoreError: the store does not answer, or does not let us.
        """
        known = {"e_tag": seen.tag, "version": seen.version}
        return self._put(name, content, {key: of for key, of in known.items() if of is not None})

    def names(self, *, after: str = "") -> list[str]:
        """Return the names of its objects, sorted, those behind `after` alone.

        Raises:
            StoreError: the store does not answer, or does not let us.
        """
        import obstore  # noqa: PLC0415 - studies in folders need none

        inside = self._under("")
        offset = self._under(after) if after else None
        with self._errors(""):
            found = [
                each["path"].removeprefix(inside)
                for chunk in obstore.list(_store(self.root), inside or None, offset=offset)
                for each in chunk
            ]
        return sorted(found)

    def folders(self) -> list[str]:
        """Return the names of the folders directly in it, sorted.

        Raises:
            StoreError: the store does not answer, or does not let us.
        """
        import obstore  # noqa: PLC0415 - studies in folders need none

        with self._errors(""):
            found = obstore.list_with_delimiter(_store(self.root), self.path or None)
        return sorted(each.rstrip("/").rpartition("/")[2] for each in found["common_prefixes"])

    def remove(self, names: Iterable[str]) -> None:
        """Remove objects; those that are not there are passed over.

        Raises:
            StoreError: the store does not answer, or does not let us.
        """
        import obstore  # noqa: PLC0415 - studies in folders need none

        for name in names:
            with self._errors(name):
                try:
                    obstore.delete(_store(self.root), self._under(name))
                except FileNotFoundError:
                    continue

    def _put(self, name: str, content: bytes, mode: Any) -> bool:
        import obstore  # noqa: PLC0415 - studies in folders need none

        refused = (obstore.exceptions.AlreadyExistsError, obstore.exceptions.PreconditionError)
        with self._errors(name):
            try:
                obstore.put(_store(self.root), self._under(name), content, mode=mode)
            except refused:
                # A request whose answer was lost is sent again, and then meets its own object.
                there = self.read(name)
                return there is not None and there.content == content
        return True

    def _under(self, name: str) -> str:
        return f"{self.path}/{name}" if self.path else name

    @contextmanager
    def _errors(self, name: str) -> "Iterator[None]":
        """Turn what the library raises into one kind."""
        import obstore  # noqa: PLC0415 - studies in folders need none

        try:
            yield
        except StoreError:
            raise
        except (obstore.exceptions.BaseError, OSError) as error:
            raise StoreError(_reason(str(error)), f"{self}/{name}".rstrip("/")) from error


def object_folder(uri: str, *, key: str, bucket: bool = False) -> ObjectFolder:
    """Return the folder at a URI, or with `bucket` the whole of one; no store is asked yet.

    Raises:
        SpecError: it is no URI of an object store, or has no name in it.
    """
    text = uri.rstrip("/")
    scheme, _, rest = text.partition("://")
    parts = rest.split("/")
    if f"{scheme}://" not in SCHEMES:
        raise SpecError(f"{uri}: a folder, or one of {', '.join(SCHEMES)}", key=key)
    if len(parts) < 2 - bucket or not all(part and part.strip(".") for part in parts):
        raise SpecError(f"{uri}: must be {scheme}://BUCKET/NAME", key=key)
    if any(mark in text for mark in "?#@%*\\") or not text.isprintable():
        raise SpecError(f"{uri}: has characters that no name of a study has", key=key)
    return ObjectFolder(text)


@lru_cache(maxsize=64)
def _store(root: str) -> Any:
    """Return obstore's store at a URI: credentials come from the environment or the machine."""
    from obstore.store import from_url  # noqa: PLC0415 - studies in folders need none

    return from_url(
        root,
        # A server of one's own may have no certificate; whoever writes http:// has said so.
        client_options={"allow_http": True, "connect_timeout": _CONNECT, "timeout": _ANSWER},
        retry_config={"max_retries": 6, "retry_timeout": _PATIENCE},
    )


def _reason(text: str) -> str:
    """Return what went wrong in a few words, of the page that the library prints."""
    code, status = _CODE.search(text), _STATUS.search(text)
    words = [found[1].strip() for found in (code, status) if found]
    return " ".join(words) or text.partition("\n")[0].rpartition(" - ")[2][:160]
