"""A conversation that Ollama cut silently: the answer is kept, and what was read of it stands beside it (P20)."""

from pathlib import Path

from pydantic import SecretStr

from moorage.settings import Settings
from tests.support.authority import TestAuthority
from tests.support.dialects.ollama import OllamaServer
from tests.support.model_server import ModelServer
from tests.support.running import running

KEY = "tok-for-the-proxy-4711"


async def test_what_was_read_stands_beside_the_answer(database_url: str, tmp_path: Path) -> None:
    authority = TestAuthority(tmp_path / "ca")
    is_sqlite = database_url.startswith("sqlite")
    async with OllamaServer(authority.server_context("localhost"), key=KEY) as server:
        settings = Settings(
            data=tmp_path / "data",
            database_url=None if is_sqlite else SecretStr(database_url.replace("+psycopg", "")),
            egress_allow=f"localhost:{server.port}=127.0.0.1/32",
            extra_ca_file=authority.ca_pem,
            log_level="error",
        )
        async with running(settings, ModelServer(None)) as harbour:
            olga = await harbour.olga()
            body = {
                "name": "Ollama",
                "provider": "ollama",
                "base_url": server.base_url,
                "api_key": KEY,
                "models": [{"model_id": "tiny", "enabled": True}],
            }
            made = await olga.post("/api/connections", body)
            ref = made["models"][0]["ref"]
            short = await olga.ask("Hello", ref)
            assert (await olga.wait_for(short))["problem"] is None

            receipt = await olga.wait_for(await olga.ask("word " * 9000, ref))
            assert (receipt["state"], receipt["problem"]["code"]) == ("done", "context_trimmed")
            assert f"{receipt['tokens_in']} tokens" in receipt["problem"]["message"]
            [connection] = (await olga.get("/api/connections"))["connections"]
            assert connection["health"] == "healthy"
