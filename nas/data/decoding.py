"""Decodes image files that may be anything, into squares of bytes, and says which ones failed."""

import io
import struct
import warnings
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError, features

from nas.data.regular import open_regular

AVIF = ("AVIF",) if features.check("avif") else ()  # some builds of Pillow have none
FORMATS = ("PNG", "JPEG", "BMP", "WEBP", "GIF", "TIFF", *AVIF)  # no EPS, PSD: they run interpreters
SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".webp", ".gif", ".tif", ".tiff"}
    | ({".avif"} if AVIF else set())
)
BEGINNINGS = (b"\x89PNG\r\n", b"\xff\xd8\xff", b"BM", b"GIF8", b"II*\0", b"MM\0*")  # not WebP
LIGHT = 224  # of 255: what is drawn lighter than this would hardly be seen on white
PIXEL_LIMIT = 40_000_000  # decoded at 4 bytes a pixel: 160 MB; large JPEGs are decoded reduced
THREADS = 4  # Pillow decodes without the interpreter lock
LUMA = np.array([19595, 38470, 7471], dtype=np.uint32)  # ITU-R 601: 0.299, 0.587, 0.114 of 2**16
UNREADABLE = (  # what Pillow's decoders are seen to raise on hostile files
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    RuntimeError,
    EOFError,
    MemoryError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)


def decode_files(
    files: Sequence[Path | bytes], *, size: int
) -> tuple[NDArray[np.uint8], dict[int, str]]:
    """Return RGB images uint8 [N, 3, size, size] and, by index, why a file is unreadable.

    A file is given by its path or as its bytes. The image of an unreadable one is black; the
    caller leaves it out.
    """
    images = np.zeros((len(files), 3, size, size), dtype=np.uint8)

    def decode(index: int) -> str | None:
        try:
            images[index] = decode_file(files[index], size=size)
        except UNREADABLE as error:
            return _reason(error, files[index])
        return None

    # The filters are process-wide, so they are set once around all threads. The rest of Pillow's
    # warnings (odd EXIF data) do not make an image unreadable.
    with warnings.catch_warnings(), ThreadPoolExecutor(THREADS) as pool:
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        reasons = list(pool.map(decode, range(len(files))))
    return images, {index: reason for index, reason in enumerate(reasons) if reason is not None}


def _reason(error: BaseException, file: Path | bytes) -> str:
    if isinstance(error, UnidentifiedImageError):  # Pillow would say an address
        size = f" of {len(file):,} bytes" if isinstance(file, bytes) else ""
        return f"cannot identify image{size}"
    return " ".join(str(error).split()) or type(error).__name__


def decode_file(file: Path | bytes, *, size: int) -> NDArray[np.uint8]:
    """Return one image, turned upright by its EXIF data, as uint8 [3, size, size].

    Raises:
        OSError, ValueError and others of Pillow: the file cannot be read as an image.
    """
    opened = io.BytesIO(file) if isinstance(file, bytes) else open_regular(file)
    with opened as source, Image.open(source, formats=FORMATS) as image:
        if image.width * image.height > (Image.MAX_IMAGE_PIXELS or PIXEL_LIMIT):
            raise ValueError(f"{image.width} x {image.height} pixels")  # even of a JPEG
        image.draft("RGB", (2 * size, 2 * size))  # JPEG only: decode at a fraction of the size
        if image.width * image.height > PIXEL_LIMIT:
            raise ValueError(f"{image.width} x {image.height} pixels exceed {PIXEL_LIMIT:,}")
        upright = ImageOps.exif_transpose(image)
        rgb = _to_rgb(upright)
    square = rgb.resize((size, size), Image.Resampling.BILINEAR, reducing_gap=2.0)
    return np.asarray(square).transpose(2, 0, 1)


def to_channels(images_bchw: NDArray[np.uint8], channels: int) -> NDArray[np.uint8]:
    """Return images with 1 channel (the luma of RGB, as Pillow has it) or 3 (gray repeated)."""
    have = images_bchw.shape[1]
    if have == channels:
        return images_bchw
    if channels == 3:
        return np.repeat(images_bchw, 3, axis=1)
    weighted = np.einsum("bchw,c->bhw", images_bchw, LUMA, dtype=np.uint32)
    return ((weighted + (1 << 15)) >> 16).astype(np.uint8)[:, None]


def is_image(beginning: bytes) -> bool:
    """Tell by its first 32 bytes whether a file says that it is an image of a kind we read."""
    if beginning[:4] == b"RIFF":
        return beginning[8:12] == b"WEBP"
    if beginning[4:8] == b"ftyp":
        return bool(AVIF) and beginning[8:12] in (b"avif", b"avis")
    return beginning.startswith(BEGINNINGS)


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bits; Pillow's own conversion clips at 255
        wide = np.asarray(image)
        if wide.min() < 0 or wide.max() > 65535:
            raise ValueError("pixels of more than 16 bits")
        # In 32 bits may be what had 8 or 16; 8 where all pixels have no more.
        narrow = image.mode == "I" and wide.max() <= 255
        image = Image.fromarray((wide if narrow else wide // 257).astype(np.uint8))
    elif image.mode == "F":
        raise ValueError("floating-point pixels have no known range")
    elif image.has_transparency_data:
        image = _on_ground(image.convert("RGBA"))
    return image.convert("RGB")


def _on_ground(image: Image.Image) -> Image.Image:
    """Return an image as it is seen: whatever colours its transparent pixels have do not show.

    The ground is white, and black under what white would hide, such as a white letter.
    """
    alpha = image.getchannel("A")
    if alpha.getextrema()[0] == 255:
        return image
    shown = image.convert("L").histogram(alpha)  # of what is not fully transparent
    mean = np.dot(shown, np.arange(256)) / max(sum(shown), 1)
    light = mean >= LIGHT
    ground = Image.new("RGBA", image.size, "black" if light else "white")
    return Image.alpha_composite(ground, image)


def resize_gray(images_bhw: NDArray[np.uint8], *, size: int) -> NDArray[np.uint8]:
    """Return gray images uint8 [N, H, W] as uint8 [N, 1, size, size], bilinear."""
    if images_bhw.shape[1:] == (size, size):
        return images_bhw[:, None]
    resized = np.empty((len(images_bhw), 1, size, size), dtype=np.uint8)
    for index, image_hw in enumerate(images_bhw):
        square = Image.fromarray(image_hw).resize((size, size), Image.Resampling.BILINEAR)
        resized[index, 0] = np.asarray(square)
    return resized


def resize_rgb(images_bchw: NDArray[np.uint8], *, size: int) -> NDArray[np.uint8]:
    """Return RGB images uint8 [N, 3, H, W] as uint8 [N, 3, size, size], as if they were files."""
    if images_bchw.shape[2:] == (size, size):
        return images_bchw
    resized = np.empty((len(images_bchw), 3, size, size), dtype=np.uint8)
    for index, image_chw in enumerate(images_bchw):
        image = Image.fromarray(np.ascontiguousarray(image_chw.transpose(1, 2, 0)))
        square = image.resize((size, size), Image.Resampling.BILINEAR, reducing_gap=2.0)
        resized[index] = np.asarray(square).transpose(2, 0, 1)
    return resized
