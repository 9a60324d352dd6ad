"""The one exception of this package: a stable code with its facts, so that a page can say it in
the reader's language."""


class ModelError(Exception):
    """Something about a model, its files or a request that the caller can put right.

    `code` is stable (a key for translations); `fields` are the facts that belong into the
    sentence; `str(error)` is the English sentence.
    """

    def __init__(self, code: str, message: str, **fields: object) -> None:
        super().__init__(message.format(**fields))
        self.code = code
        self.fields = fields
