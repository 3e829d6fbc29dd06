"""Runs `python_client.py` for a test: one command per line of input, one line of JSON as the answer."""
import asyncio, json, sys
from python_client import Client


class Deaf(Client):
    """Misses pushes while `deaf`, as if they were lost on the way."""
    deaf = False
    missed = 0

    def on_push(self, event, answer):
        if self.deaf:
            self.missed += event in ("message:new", "message:updated")
        else:
            super().on_push(event, answer)


async def main(url: str, token: str, outbox: str) -> None:
    async def get_token() -> str:
        return token

    client = Deaf(url, get_token, outbox)
    asyncio.create_task(client.run())
    while line := await asyncio.to_thread(sys.stdin.readline):
        command, *arguments = json.loads(line)
        if command == "deaf":
            client.deaf = arguments[0]
        elif command == "send":
            client.send(*arguments)
        entries = client.logs[arguments[0]].entries if command == "held" else {}
        waiting = client.outbox.execute("SELECT count(*) FROM outbox").fetchone()[0]
        texts = {seq: entry.get("content") for seq, entry in sorted(entries.items())}
        state = {"connected": client.sio.connected, "missed": client.missed, "waiting": waiting, "texts": texts}
        print(json.dumps(state), flush=True)


asyncio.run(main(*sys.argv[1:]))
