"""LlamaIndex's ``CitationQueryEngine`` as it comes, to compare with: its own prompt, its own sizes.

Only what it cannot do without is set: the WordLlama model that qabot embeds with, and a language
model at an address, asked with temperature 0. ``weak_model.py`` asks it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import openai
from llama_index.core import Document, VectorStoreIndex
from llama_index.core.bridge.pydantic import PrivateAttr
from llama_index.core.llms import CompletionResponse, CustomLLM, LLMMetadata
from llama_index.core.llms.callbacks import llm_completion_callback
from llama_index.core.query_engine import CitationQueryEngine
from smallest_llamaindex import WordLlamaEmbedding

TIMEOUT = 300.0  # seconds for a reply
NO_ANSWER = re.compile(
    r"^\W*(empty response)?\W*$"
    r"|\b(do(es)?|did|could|can|will|is|are|was|were|am)( not|n['’]?t) "
    r"(\w+ ){0,2}?(know|say|state|specify|mention|provide|contain|include|address|answer|find|"
    r"determine|able|possible|clear|available|enough|helpful|sure|known|given|mentioned|provided|"
    r"specified|stated|found|determined|answered)\b"
    r"|\bcannot (be )?\w+|\b(unable|impossible) to\b|\b(unknown|unclear|unspecified)\b"
    r"|\bno (\w+ )?(information|answer|mention|source|sources|details?)\b"
    r"|\bnone of the (\w+ )?(sources|passages|information)\b"
    r"|\bnot (explicitly |directly |specifically )?(mentioned|stated|provided|specified|enough)\b",
    re.I,
)
"""What counts as an abstention. It is wide on purpose: an engine has no other way to say it."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the engine says, and how many numbered sources its model was given."""

    text: str
    sources: int

    @property
    def abstains(self) -> bool:
        """Whether it is empty, or says anywhere that it cannot tell."""
        return NO_ANSWER.search(self.text) is not None


class ServedModel(CustomLLM):
    """A chat model at an address, for LlamaIndex: each prompt is one message of the user's."""

    model: str
    context: int
    _client: Any = PrivateAttr()

    def __init__(self, model: str, base_url: str, api_key: str, context: int) -> None:
        """``context`` is the tokens that the model reads and writes at most."""
        super().__init__(model=model, context=context)
        self._client = openai.OpenAI(base_url=base_url, api_key=api_key, timeout=TIMEOUT)

    @property
    def metadata(self) -> LLMMetadata:
        return LLMMetadata(context_window=self.context, model_name=self.model)

    @llm_completion_callback()
    def complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:
        answer = self._client.chat.completions.create(
            model=self.model,
            messages=[{"role": "user", "content": prompt}],
            temperature=0,
            max_tokens=self.metadata.num_output,  # LlamaIndex's own default
        )
        return CompletionResponse(text=answer.choices[0].message.content or "")

    @llm_completion_callback()
    def stream_complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> Any:
        raise NotImplementedError

    def close(self) -> None:
        """Let go of the connection, which the server waits for at its end."""
        self._client.close()


class Engine:
    """A ``CitationQueryEngine`` over a few texts, its index in memory."""

    def __init__(
        self, texts: Sequence[str], model: ServedModel, embedding: WordLlamaEmbedding
    ) -> None:
        documents = [Document(text=text) for text in texts]
        index = VectorStoreIndex.from_documents(documents, embed_model=embedding)
        self._engine = CitationQueryEngine.from_args(index, llm=model)

    def ask(self, question: str) -> Reply:
        """Its answer as it is."""
        response = self._engine.query(question)
        return Reply(str(response), len(response.source_nodes))
