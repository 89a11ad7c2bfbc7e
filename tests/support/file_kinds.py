"""One file of every kind whose reading takes a part of the libraries of its own: pictures, and PDF with their text."""

import io
from typing import Final

from PIL import Image, ImageCms
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DecodedStreamObject, DictionaryObject, NameObject

from tests.support.files import pdf, photo


def _saved(picture: Image.Image, kind: str, **more: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **more)
    return out.getvalue()


def _pictures() -> dict[str, bytes]:
    grey = Image.radial_gradient("L")
    colours = grey.convert("RGB")
    seen_through = colours.copy()
    seen_through.putalpha(grey)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[0x0112] = 6
    return {
        **{f"exif {kind}": photo(kind=kind) for kind in ("JPEG", "PNG", "WEBP", "GIF")},
        "two in one (MPO)": _saved(colours, "MPO", save_all=True, append_images=[colours.copy()]),
        "profile JPEG": _saved(colours, "JPEG", icc_profile=profile, exif=exif),
        "profile PNG": _saved(colours, "PNG", icc_profile=profile),
        "CMYK": _saved(colours.convert("CMYK"), "JPEG"),
        "progressive": _saved(colours, "JPEG", progressive=True),
        "palette PNG": _saved(colours.quantize(16), "PNG", transparency=3),
        "16 bit PNG": _saved(grey.convert("I;16"), "PNG"),
        "black and white": _saved(grey.convert("1"), "PNG"),
        "seen through PNG": _saved(seen_through, "PNG"),
        "seen through WEBP": _saved(seen_through, "WEBP", lossless=True),
        "moving GIF": _saved(colours.quantize(8), "GIF", save_all=True, append_images=[grey.quantize(8)]),
        "moving WEBP": _saved(colours, "WEBP", save_all=True, append_images=[seen_through.convert("RGB")]),
    }


def _with_font(encoding: str, said: bytes, subtype: str = "/Type0") -> bytes:
    """A page whose one line is written in a font of this encoding."""
    writer = PdfWriter()
    page = writer.add_blank_page(200, 200)
    font = DictionaryObject({NameObject("/Type"): NameObject("/Font"), NameObject("/Subtype"): NameObject(subtype)})
    font[NameObject("/BaseFont")] = NameObject("/Any")
    font[NameObject("/Encoding")] = NameObject(encoding)
    if subtype == "/Type0":
        below = DictionaryObject({NameObject("/Type"): NameObject("/Font")})
        below[NameObject("/Subtype")] = NameObject("/CIDFontType0")
        below[NameObject("/BaseFont")] = NameObject("/Any")
        font[NameObject("/DescendantFonts")] = ArrayObject([writer._add_object(below)])
    fonts = DictionaryObject({NameObject("/F1"): writer._add_object(font)})
    page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
    drawn = DecodedStreamObject()
    drawn.set_data(b"BT /F1 18 Tf 40 100 Td <" + said.hex().encode() + b"> Tj ET")
    page[NameObject("/Contents")] = writer._add_object(drawn.flate_encode())
    return _written(writer)


def _written(writer: PdfWriter) -> bytes:
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _locked(algorithm: str) -> bytes:
    """One that opens without a password."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf("Vertrag"))))
    writer.encrypt("", "owner", algorithm=algorithm)
    return _written(writer)


_FONTS: Final = {
    "/GBK-EUC-H": ("gbk", "合同"),
    "/GBpc-EUC-H": ("gb2312", "合同"),
    "/GBK2K-H": ("gb18030", "合同"),
    "/ETen-B5-H": ("cp950", "合約"),
    "/90ms-RKSJ-H": ("cp932", "契約"),
    "/UniJIS-UTF16-H": ("utf-16-be", "契約"),
    "/Identity-H": ("utf-16-be", "Vertrag"),
}
_SIMPLE: Final = {"/WinAnsiEncoding": "cp1252", "/MacRomanEncoding": "mac-roman"}
_INLINE: Final = "Vertrag) Tj ET q BI /W 1 /H 1 /BPC 8 /CS /G /F /AHx ID 00> EI Q BT /F1 18 Tf 40 600 Td (Frist"

PICTURES: Final = _pictures()
DOCUMENTS: Final = {
    "plain": pdf("Vertrag"),
    "picture inline": pdf(_INLINE),
    **{name: _with_font(name, text.encode(codec)) for name, (codec, text) in _FONTS.items()},
    **{name: _with_font(name, "Übung".encode(codec), "/Type1") for name, codec in _SIMPLE.items()},
    **{name: _locked(name) for name in ("RC4-40", "RC4-128", "AES-128", "AES-256", "AES-256-R5")},
}
DOCUMENT_TEXTS: Final = {
    name: _FONTS[name][1] if name in _FONTS else "Übung" if name in _SIMPLE else "Vertrag" for name in DOCUMENTS
}
