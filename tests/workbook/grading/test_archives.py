"""An archive is counted as it streams; what is too much, damaged or a trick is refused."""

import gzip
import io
import lzma
import struct
import tarfile
import zipfile
from pathlib import Path

import pytest

from workbook.grading.intake.archives import Archive
from workbook.grading.intake.limits import MIB, Limits, Refused


def zipped(path: Path, *members: tuple[str | zipfile.ZipInfo, bytes], packing: int = 8) -> Archive:
    with zipfile.ZipFile(path, "w", packing) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return Archive(path)


def tarred(path: Path, mode: str, *members: tuple[tarfile.TarInfo, bytes]) -> Archive:
    with tarfile.open(path, mode) as archive:
        for info, content in members:
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return Archive(path)


def read(archive: Archive) -> dict[str, bytes]:
    return {member.path: member.read(MIB) for member in archive.members()}


def refusal(archive: Archive) -> str:
    with pytest.raises(Refused) as caught:
        read(archive)
    return str(caught.value)


PLAIN = {"app/database.py": b"x = 1\n", "answers.md": b"yes\n"}


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_a_tar_of_every_packing_is_read_whatever_its_name_says(tmp_path: Path, mode: str) -> None:
    members = [(tarfile.TarInfo(f"./{name}"), content) for name, content in PLAIN.items()]
    assert read(tarred(tmp_path / "work.zip", mode, *members)) == PLAIN


def test_a_zip_is_read_also_with_the_slashes_of_windows(tmp_path: Path) -> None:
    info = zipfile.ZipInfo("app\\database.py")
    assert read(zipped(tmp_path / "a.zip", (info, b"x"))) == {"app/database.py": b"x"}


def test_several_gzip_members_in_a_row_are_one_stream(tmp_path: Path) -> None:
    plain = tarred(tmp_path / "a.tar", "w", (tarfile.TarInfo("app/a.py"), b"x" * 5000)).path
    data = plain.read_bytes()
    halves = gzip.compress(data[:3000]) + gzip.compress(data[3000:])
    (tmp_path / "b.tgz").write_bytes(halves + b"\0" * 512)
    assert read(Archive(tmp_path / "b.tgz")) == {"app/a.py": b"x" * 5000}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../evil.py", "climbs out"),
        ("app/../../evil.py", "climbs out"),
        ("/etc/evil.py", "absolute"),
        ("C:\\evil.py", "absolute"),
        ("c:evil.py", "absolute"),
        ("a/" * 20 + "x.py", "too deep"),
        ("a" * 300, "too long"),
    ],
)
def test_a_name_with_a_trick_in_it_is_refused(tmp_path: Path, name: str, reason: str) -> None:
    assert reason in refusal(zipped(tmp_path / "a.zip", (zipfile.ZipInfo(name), b"")))
    assert reason in refusal(tarred(tmp_path / "a.tar", "w:gz", (tarfile.TarInfo(name), b"")))


def test_a_nul_byte_in_a_name_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", ("app/dataXbase.py", b"")).path
    path.write_bytes(path.read_bytes().replace(b"dataXbase", b"data\0base"))
    assert "NUL" in refusal(Archive(path))


def test_a_bomb_is_refused_by_what_it_unpacks_to(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", ("zeros.bin", b"\0" * (130 * MIB))).path
    assert path.stat().st_size < MIB
    assert "unpacks to more than 128 MB" in refusal(Archive(path))


def test_a_bomb_that_lies_about_its_size_yields_no_more_than_it_claims(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", ("app/zeros.py", b"\0" * (30 * MIB))).path
    lie = path.read_bytes().replace(struct.pack("<L", 30 * MIB), struct.pack("<L", 100))
    path.write_bytes(lie)
    assert "damaged" in refusal(Archive(path))


def test_a_giant_file_is_refused_by_name(tmp_path: Path) -> None:
    giant = zipped(tmp_path / "a.zip", ("app/big.py", b"#" * (2 * MIB)))
    assert refusal(giant) == "app/big.py holds more than 1 MB"


def test_a_compressed_tar_bomb_stops_at_the_limit(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "a.tgz", "wb") as packed:
        header = tarfile.TarInfo("zeros")
        header.size = 300 * MIB
        packed.write(header.tobuf())
        for _ in range(300):
            packed.write(b"\0" * MIB)
    with pytest.raises(Refused, match="more than it may"):
        list(Archive(tmp_path / "a.tgz").members())


def test_a_giant_extended_header_stops_at_the_limit(tmp_path: Path) -> None:
    header = tarfile.TarInfo("pax")
    header.type, header.size = tarfile.XHDTYPE, 4 * MIB
    (tmp_path / "a.tar").write_bytes(header.tobuf() + b"1" * (4 * MIB))
    assert "more than it may" in refusal(Archive(tmp_path / "a.tar", Limits(unpacked=MIB)))


def test_an_xz_that_asks_for_too_much_memory_is_refused(tmp_path: Path) -> None:
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 512 * MIB, "preset": 0}]
    engine = lzma.LZMACompressor(lzma.FORMAT_XZ, filters=filters)
    (tmp_path / "a.tar.xz").write_bytes(engine.compress(b"x" * 2000) + engine.flush())
    assert "damaged" in refusal(Archive(tmp_path / "a.tar.xz"))


def test_too_many_members_are_refused(tmp_path: Path) -> None:
    many = [(f"x/{number}.txt", b"") for number in range(5000)]
    assert "members" in refusal(zipped(tmp_path / "a.zip", *many))


def test_a_list_of_members_too_long_to_hold_is_refused_unread(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", ("app/database.py", b"")).path
    data = bytearray(path.read_bytes())
    struct.pack_into("<L", data, len(data) - 10, 40 * MIB)
    path.write_bytes(data)
    assert "members" in refusal(Archive(path))


def test_a_virtual_environment_that_came_along_is_not_looked_into(tmp_path: Path) -> None:
    link = zipfile.ZipInfo(".venv/bin/python")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    many = [(f".venv/lib/{number}.py", b"") for number in range(5000)]
    assert read(zipped(tmp_path / "a.zip", (link, b"/usr/bin/python"), *many)) == {}


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.zip", b"PK\x03\x04 not really"),
        ("a.zip", b""),
        ("a.tar.gz", b"\x1f\x8b\x08 not really"),
        ("a.zip", gzip.compress(b"only text", mtime=0)),
    ],
)
def test_a_damaged_or_unknown_archive_is_refused(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    assert "damaged" in refusal(Archive(tmp_path / name))


@pytest.mark.parametrize(
    ("name", "data"), [("a.rar", b"Rar!\x1a\x07\x00 something"), ("a.7z", b"7z\xbc\xaf'\x1c")]
)
def test_a_kind_of_archive_not_read_here_is_told_by_its_name(
    tmp_path: Path, name: str, data: bytes
) -> None:
    (tmp_path / name).write_bytes(data)
    told = f"{name}: a kind of archive that isn't read here; hand in a zip"
    assert refusal(Archive(tmp_path / name)) == told


@pytest.mark.parametrize("name", ["database.py", "answers.pdf", "text.html", "work.docx"])
def test_a_file_that_is_no_archive_is_told_so(tmp_path: Path, name: str) -> None:
    told = f"{name} is neither a project folder nor an archive; hand in a zip of the project"
    for data in (b"", b"x = 1\n", b"y = 2\n" * 500, b"PK\x03\x04 not really"):
        (tmp_path / name).write_bytes(data)
        assert refusal(Archive(tmp_path / name)) == told


def test_a_zip_or_tar_is_read_under_any_name(tmp_path: Path) -> None:
    assert read(zipped(tmp_path / "work", ("app/a.py", b"x"))) == {"app/a.py": b"x"}


def test_a_cut_off_archive_is_refused(tmp_path: Path) -> None:
    info = tarfile.TarInfo("app/a.py")
    whole = tarred(tmp_path / "a.tgz", "w:gz", (info, b"import this\n" * 900)).path.read_bytes()
    (tmp_path / "b.tgz").write_bytes(whole[: len(whole) // 2])
    assert "damaged" in refusal(Archive(tmp_path / "b.tgz"))


def test_an_encrypted_member_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", ("app/a.py", b"x")).path
    data = bytearray(path.read_bytes())
    data[data.rfind(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert "encrypted" in refusal(Archive(path))


def test_links_and_devices_are_told_apart_from_files(tmp_path: Path) -> None:
    infos = []
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE):
        info = tarfile.TarInfo(f"member{kind.decode()}")
        info.type, info.linkname = kind, "/etc/passwd"
        infos.append((info, b""))
    archive = tarred(tmp_path / "a.tar", "w", *infos)
    kinds = [member.kind for member in archive.members()]
    assert kinds == ["link", "link", "special", "special"]
