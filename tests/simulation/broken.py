"""A promise that didn't hold."""


class Broken(AssertionError):
    """What was promised, and what happened."""

    def __init__(self, promise: str, evidence: str) -> None:
        super().__init__(f"{promise}: {evidence}")
        self.promise = promise
        self.evidence = evidence

    def __reduce__(self) -> tuple[type["Broken"], tuple[str, str]]:
        """As it travels between processes."""
        return Broken, (self.promise, self.evidence)
