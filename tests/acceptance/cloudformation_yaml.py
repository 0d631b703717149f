"""Our templates as they are written: before includes and the SAM transform. `local_aws.template` has what comes after."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "local-aws"))

from local_aws.template import load  # noqa: E402 - needs the path above

__all__ = ["load"]
