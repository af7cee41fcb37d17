"""The model's door with the sandbox's own writer behind it."""

from __future__ import annotations

import json
from typing import Any

from actors.sandbox.model import ModelEndpoint


class Writer:
    """The sandbox's model endpoint behind the model's door, called without HTTP."""

    def __init__(self) -> None:
        self._endpoint = ModelEndpoint(1)
        self.briefs: list[str] = []

    def complete(self, messages: Any, schema: Any, **_: Any) -> Any:
        self.briefs.append(messages[-1]["content"])
        form = {"type": "json_schema", "json_schema": {"name": schema.__name__, "schema": schema.model_json_schema()}}
        body = json.dumps({"model": "gpt-4o-mini", "messages": messages, "response_format": form}).encode()
        status, answer = self._endpoint.handle("/v1/chat/completions", {"Authorization": "Bearer x"}, body)
        assert status == 200, answer
        return schema.model_validate_json(answer["choices"][0]["message"]["content"])
