"""The two ways an automation goes wrong: the API refuses a request, or a step fails."""


class ApiError(Exception):
    """An error that the SSM API answers with."""

    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code = code
        self.message = message


class StepFailed(Exception):
    """A step failed; the message is what GetAutomationExecution shows."""


class StepTimedOut(StepFailed):
    """A step took longer than its `timeoutSeconds`."""


class Cancelled(Exception):
    """The execution was stopped while a step ran."""
