"""The local AWS as it is seen from another account and region."""


class Elsewhere:
    """All that `LocalAws` has, with another account and region for what names none."""

    def __init__(self, aws, account: str = "", region: str = ""):
        self._aws = aws
        self.account, self.region = account or aws.account, region or aws.region

    @property
    def scope(self) -> dict[str, str]:
        return {"account": self.account, "region": self.region}

    def client(self, service: str, **place):
        return self._aws.client(service, **{**self.scope, **place})

    def deploy(self, stack: str, template, parameters: dict | None = None) -> dict[str, str]:
        return self._aws.deploy(stack, template, parameters, **self.scope)

    def put_guardduty_finding(self, finding: dict) -> dict:
        return self._aws.put_guardduty_finding(finding, **self.scope)

    def put_cloudtrail_event(self, event: dict) -> None:
        self._aws.put_cloudtrail_event(event, **self.scope)

    def __getattr__(self, name: str):
        return getattr(self._aws, name)
