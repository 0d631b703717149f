"""Answers of the services that the local AWS serves itself, in the REST-JSON protocol."""

import json


def answer_json(value: dict) -> tuple[int, dict, bytes]:
    return 200, {"Content-Type": "application/json"}, json.dumps(value, default=str).encode()


def error_json(code: str, message: str, status: int = 400) -> tuple[int, dict, bytes]:
    headers = {"Content-Type": "application/json", "x-amzn-ErrorType": code}
    return status, headers, json.dumps({"__type": code, "Message": message, "message": message}).encode()
