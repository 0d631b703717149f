"""SHA-256 of `tocsin verify` over one file of 1 GiB, beside `sha256sum` over the same file in the same run; memory of both."""

import hashlib
import json
import subprocess
import tempfile
import time
from pathlib import Path

from memory import peak

SIZE = 1 << 30
PIECE = 1 << 20
# Each is measured so often, one after the other in turn, and the fastest counts: what else the machine does makes all slower.
ROUNDS = 3
INCIDENT = "inc-00112233445566778899"
FOLDER, NAME = "evidence/objects/0011223344556677", "1"


def measure(repository: Path):
    with tempfile.TemporaryDirectory(dir=repository / "target") as folder:
        case = Path(folder)
        path = case / FOLDER / NAME
        path.parent.mkdir(parents=True)
        sha256 = write(path)
        write_papers(case, sha256)
        tocsin, coreutils = [], []
        for _ in range(ROUNDS):
            # Without a key all but the signature is checked, which ends with 3.
            tocsin.append(run([repository / "target/release/tocsin", "verify", case], 3))
            coreutils.append(run(["sha256sum", path], 0))
    (seconds, memory), (beside, memory_beside) = min(tocsin), min(coreutils)
    speed, speed_beside = SIZE / 1e6 / seconds, SIZE / 1e6 / beside
    name = "SHA-256 streamed by `tocsin verify`, one file of 1 GiB"
    yield {"name": name, "value": round(speed), "unit": "MB/s", "limit": f"`sha256sum` in the same run: {round(speed_beside)}", "headline": True}
    name = "peak memory of `tocsin verify` over 1 GiB"
    yield {"name": name, "value": round(memory, 1), "unit": "MB", "limit": f"`sha256sum`: {round(memory_beside, 1)}", "headline": True}


def write(path: Path) -> str:
    """No two pieces are the same, so that no file system stores it as less than it is."""
    hashed = hashlib.sha256()
    with path.open("wb") as file:
        for number in range(SIZE // PIECE):
            piece = hashlib.shake_128(number.to_bytes(8, "big")).digest(1 << 10) * (PIECE >> 10)
            hashed.update(piece)
            file.write(piece)
    return hashed.hexdigest()


def write_papers(case: Path, sha256: str) -> None:
    """A case of one item as `seal-custody` writes it, by the descriptions in the schemas; the signature is none."""
    at = "2026-03-01T03:00:00Z"
    sums = hashlib.sha256(f"{sha256}  {NAME}\n".encode()).hexdigest()
    file = {"name": NAME, "sha256": sha256, "bytes": SIZE, "version_id": None, "collected_at": at, "api": "s3:GetObject"}
    item = {"path": FOLDER, "source": "objects", "complete": True, "sums": sums, "files": [file], "gaps": []}
    manifest = json.dumps({"format": "tocsin-manifest/2", "incident": INCIDENT, "sealed_at": at, "items": [item]})
    manifest_sha256 = hashlib.sha256(manifest.encode()).hexdigest()
    log, previous = "", "0" * 64
    for number, (deed, path, digest) in enumerate([("preserved", FOLDER, sums), ("sealed", "manifest.json", manifest_sha256)], start=1):
        entry = {
            "sequence": number, "incident": INCIDENT, "at": at, "custodian": "bench", "role": "bench", "deed": deed, "path": path,
            "sha256": digest, "reason": "measured", "previous": previous,
        }  # fmt: skip
        parts = [str(value).encode() for value in entry.values()]
        previous = hashlib.sha256(b"".join(len(part).to_bytes(8, "big") + part for part in parts)).hexdigest()
        log += json.dumps({**entry, "hash": previous}, separators=(",", ":")) + "\n"
    seal = {
        "format": "tocsin-seal/1", "incident": INCIDENT, "manifest_sha256": manifest_sha256, "custody_entries": 2, "custody_head": previous,
        "sealed_at": at, "key": "arn:aws:kms:eu-central-1:999988887777:key/1", "algorithm": "ECDSA_SHA_256",
    }  # fmt: skip
    (case / "manifest.json").write_text(manifest)
    (case / "custody.jsonl").write_text(log)
    (case / "seal.json").write_text(json.dumps(seal, indent=2) + "\n")
    (case / "seal.json.sig").write_bytes(b"none")


def run(command: list, code: int) -> tuple[float, float]:
    """How many seconds it took, and the most memory that was resident, in megabytes."""
    begun, most = time.perf_counter(), 0.0
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    # What the system counts for a child that has ended begins with the memory of the process that made it.
    while process.poll() is None:
        try:
            most = peak(process.pid)
        except (FileNotFoundError, StopIteration):
            pass  # it ended meanwhile
        time.sleep(0.01)
    seconds = time.perf_counter() - begun
    if process.returncode != code:
        raise RuntimeError(f"`{command[0]}` ended with code {process.returncode}, not with {code}")
    return seconds, most
