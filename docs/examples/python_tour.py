"""The tour of the README in Python, beside a server started with `npm start`.

    python docs/examples/python_tour.py [http://localhost:3000] [--restart]

With `--restart` Alice keeps writing until the server was stopped and started again.
"""
import asyncio, json, sys, urllib.request
from collections.abc import Callable
from typing import Any

from python_client import Client

URL = next((argument for argument in sys.argv[1:] if argument.startswith("http")), "http://localhost:3000")


async def demo_token(user: str) -> str:
    """Tokens come from your own backend; these are those of the demo."""
    text = await asyncio.to_thread(lambda: urllib.request.urlopen(f"{URL}/api/demo", timeout=10).read())
    return str(next(one["token"] for one in json.loads(text)["data"]["users"] if one["_id"] == user))


async def until(check: Callable[[], object]) -> None:
    while not check():
        await asyncio.sleep(0.02)


async def tour(alice: Client, bob: Client) -> str:
    opened = [await alice.ask("getOrCreateDirect", {"otherUserId": "bob"}) for _ in range(2)]
    conversation = str(opened[0]["conversation"]["_id"])
    print("alice opened   ", {"the same chat twice": opened[1]["conversation"]["_id"] == conversation})

    heard = bob.logs[conversation].entries
    key = alice.send(conversation, "Hello Bob")
    await until(lambda: any(entry.get("clientMessageId") == key for entry in heard.values()))
    message = heard[max(heard)]
    print("bob heard      ", {"from": message["sender"]["name"], "content": message["content"]})

    again = {"conversationId": conversation, "content": "Hello Bob", "clientMessageId": key}
    print("alice retried  ", {"duplicate": (await alice.ask("sendMessage", again))["duplicate"]})

    statuses: list[Any] = []
    alice.sio.on("message:status", lambda answer: statuses.append(answer["data"]))
    await bob.ask("message:read", {"conversationId": conversation, "seq": message["seq"]})
    await until(lambda: any(status["readSeq"] == message["seq"] for status in statuses))
    print("alice sees     ", {"readBy": statuses[-1]["userId"]})

    await alice.ask("editMessage", {"conversationId": conversation, "seq": message["seq"], "content": "Hello, Bob!"})
    await until(lambda: heard[message["seq"]]["content"] == "Hello, Bob!")
    print("bob sees       ", {"content": heard[message["seq"]]["content"]})
    return conversation


def waiting(client: Client) -> int:
    return int(client.outbox.execute("SELECT count(*) FROM outbox").fetchone()[0])


async def survive_restart(alice: Client, bob: Client, conversation: str) -> None:
    print("restart the server now", flush=True)
    sent: list[str] = []
    while min(alice.connects, bob.connects) < 2:
        sent.append(alice.send(conversation, f"message {len(sent) + 1}"))
        await asyncio.sleep(0.1)
    heard = bob.logs[conversation].entries
    await until(lambda: waiting(alice) == 0)
    await until(lambda: {entry.get("clientMessageId") for entry in heard.values()} >= set(sent))
    keys = [heard[seq].get("clientMessageId") for seq in sorted(heard)]
    print("bob holds      ", {"each once, in order": [key for key in keys if key in sent] == sent})
    print("alice waits for", {"messages": waiting(alice)})


async def main() -> None:
    alice, bob = Client(URL, lambda: demo_token("alice")), Client(URL, lambda: demo_token("bob"))
    running = [asyncio.create_task(one.run()) for one in (alice, bob)]
    await until(lambda: alice.cursor and bob.cursor)
    conversation = await tour(alice, bob)
    if "--restart" in sys.argv:
        await survive_restart(alice, bob, conversation)
    for one in (alice, bob):
        one.close()
    await asyncio.gather(*running)


asyncio.run(main())
