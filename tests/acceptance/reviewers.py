"""Lawyers who decide by signed requests, as `tocsin decide` makes them, but free to send what it would not."""

import json
import urllib.error
import urllib.request

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


class Reviewer:
    def __init__(self, aws, url: str, name: str, key: dict):
        self.name, self.url, self.key, self.region = name, url, key, aws.region
        self.arn = f"arn:aws:iam::{aws.account}:user/{name}"

    def send(self, body: bytes, signed: bool = True, method: str = "POST", below: str = "") -> tuple[int, dict]:
        request = AWSRequest(method, self.url + below, data=body, headers={"content-type": "application/json"})
        if signed:
            credentials = Credentials(self.key["access_key"], self.key["secret_key"])
            SigV4Auth(credentials, "lambda", self.region).add_auth(request)
        prepared = request.prepare()
        call = urllib.request.Request(prepared.url, data=body or None, method=method, headers=dict(prepared.headers.items()))
        try:
            with urllib.request.urlopen(call, timeout=30) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"{}")

    def decide(self, waiting: dict, digest: str, verdict: str, reason: str = "read in full", **more) -> tuple[int, dict]:
        decided = {key: waiting[key] for key in ("incident", "obligation", "version")}
        return self.send(json.dumps({**decided, "digest": digest, "verdict": verdict, "reason": reason, **more}).encode())

    def approve(self, response, waiting: dict) -> dict:
        draft = response.draft(waiting)
        missing = {"missing_items_reason": "in phases, as far as known"} if draft["gaps"] else {}
        status, answer = self.decide(waiting, draft["digest"], "approved", **missing)
        assert status == 200, answer
        return answer
