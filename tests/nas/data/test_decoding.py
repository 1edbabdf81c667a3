"""Image files of every kind and every kind of damage."""

import io
import os
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nas.data import decoding
from nas.data.decoding import (
    decode_file,
    decode_files,
    is_image,
    resize_gray,
    resize_rgb,
    to_channels,
)


def save(path: Path, image: Image.Image, **options: object) -> Path:
    image.save(path, **options)
    return path


def png_of_size(width: int, height: int) -> bytes:
    """A PNG whose header claims a size, with almost no pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + crc

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 1000)
    magic = b"\x89PNG\r\n\x1a\n"
    return magic + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def test_colour_and_size(tmp_path: Path) -> None:
    path = save(tmp_path / "a.png", Image.new("RGB", (20, 10), (200, 100, 50)))
    image = decode_file(path, size=4)
    assert image.shape == (3, 4, 4)
    assert image.dtype == np.uint8
    assert (image == np.array([200, 100, 50])[:, None, None]).all()


@pytest.mark.parametrize(
    ("name", "mode", "color", "expected"),
    [
        ("gray.png", "L", 77, (77, 77, 77)),
        ("alpha.png", "RGBA", (10, 20, 30, 128), (132, 137, 142)),  # half of it white
        ("gray-alpha.png", "LA", (40, 51), (212, 212, 212)),
        ("opaque.png", "RGBA", (10, 20, 30, 255), (10, 20, 30)),
        ("one-bit.png", "1", 1, (255, 255, 255)),
        ("cmyk.jpg", "CMYK", (0, 0, 0, 0), (255, 255, 255)),
        ("cmyk.tif", "CMYK", (0, 255, 255, 0), (255, 0, 0)),
        ("wide.png", "I;16", 0x8080, (128, 128, 128)),
        ("wide.tif", "I;16", 0xFFFF, (255, 255, 255)),
        ("b.bmp", "RGB", (1, 2, 3), (1, 2, 3)),
        ("g.gif", "L", 90, (90, 90, 90)),
    ],
)
def test_modes(
    tmp_path: Path, name: str, mode: str, color: int, expected: tuple[int, int, int]
) -> None:
    path = save(tmp_path / name, Image.new(mode, (6, 6), color))
    image = decode_file(path, size=6)
    np.testing.assert_array_equal(image[:, 3, 3], expected)


def test_palette_with_transparency(tmp_path: Path) -> None:
    palette = Image.new("RGBA", (4, 4), (9, 8, 7, 0)).convert("P")
    path = save(tmp_path / "p.png", palette, transparency=b"\0" * 5)
    assert decode_file(path, size=4).shape == (3, 4, 4)


def framed(mode: str, shown: object, hidden: object) -> Image.Image:
    """A square of 16 pixels, transparent but for the 8 in its middle."""
    image = Image.new(mode, (16, 16), hidden)
    image.paste(shown, (4, 4, 12, 12))
    return image


def test_colours_under_transparency_do_not_show(tmp_path: Path) -> None:
    red = (200, 30, 30, 255)
    one, other = (
        decode_file(save(tmp_path / f"{hidden[0]}.png", framed("RGBA", red, hidden)), size=16)
        for hidden in ((0, 0, 0, 0), (255, 255, 255, 0))
    )
    np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(one[:, 8, 8], red[:3])
    np.testing.assert_array_equal(one[:, 0, 0], 255)


@pytest.mark.parametrize("gray", [0, 128, 255])
def test_a_mask_is_seen_whatever_the_colour_under_it(tmp_path: Path, gray: int) -> None:
    path = save(tmp_path / "a.png", framed("LA", (gray, 255), (gray, 0)))
    image = decode_file(path, size=16).astype(int)
    assert abs(image[0, 8, 8] - image[0, 0, 0]) >= 127
    assert image[0, 8, 8] == gray


def test_32_bits_may_hold_8_or_16(tmp_path: Path) -> None:
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
    for factor in (1, 257):
        wide = Image.fromarray(ramp.astype(np.int32) * factor)
        path = save(tmp_path / f"{factor}.tif", wide)
        np.testing.assert_array_equal(decode_file(path, size=16), [ramp] * 3)
    dark = Image.fromarray(np.full((4, 4), 255, dtype=np.uint16))  # 16 bits are what they say
    assert decode_file(save(tmp_path / "dark.tif", dark), size=4).max() == 0


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "WEBP", "GIF", "TIFF", *decoding.AVIF])
def test_every_kind_is_told_by_its_beginning(tmp_path: Path, kind: str) -> None:
    path = save(tmp_path / "no-suffix", Image.new("RGB", (8, 8), (9, 9, 9)), format=kind)
    assert is_image(path.read_bytes()[:32])
    assert decode_file(path, size=8).shape == (3, 8, 8)
    assert not is_image(b"%PDF-1.7")
    assert not is_image(b"\0\0\0\x18ftypheic\0\0\0\0")


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "folder.png").mkdir()
    paths = [tmp_path / "pipe.png", Path("/dev/zero"), tmp_path / "folder.png"]
    _, reasons = decode_files(paths, size=4)
    assert list(reasons.values()) == [
        f"is {what}, not a regular file" for what in ("a named pipe", "a device", "a folder")
    ]


def test_wrong_suffix_is_no_harm(tmp_path: Path) -> None:
    path = save(tmp_path / "really-a-png.jpg", Image.new("RGB", (4, 4)), format="PNG")
    assert decode_file(path, size=4).shape == (3, 4, 4)


def test_exif_orientation_is_applied(tmp_path: Path) -> None:
    image = Image.new("RGB", (8, 8))
    image.paste((255, 255, 255), (0, 0, 8, 4))
    exif = Image.Exif()
    exif[0x0112] = 3  # turned by 180 degrees
    path = save(tmp_path / "a.png", image, exif=exif)
    upright = decode_file(path, size=8)
    assert upright[0, 0, 0] == 0
    assert upright[0, 7, 0] == 255


def test_hostile_files_are_listed_and_the_rest_is_read(tmp_path: Path) -> None:
    whole = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 255, (40, 40, 3), dtype=np.uint8)
    Image.fromarray(noise).save(whole, "PNG")
    hostile = {
        "empty.png": b"",
        "text.png": b"this is no image at all",
        "truncated.png": whole.getvalue()[:200],
        "flipped.png": whole.getvalue()[:20] + b"\xff\xff" + whole.getvalue()[22:],
        "bomb.png": png_of_size(30_000, 30_000),
        "warned.png": png_of_size(10_000, 9_500),
        "large.png": png_of_size(7_000, 7_000),
        "script.png": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        "float.tif": _float_tiff(),
        "not-allowed.png": b"P6 1 1 255\n\1\2\3",  # a format Pillow knows and we do not want
    }
    paths = [tmp_path / name for name in hostile] + [tmp_path / "missing.png", tmp_path / "ok.png"]
    for path, content in zip(paths, hostile.values(), strict=False):
        path.write_bytes(content)
    paths[-1].write_bytes(whole.getvalue())
    images, reasons = decode_files(paths, size=40)
    assert sorted(reasons) == list(range(len(paths) - 1))
    assert all(reason and "\n" not in reason for reason in reasons.values())
    assert "exceed" in reasons[list(hostile).index("large.png")]
    assert "bomb" in reasons[list(hostile).index("warned.png")]  # Pillow itself would only warn
    np.testing.assert_array_equal(images[-1], noise.transpose(2, 0, 1))
    assert not images[:-1].any()


def test_a_large_jpeg_is_decoded_reduced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(tmp_path / "a.jpg", Image.new("RGB", (800, 800), (255, 0, 0)))
    monkeypatch.setattr(decoding, "PIXEL_LIMIT", 120 * 120)
    assert decode_file(path, size=16).shape == (3, 16, 16)
    with pytest.raises(ValueError, match="exceed"):
        decode_file(save(tmp_path / "a.png", Image.new("RGB", (800, 800))), size=16)


def test_resize_gray() -> None:
    images = np.full((2, 8, 8), 100, dtype=np.uint8)
    assert np.shares_memory(resize_gray(images, size=8), images)
    resized = resize_gray(images, size=28)
    assert resized.shape == (2, 1, 28, 28)
    assert (resized == 100).all()


def _float_tiff() -> bytes:
    content = io.BytesIO()
    Image.new("F", (4, 4), 0.5).save(content, "TIFF")
    return content.getvalue()


def test_luma_is_pillows() -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (6, 3, 20, 30), dtype=np.uint8)
    rgb[0], rgb[1] = 255, 0
    gray = to_channels(rgb, 1)
    for image, found in zip(rgb, gray, strict=True):
        expected = np.asarray(Image.fromarray(image.transpose(1, 2, 0)).convert("L"))
        np.testing.assert_array_equal(found[0], expected)


def test_gray_is_repeated_and_what_fits_is_left_alone() -> None:
    gray = np.arange(8, dtype=np.uint8).reshape(2, 1, 2, 2)
    np.testing.assert_array_equal(to_channels(gray, 3), np.concatenate([gray] * 3, axis=1))
    assert to_channels(gray, 1) is gray


def test_a_bomb_is_refused_without_warnings_turned_into_errors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its JPEG could be decoded at a fraction of its size, and is not where it is streamed."""
    path = save(tmp_path / "large.jpg", Image.new("RGB", (64, 64)))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 64 * 63)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(ValueError, match="64 x 64 pixels"):
            decode_file(path, size=4)


def test_bytes_are_decoded_as_the_files_they_are_of(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (20, 30, 3), dtype=np.uint8)
    paths = [save(tmp_path / name, Image.fromarray(pixels)) for name in ("a.png", "b.jpg")]
    cut = paths[0].read_bytes()[:-900]
    given = [*(path.read_bytes() for path in paths), b"text", b"", cut]
    images, bad = decode_files(given, size=7)
    np.testing.assert_array_equal(images[:2], decode_files(paths, size=7)[0])
    assert bad.pop(4).startswith("image file is truncated")
    assert bad == {
        2: "cannot identify image of 4 bytes",
        3: "cannot identify image of 0 bytes",
    }


@pytest.mark.parametrize("size", [3, 8, 13, 40])
def test_rgb_in_memory_is_resized_as_files_are(tmp_path: Path, size: int) -> None:
    images = np.random.default_rng(0).integers(0, 255, (2, 3, 13, 13), dtype=np.uint8)
    paths = [
        save(tmp_path / f"{number}.png", Image.fromarray(image.transpose(1, 2, 0)))
        for number, image in enumerate(images)
    ]
    np.testing.assert_array_equal(resize_rgb(images, size=size), decode_files(paths, size=size)[0])
