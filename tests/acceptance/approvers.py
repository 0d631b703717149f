"""People who may approve containment, by signed requests as `tocsin contain` makes them, but free to send what it would not."""

import json

from reviewers import Reviewer


class Approver(Reviewer):
    def call(self, method: str, below: str, body: dict | bytes = b"", signed: bool = True) -> tuple[int, dict]:
        """The status and the answer of a request for what lies below the URL."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.send(data, signed, method, below)

    def waiting(self, incident: str) -> list[str]:
        """The approvals of this incident that wait."""
        status, answer = self.call("GET", "approvals")
        assert status == 200, answer
        return [waiting["approval"] for waiting in answer["approvals"] if waiting["incident"] == incident]

    def show(self, incident: str, approval: str) -> dict:
        status, answer = self.call("GET", f"approvals/{incident}/{approval}")
        assert status == 200, answer
        return answer["approval"]

    def decide(self, incident: str, approval: str, approve, reason: str = "weighed") -> tuple[int, dict]:
        return self.call("POST", f"approvals/{incident}/{approval}/decision", {"approve": approve, "reason": reason})
