"""Whether a store checks the conditions of a put: without them two drivers could both win."""

import uuid

from nas.objects.folder import ObjectFolder, StoreError


def check_conditions(folder: ObjectFolder) -> None:
    """Check that an object is put once where that is asked, and replaced only as it was read.

    Raises:
        StoreError: they are ignored; or the store does not answer, or does not let us.
    """
    name = f"check-{uuid.uuid4().hex}"
    try:
        kept = folder.put_new(name, b"1") and not folder.put_new(name, b"2")
        seen = folder.read(name)
        kept = kept and seen is not None and seen.content == b"1"
        if kept and seen is not None:
            kept = folder.replace(name, b"3", seen) and not folder.replace(name, b"4", seen)
        if not kept:
            raise StoreError(
                "the store ignores the conditions of a put (If-None-Match, If-Match), so that two "
                "drivers could both win",
                str(folder),
            )
    finally:
        folder.remove([name])
