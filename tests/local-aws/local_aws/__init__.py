"""The local AWS: real function binaries, real state machines and real SSM documents on emulated services.

`LocalAws` starts one gateway process on 127.0.0.1 and stops it again. The gateway is ministack with moto joined in for the
services ministack lacks, plus what both lack and Tocsin needs. README.md lists what is faked.
"""

from local_aws.supervisor import GatewayFailed, LocalAws

__all__ = ["GatewayFailed", "LocalAws"]
